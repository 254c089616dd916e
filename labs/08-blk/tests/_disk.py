"""Scripts for guest/disk.c: a disk that is played, and requests to it."""

import dataclasses
import struct

from grading import check, check_equal, pack
from grading.errors import EIO, EOPNOTSUPP

SECTOR = 512
READ, WRITE, FLUSH, GET_ID = range(4)  # enum blk_op
TYPES = {READ: 0, WRITE: 1, FLUSH: 4, GET_ID: 8}  # [virtio §5.2.6]
OK, IOERR, UNSUPP = range(3)
TRUE, NO_STATUS = 0xFFFFFFFF, 0x100

SIZE_MAX, SEG_MAX, RO, BLK_SIZE = 1 << 1, 1 << 2, 1 << 5, 1 << 6
CAN_FLUSH, MQ = 1 << 9, 1 << 12
INDIRECT, EVENT_IDX, VERSION_1 = 1 << 28, 1 << 29, 1 << 32
NEEDS_RESET, FAILED, LIVE = 64, 128, 15

# What the specification says of disks that say nothing [virtio §5.2.4].
CONFIG = {"capacity": 0, "size_max": 0, "seg_max": 0, "blk_size": 0, "num_queues": 0}


def config(**fields):
    """Return the configuration space [virtio §5.2.4]; num_queues is at 34."""
    c = {**CONFIG, **fields}
    return struct.pack("<QII4xI8xBxHI", c["capacity"], c["size_max"], c["seg_max"],
                       c["blk_size"], 1, c["num_queues"], 0)  # fmt: skip


@dataclasses.dataclass
class Disk:
    """What the driver made of a disk."""

    error: int
    queues: int
    sectors: int
    block_size: int
    max_vec: int
    max_bytes: int


@dataclasses.dataclass
class Chain:
    """A chain as the device has it: lengths it reads, lengths it writes, what it
    reads; sorted: nothing to be read comes behind what is to be written."""

    outs: list
    ins: list
    data: bytes
    queue: int
    sorted: bool = True

    @property
    def header(self):
        """(type, reserved, sector), or None."""
        return struct.unpack("<IIQ", self.data[:16]) if len(self.data) >= 16 else None


@dataclasses.dataclass
class Result:
    """What became of a request; order: the how-manieth it was to be done;
    resets, bells: how many there had been when it was done."""

    done: int
    status: int
    order: int
    resets: int
    bells: int
    held: int
    data: bytes


@dataclasses.dataclass
class State:
    """What the device and the disk are like."""

    status: int
    resets: int
    accepted: int
    early: int
    bells: int
    held: int
    sectors: int
    errors: int


