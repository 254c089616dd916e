"""Questions to guest/clone.c: what a child is like before it runs."""

import dataclasses
import struct

from grading import check, pack
from grading.errors import EAGAIN, EINTR, ENOMEM

SIGCHLD = 17
VM, FS, FILES, SIGHAND = 0x100, 0x200, 0x400, 0x800
VFORK, THREAD, SETTLS, CHILD_CLEARTID, CHILD_SETTID = 0x4000, 0x10000, 0x80000, 0x200000, 0x1000000
THREAD_FLAGS = VM | FS | FILES | SIGHAND | THREAD
WORDS = 36  # of struct trapframe
SP, TP, A0 = 1, 3, 9  # words of it
FPU_WORDS = 33


@dataclasses.dataclass(frozen=True)
class Call:
    """A call of clone: its arguments, and who makes it."""

    flags: int = 0
    signal: int = SIGCHLD
    stack: int = 0
    tls: int = 0
    child_tid: int = 0
    frame: tuple = (0,) * WORDS
    fpu: tuple = (0,) * FPU_WORDS
    in_registers: int = 0  # of fpu[7], when the thread calls
    name: str = "parent"
    cmdline: bytes = b""
    argv_len: int = 0


def call(random, flags=0, **fixed):
    """Return a random call with these flags."""
    arguments = [random.randbytes(random.randrange(1, 30)).hex().encode() + b"\0"
                 for _ in range(random.randint(1, 9))]  # fmt: skip
    argv = arguments[: random.randint(0, len(arguments))]
    drawn = Call(
        flags, SIGCHLD, 16 * random.randint(1, 1 << 32), random.getrandbits(38) & ~7,
        random.getrandbits(36) & ~3, tuple(random.getrandbits(64) for _ in range(WORDS)),
        tuple(random.getrandbits(64) for _ in range(FPU_WORDS)), random.getrandbits(64),
        "n" + random.randbytes(5).hex(), b"".join(arguments), len(b"".join(argv)),
    )  # fmt: skip
    return dataclasses.replace(drawn, **fixed)


def birth(run, c, fails_at=0, files_fail=False, pending=False, enough=False):
    """Return the request for a call, and what is wrong when it is made."""
    return run.ask("clone", "birth", pack(
        "u64", c.flags, "u64", c.signal, "u64", c.stack, "u64", c.tls, "u64", c.child_tid,
        "bytes", struct.pack(f"<{WORDS}Q", *c.frame), "bytes",
        struct.pack(f"<{FPU_WORDS}Q", *c.fpu), "u64", c.in_registers, "string", c.name,
        "bytes", c.cmdline, "u32", c.argv_len, "u32", fails_at, "u8", files_fail,
        "u8", pending, "u8", enough))  # fmt: skip


@dataclasses.dataclass
class Child:
    """What was seen of a child."""

    tid: int
    frame: tuple
    fpu: tuple
    set_tid: int
    clear_tid: int
    thread_name: str
    thread_cred: bool
    in_space: bool
    is_thread: bool
    same_space: bool
    cred: bool
    users: int  # of the parent's space
    refs: int  # to the parent's credentials
    hook_calls: int
    hook_child: bool
    hook_parent: bool
    hook_flags: int
    linked_before: bool
    pid: int
    has_parent: bool
    in_table: bool
    among_children: bool
    nthreads: int
    thread_in_table: bool
    exit_signal: int
    holds_parent: bool
    process_refs: int
    has_actions: bool
    name: str
    argv_len: int
    cmdline: bytes
    same_cmdline: bool


def _child(a):
    truth = lambda: a.u8() != 0  # noqa: E731
    return Child(
        a.u32(), struct.unpack(f"<{WORDS}Q", a.bytes()),
        struct.unpack(f"<{FPU_WORDS}Q", a.bytes()), a.u64(), a.u64(), a.string(), truth(),
        truth(), truth(), truth(), truth(), a.u32(), a.u32(), a.u32(), truth(), truth(),
        a.u64(), truth(), a.u32(), truth(), truth(), truth(), a.u32(), truth(), a.i32(),
        truth(), a.u32(), truth(), a.string(), a.u32(), a.bytes(), truth(),
    )  # fmt: skip


@dataclasses.dataclass
class Born:
    """What came of a call. The last four are more than there were before it."""

    child: Child | None
    result: int
    kept: int
    released: int  # files of the child, by the hook
    processes: int
    users: int
    refs: int


def born(answer):
    """Return what came of a call."""
    child = _child(answer) if answer.u8() else None
    return Born(child, answer.error(), answer.i32(), answer.u32(), answer.i32(),
                answer.i32(), answer.i32())  # fmt: skip


def child_of(answer):
    """Return (child, result) of a call that must have made one."""
    seen = born(answer)
    check(seen.child is not None, f"no thread was started; process_clone returned {seen.result}")
    return seen.child, seen.result
