"""RAM that is made up, scripts for guest/frames.c and guest/slabs.c, and a model
of what a buddy allocator can do."""

import dataclasses

from grading import Fail, check, check_equal, pack
from grading.verdict import GuestCrash

PAGE = 4096
BASE = 0x81000  # guest/memory.h: the first frame of the window, by its number
FRAMES = 12288
TOP = 10  # FRAME_MAX_ORDER
TABLE_SHARE = 128  # a table of all frames takes less than this part of them


@dataclasses.dataclass(frozen=True)
class Ram:
    """RAM and what of it is reserved: (first frame, frames), window-relative.

    litter: 16 bits that memory around the beginning of RAM is full of.
    """

    ram: tuple
    reserved: tuple = ()
    litter: int = 0

    @property
    def pieces(self):
        """What the guest is told."""
        found = []
        for ranges in (self.ram, self.reserved):
            found += ["u32", len(ranges)]
            for first, count in ranges:
                found += ["u64", (BASE + first) * PAGE, "u64", count * PAGE]
        return [*found, "u16", self.litter]

    @property
    def frames(self):
        """The frames that nobody has reserved."""
        taken = {f for first, n in self.reserved for f in range(first, first + n)}
        return {f for first, n in self.ram for f in range(first, first + n)} - taken


def whole(megabytes=16):
    """RAM in one piece, at a multiple of the largest block."""
    return Ram(((0, megabytes * 256),))


def odd(generator):
    """RAM that begins and ends anywhere."""
    first = generator.randrange(1, 1000) | 1
    return Ram(((first, generator.randrange(3000, 5000) | 1),))


def holes(generator):
    """RAM in pieces, with reserved ranges in them.

    A large one comes first: what is far behind a small one is left out.
    """
    at, ram, reserved = generator.randrange(300), [], []
    sizes = [generator.randrange(1, 40) for _ in range(2)]
    sizes += [generator.randrange(1100, 2900) for _ in range(2)]
    generator.shuffle(sizes)
    for size in (generator.randrange(1100, 2900), *sizes):
        ram.append((at, size))
        if size > 100:
            for _ in range(3):
                begin = at + generator.randrange(size - 70)
                reserved.append((begin, generator.choice((1, 2, 5, 64))))
        at += size + generator.randrange(1, 300)
    return Ram(tuple(ram), tuple(reserved))


def shapes(run):
    """Some RAM of each kind, as the test's generator draws it."""
    return [whole(), odd(run.random), holes(run.random)]


# ---- The model -------------------------------------------------------------------


def blocks(frames, order):
    """The aligned blocks of an order that lie in a set of frames, by their first
    frame: what a buddy allocator that has merged all it can can give out."""
    size = 1 << order
    firsts = {f & -size for f in frames} if BASE % size == 0 else set()
    return {f for f in firsts if all(g in frames for g in range(f, f + size))}


def is_managed(ram, frames):
    """Check that these are all frames of RAM, but for the allocator's table, which
    is in one piece."""
    check(frames <= ram.frames, f"{len(frames - ram.frames)} frames that are not "
          "there, or are reserved, were given out")  # fmt: skip
    missing = sorted(ram.frames - frames)
    span = ram.ram[-1][0] + ram.ram[-1][1] - ram.ram[0][0]
    check(len(missing) <= span // TABLE_SHARE + 1,
          f"{len(missing)} of {len(ram.frames)} frames were never given out")  # fmt: skip
    if missing:
        check_equal(missing[-1] - missing[0] + 1, len(missing),
                    "the frames that were not given out (the table is in one piece)")  # fmt: skip


# ---- Scripts ---------------------------------------------------------------------


class Script:
    """Operations one after the other; each gives a result, in results()."""

    program = ""

    def __init__(self, ram):
        self.ram, self.ops, self.pieces, self.readers = ram, "", [], []

    def _do(self, op, reader=lambda a: None, *pieces):
        self.ops += op
        self.pieces += pieces
        self.readers.append(reader)
        return self

    def hold_last_lock(self):
        """From now on whoever takes a lock of the allocators panics."""
        return self._do("L")

    @property
    def question(self):
        """What the guest is asked."""
        return pack(*self.ram.pieces, "string", self.ops, *self.pieces)

    def play(self, run):
        """Return the request that plays it."""
        return run.ask(self.program, "script", self.question)

    def results(self, answer):
        """Return the results, one for each operation."""
        found = [reader(answer) for reader in self.readers]
        answer.done()
        return found


def play(run, first, *others):
    """Return the results of scripts, most of them played in one boot; a generator.

    The first goes ahead: what is not written yet costs one boot, not many.
    """
    answers = [(yield first.play(run))]
    if others:
        answers += yield [script.play(run) for script in others]
    return [script.results(answer) for script, answer in zip((first, *others), answers)]


