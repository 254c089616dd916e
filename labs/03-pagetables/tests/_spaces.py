"""Scripts for guest/spaces.c, and a hart that is watched at each instruction."""

import dataclasses
import struct

from _tables import A, D, R, Script, V, W, entries

from grading import pack, steps

NONE = 255
PAGE_FLAGS = V | R | W | A | D
ALL_BYTES = (1 << 64) - 1


def hartid(hart):
    """What the firmware calls another hart (guest/spaces.c)."""
    return 1000 + 7 * hart


@dataclasses.dataclass(frozen=True)
class State:
    """How this hart and a space stand."""

    active: int  # spaces by number; NONE
    in_use: int
    satp_has_root: bool
    satp_asid: int
    known: int
    generation: int
    refs: int
    dropped: int  # references
    resident: int
    peak: int


@dataclasses.dataclass(frozen=True)
class Moment:
    """A hart was told something ("t"), or a frame went ("f", which is va)."""

    kind: str
    hartid: int
    va: int
    size: int
    asid: int
    generation: int
    valid: int  # pages watched whose entries had V
    told: int  # harts before


class Spaces(Script):
    """For guest/spaces.c."""

    program = "spaces"

    def new(self, number, asid, generation, resident=0, peak=0):
        return self._do("n", lambda a: None, "u8", number, "u64", asid,
                        "u64", generation, "u64", resident, "u64", peak)  # fmt: skip

    def page(self, number, va, word, flags=PAGE_FLAGS, watch=False):
        """The frame's physical address."""
        return self._do("e", lambda a: a.u64(), "u8", number, "u64", va, "u64", word,
                        "u64", flags, "u8", watch)  # fmt: skip

    def hart(self, hart, active=NONE, copying=NONE):
        return self._do("h", lambda a: None, "u8", hart, "u8", active, "u8", copying)

    def knows(self, asid, generation):
        return self._do("k", lambda a: None, "u64", asid, "u64", generation)

    def state(self, number):
        return self._do("q", lambda a: State(
            a.u8(), a.u8(), a.u8() != 0, a.u32(), a.u64(), a.u64(), a.u32(), a.u32(),
            a.u64(), a.u64()), "u8", number)  # fmt: skip

    def switch(self, number):
        return self._do("s", lambda a: None, "u8", number)

    def read(self, va):
        return self._do("r", lambda a: a.u64(), "u64", va)

    def _range(self, op, number, start, end):
        return self._do(op, lambda a: None, "u8", number, "u64", start, "u64", end)

    def revoke(self, number, start, end):
        return self._range("R", number, start, end)

    def drop(self, number, start, end, alone=False):
        return self._range("A" if alone else "D", number, start, end)

    def visit(self, number, start, end, mix):
        """Entries that were visited, mixed with a word and the space's number."""

        def read(a):
            data = a.bytes()
            return list(struct.unpack(f"<{len(data) // 8}Q", data))

        return self._do("v", read, "u8", number, "u64", start, "u64", end, "u64", mix)

    def table_end(self, number, va, end):
        return self._do("E", lambda a: a.u64(), "u8", number, "u64", va, "u64", end)

    def entries(self, number):
        return self._do("d", entries, "u8", number)

    def moments(self):
        def read(a):
            return [Moment(chr(kind), *rest)
                    for kind, *rest in struct.iter_unpack("<8Q", a.bytes())]  # fmt: skip

        return self._do("m", read)

    def counts(self):
        """(frames in use, bad frees)"""
        return self._do("c", lambda a: (a.u32(), a.u32()))


def user_half(found):
    """Entries below the kernel's half, by address: {va: value} at level 0."""
    return {e.va: e.value for e in found if e.level == 0 and e.va < 1 << 38}


def watch(run, script):
    """Return a context: a hart that is about to play a script (grading/steps.py)."""
    question = pack("string", script.ops, *script.pieces)
    return steps.watch(run, "spaces", "steps", question)


def places(hart):
    """Return (where spaces are, where the first one's generation is, how far they are
    apart, where `active` of this hart is, and of another)."""
    return hart.words("grade_places", 5)


def flushes(done):
    """The sfence.vma among steps: [(address, number)]."""
    return [s.flush for s in done if s.flush]


def forgets(flush, va, asid):
    """Does an sfence.vma make a hart forget the page at va, of a number?"""
    address, number = flush
    return (address is None or address >> 12 == va >> 12) and number in (None, asid)
