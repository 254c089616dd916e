"""Services as the tests make them up, and what the headers say of them."""

import dataclasses

from grading import check_equal, pack

STATES = ("stopped", "starting", "running", "stopping", "failed", "no-device")
STOPPED, STARTING, RUNNING, STOPPING, FAILED, NO_DEVICE = range(6)
EVENTS = ("launched", "ready", "stop-sent", "ended", "gave-up", "no-hardware", "reset")
LAUNCHED, READY, STOP_SENT, ENDED, GAVE_UP, NO_HARDWARE, RESET = range(7)
UP = (STARTING, RUNNING, STOPPING)
DOWN = (FAILED, NO_DEVICE)
SIMPLE, FORKING, ONESHOT, NOTIFY = range(4)  # enum config_type
MS = 1_000_000
SECOND = 1000 * MS


def after(state, event):
    """Return the state after an event, as user/init/state.h says; None: never."""
    if event == LAUNCHED:
        return STARTING if state == STOPPED else None
    if event == READY:
        return RUNNING if state == STARTING else None
    if event == STOP_SENT:
        return STOPPING if state in (STARTING, RUNNING) else None
    if event == ENDED:
        return STOPPED if state in UP else None
    if event == RESET:
        return STOPPED if state in DOWN else None
    if state == STOPPING or state in DOWN:
        return None
    return FAILED if event == GAVE_UP else NO_DEVICE


@dataclasses.dataclass
class Service:
    """A service of a made-up table."""

    name: str
    state: int = STOPPED
    wanted: bool = True
    again: bool = False
    console: bool = False
    type: int = SIMPLE
    pid: int = 0
    requires: tuple = ()
    wants: tuple = ()
    after: tuple = ()

    @property
    def all_lists(self):
        """Return every name that it comes after."""
        return {*self.requires, *self.wants, *self.after}


def names(random, count):
    """Return different names of services, sorted as init keeps them."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    found = set()
    while len(found) < count:
        found.add("".join(random.choices(letters, k=random.randint(3, 7))))
    return sorted(found)


def table(services):
    """Return the pieces of a question that describe services, sorted by name."""
    pieces = ["u32", len(services)]
    for s in services:
        pieces += ["string", s.name, "u8", s.state, "u8", s.wanted, "u8", s.again,
                   "u8", s.console, "u8", s.type, "u32", s.pid]  # fmt: skip
        for words in (s.requires, s.wants, s.after):
            pieces += ["u8", len(words)]
            for word in words:
                pieces += ["string", word]
    return pieces


# ---- What user/init/depend.h says ------------------------------------------


def settled(s):
    """Will nothing change by itself?"""
    if s.state == STOPPED:
        return not s.wanted and not s.again
    return s.state in DOWN or (s.state == RUNNING and s.wanted)


def will_not_run(by_name, name):
    """Is it down, and stays so, or not there at all?"""
    s = by_name.get(name)
    return s is None or (s.state not in UP and settled(s))


def failed(by_name, s):
    """Return the names of which any will do for depend_failed."""
    return {name for name in s.requires if will_not_run(by_name, name)}


def waits_for(by_name, s, console_open=True):
    """Return the names of which any will do for depend_waits_for."""
    taken = any(t is not s and t.console and t.pid for t in by_name.values())
    if s.console and (taken or not console_open):
        return {"the console"}
    here = {n: t for n, t in by_name.items() if n in s.all_lists}
    return {n for n, t in here.items()
            if not settled(t) or (n in s.requires and t.state != RUNNING)}  # fmt: skip


def held(by_name, s):
    """Does somebody who comes after s have to be down first?"""
    return any(t.state in UP and not t.wanted and s.name in t.all_lists
               for t in by_name.values())  # fmt: skip


@dataclasses.dataclass
class Looked:
    """What the student's functions say of a service."""

    settled: bool
    failed: str
    waits_for: str
    held: bool


def look(run, services, console_open=True):
    """Return the request for what there is to be said of services."""
    return run.ask("depends", "look", pack(*table(services), "u8", console_open))


def looked(answer, services):
    """Read the answer: {name: Looked}."""
    return {s.name: Looked(answer.u8() != 0, answer.string(), answer.string(),
                           answer.u8() != 0) for s in services}  # fmt: skip


def check_one_of(seen, allowed, what):
    """Fail unless seen is one of the names, or "" where there are none."""
    if seen not in (allowed or {""}):
        check_equal(seen, " or ".join(sorted(allowed)) or "", what)


def random_table(random, count, missing=True):
    """Return services in all states, whose lists name each other, and nobody."""
    all_names = names(random, count)
    made = []
    for name in all_names:
        def some(most, name=name):
            others = [n for n in all_names if n != name]
            if missing and random.random() < 0.2:
                others.append("nobody")
            return tuple(random.sample(others, min(len(others), random.randint(0, most))))
        state = random.choice((STOPPED, STOPPED, STARTING, RUNNING, RUNNING, RUNNING,
                               STOPPING, FAILED, NO_DEVICE))  # fmt: skip
        made.append(Service(name, state, random.random() < 0.6, random.random() < 0.2,
                            requires=some(2), wants=some(2), after=some(2)))  # fmt: skip
    return made


def lines(answer):
    """Return the lines of a record."""
    return answer.string().splitlines()
