"""Questions to guest/sleep.c and guest/sleeplocks.c, and what may come of them."""

import dataclasses

from grading import check, check_equal, pack
from grading.errors import EINTR, ETIMEDOUT

SLEEP, UNTIL, SEVERAL, COMPLETE, ALONE = range(5)
WAKE_ONE, WAKE_ALL, WAKE_OTHER, SIGNAL, DONE, LATE, ONE_AFTER, ALL_AFTER, NOTHING = range(9)
POINTS = 40  # more than there are in any sleep


@dataclasses.dataclass(frozen=True)
class Slept:
    """What came of a sleep."""

    moment: str  # at which the event came: "behind spin_unlock"; "": it slept
    finished: bool
    good: bool  # it had its lock again, or *woken was set, or it was done
    result: int
    queued: bool  # it is still in the queue
    alarm_left: bool  # its timer was set when it was over
    sleeps: int  # calls of waitq_sleep and the like


def slept(answer):
    """Read the answer to a question of one()."""
    return Slept(answer.string(), answer.u8() != 0, answer.u8() != 0, answer.error(),
                 answer.u8() != 0, answer.u8() != 0, answer.u32())  # fmt: skip


def one(run, how, event, deadline=False, points=range(POINTS)):
    """Return requests: a thread sleeps, the event comes at each of the points."""
    return [run.ask("sleep", "one", pack("u8", how, "u8", deadline, "u8", event,
                                         "u32", at)) for at in points]  # fmt: skip


def waker(run, how, event, points=range(POINTS)):
    """Return requests: at each of the waker's points the sleeper goes its way."""
    return [run.ask("sleep", "waker", pack("u8", how, "u8", event, "u32", at))
            for at in points]  # fmt: skip


def swept(answers):
    """Return what came of a sleep for each point; some must have been early."""
    seen = [slept(answer) for answer in answers]
    check(any(s.moment for s in seen), "the thread did not sleep, nor let its lock go")
    return seen


def all_awake(seen, results, what):
    """Every sleep ended, with one of the results, and left nothing behind."""
    for state in seen:
        when = f"{what} {state.moment or 'when it slept'}"
        check(state.finished, f"{when}: the thread sleeps on")
        check(state.result in results, f"{when}: the result is {state.result}")
        check(not state.queued, f"{when}: it is awake, and still in the queue")


def many(run, ops):
    """Return the request for a script: "s0 s1 1 *"."""
    words = [op if len(op) > 1 else op + "7" for op in ops.split()]
    pieces = [x for w in words for x in ("u8", int(w[1:]))]
    return run.ask("sleep", "many", pack("string", "".join(w[0] for w in words), *pieces))


def check_many(answer, ops, expected):
    """Compare who has finished after each operation; return the results."""
    results = []
    for op, want in zip(ops.split(), expected, strict=True):
        seen = _bits(answer)
        check_equal(seen, set(want), f"threads that are awake behind {op} of {ops}")
        results.append(answer.error())
    return results


def _bits(answer):
    value = answer.u32()
    return {i for i in range(8) if value >> i & 1}


@dataclasses.dataclass(frozen=True)
class Held:
    """How a sleep lock stands after an operation."""

    done: frozenset  # actors that wait for their next command
    panicked: frozenset
    owner: int | None
    answer: bool
    nheld: int
    locked: bool  # its own spin lock


def locks(run, ops, ranks):
    """Return the request for a script of sleep locks: "l00 u00", each with an
    actor and a lock."""
    words = ops.split()
    pieces = [x for rank in ranks for x in ("u32", rank)]
    pieces += ["string", "".join(w[0] for w in words)]
    for word in words:
        pieces += ["u8", int(word[1]), "u8", int(word[2:])]
    return run.ask("sleeplocks", "script", pack(*pieces))


def held(answer, ops):
    """Return a Held for each operation."""
    found = []
    for _ in ops.split():
        done, panicked, owner = answer.u8(), answer.u8(), answer.u8()
        found.append(Held(
            frozenset(i for i in range(6) if done >> i & 1),
            frozenset(i for i in range(6) if panicked >> i & 1),
            None if owner == 255 else owner, answer.u8() != 0, answer.u8(),
            answer.u8() != 0,
        ))  # fmt: skip
    return found
