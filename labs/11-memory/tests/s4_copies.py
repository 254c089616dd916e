"""Step 4: spaces that are copied, page by page."""

from _spaces import (
    COW,
    ENOMEM,
    PAGE,
    READ,
    SHARED,
    WRITE,
    R,
    Script,
    U,
    V,
    W,
    same_areas,
)

from grading import check, check_equal, test

SECTION = "Step 4: Copy on write"
AT = 0x400000
LENT = V | R | U | COW
OWN = V | R | W | U


def beside_an_object(run, pages=4, spaces=1):
    """Return a script with private memory in a table that also maps an object: so
    fork copies that; and what is written to each page."""
    script = Script(run, spaces)
    script.map(AT, 16 * PAGE, READ | WRITE)
    script.map(AT + 32 * PAGE, 4 * PAGE, READ | WRITE, SHARED, 1)
    values = [run.random.getrandbits(62) for _ in range(pages)]
    for page, value in enumerate(values):
        script.write(AT + page * PAGE, value)
    return script, values


@test(points=3, step="copies", section=SECTION, blames="share_pages,protect", evidence="answers",
      hint="No page is copied: both entries lead to one frame, which counts both, and neither "
           "may write.")  # fmt: skip
def both_have_one_frame(run):
    """Behind space_clone parent and child have the same pages, marked, not writable."""
    script, values = beside_an_object(run)
    done = script.do("C", 0, 1)
    looks = [(script.entry(AT + p * PAGE), script.entry(AT + p * PAGE, 1)) for p in range(4)]
    none = script.entry(AT + 9 * PAGE, 1)
    seen = script.read((yield script.ask()))
    check_equal(seen[done].result, 0, "space_clone")
    for (parent, child), value in zip(looks, values, strict=True):
        for who, look in (("parent", parent), ("child", child)):
            check_equal(seen[look].flags, LENT, f"bits of the {who}'s entry")
            check_equal((seen[look].refs, seen[look].first), (2, value), "references, content")
        check_equal(seen[parent].frame, seen[child].frame, "the frame")
    check_equal(seen[none].flags, 0, "the child's entry for a page that is not there")


@test(points=3, step="copies", section=SECTION, blames="break_sharing,fault_locked",
      evidence="answers", hint="PTE_COW, and a write: a copy, unless nobody else is left.")  # fmt: skip
def who_writes_gets_a_copy(run):
    """Who writes gets a copy, whichever of the two it is; the other sees nothing of it."""
    script, values = beside_an_object(run)
    script.do("C", 0, 1)
    for page, writer in enumerate((0, 1, 0, 1)):
        script.write(AT + page * PAGE, ~values[page] & (1 << 62) - 1, writer)
    looks = [[script.entry(AT + p * PAGE, s) for s in (0, 1)] for p in range(4)]
    seen = script.read((yield script.ask()))
    for page, writer in enumerate((0, 1, 0, 1)):
        wrote, other = seen[looks[page][writer]], seen[looks[page][1 - writer]]
        check_equal(wrote.first, ~values[page] & (1 << 62) - 1, "what the writer sees")
        check_equal(other.first, values[page], "what the other sees")
        check_equal((wrote.flags, wrote.refs), (OWN, 1), "bits and references of the copy")
        check_equal((other.flags, other.refs), (LENT, 1), "bits and references of the other's")


@test(points=2, step="copies", section=SECTION, blames="break_sharing", evidence="answers",
      hint="frame_refs.")  # fmt: skip
def the_last_keeps_the_frame(run):
    """Who writes last finds that nobody else is left, and keeps the frame."""
    script, values = beside_an_object(run)
    script.do("C", 0, 1)
    first = script.entry(AT)
    script.write(AT, 1)
    script.write(AT, 2, 1)
    parent, child = script.entry(AT), script.entry(AT, 1)
    seen = script.read((yield script.ask()))
    check_equal(seen[child].frame, seen[first].frame, "the frame of who writes last")
    check(seen[parent].frame != seen[first].frame, "who wrote first has not got a copy")
    check_equal((seen[child].flags, seen[child].refs, seen[child].first), (OWN, 1, 2),
                "bits, references and content of who writes last")  # fmt: skip
    check_equal(len(values), 4, "pages")


@test(points=2, step="copies", section=SECTION, blames="share_pages", evidence="answers",
      hint="A shared page is to be seen by both, written or not.")  # fmt: skip
