"""Step 2: pages of all sizes."""

from _tables import (A, D, ENOMEM, EVERYTHING, GIB, MIB2, PAGE, R, SPANS, U, V, W, X,
                     Tables, addresses, canonical, largest, leaves, play, tables)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 2: Pages of all sizes"
RIGHTS = (R, R | W, R | X, R | U, R | W | U, X | U)


def check_pages(found, ranges):
    """All pages found are those that the ranges take: (va, pa, size, flags)."""
    wanted = {va: (pa, span, flags | V | A | D) for base, to, size, flags in ranges
              for va, pa, span in largest(base, to, size)}  # fmt: skip
    pages = leaves(found)
    for va, (pa, span, flags) in wanted.items():
        check(va in pages, f"nothing is mapped at {va:#x}")
        page = pages[va]
        check_equal((page.pa, page.size, page.flags), (pa, span, flags),
                    f"physical address, size and flags of the page at {va:#x}")  # fmt: skip
    check_equal(len(pages), len(wanted), "pages")
    tables(found)


def pa_of(random, span=PAGE):
    """A physical address, of 56 bits."""
    return random.getrandbits(50) & -span


@test(points=3, step="map", section=SECTION, blames="pt_map,pt_walk", evidence="answers",
      hint="pt_leaf makes the entry; both addresses move on.")
def small_pages_are_mapped(run):
    """Pages of 4 KiB come to their frames, with the rights that were wanted."""
    script, ranges = Tables(), []
    for number, va in enumerate(addresses(run.random, 48)[::8]):
        pages = run.random.randrange(1, 6)
        pa = pa_of(run.random) | PAGE if not va % MIB2 else pa_of(run.random)
        ranges.append((va, pa, pages * PAGE, RIGHTS[number]))
        script.map(*ranges[-1])
    *errors, found = (yield from play(run, script.dump()))[0]
    check_equal(errors, [0] * len(ranges), "what pt_map returned")
    check_pages(found, ranges)


@test(points=3, step="map", section=SECTION, blames="pt_map", evidence="answers",
      hint="A page of the level fits if both addresses are multiples of pte_span(level), "
           "and as much is left.")  # fmt: skip
def each_page_is_as_large_as_can_be(run):
    """A range is mapped with the largest pages that fit: 4 KiB, 2 MiB, 1 GiB."""
    script, ranges = Tables(), []
    for number in range(5):
        slack = run.random.randrange(1, 40) * PAGE, run.random.randrange(1, 40) * PAGE
        base = canonical((8 * number + 60 * run.random.randrange(2)) * GIB)
        size = run.random.randrange(1, 5) * MIB2 + sum(slack)
        if number % 2:
            size += GIB * run.random.randrange(1, 3)
        start = MIB2 - slack[0] + (GIB - MIB2 if number == 3 else 0)
        pa = pa_of(run.random, GIB) + start
        ranges.append((base + start, pa, size, RIGHTS[number]))
        script.map(*ranges[-1])
    *errors, found = (yield from play(run, script.dump()))[0]
    check_equal(errors, [0] * len(ranges), "what pt_map returned")
    check_pages(found, ranges)


@test(points=2, step="map", section=SECTION, blames="pt_map", evidence="answers",
      hint="The physical address must be aligned, too [riscv-priv §4.3.2], or the page "
           "faults.")  # fmt: skip
def the_frame_is_aligned_too(run):
    """What is aligned at one of its two addresses only is mapped with smaller pages."""
    script, ranges = Tables(), []
    for number in range(3):
        va = canonical(run.random.randrange(256) * GIB) + number * 16 * MIB2
        pa = pa_of(run.random, MIB2) + run.random.randrange(1, 512) * PAGE
        if number == 1:
            va, pa = va + pa % MIB2, pa & -MIB2
        ranges.append((va, pa, MIB2 + 3 * PAGE, RIGHTS[number]))
        script.map(*ranges[-1])
    # 2 MiB fits, 1 GiB would not.
    va = canonical((300 + run.random.randrange(100)) * GIB)
    ranges.append((va, pa_of(run.random, GIB) + 7 * MIB2, GIB, R))
    script.map(*ranges[-1])
    *errors, found = (yield from play(run, script.dump()))[0]
    check_equal(errors, [0] * len(ranges), "what pt_map returned")
    check_pages(found, ranges)


@test(points=1, step="map", section=SECTION, blames="pt_map", evidence="answers",
      hint="pt_walk returns NULL then.")
def no_memory_for_a_map(run):
    """Without memory for tables pt_map says so; with it, the same range is mapped."""
    va, other = (va & -MIB2 | PAGE for va in addresses(run.random, 40)[::20])
    ranges = [(va, pa_of(run.random), 3 * PAGE, R), (other, pa_of(run.random), PAGE, R | W)]
    script = Tables().let(2).map(*ranges[0]).map(*ranges[1]).let(EVERYTHING)
    script.map(*ranges[1]).dump()
    _, good, bad, _, again, found = (yield from play(run, script))[0]
    check_equal((good, bad, again), (0, ENOMEM, 0), "with two frames, without, and again")
    check_pages(found, ranges)


