"""Step 2: what a hart holds, in which order, and its interrupts."""

from _spin import RANKS, play, states

from grading import check, check_equal, test

SECTION = "Step 2: In order"


def played(answer, count):
    """Return the States of a script that nothing is wrong with."""
    seen, panicked = states(answer)
    check(not panicked and len(seen) == count, f"it panicked at operation {len(seen)}")
    return seen


def walk(random, count):
    """Return random operations that keep to the rules, and for each (interrupts,
    locks held from the last taken to the first)."""
    ops, expected, held, on, was = [], [], [], False, False
    while len(ops) < count:
        free = [i for i in range(8) if not held or i > held[0]]
        choice = random.choice("llluu+-")
        if choice == "l" and free:
            lock = random.choice(free[:3])
            if not held:
                was, on = on, False
            held.insert(0, lock)
            ops.append(f"l{lock}")
        elif choice == "u" and held:
            held.remove(lock := random.choice(held))
            on = was if not held else on
            ops.append(f"u{lock}")
        elif choice in "+-" and not held:
            on = choice == "+"
            ops.append(choice)
        else:
            continue
        expected.append((on, tuple(held)))
    return ops, expected


@test(points=2, step="order", section=SECTION, blames="spin_lock", evidence="answers",
      hint="cpu->last_lock is the last one, lock->before the one before it.")
def what_is_held_is_known(run):
    """From the last lock that a hart has taken a chain leads to the first."""
    for _ in range(3):
        order = sorted(run.random.sample(range(8), 5))
        seen = played((yield play(run, " ".join(f"l{i}" for i in order))), 5)
        for count, state in enumerate(seen, 1):
            check_equal(list(state.chain), order[:count][::-1], "what is held, last first")
            check_equal(state.held, set(order[:count]), "the locks held, by spin_held")


@test(points=2, step="order", section=SECTION, blames="unlink_held,spin_unlock",
      evidence="answers",
      hint="The one that is given back may be anywhere in the chain.")
def locks_are_given_back_in_any_order(run):
    """Locks may be given back in another order than the reverse."""
    asks, lists = [], []
    for _ in range(4):
        order = sorted(run.random.sample(range(8), 5))
        back = run.random.sample(order, 5)
        lists.append((order, back))
        asks.append(play(run, " ".join([f"l{i}" for i in order] + [f"u{i}" for i in back])))
    for (order, back), answer in zip(lists, (yield asks), strict=True):
        left = order[::-1]
        for lock, state in zip(back, played(answer, 10)[5:], strict=True):
            left.remove(lock)
            check_equal(list(state.chain), left, f"the locks held, behind u{lock}")
            check_equal(state.locked, set(left), "the locks that are taken")


@test(points=1, step="order", section=SECTION, blames="spin_lock", evidence="answers",
      hint="cpu_irq_save before anything else.")
def interrupts_are_off_while_a_lock_is_held(run):
    """A held lock keeps interrupts off."""
    lock = run.random.randrange(8)
    seen = played((yield play(run, f"+ l{lock} u{lock}")), 3)
    check_equal(seen[1].interrupts, False, "interrupts, with a lock held")


@test(points=2, step="order", section=SECTION, blames="spin_unlock,spin_lock",
      evidence="answers",
      hint="Not with each lock, but with the last one: cpu->last_lock says which that is.")
def interrupts_come_back_with_the_last(run):
    """Interrupts come back on with the last lock, in whatever order."""
    asks = []
    for _ in range(3):
        order = sorted(run.random.sample(range(8), 3))
        back = run.random.sample(order, 3)
        ops = ["+", *(f"l{i}" for i in order), *(f"u{i}" for i in back)]
        asks.append(play(run, " ".join(ops)))
    for answer in (yield asks):
        seen = played(answer, 7)
        check_equal([s.interrupts for s in seen], [True] + [False] * 5 + [True],
                    "interrupts: on, three locks, all back")  # fmt: skip