class Script:
    """Operations one after the other; those that tell something have a result, in
    results()."""

    def __init__(self):
        self.ops, self.pieces, self.readers = "", [], []
        self.requests = self.taken = 0

    def _do(self, op, reader, *pieces):
        self.ops += op
        self.pieces += pieces
        if reader:
            self.readers.append(reader)
        return self

    @property
    def question(self):
        """What the guest is asked."""
        return pack("string", self.ops, *self.pieces)

    def results(self, answer):
        """Return the results, one for each operation that has one."""
        found = [reader(answer) for reader in self.readers]
        answer.done()
        return found

    # ---- A disk

    def new(self, features=0, legacy=False, size=128, capacity=1 << 20, **fields):
        """A disk; size: descriptors of a queue."""
        self.legacy = legacy
        if not legacy:
            features |= VERSION_1

        def read(a):
            return Disk(a.error(), a.u32(), a.u64(), a.u32(), a.u32(), a.u64())

        return self._do("n", read, "u8", legacy, "u64", features,
                        "bytes", config(capacity=capacity, **fields), "u32", size)  # fmt: skip

    def start(self, serial=b""):
        """Make it known; its serial number as the kernel has it."""
        return self._do("S", lambda a: a.bytes(), "bytes", serial)

    def state(self):
        def read(a):
            return State(a.u8(), a.u32(), a.u64(), a.u32(), a.u32(), a.u32(), a.u64(), a.u64())

        return self._do("x", read)

    def name(self, index):
        return self._do("N", lambda a: a.string(), "u32", index)

    # ---- Requests

    def submit(self, op, sector=0, lens=(), content=b""):
        """lens: of its vectors; content: of all of them, repeated."""
        sizes = [x for n in lens for x in ("u32", n)]
        self.requests += 1
        return self._do("s", None, "u8", op, "u64", sector, "u32", len(lens), *sizes,
                        "bytes", content)  # fmt: skip

    def kick(self):
        return self._do("b", None)

    def result(self, k):
        def read(a):
            numbers = a.u32(), a.error(), a.u32(), a.u32(), a.u32(), a.u8()
            return Result(*numbers, b"".join(a.bytes() for _ in range(a.u32())))

        return self._do("r", read, "u32", k)

    # ---- The device

    def take(self, most=4096):
        """Take all new chains; of each, up to `most` of the bytes it reads."""

        def read(a):
            chains = []
            while descs := a.bytes():
                pieces = [struct.unpack("<QIHH", descs[i : i + 16])
                          for i in range(0, len(descs), 16)]  # fmt: skip
                writes = [bool(flags & 2) for _, _, flags, _ in pieces]
                outs = [p[1] for p, w in zip(pieces, writes) if not w]
                ins = [p[1] for p, w in zip(pieces, writes) if w]
                chains.append(Chain(outs, ins, a.bytes(), a.u32(), writes == sorted(writes)))
            return chains

        return self._do("t", read, "u32", most)

    def answer(self, chain, status=OK, length=TRUE, content=b""):
        """Be done with the chain-th chain taken."""
        return self._do("a", None, "u32", chain, "u32", status, "u32", length,
                        "bytes", content)  # fmt: skip

    def late(self, chain, content=b"\0"):
        """Be done with it just before interrupts are asked for the next time."""
        return self._do("L", None, "u32", chain, "bytes", content)

    def use(self, chain=None, head=0, length=0, step=1):
        """Put something into the used ring."""
        number = 0xFFFFFFFF if chain is None else chain
        return self._do("u", None, "u32", number, "u32", head, "u32", length, "u32", step)

    def interrupt(self):
        """Whether interrupts were off when they were asked for, with late()."""
        return self._do("i", lambda a: a.u8())

    def wanted(self):
        """Would the device interrupt for what it has used?"""
        return self._do("?", lambda a: a.u8())

    def configure(self, offset, data):
        return self._do("C", None, "u32", offset, "bytes", data)

    def become(self, features=0, status=0, refuses_reset=0, refuses_features=0, size=128):
        if not self.legacy:
            features |= VERSION_1
        return self._do("F", None, "u64", features, "u8", status, "u8", refuses_reset,
                        "u8", refuses_features, "u32", size)  # fmt: skip

    def changed(self):
        """The interrupt that says the configuration or the status has changed."""
        return self._do("c", None)

    def recover(self):
        return self._do("R", lambda a: a.u8())

    # ---- Time

    def looks(self, most, request=0):
        """Let the watchdog look until a request is done: how often it did, and
        whether it is still set."""
        return self._do("W", lambda a: (a.u32(), a.u8()), "u32", most, "u32", request)

    def complaints(self):
        """How many lines of the log, since this was last asked, say something of
        interrupts."""
        return self._do("g", lambda a: a.u32())


def play(run, script, **machine):
    """Return the request that plays a script."""
    where = run.machine(**machine) if machine else None
    return run.ask("disk", "script", script.question, machine=where)


def variants():
    """All that changes how rings are used: legacy, and features."""
    for legacy in (False, True):
        for features in (0, INDIRECT, EVENT_IDX, INDIRECT | EVENT_IDX):
            yield legacy, features


def lengths(random, count, most=4):
    """Return lengths of vectors: whole sectors."""
    return [SECTOR * random.randint(1, most) for _ in range(count)]


def spread(content, lens):
    """Return what lies in vectors of these lengths, one after the other, when
    content is repeated over memory: the last vector lies lowest."""
    total = sum(lens)
    memory = (content * (total // len(content) + 1))[:total]
    pieces, end = [], total
    for n in lens:
        pieces.append(memory[end - n : end])
        end -= n
    return b"".join(pieces)


def repeated(content, size):
    """Return content, again and again."""
    return (content * (size // len(content) + 1))[:size]


def check_done(result, status, what):
    """The request was done, once, with that status and no lock held."""
    check_equal(result.done, 1, f"how often done was called, {what}")
    check_equal(result.status, status, f"the status, {what}")


def fixed(script, run, count, size=SECTOR, **disk):
    """Begin a script with a disk and reads in flight, that were taken."""
    script.new(**disk)
    for _ in range(count):
        script.submit(READ, run.random.randrange(1000), [size])
    return script.kick().take()


__all__ = [name for name in dir() if not name.startswith("_")]
