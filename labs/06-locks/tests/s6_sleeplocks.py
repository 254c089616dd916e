"""Step 6: sleep locks."""

from _sleep import held, locks
from s1_spin import stress

from grading import check, check_equal, test

SECTION = "Step 6: Sleep locks and completions"
INODE, NAMES, FILE = 5, 4, 2  # kernel/sync/rank.h
RANKS = [1, 2, 3, 4, 5, 6, 5, 5, 5, 5, 5, 5]  # of the locks, by their numbers


@test(points=1, step="locks", section=SECTION, evidence="answers",
      blames="sleeplock_lock,sleeplock_unlock,sleeplock_held",
      hint="owner is the thread that holds it, or NULL.")  # fmt: skip
def a_sleep_lock_has_an_owner(run):
    """A sleep lock belongs to the thread that took it, and then to nobody."""
    a, b = run.random.sample(range(6), 2)
    lock = run.random.randrange(6)
    ops = f"l{a}{lock} h{a}{lock} h{b}{lock} u{a}{lock} h{a}{lock} l{b}{lock} u{b}{lock}"
    seen = held((yield locks(run, ops, RANKS)), ops)
    check_equal([s.owner for s in seen], [a, a, a, None, None, b, None], "the owner")
    check_equal([seen[i].answer for i in (1, 2, 4)], [True, False, False],
                "what sleeplock_held says")  # fmt: skip
    check(not any(s.locked for s in seen), "the spin lock inside is left taken")


@test(points=3, step="locks", section=SECTION, blames="sleeplock_lock,sleeplock_unlock",
      evidence="answers",
      hint="Who finds it taken sleeps in its queue; who gives it back wakes one.")  # fmt: skip
def one_has_it_the_others_sleep(run):
    """As long as one thread has it, the others sleep; then one of them has it."""
    order = run.random.sample(range(6), 4)
    ops = " ".join([f"l{i}3" for i in order] + [f"u{order[0]}3"])
    seen = held((yield locks(run, ops, RANKS)), ops)
    for count, state in enumerate(seen[1:4], 2):
        check_equal(state.owner, order[0], "the owner, while others want it")
        check_equal(set(order[:count]) & state.done, {order[0]}, "those that do not sleep")
    check(seen[4].owner in order[1:], "nobody has it who waited for it")
    check_equal(set(order[1:]) & seen[4].done, {seen[4].owner}, "those that got it")


@test(points=2, step="locks", section=SECTION, blames="sleeplock_lock", evidence="answers",
      hint="waitq_sleep may return for no reason: test again.")  # fmt: skip
def waking_up_is_not_having(run):
    """Who wakes up for no reason does not have it."""
    a, b = run.random.sample(range(6), 2)
    ops = f"l{a}2 l{b}2 x{b}2 h{b}2"
    seen = held((yield locks(run, ops, RANKS)), ops)
    check_equal([s.owner for s in seen], [a] * 4, "the owner")
    check(b not in seen[2].done, "it returned from sleeplock_lock without the lock")


@test(points=2, step="locks", section=SECTION, blames="sleeplock_lock,check_order",
      evidence="answers", hint="kernel/sync/rank.h: ranks rise, among sleep locks, too.")  # fmt: skip
def sleep_locks_have_ranks(run):
    """A sleep lock of a lower rank than one that is held, or of the same, panics."""
    low, middle, high = sorted(run.random.sample(range(6), 3))
    scripts = {f"l0{low} l0{high} u0{low} u0{high}": False, f"l0{high} l0{low}": True,
               f"l0{low} l0{high} l0{middle}": True, "l06 l07": True,
               f"l0{high} l0{high}": True}  # fmt: skip
    answers = yield [locks(run, ops, RANKS) for ops in scripts]
    for (ops, bad), answer in zip(scripts.items(), answers, strict=True):
        seen = held(answer, ops)
        check_equal([0 in s.panicked for s in seen], [False] * (len(seen) - 1) + [bad],
                    f"whether {ops} panicked")  # fmt: skip


@test(points=1, step="locks", section=SECTION, blames="check_order,sleeplock_lock",
      evidence="answers",
      hint="Only who holds RANK_NAMES may have several of RANK_INODE.")  # fmt: skip
def inodes_under_names(run):
    """Who changes names may hold several inodes."""
    ops = "l03 l06 l07 l08 u07 u06 u08 u03"
    seen = held((yield locks(run, ops, RANKS)), ops)
    check(not any(s.panicked for s in seen), "it panicked")
    check_equal([s.nheld for s in seen], [1, 2, 3, 4, 3, 2, 1, 0], "the locks held")


@test(points=1, step="locks", section=SECTION, blames="sleeplock_unlock",
      evidence="answers",
      hint="thread->held has them in the order in which they were taken: what is behind "
           "the one that goes moves up.")  # fmt: skip
def sleep_locks_in_any_order(run):
    """Sleep locks may be given back in any order; what is held counts."""
    first, second, third, fourth = sorted(run.random.sample(range(6), 4))
    good = (f"l0{first} l0{second} l0{fourth} u0{fourth} u0{first} "
            f"l0{third} u0{second} u0{third}")  # fmt: skip
    bad = f"l0{first} l0{second} l0{fourth} u0{second} l0{third}"
    answers = yield [locks(run, good, RANKS), locks(run, bad, RANKS)]
    seen = held(answers[0], good)
    check(not any(s.panicked for s in seen), f"{good} panicked")
    check_equal([s.nheld for s in seen], [1, 2, 3, 2, 1, 2, 1, 0], "the locks held")
    check(0 in held(answers[1], bad)[-1].panicked, f"{bad} did not panic")


@test(points=1, step="locks", section=SECTION, blames="sleeplock_unlock",
      evidence="answers", hint="sl->owner must be the running thread.")  # fmt: skip
def only_its_owner_gives_it_back(run):
    """Giving back a sleep lock that another thread has panics."""
    a, b = run.random.sample(range(6), 2)
    ops = f"l{a}1 u{b}1"
    seen = held((yield locks(run, ops, RANKS)), ops)
    check_equal(seen[-1].panicked, {b}, "the threads that panicked")
    check_equal(seen[-1].owner, a, "the owner")


@test(points=2, step="locks", section=SECTION, blames="sleeplock_lock",
      evidence="answers", hint="Two threads were inside, or one sleeps on.")  # fmt: skip
def no_sleeper_is_forgotten(run):
    """Sixteen threads on eight harts, who sleep while they have it, lose nothing."""
    numbers = [run.random.getrandbits(32) for _ in range(24)]
    pieces = [x for n in numbers for x in ("u64", n)]
    pieces = ["u32", 4, "u32", len(numbers), *pieces]
    answer = yield stress(run, "sum asleep", *pieces, harts=8)
    check_equal(answer.u8(), 1, "all threads finished")
    threads = answer.u32()
    check_equal(answer.u64(), sum(numbers) * 4 * threads % (1 << 64), "the sum")


@test(points=1, step="locks", section=SECTION, blames="completion_signal",
      evidence="answers", hint="See the tests of step 3.")  # fmt: skip
def jobs_for_other_harts(run):
    """Harts give each other jobs, and wait until they are done."""
    rounds, first = 300, run.random.getrandbits(64)
    answer = yield stress(run, "jobs", "u32", rounds, "u64", first, harts=8)
    check_equal(answer.u8(), 1, "all threads finished")
    answer.u32()
    for pair in range(4):
        value = first + 2 * pair
        for _ in range(rounds):
            value = (value * 6364136223846793005 + 1) % (1 << 64)
        check_equal(answer.u64(), value, f"the last result of pair {pair}")
