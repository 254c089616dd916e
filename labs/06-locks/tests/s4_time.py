"""Step 4: sleep that ends for other reasons."""

from _sleep import (
    EINTR,
    ETIMEDOUT,
    LATE,
    SIGNAL,
    UNTIL,
    WAKE_ONE,
    all_awake,
    check_many,
    many,
    one,
    slept,
    swept,
)

from grading import check, check_equal, pack, test

SECTION = "Step 4: Not for ever"


@test(points=2, step="time", section=SECTION, blames="waitq_sleep_until,sleep_prepared",
      evidence="answers", hint="In the order of waitq_sleep.")  # fmt: skip
def no_wake_up_is_lost_until(run):
    """Whenever the wake-up comes, waitq_sleep_until returns 0, with the lock."""
    for deadline in (False, True):
        seen = swept((yield one(run, UNTIL, WAKE_ONE, deadline)))
        all_awake(seen, [0], "woken")
        check(all(s.good for s in seen), "it returned without the lock")


@test(points=3, step="time", section=SECTION, blames="sleep_prepared,why_awake,enter",
      evidence="answers",
      hint="A signal may come before the thread sleeps, after sched_prepare_sleep, or "
           "when it sleeps: when do you ask signal_pending()?")  # fmt: skip
def no_signal_is_lost(run):
    """Whenever a signal comes, the sleep ends, with -EINTR."""
    all_awake(swept((yield one(run, UNTIL, SIGNAL))), [EINTR], "signalled")


@test(points=1, step="time", section=SECTION, blames="why_awake,sleep_prepared",
      evidence="answers", hint="-ETIMEDOUT at the deadline: not before, and not 0.")  # fmt: skip
def a_deadline_ends_it(run):
    """At the deadline waitq_sleep_until returns -ETIMEDOUT."""
    ops = "d0 d1"
    results = check_many((yield many(run, ops)), ops, [[0], [0, 1]])
    check_equal(results, [ETIMEDOUT, ETIMEDOUT], "what it returned")


@test(points=3, step="time", section=SECTION, blames="why_awake,waitq_sleep_until,leave",
      evidence="answers",
      hint="Who was taken off the queue has had the wake-up, and nobody else has it: "
           "whatever the clock says.")  # fmt: skip
def a_wake_up_beats_the_clock(run):
    """Who is woken after the deadline, but before it is awake, returns 0."""
    seen = swept((yield one(run, UNTIL, LATE, deadline=True, points=range(12))))
    for state in seen:
        check(state.finished, "the thread sleeps on")
        check(not state.queued, "the thread is awake, and still in the queue")
    first = [s.result for s in seen if s.moment]
    check_equal(first, [0] * len(first), "the results")


@test(points=2, step="time", section=SECTION, blames="leave,waitq_sleep_until",
      evidence="answers",
      hint="A wake-up for somebody who has left is lost for those who wait.")  # fmt: skip
def who_gave_up_is_not_woken(run):
    """Who timed out or was interrupted does not take another's wake-up."""
    one_, two, three = run.random.sample(range(8), 3)
    ops = f"d{one_} s{two} 1"
    other = f"u{one_} s{two} u{three} i{one_} 1 1"
    answers = yield [many(run, ops), many(run, other)]
    check_many(answers[0], ops, [[one_], [one_], [one_, two]])
    check_many(answers[1], other, [[], [], [], [one_], [one_, two], [one_, two, three]])


@test(points=2, step="time", section=SECTION, blames="sleep_prepared", evidence="answers",
      hint="The alarm is on the stack: nothing of it may be left when you return.")  # fmt: skip
def no_alarm_rings_afterwards(run):
    """When the sleep is over, its timer is not set any more."""
    for answer in (yield one(run, UNTIL, WAKE_ONE, deadline=True, points=[1, 4, 39])):
        state = slept(answer)
        check(state.finished, "the thread sleeps on")
        check(not state.alarm_left, "the timer is still set")


@test(points=1, step="time", section=SECTION, blames="waitq_sleep_alone",
      evidence="answers", hint="Wake-ups may be spurious: look at the clock.")  # fmt: skip
def sleep_alone(run):
    """waitq_sleep_alone sleeps until the deadline, whoever wakes it, or a signal."""
    asks = [run.ask("sleep", "alone", pack("u8", which)) for which in range(3)]
    over, soon, signalled = yield asks
    check_equal((over.u8(), over.u8(), over.error()), (1, 1, 0), "for a time that is over")
    check_equal((soon.u8(), soon.u8(), soon.error()), (0, 1, 0), "until a deadline")
    check_equal((signalled.u8(), signalled.u8(), signalled.error()), (0, 1, EINTR),
                "with a signal")  # fmt: skip
