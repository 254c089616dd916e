"""Scripts for guest/tables.c and guest/kernelmap.c, and a model of page tables."""

import dataclasses
import struct

from grading import check, check_equal, pack
from grading.errors import ENOMEM

PAGE, MIB2, GIB = 1 << 12, 1 << 21, 1 << 30
SPANS = (PAGE, MIB2, GIB)
V, R, W, X, U, G, A, D, COW = (1 << bit for bit in range(9))
POOL = range(0x82000000, 0x83000000)  # guest/pool.h
EVERYTHING = 0xFFFFFFFF
SOON = 20_000_000  # instructions: a question that takes more goes round in circles


def index(va, level):
    """The index of va in a table of a level [riscv-priv §4.3.2]."""
    return va >> 12 + 9 * level & 511


def canonical(va):
    """va with bits 39 and up as bit 38 is."""
    va &= (1 << 39) - 1
    return va | (1 << 64) - (1 << 39) if va >> 38 else va


def target(entry):
    """The physical address in an entry."""
    return (entry >> 10 & (1 << 44) - 1) << 12


@dataclasses.dataclass(frozen=True)
class Entry:
    """An entry that is not 0, as it lies in memory."""

    level: int
    va: int
    value: int
    at: int  # its own physical address

    @property
    def is_leaf(self):
        return bool(self.value & V and self.value & (R | W | X))

    @property
    def is_table(self):
        return bool(self.value & V) and not self.is_leaf

    @property
    def flags(self):
        return self.value & 0x3FF

    @property
    def pa(self):
        return target(self.value)

    @property
    def size(self):
        return SPANS[self.level]


def entries(answer):
    """Read what 'd' put."""
    data = answer.bytes()
    words = struct.unpack(f"<{len(data) // 8}Q", data)
    return [Entry(head & 3, head & ~3, value, at)
            for head, value, at in zip(words[::3], words[1::3], words[2::3])]  # fmt: skip


def leaves(found):
    """{address: Entry} of all pages."""
    return {e.va: e for e in found if e.is_leaf}


def tables(found):
    """Entries that lead to tables; each table is the pool's, and led to once."""
    led = [e for e in found if e.is_table]
    for e in led:
        check(e.pa in POOL, f"the entry for {e.va:#x} at level {e.level} leads to "
              f"{e.pa:#x}, which is no frame that was given out")  # fmt: skip
    check_equal(len({e.pa for e in led}), len(led), "tables that are led to once")
    return led


def largest(va, pa, size):
    """The pages that a range takes, each as large as it can be."""
    while size:
        span = next(s for s in reversed(SPANS)
                    if not (va | pa) % s and s <= size)  # fmt: skip
        yield va, pa, span
        va, pa, size = va + span, pa + span, size - span


def addresses(random, count, user=False):
    """So many addresses, all over; some are neighbours."""
    found = []
    while len(found) < count:
        va = canonical(random.getrandbits(38 if user else 39) & -PAGE)
        found.append(va)
        bit = 12 + random.randrange(27 if not user else 26)
        found.append(canonical(va ^ 1 << bit))
    return list(dict.fromkeys(found))[:count]


def apart(random, count):
    """So many addresses, each in another range of a GiB."""
    found = {}
    while len(found) < count:
        va = canonical(random.getrandbits(39) & -PAGE)
        found.setdefault(va >> 30, va)
    return list(found.values())


class Script:
    """Operations one after the other; each gives a result, in results()."""

    program = "tables"
    case = "script"

    def __init__(self):
        self.ops, self.pieces, self.readers = "", [], []

    def _do(self, op, reader=lambda a: None, *pieces):
        self.ops += op
        self.pieces += pieces
        self.readers.append(reader)
        return self

    def play(self, run, budget=SOON):
        """Return the request that plays it."""
        question = pack("string", self.ops, *self.pieces)
        return run.ask(self.program, self.case, question, budget=budget)

    def results(self, answer):
        """Return the results, one for each operation."""
        found = [reader(answer) for reader in self.readers]
        answer.done()
        return found

    def let(self, frames):
        """From now on there are so many frames left."""
        return self._do("l", lambda a: None, "u32", frames)

    def dump(self):
        """All entries that are not 0."""
        return self._do("d", entries)


def play(run, *scripts):
    """Return the results of scripts; a generator. The first goes ahead: what is
    not written yet costs one boot, not many."""
    answers = [(yield scripts[0].play(run))]
    if scripts[1:]:
        answers += yield [script.play(run) for script in scripts[1:]]
    return [script.results(answer) for script, answer in zip(scripts, answers)]