@test(points=2, step="map", section=SECTION, blames="pt_map", evidence="answers",
      hint="The header says what it asserts. What does the loop do with half a page?")
def half_a_page_is_noticed(run):
    """An address or a size that is no multiple of 4 KiB ends in a panic, not in a map."""
    va, pa = addresses(run.random, 1)[0] & -MIB2, pa_of(run.random)
    odd = run.random.randrange(8, PAGE, 8)
    good = va + 64 * PAGE, pa, 2 * PAGE, R
    scripts = [Tables().map(*good).map(*bad, R | W).dump() for bad in
               ((va + odd, pa, PAGE), (va, pa + odd, PAGE), (va, pa, PAGE + odd))]  # fmt: skip
    for what, seen in zip(("va", "pa", "size"), (yield from play(run, *scripts))):
        check_equal(seen[0], 0, "what pt_map returned for whole pages")
        check(seen[1] is None, f"{what} is no multiple of 4 KiB, and nobody noticed")
        check_pages(seen[2], [good])


@test(points=2, step="map", section=SECTION, blames="pt_map,pt_walk", evidence="answers",
      hint="Look at the entry before it is written. A larger page is found by pt_walk.")
def nothing_is_mapped_over(run):
    """What is mapped already stays: another page there is a panic, or refused below a
    larger one."""
    va, pa = addresses(run.random, 1, user=True)[0] & -GIB, pa_of(run.random, MIB2)
    small = va + 3 * MIB2 + 7 * PAGE
    kept = [(va, pa, MIB2, R), (small, pa + PAGE, 4 * PAGE, R | W)]
    tries = [(va, pa, MIB2, R | W), (va + 9 * PAGE, pa, PAGE, R | W),
             (small + 2 * PAGE, pa, PAGE, R), (va + 3 * MIB2, pa, MIB2, R)]  # fmt: skip
    scripts = [Tables().map(*kept[0]).map(*kept[1]).map(*one).dump() for one in tries]
    seen = yield from play(run, *scripts)
    for (at, _, size, _), (one, two, result, found) in zip(tries, seen):
        check_equal((one, two), (0, 0), "what pt_map returned for the first ones")
        check(result in (None, ENOMEM), f"{size} bytes at {at:#x} were mapped twice")
        check_pages(found, kept)
    check_equal([s[2] for s in seen], [None, ENOMEM, None, None],
                "results; None is a panic")  # fmt: skip


@test(points=3, step="map", section=SECTION, blames="pt_free_user_tables",
      evidence="answers",
      hint="Below the root there are two levels of tables; what the lowest ones map is "
           "not theirs to free.")  # fmt: skip
def tables_go_and_pages_stay(run):
    """All tables of the user half are given back, once, and no page."""
    script, pages = Tables(), addresses(run.random, 20, user=True)
    for va in pages:
        script.enter(va, 0, V | R | U | A | D)
    edge = (1 << 38) - PAGE
    script.enter(edge, 0, V | R | U | A | D).walk(0, create=True)
    script.counts().free().counts().dump()
    *_, (before, _, _), _, (after, wrong, _), found = (yield from play(run, script))[0]
    frames = len(set(pages) | {edge}) + 1
    check(before > frames, "tables were made")
    check_equal(wrong, 0, "frees of frames that were no table")
    check_equal(after, frames, "frames in use: the pages, and the root")
    check_equal(found, [], "entries that are left")


@test(points=1, step="map", section=SECTION, blames="pt_free_user_tables",
      evidence="answers",
      hint="The upper half is the kernel's, and everybody's: PT_ENTRIES / 2.")
def the_kernels_half_stays(run):
    """The kernel's half is left as it is."""
    upper = [va | 1 << 38 for va in addresses(run.random, 4, user=True)]
    lower = addresses(run.random, 4, user=True)
    script = Tables()
    for va in map(canonical, upper):
        script.enter(va, 0, V | R | A | D)
    script.enter(canonical(1 << 38), 0, V | R | A | D)
    script.counts().dump()
    for va in lower:
        script.walk(va, create=True)
    script.counts().free().counts().dump()
    seen = (yield from play(run, script))[0]
    (before, _, _), kept = seen[5:7]
    (more, _, _), _, (after, wrong, _), found = seen[-4:]
    check(more > before, "tables were made")
    check_equal((after, wrong), (before, 0), "frames in use as before, bad frees")
    check_equal(found, kept, "entries of the kernel's half")


@test(points=2, step="map", section=SECTION, blames="pt_free_user_tables",
      evidence="answers",
      hint="When frame_free returns, the frame may be another's: no entry of the root "
           "may lead there any more.")  # fmt: skip
def nothing_leads_to_a_free_table(run):
    """Nothing that the root leads to is free: the root lets go first."""
    script, pages = Tables(), addresses(run.random, 12, user=True)
    for va in pages:
        script.walk(va, create=True)
    script.counts().free().counts()
    *_, (before, _, _), _, (after, wrong, early) = (yield from play(run, script))[0]
    check(before > 3, "tables were made")
    check_equal((after, wrong), (1, 0), "frames in use, bad frees")
    check_equal(early, 0,
                "tables that went while the root led there")  # fmt: skip
