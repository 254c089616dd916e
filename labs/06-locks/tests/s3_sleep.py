"""Step 3: sleep, and the wake-up that must not be lost."""

from _sleep import (
    ALL_AFTER,
    COMPLETE,
    DONE,
    NOTHING,
    ONE_AFTER,
    SIGNAL,
    SLEEP,
    WAKE_ALL,
    WAKE_ONE,
    all_awake,
    check_many,
    many,
    one,
    slept,
    swept,
    waker,
)
from s1_spin import stress

from grading import check, check_equal, test

SECTION = "Step 3: Sleep"


@test(points=5, step="sleep", section=SECTION, blames="waitq_sleep,enter",
      evidence="answers",
      hint="Draw both sides as two columns. Is there a moment at which the waker finds "
           "nobody in the queue, and the sleeper sleeps afterwards?")  # fmt: skip
def no_wake_up_is_lost(run):
    """Whenever the wake-up comes, from the test of the condition on, it is felt."""
    answers = yield one(run, SLEEP, WAKE_ONE) + one(run, SLEEP, WAKE_ALL)
    all_awake(swept(answers), [0], "woken")


@test(points=2, step="sleep", section=SECTION, blames="waitq_sleep", evidence="answers",
      hint="Who changes the condition needs the lock; and who comes back tests it again.")
def the_lock_is_let_go_and_taken_again(run):
    """The lock is free during the sleep, and held again behind it."""
    for state in swept((yield one(run, SLEEP, WAKE_ONE))):
        check(state.finished, "the thread sleeps on")
        check(state.good, "waitq_sleep returned without the lock")


@test(points=2, step="sleep", section=SECTION, blames="waitq_sleep,enter",
      evidence="answers",
      hint="sched_prepare_sleep's parameter: this sleep is for what certainly comes.")
def a_signal_does_not_end_it(run):
    """A signal does not end waitq_sleep."""
    seen = [slept(a) for a in (yield one(run, SLEEP, SIGNAL, points=[0, 2, 39]))]
    check_equal([s.finished for s in seen], [False] * 3, "threads that went on")
    check_equal([s.sleeps for s in seen], [1] * 3, "times that waitq_sleep was called")


def order_of_wakes(random):
    """Return operations, and who is awake behind each."""
    ops, expected, queue, awake, unused = [], [], [], set(), list(range(8))
    random.shuffle(unused)
    while unused or queue:
        choice = random.choice("sssuu11*")
        if choice in "su" and unused:
            actor = unused.pop()
            queue.append(actor)
            ops.append(f"{choice}{actor}")
        elif choice == "1" and queue:
            awake.add(queue.pop(0))
            ops.append("1")
        elif choice == "*" and len(queue) > 2 or (choice == "*" and not unused):
            awake |= set(queue)
            queue.clear()
            ops.append("*")
        else:
            continue
        expected.append(set(awake))
    return " ".join(ops), expected


@test(points=2, step="sleep", section=SECTION, evidence="answers",
      blames="waitq_wake_one,wake_first_locked,enter",
      hint="The queue is in the order in which they came.")  # fmt: skip
def the_longest_waiter_is_woken(run):
    """waitq_wake_one wakes one, the one that has waited longest."""
    order = run.random.sample(range(8), 5)
    ops = " ".join([f"s{i}" for i in order] + ["1"] * 5)
    expected = [[]] * 5 + [order[: i + 1] for i in range(5)]
    check_many((yield many(run, ops)), ops, expected)


@test(points=1, step="sleep", section=SECTION, blames="waitq_wake_all", evidence="answers",
      hint="Until the queue is empty.")
def all_are_woken(run):
    """waitq_wake_all wakes all that wait, and nobody later."""
    order = run.random.sample(range(7), 5)
    ops = " ".join([f"s{i}" for i in order] + ["*", "s7", "1"])
    expected = [[]] * 5 + [order, order, [*order, 7]]
    check_many((yield many(run, ops)), ops, expected)