class Tables(Script):
    """For guest/tables.c."""

    def walk(self, va, level=0, create=False):
        """Where the entry is; 0: NULL."""
        return self._do("w", lambda a: a.u64(), "u64", va, "u32", level, "u8", create)

    def map(self, va, pa, size, flags):
        """None if it panicked, else what it returned."""

        def read(a):
            panicked, error = a.u8(), a.error()
            return None if panicked else error

        return self._do("m", read, "u64", va, "u64", pa, "u64", size, "u64", flags)

    def enter(self, va, level, value):
        """(where the entry is, what it holds); a frame if value has no address"""
        return self._do("e", lambda a: (a.u64(), a.u64()), "u64", va, "u32", level,
                        "u64", value)  # fmt: skip

    def free(self):
        return self._do("f")

    def counts(self):
        """(frames in use, bad frees, frames that went while an entry led there)"""
        return self._do("c", lambda a: (a.u32(), a.u32(), a.u32()))


# ---- The kernel's map ----------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Ram:
    """A machine's memory: (address, bytes) of RAM, and (address, bytes, no_map) of
    what is reserved."""

    ram: tuple
    reserved: tuple = ()

    @property
    def pieces(self):
        """What the guest is told."""
        found = []
        for ranges in (self.ram, self.reserved):
            found += ["u32", len(ranges)]
            for one in ranges:
                found += ["u64", one[0], "u64", one[1]]
        return found + [x for one in self.reserved for x in ("u8", one[2])]

    @property
    def mapped(self):
        """What is to be mapped of it: (first, behind the last) of whole frames."""
        found = []
        for base, size in self.ram:
            pieces = [(base, base + size)]
            for at, length, no_map in self.reserved:
                if not no_map:
                    continue
                low, high = at & -PAGE, at + length + PAGE - 1 & -PAGE
                pieces = [piece for a, b in pieces
                          for piece in ((a, min(b, low)), (max(a, high), b))
                          if piece[0] < piece[1]]  # fmt: skip
            found += pieces
        return sorted(found)


REAL = Ram(((0x80000000, 64 << 20),))


def odd_ram(random):
    """RAM in several pieces, beyond what this machine has, with reserved ranges;
    the test's own frames and the image are in it."""
    ram, at = [(0x80000000, (64 << 20) + random.randrange(1, 900) * PAGE)], 0x90000000
    for _ in range(2):
        at += random.randrange(1, 5000) * PAGE
        size = random.randrange(1, 1500) * PAGE
        ram.append((at, size))
        at += size
    first = 0x140000000 - random.randrange(600) * PAGE
    ram.append((first, 2 * GIB + random.randrange(600) * PAGE))
    reserved = [(0x80000000, 0x80000, True)]
    for base, size in ram[1:]:
        at = base + random.randrange(size // PAGE) * PAGE
        reserved.append((at + random.randrange(8) * 100, 1 + random.randrange(9000),
                         random.random() < 0.7))  # fmt: skip
    return Ram(tuple(ram), tuple(reserved))


@dataclasses.dataclass(frozen=True)
class Image:
    """Where the kernel's parts are; at: where all of it is in RAM."""

    text: int
    etext: int
    rodata: int
    erodata: int
    data: int
    end: int
    guard: int
    at: int

    def physical(self, va):
        return va - self.text + self.at


DIRECT, STACKS = 0xFFFFFFC000000000, 0xFFFFFFE000000000
STACK = 1 << 14  # KSTACK_SIZE, kernel/arch/layout.h


class KernelMap(Script):
    """For guest/kernelmap.c."""

    program = "kernelmap"

    def init(self, ram):
        """(satp, boot_satp, where the root is)"""
        return self._do("i", lambda a: (a.u64(), a.u64(), a.u64()), *ram.pieces)

    def image(self):
        return self._do("y", lambda a: Image(*(a.u64() for _ in range(8))))

    def device(self, pa, size):
        return self._do("D", lambda a: a.u64(), "u64", pa, "u64", size)

    def read_device(self, pa, size):
        """(address, the 32 bits there)"""
        return self._do("R", lambda a: (a.u64(), a.u32()), "u64", pa, "u64", size)

    def stack(self, slot):
        """A new stack's top; 0: none."""
        return self._do("k", lambda a: a.u64(), "u32", slot)

    def free_stack(self, slot):
        return self._do("K", lambda a: None, "u32", slot)

    def use(self, stacks, key):
        """The sum of what was read back; see used()."""
        return self._do("u", lambda a: a.u64(), "u32", stacks, "u64", key)

    def frames(self):
        return self._do("c", lambda a: a.u32())

    def told(self):
        """[(hart, address, size, number)] since the last time"""

        def read(a):
            data = a.bytes()
            return list(struct.iter_unpack("<4Q", data))

        return self._do("t", read)


def used(stacks, key):
    """What use() is to return."""
    words = range(1, STACK // 8 + 1)
    return sum(key * (i + w) * w for i in range(stacks) for w in words) % (1 << 64)


def rights(mapped, low, high):
    """{(pa - va, flags without A, D, V, G)} of the pages in [low, high); 0 where there
    is none."""
    found, at = set(), low
    while at < high:
        for span in SPANS:
            e = mapped.get(at & -span)
            if e is not None and e.size >= span:
                break
        if e is None or e.size < span:
            found.add(None)
            at += PAGE
            continue
        found.add((e.pa - e.va, e.flags & (R | W | X | U)))
        at = e.va + e.size
    return found
