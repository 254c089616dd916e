"""Step 3: pages of objects."""

from _spaces import (
    CHANGE,
    COW,
    EFAULT,
    EIO,
    ENXIO,
    ERROR,
    EXEC,
    PAGE,
    READ,
    REPLACE,
    SHARE,
    SHARED,
    UNMAP,
    WRITE,
    R,
    Script,
    U,
    V,
    W,
)

from grading import check, check_equal, test

SECTION = "Step 3: Pages of files"
AT = 0x400000
MASK = (1 << 64) - 1


def holds(entry, mark, what):
    """A page holds what a page of an object does."""
    check_equal((entry.first, entry.last), (mark, (mark + 511) & MASK), f"words of {what}")


@test(points=3, step="objects", section=SECTION, blames="want_page,map_page,try_fault",
      evidence="answers",
      hint="area_page says which page of the object it is; ops->get_page fetches it, and may "
           "block: not under the lock.")  # fmt: skip
def the_right_page_is_shown(run):
    """A page of an object comes from the right place, asked for once, under no lock."""
    script, asked = Script(run), []
    for i, flags in enumerate((0, SHARED)):
        at, page = AT + i * 64 * PAGE, run.random.randint(1, 6)
        script.map(at, 8 * PAGE, READ, flags, 1 + i, page)
        before = script.object(1 + i)
        n = run.random.randrange(8)
        done = script.fault(at + n * PAGE + 99, READ)
        look, after = script.entry(at + n * PAGE), script.object(1 + i)
        asked.append((done, look, before, after, 1 + i, page + n))
    seen = script.read((yield script.ask()))
    for done, look, before, after, number, page in asked:
        check_equal(seen[done].result, 0, "space_fault")
        holds(seen[look], script.mark(number, page), f"page {page} of the object")
        check_equal((seen[before].asked, seen[after].asked), (0, 1), "calls of get_page")
        check_equal((seen[after].last, seen[after].for_writing), (page, 0), "page; for writing")
        check(not seen[after].locked, "get_page was called under a spin lock")
        check_equal(seen[look].refs, 2, "references to the frame")


@test(points=2, step="objects", section=SECTION, blames="map_page", evidence="answers",
      hint="A private page that was only read is the object's own, and must not be written "
           "to.")  # fmt: skip
def a_private_page_is_lent(run):
    """A page that is read in a private area is the object's, marked, and not writable."""
    script = Script(run)
    script.map(AT, 4 * PAGE, READ | WRITE, 0, 1)
    script.fault(AT, READ)
    look = script.entry(AT)
    seen = script.read((yield script.ask()))
    check_equal(seen[look].flags, V | R | U | COW, "bits of the entry")
    holds(seen[look], script.mark(1, 0), "the page")
    check_equal(seen[look].refs, 2, "references to the frame")


@test(points=3, step="objects", section=SECTION, blames="map_page,break_sharing",
      evidence="answers", hint="Copied at once if the first access is a write, or later.")  # fmt: skip
def a_private_page_is_copied(run):
    """Who writes to a private page gets a copy; the object's page stays as it is."""
    script, value = Script(run), run.random.getrandbits(60)
    script.map(AT, 4 * PAGE, READ | WRITE, 0, 1)
    script.map(AT + 8 * PAGE, 4 * PAGE, READ, 0, 1)  # looks at the same pages
    wrote = [script.write(AT, value)]
    script.fault(AT + PAGE, READ)
    wrote.append(script.write(AT + PAGE, value))
    mine = [script.entry(AT), script.entry(AT + PAGE)]
    for page in (0, 1):
        script.fault(AT + (8 + page) * PAGE, READ)
    theirs = [script.entry(AT + 8 * PAGE), script.entry(AT + 9 * PAGE)]
    calls = script.object(1)
    seen = script.read((yield script.ask()))
    for page in (0, 1):
        check_equal(seen[wrote[page]].result, 0, "a write")
        own, other = seen[mine[page]], seen[theirs[page]]
        check_equal(own.flags, V | R | W | U, "bits of the copy's entry")
        check_equal((own.first, own.last), (value, (script.mark(1, page) + 511) & MASK),
                    "words of the copy")  # fmt: skip
        check_equal((own.refs, other.refs), (1, 2), "references to the copy, to the page")
        holds(other, script.mark(1, page), "the object's page")
    check_equal(seen[calls].for_writing, 0, "pages that the object thinks are changed")


@test(points=2, step="objects", section=SECTION, blames="map_page,fault_locked,will_change",
      evidence="answers",
      hint="Writable rights do not make it writable at once: the object has to be asked with "
           "`write` first.")  # fmt: skip
def a_shared_page_is_told_of_writes(run):
    """A shared page is writable only when the object has been told that it changes."""
    script, value = Script(run), run.random.getrandbits(60)
    script.map(AT, 4 * PAGE, READ | WRITE, SHARED, 1)
    script.fault(AT, READ)
    lent, first = script.entry(AT), script.object(1)
    script.write(AT, value)
    written, second = script.entry(AT), script.object(1)
    script.write(AT + PAGE, value)
    at_once, third = script.entry(AT + PAGE), script.object(1)
    again, fourth = script.fault(AT, WRITE), script.object(1)
    seen = script.read((yield script.ask()))
    check_equal(seen[lent].flags, V | R | U, "bits when it was read")
    check_equal(seen[first].for_writing, 0, "calls for writing when it was read")
    check_equal(seen[written].flags, V | R | W | U, "bits when it was written")
    check_equal(seen[written].frame, seen[lent].frame, "the frame: it is not copied")
    check_equal(seen[written].first, value, "what was written")
    check_equal(seen[second].for_writing, 1, "calls for writing when it was written")
    check_equal((seen[at_once].flags, seen[third].for_writing), (V | R | W | U, 2),
                "bits and calls for writing of a page that is written at once")  # fmt: skip
    check_equal((seen[again].result, seen[fourth].for_writing), (0, 2), "a write behind a write")


