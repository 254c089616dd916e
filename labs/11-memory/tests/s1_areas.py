"""Step 1: areas."""

from _spaces import (
    EAGAIN,
    EXEC,
    MIB,
    NEVER,
    NONE,
    PAGE,
    READ,
    SHARED,
    STACK,
    STACK_TOP,
    WRITE,
    Area,
    R,
    Script,
    U,
    W,
    X,
    merged,
    part,
    random_areas,
    same_areas,
    without,
)

from grading import check, check_equal, test

SECTION = "Step 1: What may be there"


def with_areas(run, count=12, shuffled=True, **more):
    """Return a script that adds random areas, and them."""
    script, areas = Script(run), random_areas(run.random, count, **more)
    order = run.random.sample(areas, len(areas)) if shuffled else areas
    for area in order:
        script.add(area)
    return script, areas


def points(areas):
    """Addresses at and beside the borders of areas."""
    found = {x + d for a in areas for x in (a.start, a.end) for d in (-PAGE, -1, 0, 1, PAGE)}
    return sorted(found)


@test(points=3, step="areas", section=SECTION, blames="area_add,insert,area_find",
      evidence="answers", hint="A list by address, and a tree by start.")  # fmt: skip
def areas_are_kept_in_order(run):
    """Areas that come in any order are in list and tree, by address."""
    script, areas = with_areas(run, 14)
    look = script.areas()
    seen = script.read((yield script.ask()))
    same_areas(seen[look], merged(areas), "behind area_add")


@test(points=2, step="areas", section=SECTION, blames="area_find,area_first_above",
      evidence="answers", hint="The end is the first address that is not in it.")  # fmt: skip
def an_address_finds_its_area(run):
    """area_find finds the area of an address; area_first_above that or the next."""
    script, areas = with_areas(run)
    areas, asked = merged(areas), []
    for va in [0, *points(areas)]:
        inside = [a.start for a in areas if a.start <= va < a.end]
        above = [a.start for a in areas if a.end > va]
        asked.append((script.do("f", 0, va), va, inside[0] if inside else 0, "area_find"))
        asked.append((script.do("n", 0, va), va, above[0] if above else 0, "area_first_above"))
    seen = script.read((yield script.ask()))
    for number, va, want, function in asked:
        check_equal(hex(seen[number].result), hex(want), f"{function}({va:#x})")


@test(points=2, step="areas", section=SECTION, blames="area_is_free,area_covers",
      evidence="answers",
      hint="Adjacent areas cover what lies across them; with a gap of a page they do not.")
def a_range_is_free_or_covered(run):
    """area_is_free and area_covers say what is in a range."""
    script, areas = with_areas(run)
    borders, asked = [p for p in points(areas) if p % PAGE == 0], []
    pages = {at for a in areas for at in range(a.start, a.end, PAGE)}
    for _ in range(120):
        start, end = sorted(run.random.sample(borders, 2))
        wanted = set(range(start, end, PAGE))
        asked.append((script.do("e", 0, start, end), not wanted & pages, "area_is_free"))
        asked.append((script.do("c", 0, start, end), wanted <= pages, "area_covers"))
    seen = script.read((yield script.ask()))
    for number, want, function in asked:
        _, _, start, end, _, _ = script.ops[number]
        check_equal(seen[number].result, int(want), f"{function}({start:#x}, {end:#x})")


@test(points=3, step="areas", section=SECTION, blames="split_at", evidence="answers",
      hint="The upper half shows what lies behind the lower half: create does that. Nothing "
           "comes or goes.")  # fmt: skip
def areas_are_split(run):
    """area_split makes borders; both halves show what they did, and all is as large."""
    script, areas = with_areas(run)
    want, steps = merged(areas), []
    for _ in range(8):
        start, end = sorted(run.random.randrange(0x100, 0x150) * PAGE for _ in range(2))
        done = script.do("s", 0, start, end)
        for at in (start, end):
            want = [p for a in want for p in (part(a, 0, at), part(a, at, 1 << 38)) if p]
        steps.append((done, script.areas(), list(want)))
    seen = script.read((yield script.ask()))
    for done, look, expected in steps:
        check_equal(seen[done].result, 0, "area_split")
        same_areas(seen[look], expected, "behind area_split")


@test(points=3, step="areas", section=SECTION, blames="area_merge,is_continued_by",
      evidence="answers",
      hint="Adjacent, the same rights, the same flags, and of the same thing what comes next. "
           "More than two may be alike.")  # fmt: skip
