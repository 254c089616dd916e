"""Step 5: what becomes of a service that has ended."""

import dataclasses

from _init import (MS, RUNNING, SECOND, STARTING, STATES, STOPPED, STOPPING, UP, Service, lines, names,
                   random_table, table)  # fmt: skip
from grading import check, check_equal, pack, test

NEVER = 2**64 - 1
ENDING = {"step": "ended", "section": "step-5-what-becomes-of-one-that-ended", "evidence": "answers"}


@dataclasses.dataclass
class End:
    """A service's end, and what others would say to it."""

    services: list
    index: int
    clean: bool
    due: bool = True
    delay: int = 0
    restarts: int = 0
    limit: int = 3
    window: int = 60
    reason: str = ""
    now: int = 0


@dataclasses.dataclass
class Came:
    """What came of it."""

    record: list
    reason: str
    wanted: bool
    state: int
    restarts: int
    not_before: int
    timer: int
    asked: int  # how often restart_delay was asked
    asked_at: int
    asked_clean: bool

    @property
    def events(self):
        """Return the lines "NAME EVENT WANTED PID" of state_event."""
        return [x.removeprefix("event ") for x in self.record if x.startswith("event ")]

    @property
    def logged(self):
        """Return the lines of the log."""
        return [x.removeprefix("log ") for x in self.record if x.startswith("log ")]

    @property
    def errors(self):
        """Return the lines for the console."""
        return [x.removeprefix("error ") for x in self.record if x.startswith("error ")]


def ending(run, state, wanted, clean, **more):
    """Return (request, End): a service ends, with some around it."""
    console = more.pop("console", False)
    random = run.random
    services = random_table(random, random.randint(2, 6), missing=False)
    index = random.randrange(len(services))
    services[index] = Service(services[index].name, state, wanted, console=console, pid=random.randint(2, 99))
    end = End(services, index, clean, delay=random.randrange(10 * MS, SECOND), restarts=random.randint(0, 9),
              reason=random.randbytes(4).hex(), now=random.randrange(SECOND, 999 * SECOND), **more)  # fmt: skip
    return ask(run, end), end


def ask(run, end):
    """Return the request."""
    return run.ask("endings", "decide", pack(
        *table(end.services), "u32", end.index, "u8", end.clean, "string", end.reason,
        "u64", end.now, "u8", end.due, "u64", end.delay, "u32", end.restarts,
        "u32", end.limit, "u64", end.window * SECOND))  # fmt: skip


def came(answer):
    """Read the answer."""
    return Came(lines(answer), answer.string(), answer.u8() != 0, answer.u8(), answer.u32(), answer.u64(),
                answer.u64(), answer.u32(), answer.u64(), answer.u8() != 0)  # fmt: skip


@test(points=1, **ENDING, blames="ended_decide", hint="Asked: it is stopping, or nobody wants it any more.")
def one_that_was_asked(run):
    """A service that was asked to end is down, and that is all."""
    ways = [(STOPPING, True), (STOPPING, False), (RUNNING, False), (STARTING, False)]
    made = [ending(run, state, wanted, clean) for state, wanted in ways for clean in (True, False)]
    for answer, (_, end) in zip((yield [r for r, _ in made]), made):
        name, result = end.services[end.index].name, came(answer)
        what = f"one that was {STATES[end.services[end.index].state]}, wanted: {end.services[end.index].wanted}"
        check_equal([e.split()[:2] for e in result.events], [[name, "ended"]], f"events of {what}")
        check_equal(result.reason, end.reason, f"the reason of {what}")
        check_equal((result.asked, result.restarts), (0, end.restarts), f"restarts of {what}")
        check_equal(result.wanted, end.services[end.index].wanted, f"the wish for {what}")


@test(points=2, **ENDING, blames="try_again, ended_decide",
      hint="restart_delay of now; not_before; the timer, so that the loop wakes up for it.")  # fmt: skip
def it_starts_again(run):
    """One that ended by itself is stopped, stays wanted, and may start after its delay."""
    made = [ending(run, state, True, clean) for state in (STARTING, RUNNING) for clean in (True, False)]
    for answer, (_, end) in zip((yield [r for r, _ in made]), made):
        result = came(answer)
        name = end.services[end.index].name
        check_equal([e.split()[:3] for e in result.events], [[name, "ended", "1"]], "events, and whether it is wanted")
        check(result.wanted, "it is not wanted any more")
        check_equal((result.asked, result.asked_at), (1, end.now), "calls of restart_delay, and when")
        check_equal(result.not_before, end.now + end.delay, "the time before which it does not start")
        check_equal(result.timer, end.now + end.delay, "the time of its timer")
        check_equal(result.restarts, end.restarts + 1, "its restarts")
        check_equal(result.asked_clean, end.clean, "what restart_is_due was told of its end")
        check(end.reason in result.reason, f"the reason {result.reason!r} does not say {end.reason!r}")


