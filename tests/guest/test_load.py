"""A mixed load for a while: afterwards the machine holds what it held before. make load
does it for 24 hours."""

import os
import re
import shutil

import harness
import test_gdb
from harness import Skip


def load():
    """Return tools/load as a module."""
    return harness.script("tools/load")


def test_six_minutes(tmp):
    """Of a clock that leaps over sleeps."""
    if not os.path.exists(harness.built("linux/load")):
        raise Skip("no compiler for Linux programs")
    said = []
    lost = load().run(tmp, seconds=360, ask=test_gdb.ask, say=said.append)
    assert not lost, "\n".join(said)


def test_hurried_harts(tmp):
    """Five minutes of four harts whose clock hurries, and which run at once."""
    if not os.path.exists(harness.built("linux/load")):
        raise Skip("no compiler for Linux programs")
    if not shutil.which("fdtput"):
        raise Skip("no fdtput, of the device-tree compiler")
    said = []
    lost = load().run(tmp, harts=4, seconds=300, say=said.append)
    assert not lost, "\n".join(said)
    assert len(re.findall(r"\d s", said[-1])) == 4, said