def what_is_shared_stays_shared(run):
    """Pages of a shared area are the child's, too, and stay writable."""
    script, _ = beside_an_object(run)
    value, at = run.random.getrandbits(60), AT + 33 * PAGE
    script.write(at, 7)
    script.do("C", 0, 1)
    before = [script.entry(at, s) for s in (0, 1)]
    script.write(at, value, 1)
    after = script.entry(at)
    seen = script.read((yield script.ask()))
    for look in before:
        check_equal(seen[look].flags, OWN, "bits of the entry")
        check_equal(seen[look].refs, 3, "references: object, parent, child")
    check_equal(seen[after].first, value, "what the parent sees of the child's write")


@test(points=3, step="copies", section=SECTION, blames="break_sharing", evidence="answers",
      hint="space_revoke, when the entry has changed; a hart that still has the old one reads a "
           "frame that may be anybody's by then.")  # fmt: skip
def harts_forget_first(run):
    """Harts are made to forget the old page before the frame is let go of."""
    script, _ = beside_an_object(run)
    cloned = script.do("C", 0, 1)
    page = run.random.randrange(4)
    wrote = script.write(AT + page * PAGE, 1)
    seen = script.read((yield script.ask()))
    check(seen[cloned].revokes >= 1, "rights were taken from the parent, and no hart was told")
    done = seen[wrote]
    check(done.revokes >= 1, "a page was moved, and no hart was told")
    check_equal(done.dropped, 0, "frames that were let go of before")
    check(done.revoked_from <= AT + page * PAGE < done.revoked_to, "another page was revoked")


@test(points=1, step="copies", section=SECTION, blames="share_pages,share_table",
      evidence="answers", hint="See the tests before this one.")  # fmt: skip
def areas_are_copied_too(run):
    """The child has the parent's areas, and as much memory."""
    script, _ = beside_an_object(run)
    script.map(AT + (4 << 20), 3 * PAGE, READ)
    script.do("C", 0, 1)
    parent, child, refs = script.areas(), script.areas(1), script.object(1)
    seen = script.read((yield script.ask()))
    same_areas(seen[child], seen[parent].areas, "of the child")
    check_equal(seen[child].resident, seen[parent].resident, "bytes that are there")
    check_equal(seen[refs].refs, 2, "references to the object")


@test(points=2, step="copies", section=SECTION, blames="share_pages,share_table,protect",
      evidence="answers",
      hint="Half a child is no child: what it had counts no more, and the parent goes on.")  # fmt: skip
def no_memory_for_a_child(run):
    """Without memory there is no child, and the parent has what it had."""
    script, values = beside_an_object(run)
    failed = [script.do("C", 0, 1, fails=n) for n in range(1, 6)]
    looks = [script.entry(AT + p * PAGE) for p in range(4)]
    fine = script.do("C", 0, 2)
    for page, value in enumerate(values):
        script.write(AT + page * PAGE, value + 1)
    after = [script.entry(AT + p * PAGE, 2) for p in range(4)]
    seen = script.read((yield script.ask()))
    results = {seen[n].result for n in failed}
    check_equal(results, {ENOMEM}, "space_clone, the first to fifth allocation failing")
    for look, value in zip(looks, values, strict=True):
        check_equal((seen[look].refs, seen[look].first), (1, value), "references, content")
    check_equal(seen[fine].result, 0, "space_clone with memory")
    check_equal([seen[n].first for n in after], values, "what the child sees")


def random_family(run, script, places, steps):
    """Add a random walk of up to four spaces; return looks and what they show."""
    random = run.random
    memory, looks = {0: {}}, []
    for _ in range(steps):
        space = random.choice(sorted(memory))
        free = [s for s in range(4) if s not in memory]
        kind = random.random()
        if kind < 0.2 and free:
            child = random.choice(free)
            script.do("C", space, child)
            memory[child] = dict(memory[space])
        elif kind < 0.28 and len(memory) > 1:
            script.do("L", space)
            del memory[space]
        elif kind < 0.7:
            va, value = random.choice(places), random.getrandbits(62)
            script.write(va, value, space)
            memory[space][va] = value
        elif memory[space]:
            va = random.choice(sorted(memory[space]))
            looks.append((script.entry(va, space), memory[space][va]))
    for space, words in memory.items():
        looks += [(script.entry(va, space), value) for va, value in words.items()]
    return looks


@test(points=2, step="copies", section=SECTION, evidence="answers",
      blames="break_sharing,share_pages,protect,fault_locked",
      hint="See the tests before this one; this one does all of it in any order.")  # fmt: skip
def a_random_family(run):
    """Spaces that are copied, written to and left in any order each see their own."""
    script, _ = beside_an_object(run, 0)
    looks = random_family(run, script, [AT + p * PAGE for p in range(12)], 150)
    seen = script.read((yield script.ask()))
    for look, value in looks:
        check_equal(seen[look].first, value, f"what is seen at operation {look}")