@dataclasses.dataclass
class All:
    """What all blocks of an order were, as first frames cannot be told."""

    count: int
    wrong: int
    twice: int
    frames: set

    def good(self, what=""):
        """Check that each is a block, and none came twice."""
        check_equal(self.wrong, 0, f"blocks not aligned, or outside of RAM{what}")
        check_equal(self.twice, 0, f"frames that were given out twice{what}")
        return self


class Frames(Script):
    """For guest/frames.c."""

    program = "frames"

    def alloc(self, slot, order=0):
        """The frame of the block, window-relative; None: there was none."""

        def read(a):
            pa = a.u64()
            return (pa // PAGE - BASE if pa % PAGE == 0 else -1) if pa else None

        return self._do("a", read, "u32", slot, "u32", order)

    def free(self, slot, order=0):
        return self._do("f", lambda a: a.u8(), "u32", slot, "u32", order)

    def counts(self):
        return self._do("c", lambda a: (a.u64(), a.u64()))

    def take_all(self, order=0):
        def read(a):
            count, wrong, twice, bits = a.u32(), a.u32(), a.u32(), a.bytes()
            number = int.from_bytes(bits, "little")
            text = bin(number)[:1:-1]
            return All(count, wrong, twice, {i for i, c in enumerate(text) if c == "1"})

        return self._do("x", read, "u32", order)

    def free_all(self, step=1, mask=0, value=0):
        """Frees what take_all took; step: a prime. (freed, damaged)"""
        return self._do("y", lambda a: (a.u32(), a.u32()),
                        "u32", step, "u32", mask, "u32", value)  # fmt: skip

    def ref(self, slot):
        return self._do("r", lambda a: None, "u32", slot)

    def unref(self, slot):
        return self._do("u", lambda a: None, "u32", slot)

    def unref_shared(self, slot):
        return self._do("s", lambda a: a.u8(), "u32", slot)

    def refs(self, slot):
        return self._do("n", lambda a: a.u32(), "u32", slot)

    def mark(self, slot, is_slab=True):
        return self._do("m", lambda a: None, "u32", slot, "u8", is_slab)

    def find(self, slot, offset):
        """(frame of the block's start, order, whether it is a slab's)"""
        return self._do("b", lambda a: (a.u64() // PAGE - BASE, a.u32(), a.u8()),
                        "u32", slot, "u32", offset)  # fmt: skip

    def hart(self, index):
        return self._do("h", lambda a: None, "u32", index)

    def release_last_lock(self):
        return self._do("U")

    def turn_interrupts_on(self):
        return self._do("I")

    def interrupts_are_on(self):
        return self._do("i", lambda a: a.u8())


class Slabs(Script):
    """For guest/slabs.c."""

    program = "slabs"

    def init(self, cache, size):
        """(size of an object, order of a slab)"""
        return self._do("i", lambda a: (a.u32(), a.u32()), "u32", cache, "u32", size)

    def alloc(self, cache, slot, count=1):
        """Physical addresses, 0 for NULL."""
        return self._do("a", lambda a: [a.u64() for _ in range(count)],
                        "u32", cache, "u32", slot, "u32", count)  # fmt: skip

    def free(self, cache, slots):
        """How many objects did not hold any more what was put there."""
        pieces = [x for slot in slots for x in ("u32", slot)]
        count = len(slots)
        return self._do("f", lambda a: count - sum(a.u8() for _ in range(count)),
                        "u32", cache, "u32", count, *pieces)  # fmt: skip

    def lists(self, cache):
        """(slabs with used and free objects, slabs without used ones)"""
        return self._do("l", lambda a: (a.u32(), a.u32()), "u32", cache)

    def kmalloc(self, slot, size, count=1):
        return self._do("k", lambda a: [a.u64() for _ in range(count)],
                        "u32", slot, "u32", count, "u64", size)  # fmt: skip

    def kfree(self, slots):
        pieces = [x for slot in slots for x in ("u32", slot)]
        count = len(slots)
        return self._do("K", lambda a: count - sum(a.u8() for _ in range(count)),
                        "u32", count, *pieces)  # fmt: skip

    def count(self):
        return self._do("c", lambda a: a.u64())

    def take_all(self):
        return self._do("X", lambda a: a.u32())

    def free_all(self):
        return self._do("Y")


def panics(run, script, what, about=""):
    """Fail unless the script ends in a panic that somebody asked for: no trap, and
    nothing that is still to be written; a generator. about: in the panic's text."""
    try:
        yield script.play(run)
    except GuestCrash as crash:
        if "panicked" not in crash.text or "fault" in crash.text:
            raise
        # The console may be behind: then the text is not known.
        if about not in crash.text and "no message" not in crash.text:
            raise
        return
    raise Fail(f"{what}: nobody noticed")


PRIMES = (15485863, 32452843, 49979687, 67867967, 86028121)


def step(run):
    """A step that leads through any number of frames, in an order of its own."""
    return run.random.choice(PRIMES)