@test(points=1, step="objects", section=SECTION, blames="try_fault,want_page", evidence="answers",
      hint="What get_page says is space_fault's result. What was noted is put all the same.")
def an_object_may_have_no_page(run):
    """Where the object has no page, or cannot give it, that is the result."""
    script = Script(run)
    script.map(AT, 8 * PAGE, READ, 0, 1, 12)
    past, look = script.fault(AT + 5 * PAGE, READ), script.entry(AT + 5 * PAGE)
    script.event(ERROR, AT)
    broken, none = script.fault(AT, READ), script.entry(AT)
    good, there = script.fault(AT, READ), script.entry(AT)
    refs = script.object(1)
    seen = script.read((yield script.ask()))
    check_equal([seen[n].result for n in (past, broken, good)], [ENXIO, EIO, 0], "space_fault")
    check_equal([bool(seen[n].flags) for n in (look, none, there)], [False, False, True], "pages")
    check_equal(seen[refs].refs, 1, "references to the object")


@test(points=2, step="objects", section=SECTION, blames="has_page,try_fault,fault_locked",
      evidence="answers",
      hint="While nobody held the lock another thread unmapped all of it. Look at everything "
           "anew.")  # fmt: skip
def the_area_goes_meanwhile(run):
    """An area that goes while its page is fetched is gone, and the page with it."""
    script, asked = Script(run), []
    for event, want in ((UNMAP, EFAULT), (REPLACE, 0)):
        at = AT + event * 16 * PAGE
        script.map(at, PAGE, READ | WRITE, 0, 1)
        script.event(event, at)
        asked.append((script.fault(at, READ), want, script.entry(at), script.object(1)))
    # Of who shows it all the same the frame has one reference, and the object's.
    script.map(AT, PAGE, READ, 0, 1)
    script.fault(AT, READ)
    count = script.entry(AT)
    seen = script.read((yield script.ask()))
    for done, want, look, refs in asked:
        check_equal(seen[done].result, want, "space_fault")
        check_equal((seen[look].flags, seen[look].first),
                    (V | R | W | U, 0) if want == 0 else (0, 0), "the entry, the page")  # fmt: skip
        check_equal(seen[refs].refs, 0, "references to the object")
    check_equal(seen[count].refs, 2, "references to a frame that was fetched in vain")


@test(points=2, step="objects", section=SECTION, blames="has_page,want_page", evidence="answers",
      hint="object->changes counts when pages are taken away. When is it to be noted, before or "
           "after the page is fetched?")  # fmt: skip
def the_page_goes_meanwhile(run):
    """A page that the object takes away while it is fetched is asked for again."""
    script, asked = Script(run), []
    for number, flags in ((1, 0), (2, SHARED)):
        at = AT + number * 16 * PAGE
        script.map(at, PAGE, READ, flags, number, 3)
        script.event(CHANGE, at, number=number)
        asked.append((script.fault(at, READ), script.entry(at), script.object(number), number))
    seen = script.read((yield script.ask()))
    for done, look, calls, number in asked:
        check_equal(seen[done].result, 0, "space_fault")
        mark = script.mark(number, 3) ^ MASK
        check_equal(seen[look].first, mark, "the page that the object has now")
        check_equal(seen[calls].asked, 2, "calls of get_page")
        check_equal(seen[calls].refs, 1, "references to the object")


@test(points=1, step="objects", section=SECTION, blames="has_page,want_page", evidence="answers",
      hint="The page is the same; what is it for? Who fetches a page to copy it has not said that "
           "it will change.")  # fmt: skip
def the_purpose_changes_meanwhile(run):
    """A private page that is a shared one by the time it is there is asked for again, to be
    written to."""
    script, asked = Script(run), []
    for number, page in ((1, 2), (2, 1)):
        at = AT + number * 16 * PAGE
        script.map(at, PAGE, READ | WRITE, 0, number, page)
        script.event(SHARE, at, number=number)
        asked.append((script.fault(at, WRITE), script.entry(at), script.object(number),
                      script.mark(number, page)))  # fmt: skip
    seen = script.read((yield script.ask()))
    for done, look, calls, mark in asked:
        check_equal(seen[done].result, 0, "space_fault")
        check_equal(seen[calls].for_writing, 1, "calls of get_page that said that the page of a "
                    "shared area is about to be written to")  # fmt: skip
        check_equal((seen[look].flags, seen[look].first), (V | R | W | U, mark),
                    "the entry, the page")  # fmt: skip
        check_equal(seen[calls].refs, 1, "references to the object")


@test(points=1, step="objects", section=SECTION, blames="fault_locked", evidence="answers",
      hint="PTE_COW and not a write: the rights but W, and the mark stays.")  # fmt: skip
def a_lent_page_stays_lent(run):
    """Reading a lent page again, or running it, does not make it writable."""
    script = Script(run)
    script.map(AT, PAGE, READ | WRITE | EXEC, 0, 1)
    script.fault(AT, READ)
    done = [script.fault(AT, READ), script.fault(AT, EXEC)]
    look, calls = script.entry(AT), script.object(1)
    seen = script.read((yield script.ask()))
    check_equal([seen[n].result for n in done], [0, 0], "space_fault")
    check(seen[look].flags & COW and not seen[look].flags & W, "the page has become writable")
    check_equal(seen[calls].asked, 1, "calls of get_page")
    check_equal(seen[look].refs, 2, "references to the frame")
