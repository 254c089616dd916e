"""Step 1: what there is. Counts alone: nothing is given out yet."""

from _memory import TABLE_SHARE, Frames, Ram, holes, odd, play, whole

from grading import check, check_equal, test

SECTION = "Step 1: What there is"


def counted(run, *rams):
    """Check the counts of allocators that have just been started."""
    seen, totals = (yield from play(run, *(Frames(ram).counts() for ram in rams))), []
    for ram, [(free, total)] in zip(rams, seen):
        most = len(ram.frames)
        span = ram.ram[-1][0] + ram.ram[-1][1] - ram.ram[0][0]
        check(most - span // TABLE_SHARE - 1 <= total <= most,
              f"{total} frames in all, where there are {most}, less the table")  # fmt: skip
        check_equal(free, total, "frames free, of a total with nothing given out")
        totals.append(total)
    return totals


@test(points=2, step="ranges", section=SECTION, blames="add_range", evidence="answers",
      hint="total_count counts frames, not bytes and not blocks.")
def ram_is_counted(run):
    """All of a range of RAM is counted, wherever it begins and ends."""
    small = Ram(((0, run.random.randrange(900, 1023)),))
    yield from counted(run, whole(), odd(run.random), small)


@test(points=2, step="ranges", section=SECTION, blames="add_range", evidence="answers",
      hint="add_range is called for each piece of RAM that nobody has reserved; the "
           "counts add up.")  # fmt: skip
def pieces_add_up(run):
    """RAM in pieces, with reserved ranges between them, is counted."""
    yield from counted(run, *(holes(run.random) for _ in range(3)))


@test(points=2, step="ranges", section=SECTION, blames="free_locked", evidence="answers",
      hint="A block of order 3 is 8 frames; merged or not, it counts once.")
def free_blocks_count_their_frames(run):
    """One frame more of RAM is one free frame more, whatever the blocks are."""
    first, most = run.random.randrange(1000), run.random.randrange(3000, 4000)
    rams = [Ram(((first, most - less),)) for less in range(6)]
    totals = yield from counted(run, *rams)
    steps = [a - b for a, b in zip(totals, totals[1:])]
    check(all(step in (0, 1) for step in steps) and sum(steps) >= 4,
          f"RAM with one frame fewer each time has {totals} frames")  # fmt: skip
