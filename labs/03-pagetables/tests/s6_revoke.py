"""Step 6: what others must forget."""

from _spaces import ALL_BYTES, NONE, Spaces, flushes, forgets, hartid, places, watch
from _tables import PAGE, addresses, play

from grading import check, check_equal, pack, test

SECTION = "Step 6: What others must forget"
MANY = 600  # pages: more than anybody flushes one by one


@test(points=2, step="revoke", section=SECTION, blames="space_revoke", evidence="answers",
      hint="sfence.vma for each page, or for the space's number [riscv-priv §4.2.1].")
def this_hart_forgets(run):
    """This hart sees another page at once, be it one page or many that changed."""
    va = addresses(run.random, 1, user=True)[0] & -(MANY * PAGE * 2)
    other = va + run.random.randrange(1, 9) * PAGE
    words = [run.random.getrandbits(64) for _ in range(5)]
    script = Spaces().new(0, 3, 10).page(0, va, words[0]).page(0, other, words[1])
    script.switch(0).read(va).read(other)
    script.page(0, other, words[2]).revoke(0, va, other + PAGE).read(va).read(other)
    script.page(0, va, words[3]).page(0, other, words[4])
    script.revoke(0, va, va + MANY * PAGE).read(va).read(other).state(0)
    seen = (yield from play(run, script))[0]
    check_equal(seen[4:6], words[:2], "what pages show")
    check_equal(seen[8:10], [words[0], words[2]], "what pages show behind a change of one")
    check_equal(seen[13:15], words[3:], "what pages show behind a change of many")
    check_equal(seen[15].known, seen[15].generation, "the generation that the hart knows")


@test(points=3, step="revoke", section=SECTION, blames="tell_harts,space_revoke",
      evidence="answers",
      hint="Those that are active in the space, by their hartid, with the space's number. "
           "Not the hart itself.")  # fmt: skip
def those_in_the_space_are_told(run):
    """Just the harts with a thread in the space are told, of all that has changed."""
    va, asid = addresses(run.random, 1, user=True)[0], run.random.randrange(64)
    actives = [run.random.choice((0, 1, NONE)) for _ in range(2)] + [0, 1]
    run.random.shuffle(actives)
    pages = run.random.randrange(2, 9)
    script = Spaces().new(0, asid, 10).new(1, asid, 11).switch(0)
    for hart, active in enumerate(actives[1:], 1):
        script.hart(hart, active)
    script.revoke(0, va, va + pages * PAGE).moments()
    script.revoke(1, va, va + MANY * PAGE).moments()
    seen = (yield from play(run, script))[0]
    for space, size, told in ((0, pages * PAGE, seen[-3]), (1, MANY * PAGE, seen[-1])):
        harts = [hartid(h) for h, a in enumerate(actives[1:], 1) if a == space]
        check_equal(sorted(m.hartid for m in told), harts, "harts that were told")
        for m in told:
            check(m.va <= va and (m.size == ALL_BYTES or m.va + m.size >= va + size),
                  f"told of {m.size:#x} bytes from {m.va:#x}, changed from {va:#x}")  # fmt: skip
            check(m.asid in (asid, ALL_BYTES), f"number {m.asid}, of the space {asid}")


@test(points=2, step="revoke", section=SECTION, blames="space_revoke", evidence="answers",
      hint="asid_new_generation; before anybody is told, for a hart that comes later "
           "looks at it.")  # fmt: skip
def the_generation_is_new_first(run):
    """The space has a new generation each time, and before others are told."""
    va, before = addresses(run.random, 1, user=True)[0], run.random.getrandbits(40) | 1 << 41
    script = Spaces().new(0, 1, before).new(1, 2, before).hart(1, 0).hart(2, 0).hart(3, 1)
    rounds = 3
    for _ in range(rounds):
        script.state(0).revoke(0, va, va + PAGE).moments().state(0)
        script.revoke(1, va, va + PAGE).state(1).moments()
    seen = (yield from play(run, script))[0][5:]
    generations = [before]
    for i in range(rounds):
        old, _, told, new, _, other, _ = seen[7 * i : 7 * i + 7]
        check(new.generation not in generations, "the space has a generation it had before")
        check(other.generation not in (*generations, new.generation),
              "two spaces have had the same generation")  # fmt: skip
        generations += [new.generation, other.generation]
        check_equal([m.generation for m in told], [new.generation] * 2,
                    "the generation when harts were told")  # fmt: skip
        check(old.generation != new.generation, "the generation has not changed")


