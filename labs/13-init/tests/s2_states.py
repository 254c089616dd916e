"""Step 2: states, their times, and who is told."""

from _init import (ENDED, EVENTS, GAVE_UP, LAUNCHED, READY, RESET, RUNNING, SECOND, STARTING,
                   STATES, STOP_SENT, STOPPED, STOPPING, after)  # fmt: skip
from grading import check, check_equal, pack, test

STATE = {"step": "states", "section": "step-2-what-can-follow-what", "evidence": "answers"}


def table_of(answer):
    """Return {(state, event): state or None}."""
    return {(s, e): value if value < len(STATES) else None
            for s in range(len(STATES)) for e in range(len(EVENTS))
            for value in [answer.u8()]}  # fmt: skip


@test(points=1, **STATE, blames="state_after",
      hint="Draw the arrows of a service that starts, runs and is stopped.")  # fmt: skip
def the_usual_life(run):
    """A service is launched, becomes ready, is asked to stop, and ends."""
    seen = table_of((yield run.ask("states", "table")))
    for state, event in ((STOPPED, LAUNCHED), (STARTING, READY), (RUNNING, STOP_SENT),
                         (STARTING, STOP_SENT), (STOPPING, ENDED), (RUNNING, ENDED)):  # fmt: skip
        check_equal(seen[state, event], after(state, event),
                    f"the state after {EVENTS[event]} while {STATES[state]}")  # fmt: skip


@test(points=2, **STATE, blames="state_after",
      hint="user/init/state.h has the rules; 42 pairs in all.")  # fmt: skip
def what_can_follow(run):
    """Each event leads from each state to where it should, or nowhere."""
    seen = table_of((yield run.ask("states", "table")))
    for (state, event), value in seen.items():
        check_equal(value, after(state, event),
                    f"the state after {EVENTS[event]} while {STATES[state]}")  # fmt: skip


class Life:
    """What state_event makes of a service, one event after the other."""

    def __init__(self, name, state):
        self.name, self.state = name, state
        self.changed = self.started = self.ready = 0
        self.first_started = self.first_ready = self.told = 0

    def event(self, event, now):
        """Return the state before, or None if it cannot be."""
        before, then = self.state, after(self.state, event)
        if then is None:
            return None
        self.state, self.changed, self.told = then, now, self.told + 1
        if then == STARTING:
            self.started, self.ready = now, 0
            self.first_started = self.first_started or now
        if then == RUNNING:
            self.ready = now
            self.first_ready = self.first_ready or now
        return before

    def times(self):
        """Return all times."""
        return self.changed, self.started, self.ready, self.first_started, self.first_ready


def live(run, events, state=STOPPED):
    """Return (request, events with their times and reasons, Life)."""
    name, now, told = "s" + str(run.random.randrange(1000)), run.random.randrange(SECOND), []
    pieces = ["string", name, "u8", state, "u32", len(events)]
    for event in events:
        now += run.random.randrange(1, SECOND)
        why = run.random.randbytes(4).hex()
        told.append((event, now, f"{why}, {len(told)}"))
        pieces += ["u8", event, "u64", now, "string", why]
    return run.ask("states", "life", pack(*pieces)), told, Life(name, state)


def observed(answer):
    """Return what an observer saw: told, before, state, changed, started, reason."""
    return (answer.u32(), answer.u8(), answer.u8(), answer.u64(), answer.u64(),
            answer.string())  # fmt: skip


def follow(answer, told, life):
    """Yield (life, event, before, reason given, reason, times, log line, observers)."""
    for event, now, why in told:
        before = life.event(event, now)
        state, reason = answer.u8(), answer.string()
        times = tuple(answer.u64() for _ in range(5))
        line = answer.string()
        check_equal(STATES[min(state, 5)], STATES[life.state], f"the state behind {EVENTS[event]}")
        yield event, before, why, reason, times, line, (observed(answer), observed(answer))


ROUND = [LAUNCHED, READY, ENDED, LAUNCHED, READY, STOP_SENT, ENDED, LAUNCHED, GAVE_UP, RESET, LAUNCHED]


@test(points=1, **STATE, blames="note_times",
      hint="One that starts anew is not ready; the first times stay.")  # fmt: skip
def times_are_noted(run):
    """When a service changed, started and became ready, now and first, is noted."""
    request, told, life = live(run, ROUND)
    for event, _, _, _, times, _, _ in follow((yield request), told, life):
        check_equal(times, life.times(), f"changed, started, ready and the first times behind {EVENTS[event]}")


@test(points=1, **STATE, blames="state_event", hint="vsnprintf; then the line in the log.")
def why_is_noted(run):
    """The reason is kept, and a line of the log says what changed, and why."""
    request, told, life = live(run, ROUND)
    for event, before, why, reason, _, line, _ in follow((yield request), told, life):
        check_equal(reason, why, f"the reason behind {EVENTS[event]}")
        for word in (life.name, STATES[before], STATES[life.state], why):
            check(word in line, f"{word!r} is not in the log's line {line!r}")


@test(points=2, **STATE, blames="state_event",
      hint="They look at s->state, s->changed and s->reason: set these first.")  # fmt: skip
def observers_see_it_done(run):
    """Every observer is told of each change, when it has happened."""
    request, told, life = live(run, ROUND)
    for event, before, why, _, _, _, both in follow((yield request), told, life):
        for number, seen in enumerate(both, 1):
            check_equal(seen, (life.told, before, life.state, life.changed, life.started, why),
                        f"times told, before, state, changed, started and reason that observer "
                        f"{number} has seen behind {EVENTS[event]}")  # fmt: skip


@test(points=1, **STATE, blames="state_event",
      hint="SERVICE_STATES is no state: the service keeps its own, and its times.")  # fmt: skip
def what_cannot_be(run):
    """An event that cannot be is logged, changes no state, and nobody is told."""
    request, told, life = live(run, [LAUNCHED, LAUNCHED, READY, READY, RESET, GAVE_UP, ENDED,
                                     STOP_SENT, LAUNCHED, RESET])  # fmt: skip
    impossible = 0
    for event, before, _, _, times, line, both in follow((yield request), told, life):
        check_equal(times, life.times(), f"the times behind {EVENTS[event]}")
        check_equal([seen[0] for seen in both], [life.told] * 2, "how often observers were told")
        check(life.name in line, f"the log's line {line!r} does not name the service")
        impossible += before is None
    check_equal((impossible, life.state), (6, STOPPED), "impossible events, last state")


@test(points=1, **STATE, blames="state_event, state_after",
      hint="Whatever the state, only the table decides.")  # fmt: skip
def random_lives(run):
    """Lives of random events come to what the rules say."""
    lives = [live(run, [run.random.randrange(len(EVENTS)) for _ in range(60)],
                  run.random.randrange(len(STATES))) for _ in range(4)]  # fmt: skip
    for answer, (_, told, life) in zip((yield [x[0] for x in lives]), lives):
        for event, _, _, _, times, _, both in follow(answer, told, life):
            check_equal((times, both[0][0]), (life.times(), life.told),
                        f"the times and how often it was told behind {EVENTS[event]}")  # fmt: skip
