"""Questions to guest/family.c: scripts of operations on a family of processes."""

import dataclasses
import struct

from grading import check, check_equal, pack
from grading.errors import ECHILD, EINTR

ACTORS, NOBODY, INIT = 12, 255, 0
ALL, PID, GROUP = range(3)
WNOHANG, WUNTRACED, WEXITED, WCONTINUED, WNOWAIT = 1, 2, 4, 8, 1 << 24
WALL, WCLONE = 1 << 30, 1 << 31
SIGHUP, SIGUSR1, SIGCHLD, SIGCONT = 1, 10, 17, 18
CLD_EXITED, CLD_KILLED = 1, 2
NO_STATE, ALIVE, ZOMBIE, GONE = range(4)
CONTINUED = 0xFFFF
HANDLER = 0x10000  # some address
LAYOUT = struct.Struct("<4B3iI4x3Q4BiiHH")


@dataclasses.dataclass(frozen=True)
class Actor:
    """What is seen of an actor behind an operation; struct seen of family.c."""

    state: int
    parent: int
    busy: int
    freed: int  # 1: its process, 2: its thread, 4: its memory
    result: int
    news_status: int
    exit_status: int
    news_uid: int
    news_faults: int
    children_faults: int
    pending: int
    released: int
    trouble: int  # its files were released 1: too late, 2: under a lock
    nthreads: int
    in_table: int
    told_code: int
    told_status: int
    told: int
    to_leave: bool

    def signals(self, number):
        """Is this signal pending?"""
        return bool(self.pending >> (number - 1) & 1)


def op(letter, actor, x=0, y=0, z=0):
    """Return an operation."""
    return letter, actor, x, y, z


def bear(actor, parent):
    """Actor's process is born, a child of parent's."""
    return op("b", actor, parent)


def leave(actor, status=0):
    """Actor calls process_exit, with a status as wait4 has it."""
    return op("e", actor, status)


def wait(actor, which=ALL, whom=0, options=WEXITED):
    """Actor calls process_wait."""
    return op("w", actor, which, whom, options)


def script(run, ops):
    """Return the request for operations."""
    pieces = [x for _, a, *numbers in ops
              for x in ("u8", a, *(y for n in numbers for y in ("u32", n)))]  # fmt: skip
    return run.ask("family", "script", pack("string", "".join(o[0] for o in ops), *pieces))


class Played:
    """What was seen: played[3][1] is actor 1 behind operation 3."""

    def __init__(self, answer, ops):
        self.ops, self.behind = ops, []
        for _ in ops:
            data = answer.bytes()
            check_equal(len(data), ACTORS * LAYOUT.size, "bytes of an answer")
            self.behind.append([Actor(*LAYOUT.unpack_from(data, i * LAYOUT.size))
                                for i in range(ACTORS)])  # fmt: skip
        self.pids = [answer.u32() for _ in range(ACTORS)]

    def __getitem__(self, number):
        return self.behind[number]

    @property
    def end(self):
        """All actors behind the last operation."""
        return self.behind[-1]


def play(answer, ops):
    """Return what was seen of a script."""
    return Played(answer, ops)


def reaped(played, number, parent, child, status):
    """Behind an operation, parent has got the child's status, and it is gone."""
    who, what = played[number][parent], played[number][child]
    check(not who.busy, f"process {parent} still waits for {child}, which has ended")
    check_equal(who.result, played.pids[child], f"what process_wait returned for {child}")
    check_equal(who.news_status, status, f"the status of {child}")
    check_equal(what.state, GONE, f"the state of {child} when it has been waited for")
    check(not what.in_table, f"the number of {child}, which is gone, is in the table")


def still(played, number, actor, state, parent):
    """Behind an operation, the actor's process is in a state, and parent's."""
    seen = played[number][actor]
    names = ("not there", "alive", "a zombie", "gone")
    check(seen.state == state,
          f"process {actor} is {names[seen.state]}, not {names[state]}, behind operation {number}")  # fmt: skip
    check(state == GONE or seen.parent == parent,
          f"the parent of process {actor} is {seen.parent}, not {parent}")  # fmt: skip
