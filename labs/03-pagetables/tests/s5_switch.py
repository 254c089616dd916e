"""Step 5: from space to space."""

from _spaces import NONE, Spaces, flushes, forgets, places, watch
from _tables import PAGE, addresses, play

from grading import check, check_equal, test

SECTION = "Step 5: From space to space"


def numbers(random, count):
    """So many different numbers of spaces, and generations."""
    return (random.sample(range(1, 64), count),
            [random.getrandbits(40) + i for i in range(count)])  # fmt: skip


@test(points=3, step="switch", section=SECTION, blames="space_switch", evidence="answers",
      hint="satp has the root's physical page number and the space's number; tlb_set_root "
           "writes both.")  # fmt: skip
def each_space_shows_its_pages(run):
    """Behind space_switch the hart sees the pages of the space, under its number."""
    va = addresses(run.random, 1, user=True)[0]
    asids, generations = numbers(run.random, 3)
    words = [run.random.getrandbits(64) for _ in range(3)]
    order = [run.random.randrange(3) for _ in range(9)]
    script = Spaces()
    for i in range(3):
        script.new(i, asids[i], generations[i]).page(i, va, words[i])
    for i in order:
        script.switch(i).read(va).state(i)
    seen = (yield from play(run, script))[0][6:]
    for step, i in enumerate(order):
        _, word, state = seen[3 * step : 3 * step + 3]
        check_equal(word, words[i], "what the space shows")
        check_equal((state.active, state.in_use), (i, i), "active and space of this hart")
        check_equal((state.satp_has_root, state.satp_asid), (True, asids[i]),
                    "satp has the root, and the number")  # fmt: skip
        check_equal(state.known, generations[i], "the generation that the hart knows")


@test(points=2, step="switch", section=SECTION, blames="space_switch", evidence="answers",
      hint="What satp has must not go away: the hart has a reference to that space, and "
           "to no other.")  # fmt: skip
def the_space_in_use_has_a_reference(run):
    """A hart has one reference to the space it uses, and drops that of the last one."""
    asids, generations = numbers(run.random, 2)
    script = Spaces()
    for i in range(2):
        script.new(i, asids[i], generations[i])
    script.switch(0).state(0).switch(0).state(0).switch(1).state(0).state(1)
    script.switch(0).state(0).state(1)
    seen = [s for s in (yield from play(run, script))[0] if s is not None]
    check_equal([(s.refs, s.dropped) for s in seen],
                [(2, 0), (2, 0), (1, 1), (2, 0), (2, 1), (1, 1)],
                "references to a space, and those that were dropped")  # fmt: skip


@test(points=1, step="switch", section=SECTION, blames="space_switch", evidence="answers",
      hint="A kernel thread needs no page of any program: changing satp would cost "
           "flushes. But it is not to be told of changes either.")  # fmt: skip
def none_keeps_the_table(run):
    """NULL leaves the table in use, with its reference; the hart is not active there."""
    va, word = addresses(run.random, 1, user=True)[0], run.random.getrandbits(64)
    script = Spaces().new(0, 5, 77).page(0, va, word).switch(0).switch(NONE).state(0)
    script.read(va).switch(0).state(0)
    seen = (yield from play(run, script))[0]
    idle, back = seen[4], seen[7]
    check_equal((idle.active, idle.in_use, idle.satp_has_root, idle.refs),
                (NONE, 0, True, 2), "active, space, satp has its root, references")  # fmt: skip
    check_equal(seen[5], word, "what the space shows")
    check_equal((back.active, back.refs), (0, 2), "active and references when it is back")


@test(points=2, step="switch", section=SECTION, blames="space_switch", evidence="answers",
      hint="cpu->known[number] is what this hart's TLB has under that number. Another "
           "generation: flush, also if satp stays as it is.")  # fmt: skip
def what_was_missed_is_flushed(run):
    """A hart that comes back to its space, which has changed meanwhile, sees the change."""
    va = addresses(run.random, 1, user=True)[0]
    words = [run.random.getrandbits(64) for _ in range(3)]
    script = Spaces().new(0, 9, 1000).page(0, va, words[0]).switch(0).read(va)
    for word in words[1:]:
        # It is not active: a change needs not tell it, and does not flush for it.
        script.switch(NONE).read(va).page(0, va, word).revoke(0, va, va + PAGE)
        script.switch(0).read(va).state(0)
    seen = (yield from play(run, script))[0]
    check_equal([seen[3], seen[9], seen[16]], words, "what the space shows")
    for state in (seen[10], seen[17]):
        check_equal(state.known, state.generation, "the generation that the hart knows")


@test(points=3, step="switch", section=SECTION, blames="space_switch", evidence="memory",
      hint="Who takes rights away writes the generation, then reads active. You write "
           "active, then ... and a fence keeps it so [riscv-unpriv §2.7].")  # fmt: skip
def it_says_so_and_then_looks(run):
    """The hart is active in the space before it looks at the generation; flushes come
    after satp, and only if something was missed."""
    asid = run.random.randrange(1, 64)
    script = Spaces().new(0, asid, 500).new(1, asid, 600).new(2, asid + 1 & 63, 700)
    script.switch(0).switch(1).switch(2).switch(1).switch(NONE).switch(1)
    with watch(run, script) as hart:
        first, second, third, fourth, _, last = (hart.call("space_switch") for _ in range(6))
        spaces, generations, size, active, _ = places(hart)
    for number, steps in ((0, first), (1, second), (2, third)):
        looks = _first(steps, lambda s, n=number: s.access == (
            generations + n * size, False))  # fmt: skip
        check(looks is not None, "space_switch does not look at the generation")
        says = _first(steps, lambda s, n=number: s.access == (active, True)
                      and s.stored == spaces + n * size)  # fmt: skip
        check(says is not None and says < looks, "active is not written before the generation is read")
        check(any(s.fence for s in steps[says:looks]),
              "no fence between the write of active and the read of the generation")  # fmt: skip
        writes = _first(steps, lambda s: s.writes_satp)
        check(writes is not None, "satp is not written")
        after = flushes(steps[writes:])
        check(any(forgets(f, 0, asid if number < 2 else asid + 1 & 63) for f in after),
              "nothing is flushed behind the write of satp")  # fmt: skip
        check(any(s.syncs_code for s in steps), "code that was there before may be run")
    # Space 1 has taken the number from space 0, and nobody else since.
    check_equal(flushes(fourth), [], "flushes for a space of which nothing was missed")
    check_equal(flushes(last), [], "the same, when it is in satp still")


def _first(steps, good):
    return next((i for i, s in enumerate(steps or []) if good(s)), None)
