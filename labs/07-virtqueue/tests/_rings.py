"""Scripts for guest/rings.c: a driver's calls, and a device that is played."""

import dataclasses
import struct

from grading import pack
from grading.errors import EAGAIN, EBUSY, EIO, ENOSPC

INDIRECT, EVENT_IDX = 1 << 28, 1 << 29
NEXT, WRITE, TABLE = 1, 2, 4  # flags of descriptors [virtio §2.7.5]
RAW = 512  # in place of a chain: the number itself, as head


@dataclasses.dataclass
class Descriptor:
    """One descriptor as it lies in memory."""

    addr: int
    len: int
    flags: int
    next: int


@dataclasses.dataclass
class Queue:
    """What virtq_init has done."""

    error: int
    size: int
    chain_max: int
    enabled: int
    told: int
    desc: int
    avail: int
    used: int


class Script:
    """Operations one after the other; each gives a result, in results()."""

    def __init__(self):
        self.ops, self.pieces, self.readers = "", [], []
        self.size = 8  # of the queue
        self.seen = 0  # what the device has taken of the available ring

    def _do(self, op, reader, *pieces):
        self.ops += op
        self.pieces += pieces
        self.readers.append(reader)
        return self

    @property
    def question(self):
        """What the guest is asked."""
        return pack("string", self.ops, *self.pieces)

    def results(self, answer):
        """Return the results, one for each operation."""
        found = [reader(answer) for reader in self.readers]
        answer.done()
        return found

    # ---- What the driver does

    def init(self, size=8, wanted=None, chain_max=4, features=0, legacy=False,
             index=0, enable_says=0):  # fmt: skip
        self.size = min(size, wanted or size)

        def read(a):
            self.seen = 0
            return Queue(a.error(), a.u32(), a.u32(), a.u32(), a.u64(), a.u64(),
                         a.u64(), a.u64())  # fmt: skip

        return self._do(
            "i", read, "u32", size, "u32", wanted or size, "u32", chain_max,
            "u64", features, "u8", legacy, "u32", index, "u32", enable_says,
        )  # fmt: skip

    def add(self, token, outs=(), ins=()):
        """Lengths of what the device reads, then of what it writes."""
        lens = [*outs, *ins]

        def read(a):
            return a.error(), [a.u64() for _ in lens]

        sizes = [x for n in lens for x in ("u32", n)]
        return self._do("a", read, "u64", token, "u32", len(outs), "u32", len(ins), *sizes)

    def pop(self):
        return self._do("p", lambda a: (a.error(), a.u64(), a.u32()))

    def end_batch(self):
        return self._do("e", lambda a: a.u8())

    def enable(self):
        return self._do("+", lambda a: a.u8())

    def disable(self):
        return self._do("-", lambda a: a.u8())

    def has_used(self):
        return self._do("h", lambda a: a.u8())

    def reclaim(self):
        return self._do("r", lambda a: a.u64())

    def restart(self):
        def read(a):
            self.seen = 0
            return a.error(), a.u32()

        return self._do("R", read)

    def destroy(self):
        return self._do("D", lambda a: None)

    def notify(self):
        return self._do("n", lambda a: (a.u32(), a.u32()))

    def counts(self):
        """What was counted: chains, batches with a bell, and how often something used was
        new."""
        return self._do("#", lambda a: (a.u64(), a.u64(), a.u64()))

    def frames(self):
        return self._do("f", lambda a: a.u64())

    # ---- What the device does

    def take(self):
        """Take what is new; the index, and the heads."""

        def read(a):
            index = a.u16()
            count = (index - self.seen) & 0xFFFF
            self.seen = index
            return index, [a.u16() for _ in range(min(self.size, count))]

        return self._do("t", read)

    def walk(self, chain):
        """The descriptors of a chain that was taken, by its number."""

        def read(a):
            found = []
            while piece := a.bytes():
                found.append(Descriptor(*struct.unpack("<QIHH", piece)))
            return found

        return self._do("w", read, "u32", chain)

    def use(self, chain, length=0, step=1):
        return self._do("u", lambda a: None, "u32", chain, "u32", length, "u32", step)

    def rounds(self, count, first):
        return self._do("W", lambda a: (a.u32(), a.u16()), "u32", count, "u64", first)

    def store(self, area, offset, value):
        return self._do("s", lambda a: None, "u8", ord(area), "u32", offset,
                        "u16", value)  # fmt: skip

    def load(self, area, offset):
        return self._do("l", lambda a: a.u16(), "u8", ord(area), "u32", offset)

    def scribble(self, byte):
        return self._do("x", lambda a: None, "u8", byte)


def play(run, script):
    """Return the request that plays a script."""
    return run.ask("rings", "script", script.question)


def variants():
    """All that changes how rings are used: legacy, and features."""
    for legacy in (False, True):
        for features in (0, INDIRECT, EVENT_IDX, INDIRECT | EVENT_IDX):
            yield legacy, features


def token(random):
    """Return something that nobody guesses."""
    return random.getrandbits(62) | 1
