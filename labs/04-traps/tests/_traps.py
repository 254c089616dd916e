"""Questions to guest/traps.c, and what may come of them."""

import dataclasses
import struct

from grading import check_equal, pack

MASK = (1 << 64) - 1
NAMES = ("ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 "
         "s11 t3 t4 t5 t6 sepc sstatus scause stval").split()  # fmt: skip
WORDS = len(NAMES)  # kernel/arch/trap.h
INTERRUPT = 1 << 63
SOFTWARE, TIMER, EXTERNAL = INTERRUPT | 1, INTERRUPT | 5, INTERRUPT | 9
ECALL = 8  # [riscv-priv §4.1.8]
EXCEPTIONS = (0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 15)
SPIE, SPP, FS, UXL_64 = 1 << 5, 1 << 8, 3 << 13, 2 << 32  # [riscv-priv §4.1.1]
CODE, DATA = 0x10000, 0x20000  # guest/traps.c
SOON = 20_000_000


@dataclasses.dataclass(frozen=True)
class Called:
    """Which hook was called, and how things stood."""

    who: str
    interrupts: bool
    in_interrupt: bool
    sepc: int  # of the frame; of a software interrupt, whether it still pends
    scause: int
    stval: int


@dataclasses.dataclass(frozen=True)
class Handled:
    """What came of a trap."""

    panicked: bool
    calls: list
    frame: dict
    interrupts: bool
    in_interrupt: bool

    @property
    def who(self):
        return "".join(c.who for c in self.calls)


def frame(random, **fixed):
    """The words of a frame, by name."""
    words = {name: random.getrandbits(64) for name in NAMES}
    words["sepc"] &= ~1
    return words | fixed


def handle(run, from_user, words, cause, value=0, work=0, mix=0):
    """Return the request: trap_user or trap_kernel is called with a frame."""
    data = struct.pack(f"<{WORDS}Q", *(words[name] for name in NAMES))
    return run.ask("traps", "handle", pack(
        "u8", from_user, "bytes", data, "u64", cause, "u64", value, "u32", work,
        "u64", mix), budget=SOON)  # fmt: skip


def handled(answer):
    """Read the answer to it."""
    panicked = answer.u8() != 0
    calls = [Called(chr(w), i != 0, n != 0, *rest)
             for w, i, n, *rest in struct.iter_unpack("<6Q", answer.bytes())]  # fmt: skip
    words = dict(zip(NAMES, struct.unpack(f"<{WORDS}Q", answer.bytes())))
    return Handled(panicked, calls, words, answer.u8() != 0, answer.u8() != 0)


@dataclasses.dataclass(frozen=True)
class Trip:
    """A way into the kernel, and the registers of the program."""

    who: str
    words: dict

    @property
    def registers(self):
        return {name: self.words[name] for name in NAMES[:31]}


def registers(random, **fixed):
    """All registers of a program, by name."""
    return {name: random.getrandbits(64) for name in NAMES[:31]} | fixed


def user(run, code, given, traps, answers=(), ticks=0):
    """Return the request: code runs in user mode until so many traps were seen."""
    return run.ask("traps", "user", pack(
        "bytes", b"".join(struct.pack("<I", word) for word in code),
        "bytes", struct.pack("<31Q", *(given[name] for name in NAMES[:31])),
        "bytes", struct.pack(f"<{len(answers)}Q", *answers),
        "u32", traps, "u64", ticks), budget=SOON)  # fmt: skip


def trips(answer):
    """Read the answer to it."""
    size = 8 * (WORDS + 1)
    data = answer.bytes()
    found = []
    for at in range(0, len(data), size):
        who, *words = struct.unpack_from(f"<{WORDS + 1}Q", data, at)
        found.append(Trip(chr(who), dict(zip(NAMES, words))))
    return found


def same_registers(trip, wanted, what):
    """A program's registers are as they were, all 31."""
    for name in NAMES[:31]:
        check_equal(hex(trip.words[name]), hex(wanted[name]), f"{name} {what}")


# Instructions [riscv-unpriv §24].
DO_ECALL, DO_EBREAK, JUMP_HERE, ILLEGAL = 0x73, 0x00100073, 0x6F, 0xFFFFFFFF
READ_TIME, READ_CYCLE, READ_INSTRET = 0xC01022F3, 0xC00022F3, 0xC02022F3  # into t0
READ_SSTATUS = 0x100022F3


def load(register, base):
    """ld register, 0(base), by number"""
    return base << 15 | 3 << 12 | register << 7 | 0x03


def store(register, base):
    """sd register, 0(base)"""
    return register << 20 | base << 15 | 3 << 12 | 0x23


def to_float(number, register):
    """fmv.d.x"""
    return 0xF2000053 | register << 15 | number << 7


def from_float(register, number):
    """fmv.x.d"""
    return 0xE2000053 | number << 15 | register << 7
