"""Journals, written and read as docs/eclipsefs.md has them, and scripts for
guest/journal.c."""

import dataclasses
import struct

from grading import check, check_equal, pack
from grading.errors import EIO, EROFS, EUCLEAN

BLOCK, SECTOR, PER_BLOCK = 4096, 512, 8
START, COUNT = 5, 120  # where the journal is
DISK = 240  # blocks: guest/journal.c
FIRST = START + COUNT  # of the blocks that are changed
HEAD, DESCRIPTOR, COMMIT = 1, 2, 3
TAGS = 1018
MASK = (1 << 64) - 1
MOST = (COUNT - 1) // 2 - 2  # blocks of a transaction, in a journal of that size
CREDITS = 32
NONE = 0xFFFFFFFF


def crc32c(data):
    """Return Castagnoli's CRC-32."""
    crc = MASK >> 32
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ MASK >> 32


def total(*blocks):
    """Return the sum over blocks that a commit block has."""
    found = 0
    for block in blocks:
        for word in struct.unpack("<512Q", block):
            found = (found ^ word) * 0x9E3779B97F4A7C15 & MASK
            found ^= found >> 32
    return found


def start_of(kind, sequence, magic=b"EJNL"):
    """Return what each block of the journal's own begins with."""
    return magic + struct.pack("<IQ", kind, sequence)


def head(sequence, kind=HEAD, magic=b"EJNL", checksum=None):
    """Return the journal's first sector."""
    first = start_of(kind, sequence, magic)
    right = crc32c(first) if checksum is None else checksum
    return (first + struct.pack("<I", right)).ljust(SECTOR, b"\0")


def content(block, fill):
    """Return a block as guest/journal.c fills it."""
    return struct.pack("<Q", fill << 32 | block) * 511 + bytes(8)


def descriptor(sequence, blocks, revoked=(), kind=DESCRIPTOR, counts=None):
    """Return a descriptor; counts: what it says in place of how many there are."""
    found = start_of(kind, sequence)
    found += struct.pack("<II", *(counts or (len(blocks), len(revoked))))
    found += b"".join(struct.pack("<I", block) for block in [*blocks, *revoked])
    return found.ljust(BLOCK, b"\0")


def commit(sequence, *before, kind=COMMIT, sum=None):
    """Return the commit block behind others."""
    right = total(*before) if sum is None else sum
    return (start_of(kind, sequence) + struct.pack("<Q", right)).ljust(BLOCK, b"\0")


def transaction(sequence, contents, revoked=()):
    """Return the blocks of a transaction; contents: {block: bytes}."""
    blocks = [descriptor(sequence, list(contents), list(revoked)), *contents.values()]
    return [*blocks, commit(sequence, *blocks)]


@dataclasses.dataclass
class Transaction:
    """A transaction that the kernel has written: where, and what is in it."""

    at: int
    sequence: int
    contents: dict
    revoked: list


class Disk:
    """What a disk is to hold: a journal of transactions, and other blocks."""

    def __init__(self, first=1, blocks=(), others=None, start=START, count=COUNT):
        self.start, self.count = start, count
        self.pieces = {start * PER_BLOCK: head(first)}
        for n, data in enumerate(blocks, start + 1):
            self.pieces[n * PER_BLOCK] = data
        for block, data in (others or {}).items():
            self.pieces[block * PER_BLOCK] = data


@dataclasses.dataclass
class Hooks:
    """How often the journal's owner was called, and blocks were sealed."""

    closed: int
    committed: int
    failed: int
    sealed: int


def short(answer):
    """Return bytes that guest/journal.c has put in few words."""
    size = answer.u32()
    if answer.u8():
        return struct.pack("<Q", answer.u64()) * 511 + struct.pack("<Q", answer.u64())
    return answer.bytes().ljust(size, b"\0")


