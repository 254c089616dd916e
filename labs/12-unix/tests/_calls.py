"""System calls that processes of a guest make one at a time: scripts for
user/calls.c, and what comes of them."""

import dataclasses
import struct

from grading import Fail, pack
from grading.errors import Returned

# [riscv64 of linux, syscalls.def]
CALLS = {
    "pipe2": 59, "read": 63, "write": 64, "close": 57, "fcntl": 25, "ppoll": 73, "ioctl": 29,
    "kill": 129, "sigaction": 134, "sigprocmask": 135, "sigpending": 136, "sigtimedwait": 137,
    "sigqueue": 138, "sigsuspend": 133, "nanosleep": 101, "wait4": 260, "setsid": 157,
    "setpgid": 154, "openat": 56, "exit": 94, "getpid": 172, "dup": 23,
}  # fmt: skip
EPERM, ESRCH, EINTR, EIO, EBADF, EAGAIN, EINVAL, ENOTTY, EPIPE = 1, 3, 4, 5, 9, 11, 22, 25, 32
O_RDWR, O_NONBLOCK, O_NOCTTY = 2, 0o4000, 0o400
F_SETFL, F_SETPIPE_SZ = 4, 1031
HUP, INT, QUIT, ILL, KILL, USR1, SEGV, USR2, PIPE, ALRM, TERM, CHLD, CONT, STOP, TSTP, TTIN, TTOU = (
    1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22)  # fmt: skip
URG, WINCH, RTMIN = 23, 28, 34
SA_SIGINFO, SA_RESTART, SA_NODEFER, SA_RESETHAND = 4, 0x10000000, 0x40000000, 0x80000000
DEFAULT, IGNORE, HANDLER = 0, 1, "handler"
BLOCK, UNBLOCK, SETMASK = 0, 1, 2
SI_USER, SI_QUEUE = 0, -1
SOON, LONG = 25, 2000  # milliseconds: to see that a call blocks; for one that does not
PIPE_BUF, PIPE_SIZE = 4096, 65536


@dataclasses.dataclass(frozen=True)
class Ref:
    """An argument that is known only in the guest."""

    kind: str
    value: int


def data(offset):
    """Return the address of data."""
    return Ref("&", offset)


def at(offset):
    """Return the number (32 bits) that lies in the data by then."""
    return Ref("@", offset)


def neg(ref):
    """Return what an earlier step returned, negated."""
    return Ref("-", ref.value)


def bits(*signals):
    """Return a set of signals."""
    return sum(1 << (s - 1) for s in signals)


@dataclasses.dataclass
class Logged:
    """What a handler has seen; ends: as it returned."""

    actor: int
    signal: int
    ends: bool
    code: int
    pid: int
    value: int
    mask: int


