"""Step 7: pages that go."""

from _spaces import NONE, PAGE_FLAGS, Spaces, hartid, user_half
from _tables import GIB, MIB2, PAGE, V, addresses, play

from grading import check, check_equal, test

SECTION = "Step 7: Pages that go"
USER_END = 1 << 38
SOON = 4_000_000  # instructions: a look at each page of a sparse space takes more


@test(points=2, step="drop", section=SECTION, blames="space_for_each_page",
      evidence="answers",
      hint="From start up to end, end not included. An entry without V that is not 0 is "
           "one, too.")  # fmt: skip
def each_page_is_visited_once(run):
    """Each entry of a range that is not 0 is visited once, in order, and no other."""
    base = addresses(run.random, 1, user=True)[0] & -GIB
    places = sorted(run.random.sample(range(1, 1400), 24))
    script, mix = Spaces().new(2, 1, 1), run.random.getrandbits(60)
    for i, place in enumerate(places):
        script.page(2, base + place * PAGE, i, flags=PAGE_FLAGS & ~(V if i % 5 == 2 else 0))
    low, high = places[3], places[-4]
    script.visit(2, base + low * PAGE, base + high * PAGE, mix)
    script.visit(2, base, base + 2 * GIB, mix).entries(2)
    *_, some, every, found = (yield from play(run, script))[0]
    values = user_half(found)
    wanted = [values[base + p * PAGE] ^ mix ^ 2 for p in places]
    check_equal(every, wanted, "entries of all that is there")
    check_equal(some, wanted[3:-4], "entries of a part")


@test(points=1, step="drop", section=SECTION, blames="space_for_each_page",
      evidence="answers",
      hint="Where pt_walk finds no table, space_end_of_table says how far there is none.")
def what_is_empty_is_skipped(run):
    """Of 256 GiB with a few pages, only tables are looked at that are there."""
    vas = sorted(addresses(run.random, 10, user=True))
    script, mix = Spaces().new(1, 1, 1), run.random.getrandbits(60)
    for va in vas:
        script.page(1, va, va)
    script.visit(1, 0, USER_END, mix).entries(1)
    *_, seen, found = script.results((yield script.play(run, budget=SOON)))
    values = user_half(found)
    check_equal(seen, [values[va] ^ mix ^ 1 for va in vas], "entries that were visited")


@test(points=2, step="drop", section=SECTION, blames="space_drop_pages,drop_page",
      evidence="answers",
      hint="frame_unref for each page, its entry 0, and PAGE_SIZE less in `resident`; "
           "`peak` keeps the most there was.")  # fmt: skip
def pages_are_given_back(run):
    """Each page of the range loses its frame, its entry and its place in the count."""
    base = addresses(run.random, 1, user=True)[0] & -MIB2
    places = sorted(run.random.sample(range(1, 1000), 20))
    low, high = places[4], places[-3]
    gone = [p for p in places if low <= p < high]
    resident, most = run.random.randrange(60, 90) * PAGE, run.random.randrange(91, 99) * PAGE
    for peak in (0, most):
        script = Spaces().new(0, 6, 1, resident, peak)
        for i, place in enumerate(places):
            script.page(0, base + place * PAGE, i, watch=i < 3)
        script.counts().drop(0, base + low * PAGE, base + high * PAGE).counts()
        script.state(0).entries(0)
        *_, before, _, after, state, found = (yield from play(run, script))[0]
        check_equal(after, (before[0] - len(gone), 0), "frames in use, bad frees")
        left = sorted((va - base) // PAGE for va in user_half(found))
        check_equal(left, [p for p in places if p not in gone], "pages that are left")
        check_equal(state.resident, resident - len(gone) * PAGE, "bytes that are there")
        check_equal(state.peak, max(resident, peak), "the most there was")


@test(points=3, step="drop", section=SECTION, evidence="answers",
      blames="space_drop_pages,invalidate_page,drop_page",
      hint="First no entry is valid any more, then all harts are told, then frames go.")
def frames_go_last(run):
    """When harts are told no page is there any more; frames go when all have been told."""
    base = addresses(run.random, 1, user=True)[0] & -MIB2
    pages = run.random.randrange(4, 8)
    script = Spaces().new(0, 6, 1, 100 * PAGE).hart(1, 0).hart(2, NONE).hart(3, 0)
    frames = []
    for i in range(pages):
        frames.append(len(script.ops))
        script.page(0, base + i * PAGE, i, watch=True)
    script.drop(0, base, base + pages * PAGE).moments().counts()
    seen = (yield from play(run, script))[0]
    moments = seen[-2]
    told = [m for m in moments if m.kind == "t"]
    freed = [m for m in moments if m.kind == "f"]
    check_equal({m.hartid for m in told}, {hartid(1), hartid(3)}, "harts that were told")
    check_equal(sorted(m.va for m in freed), sorted(seen[i] for i in frames), "frames freed")
    check_equal([m.valid for m in told], [0] * len(told), "pages there when harts are told")
    check_equal({m.told for m in freed}, {len(told)}, "harts told when frames went")


@test(points=1, step="drop", section=SECTION, blames="space_drop_pages",
      evidence="answers",
      hint="Telling harts is dear: once for all pages, and not at all if there was none, "
           "or if nobody uses the space.")  # fmt: skip
def nobody_is_told_for_nothing(run):
    """Nobody is told if there was nothing, or the space is alone; else each hart once."""
    base = addresses(run.random, 1, user=True)[0] & -MIB2
    script = Spaces().new(0, 6, 1, 99 * PAGE).hart(1, 0)
    for i in range(6):
        script.page(0, base + i * PAGE, i)
    script.counts().drop(0, base + 50 * PAGE, base + 90 * PAGE).moments()
    script.drop(0, base, base + 3 * PAGE).moments()
    script.drop(0, base + 3 * PAGE, base + 6 * PAGE, alone=True).moments().counts()
    seen = (yield from play(run, script))[0][8:]
    nothing, some, alone = (s for s in seen if isinstance(s, list))
    check_equal([m.kind for m in nothing], [], "what happens where nothing is")
    check_equal(sorted(m.kind for m in some), ["f"] * 3 + ["t"], "what happens to three pages")
    check_equal([m.kind for m in alone], ["f"] * 3, "what happens in a space that is alone")
    check_equal(seen[-1], (seen[0][0] - 6, 0), "frames in use, bad frees")
