"""Step 6: memory of any size."""

from _memory import PAGE, Slabs, holes, play, whole
from s5_slabs import apart, capacity

from grading import check, check_equal, test

SECTION = "Step 6: kmalloc"
SIZES = (32, 64, 128, 256, 512, 1024, 2048)


@test(points=2, step="kmalloc", section=SECTION, blames="kmalloc", evidence="answers",
      hint="Of the caches whose objects are large enough, the one with the smallest.")
def small_sizes_come_from_the_caches(run):
    """Up to 2048 bytes memory comes from the smallest cache that fits."""
    sizes = (1, 31, 32, 33, run.random.randrange(65, 1000), 1024, 1025, 2048)
    fits = [min(s for s in SIZES if s >= size) for size in sizes]
    scripts = [Slabs(whole()).count().kmalloc(0, size, 2 * capacity(fit)).count()
               for size, fit in zip(sizes, fits)]  # fmt: skip
    for size, fit, seen in zip(sizes, fits, (yield from play(run, *scripts))):
        many = 2 * capacity(fit)
        apart(seen[1], size, "pieces")
        wanted = 2 << (2 if fit > 512 else 0)
        check_equal(seen[0] - seen[2], wanted, f"frames for {many} times {size} bytes")


@test(points=2, step="kmalloc", section=SECTION, blames="kmalloc", evidence="answers",
      hint="The smallest order whose block is large enough; 2048 bytes are no frame yet.")
def large_sizes_are_frames(run):
    """Beyond 2048 bytes it is a block of frames, the smallest that fits."""
    cases = []
    for order in range(11):
        least = 2049 if order == 0 else (PAGE << order - 1) + 1
        sizes = (least, run.random.randrange(least, PAGE << order), PAGE << order)
        cases += [(order, size) for size in sizes]
    scripts = [Slabs(whole()).kmalloc(0, 3000).count().kmalloc(1, size).count()
               for _, size in cases]  # fmt: skip
    for (order, size), seen in zip(cases, (yield from play(run, *scripts))):
        _, before, [address], after = seen
        check(address and address % (PAGE << order) == 0, f"{size} bytes at {address:#x}")
        check_equal(before - after, 1 << order, f"frames for {size} bytes")


@test(points=2, step="kmalloc", section=SECTION, blames="kmalloc", evidence="answers",
      hint="FRAME_MAX_ORDER is the largest order that can be asked for.")
def too_large_is_null(run):
    """More than 4 MiB cannot be had."""
    most = PAGE << 10
    sizes = (most + 1, most * 2, run.random.randrange(most + 1, 1 << 40), 2**64 - 1)
    scripts = [Slabs(whole()).kmalloc(0, most).count().kmalloc(1, size).count()
               for size in sizes]  # fmt: skip
    results = yield from play(run, *scripts)
    for size, ([largest], before, address, after) in zip(sizes, results):
        check(largest and largest % most == 0, f"{most} bytes at {largest:#x}")
        check_equal(address, [0], f"the address of {size} bytes")
        check_equal(after, before, "free frames")


@test(points=2, step="kmalloc", section=SECTION, blames="kfree", evidence="answers",
      hint="frame_find_block says whether the address is in a slab, and of what order "
           "the block is.")  # fmt: skip
def all_comes_back(run):
    """What was allocated and freed, of all sizes, leaves nothing but empty slabs."""
    script = Slabs(whole()).count()
    sizes = [run.random.choice((run.random.randrange(1, 2049),
                                run.random.randrange(2049, 60000))) for _ in range(80)]  # fmt: skip
    for slot, size in enumerate(sizes):
        script.kmalloc(slot, size)
    order = list(range(len(sizes)))
    run.random.shuffle(order)
    seen = script.kfree(order).count().results((yield script.play(run)))
    check([0] not in seen[1:-2], "NULL, with memory left")
    check_equal(seen[-2], 0, "pieces that changed while they were in use")
    used = {min(s for s in SIZES if s >= size) for size in sizes if size <= 2048}
    wanted = sum(1 << (2 if s > 512 else 0) for s in used)
    check_equal(seen[0] - seen[-1], wanted, f"frames kept, with {len(used)} caches used")


@test(points=1, step="kmalloc", section=SECTION, blames="kfree", evidence="answers",
      hint="kfree(NULL) does nothing, as free does.")
def null_is_freed(run):
    """kfree(NULL) does nothing."""
    script = Slabs(whole()).kmalloc(0, 64).kfree([0]).count().kfree([1, 1]).count()
    seen = script.results((yield script.play(run)))
    apart(seen[0], 64, "pieces")
    check_equal(seen[-1], seen[2], "free frames")


@test(points=3, step="kmalloc", section=SECTION, blames="kmalloc,kfree", evidence="answers",
      hint="T= repeats it; look at the smallest sequence of calls that goes wrong.")
def any_sequence_of_sizes(run):
    """Pieces of all sizes come and go, do not overlap, and keep what is in them."""
    script, held, plan = Slabs(holes(run.random)), [], []
    for slot in range(300):
        size = run.random.choice((run.random.randrange(1, 2049), run.random.randrange(1, 100),
                                  run.random.randrange(2049, 20000)))  # fmt: skip
        script.kmalloc(slot, size)
        held.append(slot)
        plan.append(("take", slot, size))
        while len(held) > 60 or held and run.random.random() < 0.4:
            gone = held.pop(run.random.randrange(len(held)))
            script.kfree([gone])
            plan.append(("give", gone, 0))
    seen, live = script.results((yield script.play(run))), {}
    for (what, slot, size), result in zip(plan, seen):
        if what == "give":
            check_equal(result, 0, "pieces that changed while they were in use")
            del live[slot]
            continue
        [address] = result
        check(address, f"NULL for {size} bytes")
        clash = [s for a, s in live.values() if a < address + size and address < a + s]
        check(not clash, f"{size} bytes overlap a piece of {clash[:1]} bytes in use")
        live[slot] = (address, size)