@test(points=3, step="revoke", section=SECTION, blames="tell_harts", evidence="answers",
      hint="cpu->copying says in which space a hart copies. As long as it is this one, "
           "look again; other spaces are nobody's business.")  # fmt: skip
def a_copy_is_waited_for(run):
    """space_revoke returns when copies in the space are over, and minds no others."""
    va, ticks = addresses(run.random, 1, user=True)[0], run.random.randrange(20, 60)
    space = "u8", 0, "u64", 3, "u64", 7, "u64", 0, "u64", 0
    asks = []
    for copying, active in ((0, NONE), (0, 0), (1, 0)):
        asks.append(run.ask("spaces", "copy", pack(
            *space, "u8", 2, "u8", active, "u8", copying, "u8", 0, "u64", va,
            "u64", va + PAGE, "u64", ticks if copying == 0 else 1 << 40,
        ), budget=20_000_000))  # fmt: skip
    answers = [(yield asks[0]), *(yield asks[1:])]
    ended = [(a.u64(), a.u64() != 7) for a in answers]
    check_equal(ended, [(1, True), (1, True), (0, True)],
                "whether the copy was over when space_revoke returned (not in the space: "
                "it goes on), and the generation is new")  # fmt: skip


@test(points=2, step="revoke", section=SECTION, blames="space_revoke", evidence="memory",
      hint="Write the generation, fence, read active: the other side of space_switch.")
def it_writes_and_then_looks(run):
    """Between the write of the generation and the look at other harts there is a fence;
    few pages are flushed one by one."""
    asid, pages = run.random.randrange(1, 64), run.random.randrange(2, 6)
    va = addresses(run.random, 1, user=True)[0]
    script = Spaces().new(0, asid, 5).hart(1, 0).hart(2, NONE).switch(0)
    script.revoke(0, va, va + pages * PAGE)
    with watch(run, script) as hart:
        steps = hart.call("space_revoke")
        _, at, _, _, other = places(hart)
    wrote = next((i for i, s in enumerate(steps) if s.access == (at, True)), None)
    check(wrote is not None, "the generation is not written")
    looked = next((i for i, s in enumerate(steps) if s.access == (other, False)), None)
    check(looked is not None, "nobody looks whether the other hart is active")
    check(wrote < looked, "the look at the other hart comes before the new generation")
    check(any(s.fence for s in steps[wrote:looked]), "no fence stands between the two")
    done = flushes(steps[wrote:])
    for page in range(pages):
        check(any(forgets(f, va + page * PAGE, asid) for f in done),
              f"page {page} of {pages} is not flushed")  # fmt: skip
    for address, number in done:
        check(address is not None and number == asid, "more is flushed than those pages")


@test(points=1, step="revoke", section=SECTION, blames="space_revoke", evidence="answers",
      hint="If its own thread is not of the space, this hart may have missed more than "
           "this change: it must not know the new generation.")  # fmt: skip
def who_is_elsewhere_flushes_later(run):
    """A hart that changes a space which is not its own flushes when it comes there."""
    va = addresses(run.random, 1, user=True)[0]
    words = [run.random.getrandbits(64) for _ in range(2)]
    script = Spaces().new(0, 4, 20).page(0, va, words[0]).switch(0).read(va).switch(NONE)
    script.page(0, va, words[1]).revoke(0, va + 9 * PAGE, va + 10 * PAGE).state(0)
    script.switch(0).read(va).state(0)
    seen = (yield from play(run, script))[0]
    check_equal((seen[3], seen[9]), tuple(words), "what the page shows before and after")
    check(seen[7].known != seen[7].generation, "the hart knows a generation it has not seen")
    check_equal(seen[10].known, seen[10].generation, "the generation that the hart knows")