@test(points=1, step="sleep", section=SECTION, blames="wake_first_locked,waitq_wake_one",
      evidence="answers", hint="An empty queue is no error, and remembers nothing.")  # fmt: skip
def a_wake_up_for_nobody(run):
    """A wake-up that finds nobody does nothing, now or later."""
    ops = "1 * s0 1"
    check_many((yield many(run, ops)), ops, [[], [], [], [0]])


@test(points=2, step="sleep", section=SECTION, blames="wake_first_locked,leave,enter",
      evidence="answers", hint="See the tests before this one.")  # fmt: skip
def a_random_walk(run):
    """Sleepers of two kinds come and are woken in a random order."""
    walks = [order_of_wakes(run.random) for _ in range(4)]
    answers = yield [many(run, ops) for ops, _ in walks]
    for (ops, expected), answer in zip(walks, answers, strict=True):
        check_many(answer, ops, expected)


@test(points=3, step="sleep", section=SECTION, evidence="answers",
      blames="wake_first_locked,waitq_wake_one,waitq_wake_all,leave",
      hint="struct waiter lies on the sleeper's stack. Until when is it certain to be "
           "there?")  # fmt: skip
def the_sleeper_may_be_gone(run):
    """A waker does not look at a waiter that has gone its way."""
    events = [ONE_AFTER, ALL_AFTER]
    for answer in (yield [a for e in events for a in waker(run, SLEEP, e, range(12))]):
        answer.u8()
        check_equal(answer.u8(), 1, "the sleeper went on")
        check_equal(answer.u32(), 0, "wake-ups of something that is no thread")


@test(points=3, step="sleep", section=SECTION, blames="waitq_wake_one",
      evidence="answers",
      hint="Which of the two sides does not hold the lock?")  # fmt: skip
def a_buffer_for_three(run):
    """Producers and consumers on eight harts pass on every item, once."""
    count, first = 2000, run.random.getrandbits(64)
    answer = yield stress(run, "buffer", "u32", count, "u64", first, harts=8)
    check_equal(answer.u8(), 1, "all threads came to their end")
    answer.u32()
    item, total, mixed = first, 0, 0
    for _ in range(count):
        item = (item * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        total += item
        mixed += item ^ item >> 29
    check_equal(answer.u64(), total % (1 << 64), "the sum of what was taken")
    check_equal(answer.u64(), mixed % (1 << 64), "the same, mixed")


@test(points=2, step="sleep", section="Step 6: Sleep locks and completions",
      blames="completion_wait,completion_signal", evidence="answers",
      hint="The condition is c->done, its lock c->lock: the pattern is at the top of "
           "kernel/proc/waitq.h.")  # fmt: skip
def a_completion_is_waited_for(run):
    """completion_wait returns when it is done, not before, whenever that is."""
    answers = yield one(run, COMPLETE, DONE) + one(run, COMPLETE, NOTHING)
    all_awake(swept_or_late(answers[: len(answers) // 2]), [0], "completed")
    for state in swept_or_late(answers[len(answers) // 2 :]):
        check(not state.finished, "it returned after a wake-up for no reason")


def swept_or_late(answers):
    """Return what came of each; that none was early is the test's affair."""
    seen = [slept(answer) for answer in answers]
    for state in seen:
        check(state.good or not state.finished, "it returned before it was done")
    return seen


@test(points=2, step="sleep", section="Step 6: Sleep locks and completions",
      blames="completion_signal", evidence="answers",
      hint="Once the waiter may return there is no completion any more.")  # fmt: skip
def a_completion_may_be_gone(run):
    """completion_signal does not touch the completion once the waiter may return."""
    for answer in (yield waker(run, COMPLETE, DONE, range(12))):
        answer.u8()
        check_equal(answer.u8(), 1, "the waiter went on")
        check_equal(answer.u32(), 0, "wake-ups of something that is no thread")