def what_is_alike_is_joined(run):
    """area_merge joins neighbours that differ in nothing but where they are."""
    script, areas = with_areas(run, 16)
    at, page = 0x800000, run.random.randrange(9)
    # The third does not go on in the file; the fourth does, but is shared.
    for end, first, flags in ((4, page, 0), (6, page + 4, 0), (9, page + 5, 0),
                              (12, page + 8, SHARED)):  # fmt: skip
        areas.append(Area(at, 0x800000 + end * PAGE, READ, flags, first, 1))
        script.add(areas[-1])
        at = areas[-1].end
    for _ in range(6):
        script.do("s", 0, *sorted(run.random.randrange(0x100, 0x150) * PAGE for _ in range(2)))
    script.do("m", 0, 0, 1 << 38)
    look = script.areas()
    seen = script.read((yield script.ask()))
    same_areas(seen[look], merged(areas), "behind area_merge of all")


@test(points=2, step="areas", section=SECTION, blames="area_merge,area_add,is_continued_by",
      evidence="answers",
      hint="The one before the range and the one behind it belong to those that are looked at. "
           "Which reference to what they show is one too many then?")  # fmt: skip
def neighbours_are_joined(run):
    """A new area is joined with both its neighbours, and drops what it need not hold."""
    script = Script(run)
    at, obj = 0x200000, run.random.choice((0, 1))
    kind = {"prot": READ | WRITE, "object": obj}
    for i in (0, 2, 1):
        start = at + i * 4 * PAGE
        script.add(Area(start, start + 4 * PAGE, offset=i * 4 if obj else 0, **kind))
    one, refs = script.areas(), script.object(1)
    for start in (at - 2 * PAGE, at + 12 * PAGE):  # of another kind
        script.add(Area(start, start + 2 * PAGE, READ))
    three = script.areas()
    seen = script.read((yield script.ask()))
    want = [Area(at, at + 12 * PAGE, offset=0, **kind)]
    same_areas(seen[one], want, "behind three that continue each other")
    check_equal(seen[refs].refs, 1 if obj else 0, "references to the object")
    others = [Area(at - 2 * PAGE, at, READ), Area(at + 12 * PAGE, at + 14 * PAGE, READ)]
    same_areas(seen[three], sorted(want + others, key=lambda a: a.start), "beside others")


@test(points=2, step="areas", section=SECTION, blames="area_remove", evidence="answers",
      hint="Whoever calls has made the borders. What lies across them is none of yours; the "
           "reference goes with area_free_all.")  # fmt: skip
def areas_are_taken_out(run):
    """area_remove takes out what lies inside, and its references go."""
    script, areas = with_areas(run, 14)
    want, steps = merged(areas), []
    for _ in range(5):
        start, end = sorted(run.random.randrange(0x100, 0x150) * PAGE for _ in range(2))
        script.do("s", 0, start, end)
        script.do("r", 0, start, end)
        want = without(want, start, end)
        script.do("m", 0, 0, 1 << 38)
        steps.append((script.areas(), merged(want), script.object(1), script.object(2)))
    seen = script.read((yield script.ask()))
    for look, expected, *objects in steps:
        same_areas(seen[look], expected, "behind area_remove")
        for number, refs in enumerate(objects, 1):
            check_equal(seen[refs].refs, sum(a.object == number for a in expected),
                        f"references to object {number}")  # fmt: skip


@test(points=2, step="areas", section=SECTION, blames="area_find_gap", evidence="answers",
      hint="From the top: the limit, then the start of each area that is in the way.")  # fmt: skip