class Script:
    """Operations one after the other; those that tell something have a result."""

    def __init__(self, disk=None):
        disk = disk or Disk()
        self.ops, self.pieces, self.readers = "d", [], []
        self.pieces += ["u32", disk.start, "u32", disk.count, "u32", len(disk.pieces)]
        for sector, data in disk.pieces.items():
            self.pieces += ["u32", sector, "bytes", data]

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

    # ---- The journal

    def open(self, read_only=False):
        """Transactions replayed, or an error."""
        return self._do("o", lambda a: a.error(), "u8", read_only)

    def begin(self):
        return self._do("b", lambda a: a.error())

    def edit(self, block, fill, seal=False):
        return self._do("e", lambda a: bool(a.u8()), "u32", block, "u32", fill, "u8", seal)

    def revoke(self, block):
        return self._do("x", None, "u32", block)

    def end(self):
        return self._do("E", None)

    def cancel(self):
        return self._do("C", None)

    def change(self, fills, revoked=(), keep=True, seal=False):
        """A whole change: {block: fill}, and blocks that are freed."""
        self.begin()
        for block, fill in fills.items():
            self.edit(block, fill, seal)
        for block in revoked:
            self.revoke(block)
        return self.end() if keep else self.cancel()

    def after_data(self):
        return self._do("D", None)

    def commit(self):
        return self._do("k", lambda a: a.error())

    def flush(self):
        return self._do("f", lambda a: a.error())

    def close(self):
        return self._do("q", None)

    # ---- What is seen

    def cached(self, block):
        return self._do("c", short, "u32", block)

    def placed(self, block):
        return self._do("p", short, "u32", block)

    def hooks(self):
        return self._do("h", lambda a: Hooks(a.u32(), a.u32(), a.u32(), a.u32()))

    def events(self):
        """[(sector, bytes)] of what was written since the last time; no bytes: a
        flush."""
        return self._do("L", lambda a: [(a.u32(), short(a)) for _ in range(a.u32())])

    def brief(self):
        """[(sector, length, first 24 bytes)] of what was written since the last time."""
        return self._do("M", lambda a: [(a.u32(), a.u32(), a.bytes()) for _ in range(a.u32())])

    def sum(self, data):
        return self._do("s", lambda a: a.u64(), "bytes", data)

    # ---- The disk

    def fail(self, after):
        return self._do("F", None, "u32", after)

    def bad(self, block):
        return self._do("B", None, "u32", block)

    def write(self, block, fill):
        return self._do("w", None, "u32", block, "u8", fill)

    def crash(self, count=NONE, mask=b"", torn=NONE, sectors=0):
        return self._do("X", None, "u32", count, "u32", torn, "u32", sectors, "bytes", mask)


def ask(run, *scripts):
    """Ask all scripts in one boot; return the results of each. Use yield from."""
    answers = yield [run.ask("journal", "script", s.question) for s in scripts]
    return [script.results(answer) for script, answer in zip(scripts, answers)]


# ---- What was written ---------------------------------------------------------


def blocks_of(events):
    """Return {block: bytes} of all whole blocks that events wrote, and the number of
    flushes."""
    found, flushes = {}, 0
    for sector, data in events:
        flushes += not data
        for at in range(0, len(data) - len(data) % BLOCK, BLOCK):
            found[sector // PER_BLOCK + at // BLOCK] = data[at : at + BLOCK]
    return found, flushes


def transactions(events):
    """Return the transactions that are in the journal by these events, having checked
    them against the specification, in their order."""
    blocks, _ = blocks_of(events)
    found = []
    for at, data in sorted(blocks.items()):
        if not START < at < FIRST or data[:8] != start_of(DESCRIPTOR, 0)[:8]:
            continue
        sequence, count, revoked = struct.unpack_from("<QII", data, 8)
        check(count + revoked <= TAGS, f"a descriptor has {count} and {revoked} blocks")
        numbers = struct.unpack_from(f"<{count + revoked}I", data, 24)
        parts = [blocks.get(at + i, b"") for i in range(count + 2)]
        check(all(parts), "a transaction's blocks do not follow one another in the journal")
        check_equal(parts[-1][:16], start_of(COMMIT, sequence), "how the commit block begins")
        check_equal(int.from_bytes(parts[-1][16:24], "little"), total(*parts[:-1]),
                    "the commit block's checksum")  # fmt: skip
        found.append(Transaction(at, sequence, dict(zip(numbers, parts[1:-1])),
                                 list(numbers[count:])))  # fmt: skip
    return found


def single(events):
    """Return the one transaction that is in the journal by these events."""
    found = transactions(events)
    check_equal(len(found), 1, "transactions that were written")
    return found[0]


def heads(events):
    """Return the sequences of the heads that were written."""
    found = []
    for sector, data in events:
        if sector == START * PER_BLOCK and data:
            sequence = int.from_bytes(data[8:16], "little")
            check_equal(data[:20], head(sequence)[:20], "a new head's first 20 bytes")
            check_equal(len(data), SECTOR, "bytes of a write of the head")
            found.append(sequence)
    return found


__all__ = [name for name in dir() if not name.startswith("_")]
