"""What the kernel has said, out of its memory: also what no console showed."""

import re

import gdb

from . import kernel
from .command import command

STAMP = re.compile(r"^<\d>", re.MULTILINE)  # the level of a line
LAST = 12  # lines that show what came before


def text():
    """Return the kernel's log, line by line."""
    ring = kernel.variable("print.c", "ring")
    size = ring.type.sizeof
    start = int(kernel.variable("print.c", "log_start"))
    end = int(kernel.variable("print.c", "log_end"))
    memory = bytes(gdb.selected_inferior().read_memory(int(ring.address), size))
    data = bytes(memory[i % size] for i in range(start, end))
    return STAMP.sub("", data.decode("utf-8", "backslashreplace")).splitlines()


@command("dmesg")
def dmesg(_words):
    """The kernel's log."""
    print("\n".join(text()))


@command("panic")
def panic(_words):
    """The last panic's report, or the log's last lines if there was none."""
    lines = text()
    at = [i for i, line in enumerate(lines) if "panic: " in line]
    if not at:
        print("no panic; said last:")
    print("\n".join(lines[at[-1] :] if at else lines[-LAST:]))
