"""Step 5: page tables that spaces share."""

from _spaces import (
    ENOMEM,
    PAGE,
    READ,
    SHARED,
    TABLE,
    WRITE,
    R,
    Script,
    U,
    V,
    W,
)
from s4_copies import random_family

from grading import check, check_equal, test

SECTION = "Step 5: Tables, too"
AT = 8 * TABLE
OWN = V | R | W | U


def memory(run, pages=5):
    """Return a script with private memory in a table of its own, and what is in it."""
    script = Script(run)
    script.map(AT, TABLE, READ | WRITE)
    places = [AT + p * PAGE for p in run.random.sample(range(512), pages)]
    values = {va: run.random.getrandbits(62) for va in places}
    for va, value in values.items():
        script.write(va, value)
    return script, values


@test(points=3, step="tables", section=SECTION, blames="share_table", evidence="answers",
      hint="Entries of level 1. The frames count tables that lead to them, and the table counts "
           "spaces.")  # fmt: skip
def a_table_is_shared(run):
    """Fork of memory without objects has parent and child use one table."""
    script, values = memory(run)
    script.do("C", 0, 1)
    looks = [(script.entry(va), script.entry(va, 1), value) for va, value in values.items()]
    seen = script.read((yield script.ask()))
    for parent, child, value in looks:
        for look in (seen[parent], seen[child]):
            check(look.shared_table, "the entry that leads to the table is not marked")
            check_equal(look.table_refs, 2, "references to the table")
            check_equal((look.refs, look.first), (1, value), "references to the page, content")
            check(not look.flags & W, "a page in a shared table is writable")


@test(points=3, step="tables", section=SECTION,
      blames="copy_table,space_own_tables,fault_locked", evidence="answers",
      hint="A reference more to each page that it maps.")  # fmt: skip
def who_changes_it_gets_a_copy(run):
    """Who writes gets a table of its own, with references to all its pages."""
    script, values = memory(run)
    script.do("C", 0, 1)
    (va, value), *others = values.items()
    writer = run.random.randrange(2)
    script.write(va, value ^ 1, writer)
    mine, theirs = script.entry(va, writer), script.entry(va, 1 - writer)
    rest = [(script.entry(at, writer), script.entry(at, 1 - writer), v) for at, v in others]
    seen = script.read((yield script.ask()))
    check_equal((seen[mine].first, seen[theirs].first), (value ^ 1, value), "what each sees")
    check_equal((seen[mine].flags, seen[mine].refs), (OWN, 1), "the writer's page")
    check(not seen[mine].shared_table, "the writer's table is still marked")
    check_equal((seen[mine].table_refs, seen[theirs].table_refs), (1, 1), "references to tables")
    for own, other, at in rest:
        check_equal((seen[own].first, seen[other].first), (at, at), "what each sees elsewhere")
        check_equal((seen[own].frame, seen[own].refs), (seen[other].frame, 2), "frame, references")


@test(points=2, step="tables", section=SECTION, blames="space_own_tables", evidence="answers",
      hint="frame_refs of the table's frame.")  # fmt: skip
def the_last_keeps_the_table(run):
    """Who is left alone with a table keeps it, without the mark, and copies nothing."""
    script, values = memory(run)
    script.do("C", 0, 1)
    va, *_ = values
    script.write(va, 1)
    done = script.write(va, 2, 1)
    look = script.entry(va, 1)
    script.do("C", 0, 2)
    script.do("L", 0)
    script.write(va, 3, 2, fails=1)  # nothing is to be copied
    left = script.entry(va, 2)
    seen = script.read((yield script.ask()))
    check_equal(seen[done].result, 0, "a write")
    for number, value in ((look, 2), (left, 3)):
        check_equal((seen[number].shared_table, seen[number].table_refs), (False, 1),
                    "the mark; references to the table")  # fmt: skip
        check_equal((seen[number].first, seen[number].refs), (value, 1), "content, references")


@test(points=2, step="tables", section=SECTION, blames="copy_table", evidence="answers",
      hint="The other one may change the old table as soon as it has it alone. Where may a hart "
           "of this space still be looking?")  # fmt: skip
def harts_forget_the_table(run):
    """Harts are made to forget all of a table before the old one is let go of."""
    script, values = memory(run)
    script.do("C", 0, 1)
    va, *_ = values
    done = script.do("P", 0, va, PAGE, READ)
    seen = script.read((yield script.ask()))
    check_equal(seen[done].result, 0, "space_protect")
    check(seen[done].revokes >= 2, "a table was moved, and no hart was told")


@test(points=2, step="tables", section=SECTION, blames="share_table", evidence="answers",
      hint="has_no_object, about all that the table can map: not this area alone.")  # fmt: skip