class Script:
    """Collects steps; ask() is the request, read_answer() takes the answer.

    case: of user/calls.c; all are alike, but where a kernel lacks what one needs
    the others are asked all the same.
    """

    def __init__(self, case="pipe"):
        self.case = case
        self.plan, self.pieces, self.kinds, self.results = "", [], [], []
        self.got, self.log = [], []

    def _step(self, what, actor, *pieces):
        self.plan += what
        self.pieces += ["u8", actor, *pieces]
        if what in "cfl":
            self.kinds.append("result")
            return Ref("r", sum(k == "result" for k in self.kinds) - 1)
        if what == "g":
            self.kinds.append("data")
        return None

    def call(self, name, *arguments, actor=1, ms=LONG):
        """An actor makes a call; return a Ref to what comes of it."""
        pieces = ["u64", CALLS[name]]
        for value in [*arguments, 0, 0, 0, 0, 0, 0][:6]:
            ref = value if isinstance(value, Ref) else Ref("#", value)
            pieces += ["u8", ord(ref.kind), "u64", ref.value]
        return self._step("c", actor, *pieces, "u64", ms)

    def fork(self, child, actor=1):
        """An actor makes another; return a Ref to its process number."""
        return self._step("f", actor, "u8", child)

    def look(self, actor=1, ms=LONG):
        """Look again at a call that has not returned."""
        return self._step("l", actor, "u64", ms)

    def set(self, offset, content):
        """Put bytes into the data."""
        self._step("s", 0, "u64", offset, "bytes", content)

    def get(self, offset, size):
        """Read data: the next of self.got."""
        self._step("g", 0, "u64", offset, "u64", size)

    def sleep(self, ms):
        """Let time pass."""
        self._step("t", 0, "u64", ms)

    def terminal(self, actor=1):
        """Make a pseudoterminal; return Refs to its two ends, the program's being at
        /dev/pts/N, a path at 0xA00 of the data."""
        self.set(0x9C0, b"/dev/ptmx\0" + bytes(6))
        master = self.call("openat", -100, data(0x9C0), O_RDWR | O_NOCTTY, actor=actor)
        self.set(0x9E0, bytes(4))
        self.call("ioctl", master, 0x40045431, data(0x9E0), actor=actor)  # TIOCSPTLCK
        self.call("ioctl", master, 0x80045430, data(0x9E0), actor=actor)  # TIOCGPTN
        self._step("n", 0, "u64", 0x9E0, "u64", 0xA00)
        slave = self.call("openat", -100, data(0xA00), O_RDWR | O_NOCTTY, actor=actor)
        return master, slave

    def result(self, offset, ref):
        """Put what an earlier step returned into the data."""
        self._step("i", 0, "u64", offset, "u64", ref.value)

    def orbits(self, offset, flags):
        """Set bits of the data, 16 of them."""
        self._step("o", 0, "u64", offset, "u8", flags & 255, "u8", flags >> 8)

    def again(self, signal, other):
        """The handler of a signal sends its process another, once."""
        self._step("a", 0, "u8", signal, "u8", other)

    # ---- Made of these ----

    def pipe(self, offset=0, flags=0, actor=1):
        """Make a pipe; return Refs to its two ends."""
        self.call("pipe2", data(offset), flags, actor=actor)
        return at(offset), at(offset + 4)

    def write(self, fd, content, offset=0x1000, **more):
        """Write bytes."""
        self.set(offset, content)
        return self.call("write", fd, data(offset), len(content), **more)

    def read(self, fd, size, offset=0x30000, **more):
        """Read bytes to where get() finds them."""
        return self.call("read", fd, data(offset), size, **more)

    def take(self, fd, size, offset=0x30000, **more):
        """Read bytes, and get them."""
        ref = self.read(fd, size, offset, **more)
        self.get(offset, size)
        return ref

    def action(self, signal, what, flags=0, mask=0, actor=1):
        """Set what a signal does."""
        address = 0 if what == HANDLER else what
        self.set(0x800, struct.pack("<QQQ", address, flags | SA_SIGINFO, mask))
        if what == HANDLER:
            self._step("h", 0, "u64", 0x800)
        return self.call("sigaction", signal, data(0x800), 0, 8, actor=actor)

    def mask(self, how, signals, actor=1):
        """Change what is blocked."""
        self.set(0x820, struct.pack("<Q", signals))
        return self.call("sigprocmask", how, data(0x820), 0, 8, actor=actor)

    def queue(self, pid, signal, value, code=SI_QUEUE, actor=1):
        """Send a signal with a value; code is negative: another process's word."""
        self.set(0x840, struct.pack("<iiiiiiQ", signal, 0, code, 0, 77, 0, value) + bytes(96))
        return self.call("sigqueue", pid, signal, data(0x840), actor=actor)

    def wait(self, pid, options=0, **more):
        """Wait for a child; its status lies at 0x860."""
        return self.call("wait4", pid, data(0x860), options, 0, **more)

    def status(self):
        """Get the status that wait() has left."""
        self.get(0x860, 4)

    # ---- The answer ----

    def ask(self, run, **more):
        """Return the request."""
        return run.ask("calls", self.case, pack("string", self.plan, *self.pieces), **more)

    def read_answer(self, answer):
        """Read the answer; return self."""
        for kind in self.kinds:
            if kind == "data":
                self.got.append(answer.bytes())
            else:
                done, result = answer.u8(), answer.u64()
                self.results.append(Returned((result ^ 1 << 63) - (1 << 63)) if done else None)
        for _ in range(answer.u32()):
            self.log.append(Logged(answer.u8(), answer.u8(), answer.u8() != 0, answer.i32(),
                                   answer.u32(), answer.u64(), answer.u64()))  # fmt: skip
        return self

    def of(self, ref):
        """Return what a step came to: a number, or None if the call had not returned."""
        return self.results[ref.value]

    def numbers(self):
        """Return got as numbers of 32 bits."""
        return [int.from_bytes(g[:4], "little") for g in self.got]

    @property
    def handled(self):
        """Return the signals whose handlers were entered, in order."""
        return [x.signal for x in self.log if not x.ends]


def expect(script, ref, wanted, what):
    """Fail unless a call came to that: None, it has not returned."""
    seen = script.of(ref)
    if seen != wanted:
        words = ["it blocks" if v is None else Returned(v).explained for v in (wanted, seen)]
        raise Fail(f"{what} differs", expected=words[0], seen=words[1])


def signalled(status):
    """Return the signal that ended a process, or 0."""
    return status & 0x7F


def stopped(status):
    """Return the signal that stopped a process, or 0."""
    return status >> 8 if status & 0xFF == 0x7F else 0
