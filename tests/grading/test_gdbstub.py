"""The grader's end of gdb's protocol, with a stub that is played; and where its
breakpoints are."""

import glob
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

import harness  # noqa: E402
from grading import gdbstub  # noqa: E402
from grading.elf import Elf  # noqa: E402
from grading.guest import ENDS  # noqa: E402

HERE = 0x80200000


class Played(gdbstub.Stub):
    """A machine at a breakpoint, of whose steps the first ones come to nothing."""

    def __init__(self, late):
        self.late, self.pc = late, HERE
        self.breaks, self.inserted, self.said = {HERE}, {HERE}, []

    def _ask(self, text):
        self.said.append(text)
        if text == "s":
            assert HERE not in self.inserted
            self.pc += 0 if self.late else 2
            self.late = max(0, self.late - 1)
        elif text[0] in "zZ":
            self.inserted ^= {HERE}
        return "T05"

    def _send(self, text):
        self.said.append(text)

    def register(self, name):
        assert name == "pc"
        return self.pc


def test_a_breakpoint_is_left_behind():
    """A stop that comes late does not count as the step."""
    for late, steps in ((0, 1), (1, 2), (99, gdbstub.MOST_STOPS)):
        stub = Played(late)
        stub.go()
        assert stub.said.count("s") == steps, stub.said
        assert stub.said[-1] == "c" and stub.running and stub.inserted == {HERE}
        assert (stub.pc != HERE) == (late < steps)


def test_elsewhere_it_just_goes():
    """Where there is no breakpoint none is stepped over."""
    stub = Played(0)
    stub.pc += 4
    stub.go()
    assert stub.said == ["c"]


def test_breakpoints_are_off_the_path():
    """No function that programs go through shares a page with a breakpoint that each
    graded machine has: QEMU would run it one instruction at a time."""
    objects = glob.glob(harness.built("obj/kernel/*/hot.o"))
    hot = {name for path in objects for name in Elf(path).symbols}
    assert "trap_user" in hot
    for path in [harness.built("kernel.elf"), *glob.glob(harness.built("grade/*.elf"))]:
        kernel = Elf(path).symbols
        pages = {kernel[n] >> 12 for n in (*ENDS, "grade_next") if n in kernel}
        near = {n for n in hot & kernel.keys() if kernel[n] >> 12 in pages}
        assert pages and not near, (path, near)