@test(points=2, step="order", section=SECTION, blames="spin_unlock,spin_lock",
      evidence="answers",
      hint="A handler runs with interrupts off, and takes locks: what was before the "
           "first of them?")  # fmt: skip
def interrupts_stay_off_if_they_were(run):
    """Interrupts that were off before stay off."""
    one, two = sorted(run.random.sample(range(8), 2))
    seen = played((yield play(run, f"- l{one} l{two} u{two} u{one}")), 5)
    check_equal([s.locked for s in seen], [set(), {one}, {one, two}, {one}, set()],
                "the locks that are taken")  # fmt: skip
    check_equal([s.interrupts for s in seen], [False] * 5, "interrupts")


@test(points=2, step="order", section=SECTION, blames="spin_lock,spin_unlock",
      evidence="answers",
      hint="A new first lock asks anew whether interrupts are on.")
def a_long_walk(run):
    """Forty random operations leave locks and interrupts as the rules say."""
    ops, expected = walk(run.random, 40)
    seen = played((yield play(run, " ".join(ops))), 40)
    for op, state, (on, held) in zip(ops, seen, expected, strict=True):
        check_equal((state.interrupts, state.chain), (on, held),
                    f"interrupts, and what is held, behind {op}")  # fmt: skip


def panics(run, ops, ranks=None):
    """Return the request for a script whose last operation has to panic."""
    return play(run, ops, ranks or RANKS)


def check_panics(answer, ops):
    """The last operation panicked, those before did not."""
    seen, panicked = states(answer)
    check_equal(len(seen), len(ops.split()) - 1, f"operations of {ops} that went well")
    check(panicked, f"the last of {ops} did not panic")


@test(points=2, step="order", section=SECTION, blames="spin_lock", evidence="answers",
      hint="The rank of what is taken must be higher than the rank of the last that is "
           "held: not as high.")  # fmt: skip
def ranks_must_rise(run):
    """A lock whose rank is lower than, or as high as, that of a held one panics."""
    low, middle, high = sorted(run.random.sample(range(8), 3))
    scripts = [(f"l{high} l{low}", RANKS), (f"l{low} l{high} l{middle}", RANKS),
               (f"l{low} l{high}", [7] * 8)]  # fmt: skip
    asks = [panics(run, ops, ranks) for ops, ranks in scripts]
    for (ops, _), answer in zip(scripts, (yield asks), strict=True):
        check_panics(answer, ops)


@test(points=1, step="order", section=SECTION, blames="spin_lock,unlink_held",
      evidence="answers", hint="Only what is still held counts.")
def ranks_are_of_what_is_held(run):
    """What has been given back does not count any more, what is held does."""
    low, middle, high = sorted(run.random.sample(range(8), 3))
    good = f"l{low} l{high} u{high} l{middle} u{low} u{middle}"
    bad = f"l{low} l{high} u{low} l{middle}"
    answers = yield [play(run, good), panics(run, bad)]
    played(answers[0], 6)
    check_panics(answers[1], bad)


@test(points=1, step="order", section=SECTION, blames="spin_lock", evidence="answers",
      hint="It would wait for itself for ever: say so instead.")
def nobody_takes_a_lock_twice(run):
    """A hart that takes a lock which it has panics."""
    lock = run.random.randrange(8)
    ops = f"l{lock} l{lock}"
    check_panics((yield panics(run, ops)), ops)


@test(points=1, step="order", section=SECTION, blames="spin_unlock", evidence="answers",
      hint="lock->owner must be this hart.")
def only_the_holder_gives_back(run):
    """Giving back a lock that is free, or another hart's, panics."""
    mine, theirs = run.random.sample(range(8), 2)
    scripts = [f"u{theirs}", f"l{mine} u{mine} u{mine}", f"o{theirs} l{mine} u{theirs}"]
    for ops, answer in zip(scripts, (yield [panics(run, o) for o in scripts]), strict=True):
        check_panics(answer, ops)
