"""Scripts for guest/spaces.c, and a hart that is watched at each instruction."""

import contextlib
import dataclasses
import struct

from _tables import A, D, R, Script, V, W, entries

from grading import Fail, pack
from grading.guest import ENDS, Stop
from grading.verdict import GuestCrash

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


# ---- Instruction by instruction -------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Step:
    """An instruction that was run; registers are those before it."""

    code: int
    registers: list

    @property
    def access(self):
        """(address, whether it writes) of a load, store or AMO; None."""
        return _access(self.code, self.registers)

    @property
    def stored(self):
        """What a store writes."""
        code = self.code
        if code & 3 == 3:
            return self.registers[code >> 20 & 31]
        return self.registers[8 + (code >> 2 & 7)]

    @property
    def fence(self):
        """Of reads and writes, before and behind it? [riscv-unpriv §2.7]"""
        return self.code & 0x707F == 0x0F and self.code >> 20 & 0x33 == 0x33

    @property
    def flush(self):
        """(address, number) of an sfence.vma; None: all; () if it is none."""
        if self.code & 0xFE007FFF != 0x12000073:
            return ()
        return tuple(self.registers[r] if r else None
                     for r in (self.code >> 15 & 31, self.code >> 20 & 31))  # fmt: skip

    @property
    def writes_satp(self):
        """Does it write satp?"""
        return self.code & 0x7F == 0x73 and self.code >> 20 == 0x180 \
            and self.code >> 12 & 3 == 1  # fmt: skip

    @property
    def syncs_code(self):
        """fence.i"""
        return self.code & 0x707F == 0x100F


def _signed(value, bits):
    return value - (1 << bits) if value >> bits - 1 & 1 else value


def _access(code, x):
    """Loads, stores, AMOs; the compressed ones of 32 and 64 bits, too
    [riscv-unpriv §16.3]."""
    if code & 3 == 3:
        kind, base = code & 0x7F, x[code >> 15 & 31]
        if kind == 0x03:
            return base + _signed(code >> 20, 12) & ALL_BYTES, False
        if kind == 0x23:
            offset = (code >> 25) << 5 | code >> 7 & 31
            return base + _signed(offset, 12) & ALL_BYTES, True
        if kind == 0x2F:
            return base, code >> 27 != 2  # all but lr write
        return None
    code &= 0xFFFF
    function = code >> 13
    if code & 3 == 0 and function in (2, 3, 6, 7):
        base = x[8 + (code >> 7 & 7)]
        offset = (code >> 10 & 7) << 3
        if function & 1:
            offset |= (code >> 5 & 3) << 6
        else:
            offset |= (code >> 6 & 1) << 2 | (code >> 5 & 1) << 6
        return base + offset & ALL_BYTES, function >= 6
    return None


class Watch:
    """A hart that steps through functions that are called with a space."""

    def __init__(self, guest):
        self.guest = guest

    def places(self):
        """(where spaces are, where the first one's generation is, how far they are
        apart, where `active` of this hart is, and of another)"""
        return struct.unpack("<5Q", self.guest.read("grade_places", 40))

    def call(self, function, most=4000):
        """Run to the next call of a function; return its Steps to the end."""
        stub = self.guest.stub
        self.guest.run_to(function)
        back, found = stub.register("ra"), []
        while True:
            registers = list(stub.registers().values())
            address = registers.pop()
            if address == back:
                return found
            if len(found) == most:
                raise Fail(f"{function} has not returned after {most} instructions")
            name = self.guest.elf.name(address)
            if name in ENDS:  # not written yet, or a panic
                raise GuestCrash(self.guest.explain(Stop(ENDS[name], name, address)))
            code = int.from_bytes(self.guest.read(address, 4), "little")
            found.append(Step(code if code & 3 == 3 else code & 0xFFFF, registers))
            stub.step()


@contextlib.contextmanager
def watch(run, script):
    """Give a Watch of a hart that is about to play a script."""
    ask = run.ask("spaces", "steps", pack("string", script.ops, *script.pieces))
    with run.start("grade/spaces.elf") as guest:
        guest.run_to("__wrap_kmain")
        guest.write("grade_questions", struct.pack("<Q", 1) + ask.packed)
        yield Watch(guest)


def flushes(steps):
    """The sfence.vma among steps: [(address, number)]."""
    return [s.flush for s in steps if s.flush]


def forgets(flush, va, asid):
    """Does an sfence.vma make a hart forget the page at va, of a number?"""
    address, number = flush
    return (address is None or address >> 12 == va >> 12) and number in (None, asid)
