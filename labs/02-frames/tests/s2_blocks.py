"""Step 2: blocks of frames come and go."""

from _memory import (TOP, Frames, Ram, blocks, holes, is_managed, odd, panics, play,
                     shapes, step, whole)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 2: Blocks"


def managed(ram, taken):
    """Return all frames that the allocator of some RAM has, having checked them."""
    taken.good()
    is_managed(ram, taken.frames)
    return taken.frames


@test(points=2, step="blocks", section=SECTION, blames="frame_alloc", evidence="answers",
      hint="frame_address makes an address of a number; a block of order k begins at a "
           "multiple of 4096 << k.")  # fmt: skip
def a_block_is_a_block(run):
    """Blocks of each order are aligned, are RAM that is ours, and do not overlap."""
    orders = list(range(9)) * 2
    run.random.shuffle(orders)
    scripts = [Frames(ram) for ram in shapes(run)]
    for script in scripts:
        for slot, order in enumerate(orders):
            script.alloc(slot, order)
    for script, firsts in zip(scripts, (yield from play(run, *scripts))):
        frames, ram = set(), script.ram
        for order, first in zip(orders, firsts):
            check(first is not None, f"no block of order {order}")
            block = set(range(first, first + (1 << order)))
            check_equal(first % (1 << order), 0, f"alignment of a block of order {order}")
            check(block <= ram.frames, f"a block of order {order} lies outside of RAM")
            check(not block & frames, f"a block of order {order} overlaps another")
            frames |= block


@test(points=2, step="blocks", section=SECTION, blames="take_locked", evidence="answers",
      hint="What is split off a larger block stays free; when a list is empty, look at "
           "the next order.")  # fmt: skip
def all_frames_are_given_out(run):
    """All frames that there are can be had, each once."""
    rams = shapes(run)
    seen = yield from play(run, *(Frames(ram).take_all() for ram in rams))
    for ram, [taken] in zip(rams, seen):
        managed(ram, taken)


@test(points=2, step="blocks", section=SECTION, blames="add_range", evidence="answers",
      hint="Of the orders for which pfn is aligned and the block ends within the range, "
           "the largest.")  # fmt: skip
def ranges_become_large_blocks(run):
    """RAM comes in blocks as large as alignment allows."""
    for ram in shapes(run):
        orders = (0, TOP, run.random.randrange(5, TOP), run.random.randrange(1, 5))
        seen = yield from play(run, *(Frames(ram).take_all(order) for order in orders))
        frames = managed(ram, seen[0][0])
        for order, [taken] in zip(orders, seen):
            taken.good(f" of order {order}")
            check_equal(taken.count, len(blocks(frames, order)), f"blocks of order {order}")


@test(points=2, step="blocks", section=SECTION, blames="take_locked", evidence="answers",
      hint="Of a block of order 10 that is split for one of order 2, one each of orders "
           "2 to 9 is left.")  # fmt: skip
def a_split_leaves_one_of_each_order(run):
    """What is left of a block that was split is there, and is not given out twice."""
    orders, scripts = (1, 2, run.random.randrange(3, 9)), []
    for order in orders:
        # Of two blocks of order 10 the table has a part of the first.
        script = Frames(whole(8)).alloc(0, TOP).take_all().free(0, TOP).counts()
        script.alloc(1, order).counts()
        for left in range(order, TOP):
            script.alloc(2 + left, left)
        scripts.append(script.alloc(1, 0))
    for order, seen in zip(orders, (yield from play(run, *scripts))):
        check_equal(seen[3][0], 1024, "free frames with one block of order 10")
        check_equal(seen[5][0], 1024 - (1 << order), f"less a block of order {order}")
        for left, found in zip(range(order, TOP), seen[6:]):
            check(found is not None, f"nothing is left of order {left}")
        check_equal(seen[-1], None, "a frame, when all is given out")


@test(points=1, step="blocks", section=SECTION, blames="take_locked", evidence="answers",
      hint="The smallest block that is large enough is split; look at the orders from "
           "the one wanted upwards.")  # fmt: skip
def large_blocks_are_spared(run):
    """A block is not split as long as a smaller one would do."""
    ram = whole(16)
    # The block with the table is in pieces of each order; one of each is enough.
    script = Frames(ram)
    for slot, order in enumerate((9, 8, 7, 6, 5)):
        script.alloc(slot, order)
    [before], seen = yield from play(run, Frames(ram).take_all(TOP), script.take_all(TOP))
    check(before.good().count, "no block of order 10")
    check(None not in seen[:5], "a block of order 5 to 9 was refused")
    check_equal(seen[5].good().count, before.count, "blocks of order 10 that are still whole")


