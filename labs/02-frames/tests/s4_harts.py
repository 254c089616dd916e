"""Step 4: each hart has frames of its own. A script can go on as another hart."""

from _memory import (TOP, Frames, blocks, holes, is_managed, panics, play, step,
                     whole)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 4: Each hart its own"
FEW = 8  # a hart has at least so many once it had to ask for one


@test(points=2, step="harts", section=SECTION, blames="take_cached", evidence="answers",
      hint="With frames in this hart's cache no lock is taken: the panic says which one "
           "was.")  # fmt: skip
def a_single_frame_needs_no_lock(run):
    """A hart that has frames gives them out without taking a lock."""
    script = Frames(holes(run.random)).alloc(0).hold_last_lock()
    for slot in range(1, FEW):
        script.alloc(slot)
    seen = script.release_last_lock().results((yield script.play(run)))
    firsts = [seen[0], *seen[2 : 1 + FEW]]
    check(None not in firsts and len(set(firsts)) == FEW, f"frames {firsts}")


@test(points=2, step="harts", section=SECTION, blames="put_cached", evidence="answers",
      hint="A frame goes into the cache; only a full cache needs the lock.")
def a_single_frame_goes_without_a_lock(run):
    """A hart takes single frames back without taking a lock, and gives them out again."""
    script = Frames(holes(run.random))
    for slot in range(FEW):
        script.alloc(slot)
    script.counts().hold_last_lock()
    for slot in range(FEW):
        script.free(slot)
    for slot in range(FEW):
        script.alloc(slot)
    seen = script.release_last_lock().counts().results((yield script.play(run)))
    again = seen[FEW + 2 + FEW : FEW + 2 + 2 * FEW]
    check_equal(seen[FEW + 2 : 2 * FEW + 2], [1] * FEW, "whether frames kept their content")
    check(None not in again and len(set(again)) == FEW, f"frames {again} came again")
    check_equal(seen[-1], seen[FEW], "free frames, and all")


@test(points=2, step="harts", section=SECTION, blames="put_cached", evidence="answers",
      hint="What a hart keeps is free, and counts as free: frame_count_free adds it, so "
           "free_count must be without it.")  # fmt: skip
def what_harts_keep_is_free(run):
    """Frames that harts keep count as free, whichever hart counts."""
    script = Frames(holes(run.random)).counts()
    for slot in range(60):
        script.hart(slot % 3).alloc(slot).counts()
    order = list(range(60))
    run.random.shuffle(order)
    for slot in order:
        script.hart(run.random.randrange(3)).free(slot).counts()
    seen = script.results((yield script.play(run)))
    total = seen[0][1]
    free = [s[0] for s in seen[3::3]]
    wanted = [total - n for n in (*range(1, 61), *range(59, -1, -1))]
    check_equal(free, wanted, "free frames after each step")


@test(points=2, step="harts", section=SECTION, blames="take_or_collect_locked",
      evidence="answers",
      hint="Before a hart goes without, it takes what the others keep: count becomes 0, "
           "and the numbers are free blocks.")  # fmt: skip
def other_harts_frames_are_collected(run):
    """Memory is not out as long as some hart keeps a frame."""
    harts = run.random.randrange(2, 6)
    script = Frames(holes(run.random)).take_all()
    for hart in range(1, harts):
        script.hart(hart).free_all(step(run), 127, hart)
    script.hart(0).counts().take_all().counts()
    seen = script.results((yield script.play(run)))
    freed = sum(s[0] for s in seen[2 : 2 * harts - 1 : 2])
    check(freed > harts, "frames were freed by other harts")
    (free, _), again, (after, _) = seen[-3:]
    check_equal(free, freed, "free frames, all of them freed by other harts")
    check_equal(again.good().count, freed, "frames that hart 0 gets")
    check_equal(after, 0, "free frames then")


@test(points=2, step="harts", section=SECTION, blames="take_or_collect_locked",
      evidence="answers",
      hint="A larger block may become whole only when the harts' frames have merged "
           "with what is free.")  # fmt: skip
def large_blocks_are_collected(run):
    """A block that is whole but for what harts keep can be had."""
    scripts = [Frames(whole(8)).take_all().hart(hart).free_all(step(run))
               .hart(run.random.randrange(4)).take_all(TOP) for hart in range(4)]  # fmt: skip
    for hart, seen in enumerate((yield from play(run, *scripts))):
        is_managed(whole(8), seen[0].good().frames)
        wanted = len(blocks(seen[0].frames, TOP))
        check_equal(seen[4].good().count, wanted, f"blocks of order {TOP} when hart {hart} "
                    "has freed all frames")  # fmt: skip


@test(points=2, step="harts", section=SECTION, blames="put_cached", evidence="answers",
      hint="A hart keeps CACHE_MAX numbers and no more: the oldest go before the next "
           "one comes.")  # fmt: skip
def a_hart_keeps_a_few(run):
    """Harts that free thousands of frames lose none and find none twice."""
    script = Frames(holes(run.random)).take_all()
    for part in range(8):
        script.hart(part % 4).free_all(step(run), 7, part)
    for hart in range(4):
        script.hart(hart).alloc(hart)
    script.hart(1).counts().take_all()
    seen = script.results((yield script.play(run)))
    damaged = sum(s[1] for s in seen[2:17:2])
    check_equal(damaged, 0, "frames whose content changed while they were in use")
    check_equal(seen[-1].good().count, seen[0].count - 4, "frames that came again")
    firsts = set(seen[18:25:2])
    check(len(firsts) == 4 and not firsts & seen[-1].frames, "a frame has two owners")


@test(points=2, step="harts", section=SECTION, blames="take_cached,put_cached",
      evidence="answers",
      hint="cpu_irq_save says how it was; cpu_irq_restore puts it back, on each way out.")
def interrupts_are_as_before(run):
    """Interrupts are on after an allocation if they were before, and off if not."""
    script = Frames(whole()).alloc(0).interrupts_are_on().free(0).interrupts_are_on()
    script.turn_interrupts_on()
    for slot in range(40):
        script.alloc(slot).interrupts_are_on()
    for slot in range(40):
        script.free(slot).interrupts_are_on()
    seen = script.results((yield script.play(run)))
    given = {first for first in seen[5:85:2] if first in whole().frames}
    check_equal(len(given), 40, "frames that were given out")
    check_equal(seen[1:4:2], [0, 0], "interrupts on, when they were off")
    check_equal(seen[6::2], [1] * 80, "interrupts on, when they were on")


@test(points=1, step="harts", section=SECTION, blames="take_cached,put_cached",
      evidence="status",
      hint="A cache is the hart's own, the lists of free blocks are everybody's: 16 "
           "frames at a time come and go with the lock held.")  # fmt: skip
def caches_are_filled_under_the_lock(run):
    """What a hart fetches from the lists, or brings there, goes with the lock held."""
    script = Frames(whole())
    for slot in range(100):
        script.alloc(slot)
    yield from play(run, script)
    script.hold_last_lock()
    for slot in range(100):
        script.free(slot)
    empty = Frames(whole()).hold_last_lock().alloc(0)
    for last in (empty, script):
        # No lock may be taken behind the last one: whoever takes one is found out.
        yield from panics(run, last, "the lists without a lock", "lock order: frame")
