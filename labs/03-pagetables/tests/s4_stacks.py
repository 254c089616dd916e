"""Step 4: registers of devices, and kernel stacks."""

from _tables import (A, D, DIRECT, EVERYTHING, G, PAGE, REAL, STACK, STACKS, V, W,
                     KernelMap, R, index, leaves, play, rights, used)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 4: Registers and stacks"
SLOTS, MAGIC = 0x10001000, 0x74726976  # of virtio-mmio on this board [virtio §4.2.2]
ALL = (1 << 64) - 1


def start():
    """A script in which the kernel's map is there."""
    return KernelMap().init(REAL)


@test(points=3, step="stacks", section=SECTION, blames="kmap_device", evidence="answers",
      hint="At the direct map, in pages of 4 KiB; the pointer keeps the offset in the "
           "page.")  # fmt: skip
def registers_can_be_read(run):
    """Registers of devices are read where kmap_device says that they are."""
    slots = run.random.sample(range(8), 3)
    script = start()
    for slot in slots:
        script.read_device(SLOTS + PAGE * slot, 8)
    script.read_device(SLOTS + PAGE * slots[0], 16)
    _, *seen, found = (yield from play(run, script.dump()))[0]
    check_equal([value for _, value in seen], [MAGIC] * 4, "the first register of slots")
    pages = leaves(found)
    for slot, (at, _) in zip((*slots, slots[0]), seen):
        pa = SLOTS + PAGE * slot
        check_equal(at, DIRECT + pa, f"where the registers at {pa:#x} are")
        check_equal(pages[at].flags & 0xFF, V | R | W | G | A | D, "flags of the page")
        check_equal((pages[at].pa, pages[at].size), (pa, PAGE), "the page")


@test(points=1, step="stacks", section=SECTION, blames="kmap_device", evidence="answers",
      hint="Round the address down, the end up.")
def registers_across_pages(run):
    """All pages that the range touches are mapped, and no other."""
    first, pages = SLOTS + PAGE * run.random.randrange(3), run.random.randrange(2, 5)
    low, high = run.random.randrange(4, PAGE, 4), run.random.randrange(4, PAGE, 4)
    size = (pages - 1) * PAGE - low + high
    script = start().device(first + low, size).dump()
    _, at, found = (yield from play(run, script))[0]
    check_equal(at, DIRECT + first + low, "where the registers are")
    there = leaves(found)
    mapped = [page for page in range(SLOTS - PAGE, SLOTS + 10 * PAGE, PAGE)
              if DIRECT + page in there]  # fmt: skip
    check_equal(mapped, [first + i * PAGE for i in range(pages)], "pages that are mapped")


@test(points=1, step="stacks", section=SECTION, blames="kmap_device", evidence="answers",
      hint="A larger page is there: pt_walk says so. And a size can be such that the end "
           "comes before the start.")  # fmt: skip
def what_is_no_device_is_refused(run):
    """RAM, what is beyond the direct map, and no bytes at all are refused."""
    ram = 0x83000000 + run.random.randrange(1000) * PAGE
    script = start().device(SLOTS, 8).device(ram, 8).device((1 << 37) - 8, 16)
    script.device(SLOTS + 8, (1 << 64) - PAGE).device(SLOTS, 0).read_device(SLOTS, 8)
    _, good, *bad, (again, value), found = (yield from play(run, script.dump()))[0]
    check_equal((good, again, value), (DIRECT + SLOTS, DIRECT + SLOTS, MAGIC), "registers")
    check_equal(bad, [0] * 4, "RAM, across the end, around the end, nothing")
    check_equal(rights(leaves(found), DIRECT + 0x83000000, DIRECT + 0x84000000),
                {(-DIRECT, R | W)}, "RAM, as it was")  # fmt: skip


@test(points=3, step="stacks", section=SECTION, blames="new_stack_locked,kmap_stack_alloc",
      evidence="answers",
      hint="The upper half of a slot of 2 * KSTACK_SIZE; trap.S finds an overflow by bit "
           "KSTACK_SHIFT of the stack pointer.")  # fmt: skip
def stacks_have_gaps_between(run):
    """Each stack can be used, all of it, and beneath it nothing is mapped."""
    count, key = run.random.randrange(4, 9), run.random.getrandbits(64)
    script = start()
    for slot in range(count):
        script.stack(slot)
    _, *tops, total, found = (yield from play(run, script.use(count, key).dump()))[0]
    check_equal(total, used(count, key), "the sum of what stacks hold")
    check_equal(len(set(tops)), count, "different stacks")
    pages = leaves(found)
    for top in tops:
        check_equal(top % 16, 0, "alignment of a stack")
        check(STACKS < top <= STACKS + (1 << 30), f"{top:#x} is where stacks are")
        check_equal((top - 1) >> 14 & 1, 1, "bit KSTACK_SHIFT on the stack")
        check_equal({pages.get(at).flags & 0xFF if at in pages else None
                     for at in range(top - STACK, top, PAGE)},
                    {V | R | W | G | A | D}, "flags of its pages")  # fmt: skip
        check_equal(rights(pages, top - 2 * STACK, top - STACK), {None}, "beneath it")


