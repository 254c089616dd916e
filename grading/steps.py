"""A hart that is watched at each instruction, for tests of what comes before what."""

import contextlib
import dataclasses
import struct

from grading.guest import ENDS, Stop
from grading.verdict import Fail, GuestCrash

ALL_BYTES = (1 << 64) - 1


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
    def atomic(self):
        """Is it an AMO, or the sc that ends what lr began? [riscv-unpriv §8]"""
        return self.code & 0x7F == 0x2F and self.code >> 27 != 2

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
    """A hart that steps through functions of the kernel."""

    def __init__(self, guest):
        self.guest = guest

    def words(self, symbol, count):
        """Return words of memory at a symbol."""
        return struct.unpack(f"<{count}Q", self.guest.read(symbol, 8 * count))

    def call(self, function, most=4000):
        """Run to the next call of a function; return its Steps to the end.

        Raises Fail if it does not return within so many instructions.
        """
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
def watch(run, program, case, question):
    """Give a Watch of a hart that is about to answer a question of
    tests/guest/PROGRAM.c, a lab's program that answers in kmain's place."""
    ask = run.ask(program, case, question)
    with run.start(f"grade/{program}.elf") as guest:
        guest.run_to("__wrap_kmain")
        guest.write("grade_questions", struct.pack("<Q", 1) + ask.packed)
        yield Watch(guest)
