"""Spin locks: scripts for guest/spin.c, and a hart that is watched at each
instruction."""

import contextlib
import dataclasses
import struct

from grading import Fail, pack
from grading.guest import ENDS, Stop
from grading.verdict import GuestCrash

LOCKS = 8
LOCKED, OWNER = 12, 16  # offsets in struct spinlock, kernel/sync/spinlock.h
SIE = 1 << 1  # of sstatus [riscv-priv §4.1.1]
RANKS = [10, 20, 30, 40, 50, 60, 70, 80]


@dataclasses.dataclass(frozen=True)
class State:
    """How things stand after an operation."""

    interrupts: bool
    held: frozenset  # by this hart, as spin_held says
    locked: frozenset
    owned: frozenset
    chain: tuple  # from the last lock taken to the first


def bits(value):
    """Return the numbers of the bits that are set."""
    return frozenset(i for i in range(LOCKS) if value >> i & 1)


def play(run, ops, ranks=RANKS):
    """Return the request for a script: "l3 u3 +"; each op with its lock."""
    words = [op if len(op) > 1 else op + "0" for op in ops.split()]
    pieces = [x for rank in ranks for x in ("u32", rank)]
    pieces += ["string", "".join(w[0] for w in words)]
    pieces += [x for w in words for x in ("u8", int(w[1:]))]
    return run.ask("spin", "script", pack(*pieces))


def states(answer):
    """Return (a State after each operation, whether the next one panicked)."""
    found = []
    while answer.u8() == 1:
        if (interrupts := answer.u8()) == 2:
            return found, True
        found.append(State(interrupts == 1, bits(answer.u8()), bits(answer.u8()),
                           bits(answer.u8()), tuple(answer.bytes())))  # fmt: skip
    return found, False


@dataclasses.dataclass(frozen=True)
class Step:
    """An instruction, and the lock before and behind it."""

    address: int
    code: int
    before: tuple  # (locked, owner)
    after: tuple
    interrupts: bool  # before it
    address_in: int  # its first operand: where an AMO works


class Watch:
    """A hart inside a function of the lock."""

    def __init__(self, guest):
        self.guest, self.lock = guest, guest.symbol("grade_lock")

    @property
    def state(self):
        """(locked, owner), as memory has them."""
        locked = self.guest.u32(self.lock + LOCKED)
        return locked, self.guest.u64(self.lock + OWNER)

    def set(self, locked, owner):
        """What another hart does to the lock."""
        self.guest.write(self.lock + LOCKED, struct.pack("<I", locked))
        self.guest.write(self.lock + OWNER, struct.pack("<Q", owner))

    def enter(self, function):
        """Run to the entry of a function that is called with the lock."""
        for _ in range(100):
            self.guest.run_to(function)
            self.back = self.guest.stub.register("ra")
            if self.guest.stub.register("a0") == self.lock:
                return
        raise Fail(f"{function} is not called")

    def step(self):
        """Run one instruction; return a Step."""
        stub = self.guest.stub
        registers = stub.registers()
        address = registers["pc"]
        if self.guest.elf.name(address) in ENDS:  # not written yet, or a panic
            symbol = self.guest.elf.name(address)
            raise GuestCrash(self.guest.explain(Stop(ENDS[symbol], symbol, address)))
        code = int.from_bytes(self.guest.read(address, 4), "little")
        interrupts = bool(stub.register("sstatus") & SIE)
        source = list(registers)[code >> 15 & 31]
        before = self.state
        stub.step()
        return Step(address, code, before, self.state, interrupts, registers[source])

    def returned(self):
        """Has the function returned?"""
        return self.guest.stub.register("pc") == self.back

    def steps(self, most=2000):
        """Return the Steps to the function's end."""
        found = []
        while not self.returned():
            if len(found) == most:
                raise Fail(f"it has not returned after {most} instructions")
            found.append(self.step())
        return found


@contextlib.contextmanager
def watch(run, interrupts=True):
    """Give a Watch of a hart that is about to take and release a lock."""
    ask = run.ask("spin", "once", pack("u8", interrupts))
    with run.start("grade/spin.elf") as guest:
        guest.run_to("__wrap_kmain")
        guest.write("grade_questions", struct.pack("<Q", 1) + ask.packed)
        yield Watch(guest)


# ---- What an instruction is [riscv-unpriv §8, §2.7] ----

AMO, FENCE, LR, SC = 0x2F, 0x0F, 2, 3


def is_atomic(code):
    """An AMO, or a store-conditional."""
    return code & 0x7F == AMO and code >> 27 != LR


def acquires(code):
    """Has it the bit aq, or is it a fence that later accesses wait for?"""
    if code & 0x7F == AMO:
        return bool(code >> 26 & 1)
    return is_fence(code, before=2, after=3)


def releases(code):
    """Has it the bit rl, or is it a fence that waits for earlier accesses?"""
    if code & 0x7F == AMO:
        return bool(code >> 25 & 1)
    return is_fence(code, before=3, after=1)


def is_fence(code, before, after):
    """A fence of memory accesses, at least these: 2 reads, 1 writes."""
    if code & 0x707F != FENCE:
        return False
    pred, succ = code >> 24 & 3, code >> 20 & 3
    return pred & before == before and succ & after == after
