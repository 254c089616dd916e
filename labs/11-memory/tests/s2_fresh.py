"""Step 2: pages of fresh memory."""

from _spaces import (
    EACCES,
    EFAULT,
    ENOMEM,
    EXEC,
    NONE,
    PAGE,
    READ,
    STACK,
    STACK_TOP,
    WRITE,
    R,
    Script,
    U,
    V,
    W,
    X,
)

from grading import check, check_equal, test

SECTION = "Step 2: A page that was not there"
AT = 0x400000


@test(points=3, step="fresh", section=SECTION, blames="fault_locked,map_page", evidence="answers",
      hint="area_find, then the table's entry (pt_walk makes tables on the way), then a "
           "frame.")  # fmt: skip
def a_page_comes_when_it_is_touched(run):
    """Nothing is there before a fault, and one page after it, with the area's rights."""
    script, asked = Script(run), []
    for i, (prot, access) in enumerate(((READ, READ), (READ | WRITE, WRITE), (READ | WRITE, READ),
                                        (READ | EXEC, EXEC), (WRITE, READ), (EXEC, READ))):
        at = AT + i * 8 * PAGE
        script.map(at, 8 * PAGE, prot)
        va = at + run.random.randrange(8) * PAGE
        before = script.entry(va)
        done = script.fault(va + run.random.randrange(PAGE), access)
        beside = script.entry(at + (va - at + PAGE) % (8 * PAGE))
        asked.append((before, done, script.entry(va), beside, prot))
    seen = script.read((yield script.ask()))
    for before, done, after, beside, prot in asked:
        check_equal(seen[before].flags, 0, "the entry before the fault")
        check_equal(seen[done].result, 0, "space_fault")
        want = V | R | U | (W if prot & WRITE else 0) | (X if prot & EXEC else 0)
        check_equal(seen[after].flags, want, f"bits of the entry for rights {prot}")
        check_equal(seen[after].refs, 1, "references to the frame")
        check_equal(seen[beside].flags, 0, "the entry beside it")


@test(points=2, step="fresh", section=SECTION, blames="map_page", evidence="answers",
      hint="What was in a frame is somebody else's.")  # fmt: skip
def fresh_memory_is_zero(run):
    """Fresh memory holds nothing but zeros."""
    script, looks = Script(run), []
    script.map(AT, 16 * PAGE, READ | WRITE)
    for page in run.random.sample(range(16), 8):
        script.fault(AT + page * PAGE, run.random.choice((READ, WRITE)))
        looks.append(script.entry(AT + page * PAGE))
    seen = script.read((yield script.ask()))
    for look in looks:
        check(seen[look].flags & V, "no page came")
        check_equal((seen[look].first, seen[look].last), (0, 0), "first and last word of a page")
    check_equal(len({seen[look].frame for look in looks}), len(looks), "different frames")


@test(points=2, step="fresh", section=SECTION, blames="fault_locked", evidence="answers",
      hint="No area: -EFAULT. An area without any of the rights: -EACCES; a page may be read "
           "by any right.")  # fmt: skip
def some_accesses_are_refused(run):
    """Where nothing is it is -EFAULT, without the right -EACCES, and no page comes."""
    script, asked = Script(run), []
    at = AT
    for prot in (NONE, READ, WRITE, EXEC, READ | WRITE, READ | EXEC):
        for access in (READ, WRITE, EXEC):
            script.map(at, PAGE, prot)
            good = prot & access or (access == READ and prot)
            asked.append((script.fault(at, access), 0 if good else EACCES, prot, access,
                          script.entry(at)))  # fmt: skip
            asked.append((script.fault(at + PAGE, access), EFAULT, "nothing", access, None))
            at += 2 * PAGE
    seen = script.read((yield script.ask()))
    for done, want, prot, access, look in asked:
        check_equal(seen[done].result, want, f"access {access} to rights {prot}")
        if want and look is not None:
            check_equal(seen[look].flags, 0, f"the entry behind a refused access to rights {prot}")


@test(points=2, step="fresh", section=SECTION, blames="fault_locked", evidence="answers",
      hint="area_grow_stack, when there is no area.")  # fmt: skip
def a_fault_below_the_stack(run):
    """A fault below the stack makes it grow."""
    script = Script(run)
    script.map(STACK_TOP - PAGE, PAGE, READ | WRITE, STACK)
    va = STACK_TOP - run.random.randint(3, 100) * PAGE
    grown, look = script.fault(va + 8, WRITE), script.entry(va)
    far = script.fault(STACK_TOP - (9 << 20), WRITE)
    seen = script.read((yield script.ask()))
    check_equal(seen[grown].result, 0, "space_fault below the stack")
    check_equal(seen[look].flags, V | R | W | U, "the entry")
    check_equal(seen[far].result, EFAULT, "space_fault far below the stack")


@test(points=2, step="fresh", section=SECTION, blames="fault_locked", evidence="answers",
      hint="Somebody else was faster, or the right is new: the page that is there stays.")  # fmt: skip
def what_is_there_stays(run):
    """A fault on a page that is there leaves page and frame, and gives new rights."""
    script, value = Script(run), run.random.getrandbits(63)
    script.map(AT, 4 * PAGE, READ | WRITE)
    script.write(AT, value)
    first = script.entry(AT)
    again, second = script.fault(AT, WRITE), script.entry(AT)
    script.do("P", 0, AT, 4 * PAGE, READ)
    refused, third = script.fault(AT, WRITE), script.entry(AT)
    script.do("P", 0, AT, 4 * PAGE, READ | WRITE | EXEC)
    given, fourth = script.fault(AT, EXEC), script.entry(AT)
    size = script.areas()
    seen = script.read((yield script.ask()))
    check_equal([seen[n].result for n in (again, refused, given)], [0, EACCES, 0], "space_fault")
    for look in (first, second, third, fourth):
        check_equal((seen[look].frame, seen[look].first), (seen[first].frame, value),
                    "frame and what is in it")  # fmt: skip
    check_equal(seen[fourth].flags, V | R | W | X | U, "bits with new rights")
    check_equal(seen[size].resident, PAGE, "bytes that are there")


@test(points=1, step="fresh", section=SECTION, blames="map_page,fault_locked", evidence="answers",
      hint="-ENOMEM: space_fault looks for memory, and tries again.")  # fmt: skip
def no_memory_for_a_page(run):
    """Without memory for page or table it is -ENOMEM; later it works."""
    script, asked = Script(run), []
    script.map(AT, 4 * PAGE, READ | WRITE)
    for fails in (1, 2, 3):
        asked.append((script.fault(AT, WRITE, fails=fails), script.entry(AT)))
    good, look = script.fault(AT, WRITE), script.entry(AT)
    size = script.areas()
    seen = script.read((yield script.ask()))
    check_equal(seen[asked[0][0]].result, ENOMEM, "space_fault without memory")
    for done, entry in asked:
        result = seen[done].result
        check(result in (0, ENOMEM), f"space_fault returned {result}")
        check_equal(bool(seen[entry].flags), result == 0, "whether a page is there")
    check_equal((seen[good].result, seen[look].flags), (0, V | R | W | U), "later, with memory")
    check_equal(seen[size].resident, PAGE, "bytes that are there")
