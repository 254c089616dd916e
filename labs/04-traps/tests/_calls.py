"""A program that makes calls (user/calls.c), and one list of them for many tests: all
look at the same run."""

import dataclasses
import random as generators
import struct

from grading import check, check_equal
from grading.errors import EFAULT, ENOSYS, Returned

MASK = (1 << 64) - 1
BUFFER, BYTES = 0x20000000, 0x20000  # user/calls.c
PAGE = 4096
EPERM_OF_FILTER = 77
OPENAT, PREAD, PWRITE, MMAP, MUNMAP, MPROTECT = 56, 67, 68, 222, 215, 226
GETPID, GETPPID, GETTID, GETUID, UNAME = 172, 173, 178, 174, 160
PRCTL, SECCOMP, READ, WRITE, FSTAT, PIPE2, GETCWD = 167, 277, 63, 64, 80, 59, 17
CREATE = 0o100 | 2  # O_CREAT | O_RDWR
AT_FDCWD = -100 & MASK
PATH, DATA, BACK, SHOWN, FRESH, FILTER = (
    BUFFER + n for n in (0, 0x1000, 0x4000, 0x8000, 0x10000, 0x18000))  # fmt: skip
COPIED = SHOWN + 400  # behind what is looked at of the file itself
HOSTILE = (0, 8, 0xFFFFFFFF80200000, 0xFFFFFFC080200000, 0xFFFFFFE000004000, 1 << 38,
           1 << 39, MASK - 7, 1 << 63)  # fmt: skip


@dataclasses.dataclass
class Call:
    """A call, and what came of it."""

    number: int
    args: tuple
    key: int
    registers: list = None

    @property
    def result(self):
        value = self.registers[10]
        return Returned(value - (1 << 64) if value >> 63 else value)

    @property
    def wanted(self):
        """Registers as they were before, by number; sp and x0 are the program's."""
        before = [self.key * (2 * n + 1) & MASK for n in range(32)]
        before[10:16], before[17] = self.args, self.number
        return before


class Calls:
    """The list, the same for each test of a seed, and what is in memory."""

    def __init__(self, run):
        self.random = generators.Random(f"{run.seed}:calls")
        self.calls, self.named = [], {}
        self.buffer = bytearray(self.random.randbytes(BYTES))
        self._compose()

    def call(self, name, number, *args):
        """Add a call; calls of one name are a group."""
        full = (*args, *(self.random.getrandbits(64) for _ in range(6 - len(args))))
        made = Call(number, tuple(a & MASK for a in full), self.random.getrandbits(64) | 1)
        self.calls.append(made)
        self.named.setdefault(name, []).append(made)

    def put(self, at, data):
        """Put bytes into the program's memory."""
        self.buffer[at - BUFFER : at - BUFFER + len(data)] = data

    def _compose(self):
        r = self.random
        self.put(PATH, b"/data\0")
        self.call("open", OPENAT, AT_FDCWD, PATH, CREATE, 0o644)
        for _ in range(3):
            self.call("same", GETPID)
            self.call("same", GETTID)
        self.call("parent", GETPPID)
        self.call("root", GETUID)
        # Four arguments that matter, then six.
        self.length, self.position = r.randrange(5000, 9000), 2 * PAGE + r.randrange(99)
        self.call("write", PWRITE, 3, DATA, self.length, self.position)
        self.call("read", PREAD, 3, BACK, self.length, self.position)
        self.call("map", MMAP, SHOWN, PAGE, 1, 0x12, 3, 2 * PAGE)  # MAP_PRIVATE | _FIXED
        self.call("unknown", GETPID | 1 << 32)
        numbers = [GETPID | 1 << 63, 600, 1 << 31, MASK, 10_000, r.randrange(500, 1 << 16),
                   r.getrandbits(64) | 1 << 63, 244, 259 + 90, 511]  # fmt: skip
        for number in numbers:
            self.call("unknown", number)
        # Memory that nobody has touched yet, and a page that is copied when written.
        self.call("fresh", MMAP, FRESH, 4 * PAGE, 3, 0x32, -1, 0)
        self.call("fresh_in", PREAD, 3, FRESH + PAGE - 100, 300, self.position)
        self.call("shown_again", MPROTECT, SHOWN, PAGE, 3)
        self.call("shown_in", PREAD, 3, COPIED, 40, self.position + 1000)
        self.call("read_only", MPROTECT, FRESH + 2 * PAGE, PAGE, 1)
        self.call("read_only_in", PREAD, 3, FRESH + 2 * PAGE, 8, self.position)
        self.call("read_only_out", PWRITE, 3, FRESH + 2 * PAGE, 8, 1 << 16)
        for at in HOSTILE:
            self.call("hostile_in", PREAD, 3, at, 64, self.position)
            self.call("hostile_out", PWRITE, 3, at, 64, 1 << 17)
            self.call("hostile_path", OPENAT, AT_FDCWD, at, CREATE, 0o644)
            self.call("hostile_result", UNAME, at)
        self.call("kind_result", UNAME, BUFFER + 0x3000)
        self._filter()

    def _filter(self):
        """From here on getuid is refused, with an errno of the filter's."""
        program = [(0x20, 0, 0, 0), (0x15, 0, 1, GETUID),
                   (0x06, 0, 0, 0x00050000 | EPERM_OF_FILTER), (0x06, 0, 0, 0x7FFF0000)]  # fmt: skip
        self.put(FILTER, struct.pack("<HxxxxxxQ", len(program), FILTER + 16)
                 + b"".join(struct.pack("<HBBI", *i) for i in program))  # fmt: skip
        self.call("filter", PRCTL, 38, 1, 0, 0, 0)
        self.call("filter", SECCOMP, 1, 0, FILTER)
        self.call("refused", GETUID)
        self.call("allowed", GETPID)
        self.call("still_unknown", 600)

    @property
    def files(self):
        """What is on the disk."""
        script = b"".join(struct.pack("<8Q", c.number, *c.args, c.key) for c in self.calls)
        return {"/script": script, "/buffer": bytes(self.buffer)}

    def results(self, name):
        return [c.result for c in self.named[name]]


def called(run):
    """Return (Calls with what came of them, the Record, memory as it was left); a
    generator. Equal for all tests, so it is run once."""
    made = Calls(run)
    record = yield run.boot("calls", files=made.files,
                            machine=run.machine(harts=1, icount=False))  # fmt: skip
    check_equal(record.status, 0, "the program's exit status", record)
    results, after = (record.image().read(path) for path in ("/results", "/after"))
    check_equal(len(results), 256 * len(made.calls), "bytes of results", record)
    check_equal(len(after), BYTES, "bytes of memory", record)
    for number, call in enumerate(made.calls):
        call.registers = list(struct.unpack_from("<32Q", results, 256 * number))
    check(made.results("open") == [3], "the first file that was opened is 3", record)
    return made, record, after