@test(points=2, step="stacks", section=SECTION, blames="kmap_stack_free,kmap_stack_alloc",
      evidence="answers",
      hint="A free stack holds where the next free one is, in its last word.")
def stacks_come_again(run):
    """Stacks that were freed are given out again, each once, before new ones."""
    order = run.random.sample(range(5), 5)
    script = start()
    for slot in range(6):
        script.stack(slot)
    for slot in order:
        script.free_stack(slot)
    script.frames()
    for slot in range(5):
        script.stack(slot)
    script.frames().use(6, key := run.random.getrandbits(64)).stack(6)
    seen = (yield from play(run, script))[0]
    first, before, again, after = seen[1:7], seen[12], seen[13:18], seen[18]
    check(0 not in first, "there are stacks")
    check_equal(set(again), set(first[:5]), "stacks that were freed")
    check_equal(after, before, "frames in use before they were given out again, and after")
    check_equal(seen[19], used(6, key), "the sum of what stacks hold")
    check(seen[20] not in (0, *first), "a new stack when none is free")


@test(points=2, step="stacks", section=SECTION, blames="new_stack_locked,kmap_stack_alloc",
      evidence="answers",
      hint="What a failed try has mapped is still there: look at the entry.")
def half_a_stack_is_finished_later(run):
    """Without memory there is no stack, and no frame is lost by the try."""
    script, count = start().stack(0), STACK // PAGE
    before = script.frames()
    for left in range(1, count):
        script.let(left).stack(1).let(EVERYTHING)
        if run.random.random() < 0.4:
            break
    tries = left
    before.stack(1).frames().stack(2).frames().use(3, key := run.random.getrandbits(64))
    seen = (yield from play(run, script))[0]
    check(seen[1], "there is a stack")
    failed = [seen[3 + 3 * i + 1] for i in range(tries)]
    # Tries go on where the last one ended.
    done, expected = 0, []
    for left in range(1, tries + 1):
        done += left
        expected.append(done >= count)
    got = [bool(top) for top in failed]
    check_equal(got, expected, "tries that gave a stack")
    taken = seen[-5], seen[-4], seen[-2]
    stacks = 1 + sum(expected)
    check(taken[0] not in (0, seen[1]), "the stack, with enough memory")
    check_equal((taken[1], taken[2]), (seen[2] + count * stacks, seen[2] + count * (stacks + 1)),
                "frames in use with one more stack, and two")  # fmt: skip
    check_equal(seen[-1], used(3, key), "the sum of what stacks hold")


@test(points=1, step="stacks", section=SECTION, blames="kmap_device,kmap_stack_alloc",
      evidence="answers",
      hint="sbi_remote_sfence, for all harts and all spaces: some may know that there was "
           "nothing [riscv-priv §4.2.1].")  # fmt: skip
def other_harts_are_told_of_new_pages(run):
    """All harts hear of new registers and new stacks, but not of stacks that come again."""
    at = SLOTS + 4 * run.random.randrange(1, 900)
    script = start().told().device(at, 2 * PAGE).told().stack(0).told()
    script.free_stack(0).stack(0).told()
    seen = (yield from play(run, script))[0]
    device, new, again = seen[3], seen[5], seen[8]
    check(seen[4], "there is a stack")
    for what, told, low, high in (("registers", device, DIRECT + at, DIRECT + at + 2 * PAGE),
                                  ("a stack", new, seen[4] - STACK, seen[4])):  # fmt: skip
        check(any(hart == ALL and number == ALL and va <= low and va + size >= high
                  for hart, va, size, number in told),
              f"not all harts were told of {what}")  # fmt: skip
    check_equal((seen[7], again), (seen[4], []), "the same stack again, and who was told")


@test(points=1, step="stacks", section=SECTION, blames="kmap_init,new_stack_locked",
      evidence="answers",
      hint="A space copies the root once. What comes later must come below entries that "
           "it has copied.")  # fmt: skip
def the_root_does_not_change(run):
    """Stacks that come later are below entries that the root has had from the start."""
    script = start().dump()
    for slot in range(3):
        script.stack(slot)
    seen = (yield from play(run, script.dump()))[0]
    roots = [{index(e.va, 2): e.value for e in found if e.level == 2}
             for found in (seen[1], seen[-1])]  # fmt: skip
    there = {top for top in seen[2:5] if top - PAGE in leaves(seen[-1])}
    check_equal(len(there), 3, "stacks that are mapped")
    check_equal(roots[1], roots[0], "the root before and after")
