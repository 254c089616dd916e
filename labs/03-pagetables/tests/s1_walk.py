"""Step 1: the way down."""

from _tables import (A, COW, D, EVERYTHING, G, MIB2, PAGE, R, SPANS, V, W, Tables,
                     addresses, apart, index, play, tables)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 1: The way down"


def way(found, va, level):
    """Return where the entry for va at a level is, going by the entries found."""
    here = {(e.level, e.va): e for e in found}
    for above in range(2, level, -1):
        step = here.get((above, va & -SPANS[above]))
        if step is None or not step.is_table:
            return 0
        table = step.pa
    return table + 8 * index(va, level)


@test(points=3, step="walk", section=SECTION, blames="pt_walk", evidence="answers",
      hint="From level 2 down to the one that is wanted, in each table at pte_index(va, "
           "level) [riscv-priv §4.3.2].")  # fmt: skip
def the_way_is_made(run):
    """With `create` the way to any address is made, and leads to its entry."""
    vas = addresses(run.random, 24)
    script = Tables()
    for va in vas:
        script.walk(va, create=True)
    *seen, found = (yield from play(run, script.dump()))[0]
    check_equal(len(tables(found)), len({va >> 30 for va in vas})
                + len({va >> 21 for va in vas}), "tables for these addresses")  # fmt: skip
    for va, at in zip(vas, seen):
        check_equal(at, way(found, va, 0), f"where the entry for {va:#x} is")


@test(points=2, step="walk", section=SECTION, blames="pt_walk", evidence="answers",
      hint="A way that is there is gone, not made anew.")  # fmt: skip
def the_way_is_found_again(run):
    """A way that was made is found again, with `create` and without."""
    vas = addresses(run.random, 12)
    script = Tables()
    for create in (True, False, True):
        for va in vas:
            script.walk(va, create=create)
    seen = (yield from play(run, script.counts()))[0]
    made = seen[: len(vas)]
    check(0 not in made and len(set(made)) == len(vas), "each address has an entry")
    check_equal(seen[len(vas) : 2 * len(vas)], made, "entries that are found")
    check_equal(seen[2 * len(vas) : -1], made, "entries that are found with create")
    wanted = 1 + len({va >> 30 for va in vas}) + len({va >> 21 for va in vas})
    check_equal(seen[-1][0], wanted, "frames in use")


@test(points=1, step="walk", section=SECTION, blames="pt_walk", evidence="answers",
      hint="A table that was not cleared holds pages of whoever had the frame before.")  # fmt: skip
def a_new_table_is_empty(run):
    """In a new table there is nothing but what was wanted."""
    va = addresses(run.random, 1)[0]
    script = Tables().walk(va, create=True).dump()
    at, found = (yield from play(run, script))[0]
    check(at, "there is no entry")
    check_equal(sorted((e.level, e.va) for e in found),
                [(1, va & -SPANS[1]), (2, va & -SPANS[2])], "entries that are not 0")  # fmt: skip


@test(points=1, step="walk", section=SECTION, blames="pt_walk", evidence="answers",
      hint="What tells a table from a page? [riscv-priv §4.3.1]; of the other flags, "
           "all but G are reserved there.")  # fmt: skip
def an_entry_leads_to_a_table(run):
    """An entry that leads to a table has V, and none of R, W, X, U, A and D."""
    script, vas = Tables(), addresses(run.random, 8)
    for va in vas:
        script.walk(va, create=True)
    found = (yield from play(run, script.dump()))[0][-1]
    check(len(tables(found)) >= 2, "there are no tables")
    for e in found:
        check_equal(e.flags & ~G, V, f"flags of the entry at level {e.level}")


@test(points=1, step="walk", section=SECTION, blames="pt_walk", evidence="answers",
      hint="The loop ends at `level`; the table there is what the index is taken in.")
