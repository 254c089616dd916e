"""Step 1: whose turn it is."""

from _fair import CREDIT, NOBODY, follow, script, seen, times

from grading import check, check_equal, pack, test

SECTION = "Step 1: Whose turn it is"


@test(points=2, step="turn", section=SECTION, blames="fair_weight", evidence="answers",
      hint="A quarter more is * 5 / 4, a quarter less the opposite of that. Dividing twenty "
           "times loses something each time: begin with more digits than you need.")  # fmt: skip
def each_step_is_a_quarter(run):
    """A nice value weighs a quarter more than the next, from -20 to 19."""
    answer = yield run.ask("fair", "weights")
    for nice in range(-20, 20):
        weight, exact = answer.u32(), 1024 * 1.25**-nice
        check(abs(weight - exact) <= 1 + exact / 100,
              f"the weight of nice {nice} is {weight}, a quarter a step makes {exact:.1f}")  # fmt: skip


def put_all(random, count, span=10**9):
    """Return operations that put so many shares, in any order."""
    return [("p", i, time) for i, time in enumerate(times(random, count, span))]


@test(points=3, step="turn", section=SECTION, evidence="answers",
      blames="fair_take_first,fair_put,fair_first",
      hint="The tree's smallest key. What is the key?")  # fmt: skip
def who_is_furthest_behind_comes_first(run):
    """fair_take_first takes out one after the other, furthest behind first."""
    ops = put_all(run.random, 40) + [("t", 0, 0)] * 42
    follow(seen((yield script(run, ops)), ops), ops, ("found",))


@test(points=1, step="turn", section=SECTION, blames="fair_first,fair_last", evidence="answers",
      hint="They only look. An empty tree is NULL.")  # fmt: skip
def looking_takes_nobody_out(run):
    """fair_first and fair_last find the ends of the queue, and leave them there."""
    random = run.random
    ops = [("f", 0, 0), ("l", 0, 0)]
    for op in put_all(random, 20):
        ops += [op, ("f", 0, 0), ("l", 0, 0)]
    for _ in range(19):
        ops += [("t", 0, 0), ("f", 0, 0), ("l", 0, 0)]
    follow(seen((yield script(run, ops)), ops), ops, ("found", "count"))


@test(points=1, step="turn", section=SECTION, blames="fair_last", evidence="answers",
      hint="From the end, one at a time: who asks wants the next one that may run elsewhere. "
           "Somebody whose time is 0 has nobody before.")  # fmt: skip
def a_walk_from_the_end(run):
    """fair_last walks from whoever comes last to whoever is first."""
    shares = list(enumerate([0, *times(run.random, 20)]))
    run.random.shuffle(shares)
    ops = [("p", share, time) for share, time in shares] + [("l", 0, 0)]
    order = sorted((time, share) for share, time in shares)
    ops += [("b", share, 0) for _, share in reversed(order)]
    follow(seen((yield script(run, ops)), ops), ops, ("found",))


@test(points=2, step="turn", section=SECTION, blames="fair_put", evidence="answers",
      hint="A key is of one node only. What does a tree do with the second one?")
def the_same_time_twice(run):
    """Of those that show the same time, the first that came is first."""
    time, order = run.random.randrange(CREDIT, 10**9), run.random.sample(range(64), 12)
    ops = [("p", i, time) for i in order] + [("t", 0, 0)] * 13
    states = seen((yield script(run, ops)), ops)
    check_equal([s.found for s in states[12:]], [*order, NOBODY], "the order in which they come")
    for state in states[:12]:
        check(0 <= state.time - time <= 12, f"a clock was moved by {state.time - time} ns")


@test(points=2, step="turn", section=SECTION, blames="fair_take_first", evidence="answers",
      hint="Those that have come from a sleep may be behind the floor.")  # fmt: skip
def the_floor_only_grows(run):
    """The floor is where the last one was that was furthest behind, and never sinks."""
    ops = [("F", 0, CREDIT)]
    for op in put_all(run.random, 50):
        ops += [op, ("t", 0, 0)] if run.random.random() < 0.6 else [op]
    ops += [("t", 0, 0)] * 10
    follow(seen((yield script(run, ops)), ops), ops, ("floor",))


