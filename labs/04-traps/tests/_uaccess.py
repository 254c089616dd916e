"""Scripts for guest/uaccess.c, and what user memory holds."""

import dataclasses
import struct

from grading import check_equal, pack
from grading.errors import EAGAIN, EFAULT, ENAMETOOLONG, ENOMEM, ENXIO

PAGE, USER_END = 1 << 12, 1 << 38
V, R, W, X, U, G, A, D, COW = (1 << bit for bit in range(9))
READ_ONLY, WRITABLE = V | R | U | A | D, V | R | W | U | A | D
PROT_READ, PROT_WRITE = 1, 2
PINNED, NOT_WAITING = 0x100, 0x200
UNTOUCHED = 0x5A
DIRECT, IMAGE = 0xFFFFFFC000000000, 0xFFFFFFFF80200000
SOON = 20_000_000
STEP = 0x9E3779B97F4A7C15


def content(word):
    """What a page that begins with a word holds."""
    return b"".join(struct.pack("<Q", (word + i * STEP) % (1 << 64)) for i in range(512))


@dataclasses.dataclass(frozen=True)
class Copied:
    """What came of a copy: faults are (address, access); busy: a copy was said to be
    going on afterwards."""

    result: int
    data: bytes  # what was read, and some bytes behind it
    faults: list
    busy: bool

    def copied(self, wanted, what):
        """It copied just that, without touching what is behind."""
        check_equal(self.result, 0, f"what {what} returned")
        check_equal(self.data[: len(wanted)], wanted, f"bytes that {what} copied")
        rest = self.data[len(wanted) :]
        check_equal(set(rest) - {UNTOUCHED}, set(), f"bytes behind those of {what}")
        return self.idle(what)

    def refused(self, result, what):
        """It was refused, and nothing was copied."""
        check_equal(self.result, result, f"what {what} returned")
        check_equal(set(self.data) - {UNTOUCHED}, set(), f"bytes that {what} copied")
        return self.idle(what)

    def idle(self, what):
        """It does not say that it copies still; nor did it in a fault."""
        check_equal(self.busy, False, f"copying is set behind {what}")
        for va, access in self.faults:
            check_equal(access & PINNED, 0, f"copying is set in the fault at {va:#x}")
        return self


def _faults(answer):
    data = answer.bytes()
    return list(struct.iter_unpack("<QQ", data)), answer.u8() != 0


class Copies:
    """Operations one after the other; each gives a result, in results()."""

    def __init__(self):
        self.ops, self.pieces, self.readers = "", [], []

    def _do(self, op, reader, *pieces):
        self.ops += op
        self.pieces += pieces
        self.readers.append(reader)
        return self

    def play(self, run):
        """Return the request that plays it."""
        question = pack("string", self.ops, *self.pieces)
        return run.ask("uaccess", "script", question, budget=SOON)

    def results(self, answer):
        """Return the results of all operations that have any."""
        found = [reader(answer) for reader in self.readers if reader]
        answer.done()
        return found

    def page(self, va, word, flags=WRITABLE):
        return self._do("p", None, "u64", va, "u64", flags, "u64", word)

    def plan(self, va, access, flags=0, error=0):
        """A fault for access will make the page of va have flags, or give an error."""
        return self._do("P", None, "u64", va & -PAGE, "u32", access, "u64", flags,
                        "u32", error)  # fmt: skip

    def _read(self, op, va, n):
        def read(a):
            result, data = a.error(), a.bytes()
            return Copied(result, data, *_faults(a))

        return self._do(op, read, "u64", va, "u64", n)

    def read(self, va, n):
        return self._read("r", va, n)

    def read_at_once(self, va, n):
        return self._read("o", va, n)

    def read_now(self, va, n):
        return self._read("n", va, n)

    def string(self, va, size):
        return self._read("s", va, size)

    def _write(self, op, va, data):
        return self._do(op, lambda a: Copied(a.error(), b"", *_faults(a)),
                        "u64", va, "bytes", data)  # fmt: skip

    def write(self, va, data):
        return self._write("w", va, data)

    def write_at_once(self, va, data):
        return self._write("O", va, data)

    def _word(self, op, va, value, desired):
        def read(a):
            result, found = a.error(), a.u32()
            return Copied(result, b"", *_faults(a)), found

        return self._do(op, read, "u64", va, "u32", value, "u32", desired)

    def peek(self, va, value=0):
        """(Copied, the word; value if none was read)"""
        return self._word("k", va, value, 0)

    def exchange(self, va, expected, desired):
        """(Copied, what is in *expected afterwards)"""
        return self._word("x", va, expected, desired)

    def memory(self, va, n):
        """What the page holds, by way of its entry."""
        return self._do("m", lambda a: a.bytes(), "u64", va, "u64", n)

    def secret(self, data):
        """Where bytes of the kernel's are."""
        return self._do("a", lambda a: a.u64(), "bytes", data)


def play(run, *scripts):
    """Return the results of scripts; a generator. The first goes ahead."""
    answers = [(yield scripts[0].play(run))]
    if scripts[1:]:
        answers += yield [script.play(run) for script in scripts[1:]]
    return [script.results(answer) for script, answer in zip(scripts, answers)]


def place(random, pages=1):
    """An address of user space, at the beginning of a page."""
    return random.randrange(1, (USER_END >> 12) - 2 * pages) << 12