def levels_above_end_sooner(run):
    """A walk to level 1 or 2 ends there, and makes no table below."""
    vas, script = addresses(run.random, 6), Tables()
    for va in vas:
        script.walk(va, level=2, create=True).walk(va, level=1, create=True)
    *seen, found, counts = (yield from play(run, script.dump().counts()))[0]
    root = {at - 8 * index(va, 2) for va, at in zip(vas, seen[::2])}
    check_equal(len(root), 1, "tables in which entries of level 2 lie")
    check(0 not in seen[::2], "there is an entry at level 2 for each address")
    for va, at in zip(vas, seen[1::2]):
        check_equal(at, way(found, va, 1), f"where the entry for {va:#x} is at level 1")
    check_equal(counts[0], 1 + len({va >> 30 for va in vas}), "frames in use")


@test(points=1, step="walk", section=SECTION, blames="pt_walk", evidence="answers",
      hint="Without `create` nothing changes.")
def what_is_missing_is_not_made(run):
    """Without `create` the walk ends in NULL where there is no table."""
    here, there, beside = addresses(run.random, 40)[:39:19]
    beside = here ^ MIB2
    script = Tables().walk(here, create=True).walk(there).walk(beside)
    script.walk(beside, level=1).walk(there, level=2).walk(here).dump().counts()
    made, missing, below, middle, root, again, found, counts = (
        yield from play(run, script))[0]  # fmt: skip
    check(made and again == made, "the entry that was made is found")
    check_equal((missing, below), (0, 0), "entries without a table")
    check_equal(middle, way(found, beside, 1), "the entry in the table that is there")
    check(root, "the root has an entry for each address")
    check_equal(counts[0], 3, "frames in use")


@test(points=2, step="walk", section=SECTION, blames="pt_walk", evidence="answers",
      hint="pte_is_leaf: what it points to is memory, no table.")
def a_large_page_is_no_table(run):
    """A larger page on the way ends the walk with NULL, with `create` and without."""
    script, expected = Tables(), []
    for level, va in zip((1, 2), apart(run.random, 2)):
        va &= -SPANS[level]
        flags = run.random.choice((R, R | W, R | W | 8, 8)) | V | A | D
        value = run.random.randrange(1, 1 << 16) * SPANS[level] >> 2 | flags
        script.enter(va, level, value).walk(va + PAGE).walk(va, create=True)
        script.walk(va + 5 * PAGE, level=level, create=True)
        expected += [0, 0, 1]
    *seen, counts = (yield from play(run, script.dump()))[0]
    for at in (0, 4):
        (where, value), *walked = seen[at : at + 4]
        check_equal(walked, [0, 0, where], "entries below, below, and of the large page")
        check(any(e.value == value for e in counts), "the large page is as it was")


@test(points=1, step="walk", section=SECTION, blames="pt_walk", evidence="answers",
      hint="PTE_COW in an entry that leads to a table: two spaces have that table. Who "
           "only looks may pass.")  # fmt: skip
def a_shared_table_is_not_changed(run):
    """A shared table can be looked into, but not with `create`."""
    va = addresses(run.random, 1)[0]
    script = Tables().walk(va, create=True).enter(va, 1, V | COW)
    script.walk(va, level=1).walk(va).walk(va, create=True).walk(va, level=1, create=True)
    made, (middle, value), above, looked, changed, again = (
        yield from play(run, script))[0]  # fmt: skip
    check(made, "there is no entry")
    check_equal((above, again), (middle, middle), "the entry that leads to it")
    check_equal(looked, (value >> 10 << 12) + 8 * index(va, 0), "the entry in it")
    check_equal(changed, 0, "the entry in it, for a change")


@test(points=1, step="walk", section=SECTION, blames="pt_walk", evidence="answers",
      hint="frame_alloc_zeroed may return NULL.")
def no_memory_for_a_table(run):
    """Without memory the walk ends in NULL, and goes on another time where it was."""
    va = addresses(run.random, 1)[0]
    script = Tables().let(1).walk(va, create=True).dump().let(EVERYTHING)
    script.walk(va, create=True).counts()
    _, none, found, _, at, counts = (yield from play(run, script))[0]
    check_equal(none, 0, "the entry, when there is one frame only")
    check_equal([e.level for e in found], [2], "levels of entries that are not 0 then")
    check(at, "there is no entry with enough memory")
    check_equal(counts[0], 3, "frames in use")