@test(points=3, step="turn", section=SECTION, blames="fair_forgive", evidence="answers",
      hint="A bound, in one direction only.")  # fmt: skip
def a_long_sleep_is_worth_little(run):
    """Who comes from a sleep is at most FAIR_CREDIT_NS behind, and never put back."""
    ops, want = [], []
    for share in range(30):
        floor = run.random.randrange(CREDIT, 10**12)
        time = floor + run.random.choice((-1, 1)) * run.random.randrange(2 * CREDIT)
        time = run.random.choice((max(time, 0), 0, floor - CREDIT, floor))
        ops += [("F", 0, floor), ("g", share, time)]
        want.append(max(time, floor - CREDIT))
    states = seen((yield script(run, ops)), ops)
    check_equal([s.time for s in states[1::2]], want, "clocks behind the sleep")


@test(points=2, step="turn", section=SECTION, evidence="answers",
      blames="fair_put,fair_remove,fair_take_first",
      hint="Who is in the tree is counted, and says of itself that it is queued.")  # fmt: skip
def a_random_queue(run):
    """Shares come, go and are taken out in any order; none is lost or counted twice."""
    ops, queued, busy = [], {}, set()
    for time in times(run.random, 300):
        op = run.random.choice("pppprt")
        free = [i for i in range(64) if i not in queued]
        if op == "p" and free:
            share = run.random.choice(free)
            queued[share] = time
        elif queued:
            share = min(queued, key=queued.get)
            share = run.random.choice(list(queued)) if op == "r" else share
            del queued[share]
            op = "r" if op == "r" else "t"
        else:
            continue
        busy.add(share)
        ops.append((op, share, time))
    states = seen((yield script(run, ops)), ops)
    follow(states, ops)
    for op, state in zip(ops, states, strict=True):
        check_equal(state.queued, op[0] == "p", f"queued behind {op[0]} of share {op[1]}")


def on_a_hart(run, nices, slice_ns, rounds, sleep=None, window=0):
    """Return the request for a hart that the shares have for rounds of a slice."""
    pieces = [x for nice in nices for x in ("u8", nice + 20)]
    return run.ask("fair", "hart", pack(
        "u8", len(nices), *pieces, "u64", slice_ns, "u32", rounds,
        "u32", sleep[0] if sleep else rounds, "u32", sleep[1] if sleep else rounds,
        "u32", window), budget=1_000_000_000)  # fmt: skip


@test(points=2, step="turn", section=SECTION, blames="fair_put,fair_take_first,fair_weight",
      evidence="answers", hint="See the tests before this one.")  # fmt: skip
def a_hart_is_shared_by_weight(run):
    """In the long run each has of the hart what its nice value weighs."""
    nices = [run.random.randint(-8, 8) for _ in range(run.random.randint(4, 8))]
    rounds = 20_000
    answer = yield on_a_hart(run, nices, run.random.randrange(10**5, 10**6), rounds)
    had = [answer.u64() for _ in nices]
    check(sum(had) > 0, "nobody had the hart")
    whole = sum(1.25**-nice for nice in nices)
    for nice, ns in zip(nices, had, strict=True):
        got, exact = ns / sum(had), 1.25**-nice / whole
        check(abs(got - exact) < 0.03 * exact + 0.001,
              f"nice {nice} among {nices} had {got:.1%} of the hart, not {exact:.1%}")  # fmt: skip


@test(points=1, step="turn", section=SECTION, blames="fair_forgive,fair_take_first",
      evidence="answers",
      hint="A sleeper's clock stands still. By how much may it be behind when it is back?")  # fmt: skip
def a_sleeper_comes_soon_and_not_for_long(run):
    """Who comes back from a sleep is next, and does not keep the others waiting."""
    count, millisecond = run.random.randint(3, 5), 10**6
    answer = yield on_a_hart(run, [0] * count, millisecond, 8000, (1000, 6000), 60 * count)
    had = [answer.u64() for _ in range(count)]
    before, after = answer.u32(), answer.u32()
    check(all(had), "somebody never had the hart")
    check(before <= 2, f"{before} others ran before the one that had slept")
    check(60 <= after <= 60 + 8, f"of {60 * count} slices after its sleep it had {after}; "
          f"{count} share the hart")  # fmt: skip