def the_highest_gap_is_found(run):
    """area_find_gap finds the highest place where something fits, or none."""
    random, script, steps = run.random, Script(run), []
    top = STACK_TOP - (8 << 20) - MIB
    taken = []
    # One may lie across the limit.
    for size in [3, *(random.randint(1, 40) for _ in range(9))]:
        start = top - 2 * PAGE if not taken else taken[-1][0] - (size + random.randint(0, 9)) * PAGE
        taken.append((start, start + size * PAGE))
        script.add(Area(*taken[-1], random.choice((1, 3, 5))))
        for want in (1, 4, 9, 0, (1 << 38) // PAGE):
            steps.append((script.do("g", 0, want * PAGE), want * PAGE, list(taken)))
    seen = script.read((yield script.ask()))
    for number, size, areas in steps:
        ends = [top, *(start for start, _ in areas)]
        floors = [end for _, end in areas] + [0x10000]
        fits = [min(limit, top) - size for limit, floor in zip(ends[1:], floors[1:], strict=True)
                if min(limit, top) - floor >= size]  # fmt: skip
        want = fits[0] if fits and size else 0
        check_equal(hex(seen[number].result), hex(want), f"area_find_gap of {size:#x} bytes")


@test(points=2, step="areas", section=SECTION, blames="area_grow_stack", evidence="answers",
      hint="Only a stack grows, and only to the page that is touched. It is found by its start: "
           "the tree has to know of that.")  # fmt: skip
def a_stack_grows(run):
    """A stack grows down to the page that is touched, and is found from there on."""
    script, top = Script(run), STACK_TOP
    script.add(Area(top - PAGE, top, READ | WRITE, STACK))
    script.add(Area(0x100000, 0x108000, READ | WRITE))
    down = sorted(run.random.sample(range(2, 2000), 4))
    steps = []
    for pages in down:
        va = top - pages * PAGE + run.random.randrange(PAGE)
        steps.append((script.do("t", 0, va), script.do("f", 0, va), script.areas(), pages))
    wrong = script.do("t", 0, 0x90000)
    seen = script.read((yield script.ask()))
    for grown, found, look, pages in steps:
        start = top - pages * PAGE
        check_equal(hex(seen[grown].result), hex(start), "the stack's start")
        check_equal(hex(seen[found].result), hex(start), "area_find of the same address")
        same_areas(seen[look], [Area(0x100000, 0x108000, READ | WRITE),
                                Area(start, top, READ | WRITE, STACK)], "behind growth")  # fmt: skip
    check_equal(seen[wrong].result, 0, "area_grow_stack below memory that is no stack")


@test(points=2, step="areas", section=SECTION, blames="area_grow_stack", evidence="answers",
      hint="limit_stack, limit_size, and the gap; a neighbour without any rights is a guard "
           "that somebody has put there.")  # fmt: skip
def a_stack_has_limits(run):
    """A stack stays within its limit, the space's, and away from what is below."""
    top, limit = STACK_TOP, run.random.randint(10, 100) * 2 * PAGE
    asked = []
    for below, prot, size, want in (
        (None, READ, NEVER, limit), (None, READ, limit // 2, limit // 2),
        (limit + 8 * PAGE, READ, NEVER, limit + 8 * PAGE - MIB),
        (MIB + 9 * PAGE, READ, NEVER, 9 * PAGE), (15 * PAGE, NONE, NEVER, 15 * PAGE),
    ):  # fmt: skip
        script = Script(run)
        most = 4 * MIB if below and below > limit else limit
        script.do("S", 0, most, size)
        script.add(Area(top - PAGE, top, READ | WRITE, STACK))
        if below:
            script.add(Area(top - below - PAGE, top - below, prot))
            size -= PAGE
        want = max(want, 0)
        good = script.do("t", 0, top - want) if want > PAGE else None
        bad = script.do("t", 0, top - max(want, PAGE) - 1)
        asked.append((script, good, bad, want))
    answers = yield [script.ask() for script, *_ in asked]
    for (script, good, bad, want), answer in zip(asked, answers, strict=True):
        seen = script.read(answer)
        if good is not None:
            check_equal(hex(seen[good].result), hex(top - want), f"a stack of {want:#x} bytes")
        check_equal(seen[bad].result, 0, f"a stack of more than {want:#x} bytes")


@test(points=1, step="areas", section=SECTION, blames="area_rights", evidence="answers",
      hint="[riscv-priv §4.3.1] says which combinations are reserved, and which is a pointer to "
           "a table.")  # fmt: skip
def rights_become_bits(run):
    """area_rights makes of each protection what hardware understands."""
    script = Script(run)
    asked = [script.do("R", 0, prot) for prot in range(8)]
    seen = script.read((yield script.ask()))
    for prot, number in enumerate(asked):
        want = R | (U if prot else 0) | (W if prot & WRITE else 0) | (X if prot & EXEC else 0)
        check_equal(seen[number].result, want, f"area_rights({prot})")


@test(points=1, step="areas", section=SECTION, blames="area_add,split_at", evidence="answers",
      hint="create returns NULL without memory.")  # fmt: skip
def no_memory_for_an_area(run):
    """Without memory for an area it is -EAGAIN, and nothing has changed."""
    script, area = Script(run), Area(0x100000, 0x110000, READ | WRITE, SHARED, 3, 1)
    add = script.add(area, fails=1)
    empty, nothing = script.areas(), script.object(1)
    script.add(area)
    split = script.do("s", 0, 0x104000, 0x108000, fails=1)
    whole, once = script.areas(), script.object(1)
    seen = script.read((yield script.ask()))
    check_equal(seen[add].result, EAGAIN, "area_add without memory")
    same_areas(seen[empty], [], "behind area_add without memory")
    check_equal(seen[nothing].refs, 0, "references to the object")
    check_equal(seen[split].result, EAGAIN, "area_split without memory")
    same_areas(seen[whole], [area], "behind area_split without memory")
    check_equal(seen[once].refs, 1, "references to the object")
