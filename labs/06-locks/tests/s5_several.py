"""Step 5: several queues at once."""

from _sleep import (
    EINTR,
    SEVERAL,
    SIGNAL,
    WAKE_ALL,
    WAKE_ONE,
    WAKE_OTHER,
    all_awake,
    check_many,
    many,
    one,
    slept,
    waker,
)

from grading import check, check_equal, test

SECTION = "Step 5: Several at once"


@test(points=3, step="several", section=SECTION, blames="waitq_sleep_woken",
      evidence="answers",
      hint="First say that you will sleep, then look at *woken: not the other way "
           "round.")  # fmt: skip
def no_flag_is_overlooked(run):
    """Whenever one of the queues wakes it, the thread does not sleep on."""
    answers = yield one(run, SEVERAL, WAKE_ONE) + one(run, SEVERAL, WAKE_OTHER)
    seen = [slept(a) for a in answers]
    all_awake(seen, [0], "woken")
    check(all(s.good for s in seen), "*woken was not set")


@test(points=1, step="several", section=SECTION, blames="waitq_sleep_woken,sleep_prepared",
      evidence="answers", hint="As waitq_sleep_until.")  # fmt: skip
def a_signal_ends_it(run):
    """A signal ends the sleep for several queues, with -EINTR."""
    all_awake([slept(a) for a in (yield one(run, SEVERAL, SIGNAL))], [EINTR], "signalled")


@test(points=1, step="several", section=SECTION, blames="wake_first_locked",
      evidence="answers",
      hint="Who sleeps looks at *woken last of all: so it must be set before sched_wake "
           "looks whether it sleeps.")  # fmt: skip
def the_flag_is_set_first(run):
    """*woken is set before the thread is woken."""
    asks = [a for e in (WAKE_ONE, WAKE_ALL) for a in waker(run, SEVERAL, e, [39])]
    for answer in (yield asks):
        answer.u8()
        check_equal(answer.u8(), 1, "the sleeper went on")
        answer.u32()
        check_equal(answer.u8(), 0, "threads that were woken with *woken still false")


@test(points=1, step="several", section=SECTION, blames="waitq_enter,waitq_leave,leave",
      evidence="answers", hint="It is in two queues, and leaves both.")  # fmt: skip
def both_queues_are_left(run):
    """Who was woken by one queue is no longer in the other."""
    ops = "m0 s1 2 1"
    check_many((yield many(run, ops)), ops, [[], [], [0], [0, 1]])