@test(points=1, **ENDING, blames="try_again",
      hint="SERVICE_GAVE_UP, and not wanted any more: before the event, for observers look at it.")  # fmt: skip
def it_gives_up(run):
    """With no restart left it has failed, and says after how many."""
    request, end = ending(run, RUNNING, True, False, limit=run.random.randint(4, 9), window=run.random.randint(70, 99))
    end.delay = NEVER
    name = end.services[end.index].name
    result = came((yield ask(run, end)))
    check_equal([e.split()[:3] for e in result.events], [[name, "gave-up", "0"]], "events, and whether it is wanted")
    check_equal((result.wanted, result.restarts, result.not_before), (False, end.restarts, 0),
                "wanted, restarts, not_before")  # fmt: skip
    for word in (end.reason, str(end.limit), str(end.window)):
        check(word in result.reason, f"the reason {result.reason!r} does not say {word}")
    check_equal(result.logged, [], "what dependants are told, though it does not come back")


@test(points=1, **ENDING, blames="ended_decide", hint="clean says which of the two events it is.")
def it_stays_down(run):
    """One whose policy does not start it again has ended, or failed; nobody wants it."""
    made = [ending(run, RUNNING, True, clean, due=False) for clean in (True, False)]
    for answer, (_, end) in zip((yield [r for r, _ in made]), made):
        result = came(answer)
        name = end.services[end.index].name
        check_equal([e.split()[:3] for e in result.events], [[name, "ended" if end.clean else "gave-up", "0"]],
                    f"events of one that ended {'well' if end.clean else 'badly'}, and whether it is wanted")  # fmt: skip
        check_equal((result.wanted, result.asked, result.restarts), (False, 0, end.restarts),
                    "wanted, calls of restart_delay, restarts")  # fmt: skip
        check_equal(result.reason, end.reason, "the reason")


@test(points=1, **ENDING, blames="ended_decide", hint="clean_up is there already: first of all.")
def nothing_of_it_is_left(run):
    """What belonged to the process is gone before anybody hears of the end."""
    made = [ending(run, RUNNING, True, False), ending(run, STOPPING, False, True),
            ending(run, RUNNING, True, False, due=False)]  # fmt: skip
    for answer, (_, end) in zip((yield [r for r, _ in made]), made):
        result = came(answer)
        check_equal(len(result.events), 1, "the number of events")
        check_equal(result.events[0].split()[3], "0", "its process, as observers see it")
        check_equal(result.timer, result.not_before, "its timer")


@test(points=2, **ENDING, blames="tell_dependants, ended_decide",
      hint="Up, and it is in `requires`; who only wants it, or comes after it, is not told.")  # fmt: skip
def dependants_are_told(run):
    """When it is going to start again, those that require it and are up are told."""
    ends = [ending(run, RUNNING, True, False)[1] for _ in range(3)]
    for end in ends:
        name = end.services[end.index].name
        extra = [Service(n, state, requires=(name,)) for n, state in
                 zip(("zone", "ztwo", "zzthree"), (RUNNING, STARTING, STOPPED))]  # fmt: skip
        extra.append(Service("zzz", RUNNING, wants=(name,), after=(name,)))
        end.services = [s for s in end.services if not s.name.startswith("z") or s.name == name] + extra
        end.services.sort(key=lambda s: s.name)
        end.index = [s.name for s in end.services].index(name)
    for end, answer in zip(ends, (yield [ask(run, end) for end in ends])):
        result, name = came(answer), end.services[end.index].name
        wanted = {s.name for s in end.services if s.state in UP and name in s.requires}
        told = sorted(line.split(":")[0] for line in result.logged)
        check_equal(told, sorted(wanted), "the services that are told")
        for line in result.logged:
            check(name in line.split(":", 1)[1], f"{line!r} does not say what is down")


@test(points=1, **ENDING, blames="ended_decide", hint="log_error, with the reason; only if it failed and comes back.")
def the_console_is_told(run):
    """On the console somebody waits: a failure of what has it is told there."""
    told = [ending(run, RUNNING, True, False, console=True)]
    quiet = [ending(run, RUNNING, True, True, console=True), ending(run, STOPPING, False, False, console=True),
             ending(run, RUNNING, True, False)]  # fmt: skip
    answers = [came(a) for a in (yield [r for r, _ in told + quiet])]
    name = told[0][1].services[told[0][1].index].name
    check_equal(len(answers[0].errors), 1, "lines on the console")
    check(name in answers[0].errors[0] and told[0][1].reason in answers[0].errors[0],
          f"{answers[0].errors[0]!r} does not say who and why")  # fmt: skip
    check_equal([a.errors for a in answers[1:]], [[], [], []], "lines where nobody waits, or nothing failed")