def tables_with_objects_are_copied(run):
    """A table that maps pages of an object, too, is not shared."""
    script, values = memory(run)
    script.map(AT + TABLE, 4 * PAGE, READ | WRITE)
    script.map(AT + 2 * TABLE - PAGE, PAGE, READ, SHARED, 1)
    script.write(AT + TABLE, 5)
    script.do("C", 0, 1)
    alone, beside = script.entry(next(iter(values))), script.entry(AT + TABLE)
    seen = script.read((yield script.ask()))
    check(seen[alone].shared_table, "memory without objects has not a shared table")
    check(not seen[beside].shared_table, "the table is shared, with an object in its 2 MiB")
    check_equal((seen[beside].table_refs, seen[beside].refs), (1, 2), "references: table, page")


@test(points=1, step="tables", section=SECTION, blames="share_table", evidence="answers",
      hint="Several areas may lie in what one table maps; and it may be shared by two already.")
def a_table_is_shared_once(run):
    """A table is counted once for each space, whatever lies in it."""
    script, values = memory(run)
    first, last = min(values), max(values)
    script.do("P", 0, first, PAGE, READ)  # three areas now
    for child in (1, 2):
        script.do("C", 0, child)
    script.do("C", 1, 3)
    looks = [script.entry(va, s) for s in range(4) for va in (first, last)]
    seen = script.read((yield script.ask()))
    check_equal({seen[n].table_refs for n in looks}, {4}, "references to a table of four spaces")
    check_equal({seen[n].refs for n in looks}, {1}, "references to its pages")


@test(points=2, step="tables", section=SECTION, blames="space_own_tables,copy_table",
      evidence="answers",
      hint="munmap and mprotect change tables, too. They call space_own_tables with the range; "
           "it may reach over several tables.")  # fmt: skip
def a_range_over_several_tables(run):
    """What one does to a range over several tables, the other does not see."""
    script = Script(run)
    script.map(AT, 3 * TABLE, READ | WRITE)
    places = [AT + t * TABLE + run.random.randrange(512) * PAGE for t in range(3)]
    for va in places:
        script.write(va, va)
    script.do("C", 0, 1)
    start, end = places[0], places[2] + PAGE
    script.do("P", 0, start, end - start, READ)
    protected = [(script.entry(va), script.entry(va, 1)) for va in places]
    script.do("U", 1, start, end - start)
    unmapped = [(script.entry(va), script.entry(va, 1)) for va in places]
    seen = script.read((yield script.ask()))
    for (parent, child), (kept, gone), va in zip(protected, unmapped, places, strict=True):
        check(not seen[parent].shared_table, "a table that was changed is marked as shared")
        check_equal(seen[parent].first, va, "what the parent sees")
        check_equal(seen[child].first, va, "what the child sees")
        check_equal((seen[kept].first, seen[gone].flags), (va, 0),
                    "what the parent has, and the child, behind munmap")  # fmt: skip
        check_equal(seen[kept].refs, 1, "references to the page that is left")


@test(points=1, step="tables", section=SECTION, blames="copy_table,space_own_tables",
      evidence="answers", hint="-EAGAIN: whoever calls finds memory, or gives up.")  # fmt: skip
def no_memory_for_a_table(run):
    """Without memory for a table's copy nothing changes."""
    script, values = memory(run)
    script.do("C", 0, 1)
    va, value = next(iter(values.items()))
    done = [script.do("P", 0, va, PAGE, READ, fails=1), script.do("U", 0, va, PAGE, fails=1)]
    whole = script.do("P", 0, AT, TABLE, READ, fails=1)  # no area is to be split
    looks = [script.entry(va), script.entry(va, 1)]
    seen = script.read((yield script.ask()))
    check(ENOMEM in {seen[n].result for n in done}, "nothing says that there was no memory")
    check_equal(seen[whole].result, ENOMEM, "space_protect of all that the table maps")
    for look in looks:
        check_equal((seen[look].first, seen[look].table_refs), (value, 2), "content, references")


@test(points=2, step="tables", section=SECTION, evidence="answers",
      blames="copy_table,space_own_tables,share_table",
      hint="See the tests before this one; this one does all of it in any order.")  # fmt: skip
def a_random_family_of_tables(run):
    """Spaces that share tables, are written to and left in any order each see their own."""
    script = Script(run)
    script.map(AT, 2 * TABLE, READ | WRITE)
    places = [AT + t * TABLE + run.random.randrange(512) * PAGE for t in (0, 1) for _ in range(6)]
    looks = random_family(run, script, places, 150)
    seen = script.read((yield script.ask()))
    for look, value in looks:
        check_equal(seen[look].first, value, f"what is seen at operation {look}")