@test(points=1, step="blocks", section=SECTION, blames="take_locked,frame_alloc",
      evidence="answers",
      hint="take_locked returns NOBODY when no list from that order on has a block; then "
           "frame_alloc returns NULL.")  # fmt: skip
def out_of_memory_is_null(run):
    """When there is no block any more there is NULL, of each order, and no panic."""
    ram = holes(run.random)
    script = Frames(ram).take_all().counts()
    for order in range(TOP + 1):
        script.alloc(order, order)
    seen = script.counts().results((yield script.play(run)))
    managed(ram, seen[0])
    check_equal(seen[2:-1], [None] * (TOP + 1), "blocks when all is given out")
    check_equal((seen[1][0], seen[-1][0]), (0, 0), "free frames when all is given out")


@test(points=2, step="blocks", section=SECTION, blames="frame_free", evidence="answers",
      hint="frame_free undoes what frame_alloc did: the block is linked as free, and its "
           "frames are counted.")  # fmt: skip
def what_is_freed_comes_again(run):
    """All that was freed can be had again, and holds what was put there until then."""
    rams = shapes(run)
    scripts = [Frames(ram).take_all().free_all(step(run)).counts().take_all()
               for ram in rams]  # fmt: skip
    results = yield from play(run, *scripts)
    for ram, (first, (freed, damaged), (free, total), again) in zip(rams, results):
        managed(ram, first)
        check_equal(freed, first.count, "frames given back")
        check_equal(damaged, 0, "frames whose content changed while they were in use")
        check_equal((free, total), (freed, freed), "free frames, and frames in all")
        check_equal(len(again.good().frames ^ first.frames), 0, "frames that differ")


@test(points=2, step="blocks", section=SECTION, blames="free_locked", evidence="answers",
      hint="After each merge the block is twice as large and may merge again, with "
           "another buddy.")  # fmt: skip
def buddies_merge(run):
    """Frames freed in any order become the large blocks that they were."""
    for ram in shapes(run):
        orders = (0, run.random.randrange(1, 4), run.random.randrange(4, TOP))
        scripts = [Frames(ram).take_all(order).free_all(step(run)).take_all(TOP)
                   for order in orders]  # fmt: skip
        results = yield from play(run, *scripts)
        wanted = len(blocks(managed(ram, results[0][0]), TOP))
        for order, seen in zip(orders, results):
            check_equal(seen[2].good().count, wanted, f"blocks of order {TOP} when "
                        f"all of order {order} were freed")  # fmt: skip


@test(points=2, step="blocks", section=SECTION, blames="free_locked", evidence="answers",
      hint="Buddies differ in bit k of their physical frame number: add first_pfn "
           "before, and take it off again behind.")  # fmt: skip
def buddies_are_counted_physically(run):
    """Merged blocks are aligned by physical address, wherever RAM begins."""
    cases = [(first, order) for first in (1, 2, 513, run.random.randrange(3, 1000))
             for order in (1, 5, 9)]  # fmt: skip
    scripts = [Frames(Ram(((first, 4000),))).take_all().free_all(step(run)).take_all(order)
               for first, order in cases]  # fmt: skip
    for (first, order), seen in zip(cases, (yield from play(run, *scripts))):
        frames = managed(Ram(((first, 4000),)), seen[0])
        seen[2].good(f", order {order}")
        check_equal(seen[2].count, len(blocks(frames, order)), f"blocks of order {order} "
                    f"of RAM that begins at frame {first} of one")  # fmt: skip


@test(points=2, step="blocks", section=SECTION, blames="free_locked", evidence="answers",
      hint="A buddy is merged only if it is the head of a free block of the same order.")
def only_whole_buddies_merge(run):
    """A buddy that is in use, wholly or in part, is left alone."""
    parts = ((1, 0), (1, 1), (3, 2), (7, 0))
    scripts = [Frames(whole(8)).take_all().free_all(step(run), mask, value)
               .take_all(1).counts().take_all() for mask, value in parts]  # fmt: skip
    for lonely in range(4):
        script = Frames(whole(8)).take_all()
        for place in [p for p in range(4) if p != lonely]:
            script.free_all(step(run), 3, place)
        scripts.append(script.take_all(2).take_all(1))
    results = yield from play(run, *scripts)
    for (mask, value), seen in zip(parts, results):
        managed(whole(8), seen[0])
        check_equal(seen[2].count, 0, "pairs of frames, where no two neighbours are free")
        check_equal(seen[3][0], seen[1][0], "free frames")
        half = {f for f in seen[0].frames if f & mask == value}
        check_equal(len(seen[4].good().frames ^ half), 0, "frames that differ")
    # A free pair beside half a free pair, at each place of four.
    for lonely, seen in enumerate(results[4:]):
        check_equal(seen[4].count, 0, "blocks of four frames, each with one in use")
        pairs = blocks({f for f in seen[0].frames if f & 3 != lonely}, 1)
        check_equal(seen[5].good().count, len(pairs), "pairs beside single frames")


