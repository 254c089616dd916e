"""Questions to guest/stack.c, and a program's stack as the ABI describes it."""

import dataclasses
import struct

from grading import check, check_equal, pack
from grading.errors import ENOMEM

TOP = (1 << 38) - 4096  # SPACE_STACK_TOP
NO_LIMIT = 8 << 20
(NULL, PHDR, PHENT, PHNUM, PAGESZ, BASE, FLAGS, ENTRY, UID, EUID, GID, EGID, HWCAP,
 CLKTCK, SECURE, RANDOM, EXECFN, VDSO) = (
    0, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 23, 25, 31, 33)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Program:
    """What is started, by whom, with what."""

    path: bytes
    argv: tuple
    envp: tuple
    ids: tuple  # user, effective user, group, effective group
    phdr: int
    phnum: int
    entry: int
    linker: int


def word(random, most=30):
    """Return a random string; seldom a long one, sometimes an empty one."""
    return bytes(random.choice(b"abcxyz/=._- \x80\xff") for _ in range(random.randrange(most)))


def program(random, strings=12):
    """Return a random program."""
    same, group = random.getrandbits(31), random.getrandbits(31)
    return Program(
        b"/bin/" + word(random),
        tuple(word(random) for _ in range(random.randint(1, strings))),
        tuple(b"V=" + word(random) for _ in range(random.randrange(strings))),
        random.choice(((same, same, group, group), (same, same + 1, group, group),
                       (same, same, group, group + 1))),
        random.getrandbits(36), random.randint(1, 30), random.getrandbits(36),
        random.choice((0, random.getrandbits(36))),
    )  # fmt: skip


def build(run, what, limit=NO_LIMIT, fails_at=0):
    """Return the request for the stack of a program."""
    text = b"".join(s + b"\0" for s in (what.path, *what.argv, *what.envp))
    ids = [x for number in what.ids for x in ("u32", number)]
    return run.ask("stack", "build", pack(
        "bytes", text, "u32", len(what.argv), "u32", len(what.envp), *ids,
        "u64", what.phdr, "u64", what.phnum, "u64", what.entry, "u64", what.linker,
        "u64", limit, "u32", fails_at))  # fmt: skip


class Stack:
    """The memory from sp to its end, taken apart."""

    def __init__(self, sp, data, top=TOP):
        self.sp, self.data, self.top = sp, data, top
        check(sp % 8 == 0 and len(data) == top - sp, f"sp is {sp:#x}, which is not on the stack")
        words = iter(range(sp, top, 8))
        self.argc = self.word(next(words))
        check(self.argc <= 10_000, f"argc is {self.argc}")
        self.argv = [self.word(next(words)) for _ in range(self.argc)]
        self.after_argv = self.word(next(words))
        self.envp = []
        for at in words:
            if self.word(at) == 0:
                break
            self.envp.append(self.word(at))
        self.auxv = []
        for at in words:
            tag, value = self.word(at), self.word(at + 8)
            next(words, None)
            if tag == NULL:
                self.end = at + 16
                break
            self.auxv.append((tag, value))
        else:
            self.end = None

    def word(self, at):
        """Return the 8 bytes at an address."""
        check(self.sp <= at <= self.top - 8, f"the stack ends before {at:#x}")
        return struct.unpack_from("<Q", self.data, at - self.sp)[0]

    def string(self, at):
        """Return the string at an address."""
        check(self.sp <= at < self.top, f"a pointer leads to {at:#x}, which is not on the stack")
        end = self.data.find(b"\0", at - self.sp)
        check(end >= 0, f"the string at {at:#x} does not end")
        return self.data[at - self.sp : end]

    def strings(self, pointers):
        """Return what pointers lead to."""
        return [self.string(at) for at in pointers]

    def tag(self, tag):
        """Return the value of a tag, which is there once."""
        found = [value for t, value in self.auxv if t == tag]
        check_equal(len(found), 1, f"entries of auxv with tag {tag}")
        return found[0]


def built(answer):
    """Return the Stack of an answer."""
    result = answer.error()
    check_equal(result, 0, "exec_stack_build")
    answer.i32()
    sp = answer.u64()
    check(0 < sp < TOP, f"sp is {sp:#x}; the stack ends at {TOP:#x}")
    return Stack(sp, answer.bytes())