@test(points=2, step="blocks", section=SECTION, blames="free_locked", evidence="answers",
      hint="A buddy outside [first_pfn, end_pfn) has no entry in frames: ask before you "
           "look.")  # fmt: skip
def no_buddy_beyond_the_ends(run):
    """At both ends of RAM nothing is taken for a buddy that is none."""
    scripts = []
    for order in range(4):
        first = 16 * run.random.randrange(1, 64) + (1 << order)
        for litter in (0, order << 8 | 1, 0xFFFF):
            # The first piece has no room for the allocator's table: it is free. What
            # lies before and behind the table says nothing.
            reserved = ((first + (1 << order), 1),)
            ram = Ram(((first, 1024 << order),), reserved, litter)
            script = Frames(ram).take_all()
            scripts.append(script.free_all(step(run)).take_all())
    for seen in (yield from play(run, *scripts)):
        check(seen[0].count, "no frames were given out")
        same = seen[0].good().frames == seen[2].good().frames
        check(same, f"frames freed: {seen[0].count}; that came again: {seen[2].count}")


@test(points=4, step="blocks", section=SECTION, blames="free_locked,take_locked",
      evidence="answers",
      hint="Look at the smallest sequence of calls that goes wrong: T= repeats it.")
def any_sequence(run):
    """Whatever comes and goes in whatever order, what is possible works."""
    for ram in (odd(run.random), holes(run.random)):
        script, plan, held = Frames(ram), [], {}
        for slot in range(300):
            if held and run.random.random() < 0.45:
                which = run.random.choice(list(held))
                script.free(which, held.pop(which))
                plan.append(("free", which, 0))
            else:
                order = min(run.random.randrange(12), run.random.randrange(12), 6)
                script.alloc(slot, order)
                plan.append(("alloc", slot, order))
                held[slot] = order
        [taken], seen = yield from play(run, Frames(ram).take_all(), script.counts())
        free, where = set(managed(ram, taken)), {}
        for (what, slot, order), result in zip(plan, seen):
            if what == "free":
                check_equal(result, 1, "whether a block kept what was put into it")
                free |= where.pop(slot)
                continue
            check(result is not None, f"no block of order {order}, with {len(free)} free")
            where[slot] = set(range(result, result + (1 << order)))
            check_equal(result % (1 << order), 0, f"alignment of order {order}")
            check(where[slot] <= free, f"a block of order {order} that is not free")
            free -= where[slot]
        check_equal(seen[-1][0], len(free), "free frames in the end")


@test(points=1, step="blocks", section=SECTION, blames="frame_alloc,frame_free",
      evidence="status",
      hint="All harts share the lists: frame_lock is held while they are touched.")
def the_lists_are_locked(run):
    """Blocks come and go with the lock of the frames held."""
    script = Frames(whole()).alloc(0, 3)
    yield from play(run, script, Frames(whole()).alloc(0, 3).free(0, 3))
    for last in (script.hold_last_lock().free(0, 3),
                 Frames(whole()).hold_last_lock().alloc(0, 3)):  # fmt: skip
        # No lock may be taken behind the last one: whoever takes one is found out.
        yield from panics(run, last, "the lists without a lock", "lock order: frame")


@test(points=2, step="blocks", section=SECTION, blames="frame_free", evidence="status",
      hint="What was freed is not FRAME_USED any more: assert it first.")
def nothing_is_freed_twice(run):
    """Freeing a block twice ends in a panic, not in a frame with two owners."""
    scripts = [Frames(whole()).alloc(0, order).free(0, order) for order in (0, 3)]
    yield from play(run, *scripts)
    for order, script in zip((0, 3), scripts):
        yield from panics(run, script.free(0, order), "a second frame_free")


@test(points=1, step="blocks", section=SECTION, blames="frame_free", evidence="status",
      hint="A block is given back whole: its head knows its order.")
def a_block_is_freed_whole(run):
    """Freeing half a block, or two, ends in a panic."""
    orders = ((3, 2), (0, 1))
    yield from play(run, *(Frames(whole()).alloc(0, k).free(0, k) for k, _ in orders))
    for order, other in orders:
        script = Frames(whole()).alloc(0, order).free(0, other)
        yield from panics(run, script, f"frame_free of order {other} for {order}")
