"""tools/stack-depth counts frames, follows pointers, and finds circles."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import shutil
import subprocess
import sys

import harness

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMPILER = "riscv64-unknown-elf-gcc"
FLAGS = "-O1 -g -march=rv64imac -mabi=lp64 -ffreestanding -nostdlib -fno-inline -Wl,-e,trap_user"

CODE = """
struct ops { void (*run)(char *room); };
void use(char *room);
void trap_user(int which);
void deep(char *room) { char more[%d]; more[0] = *room; use(more); *room = more[0]; }
void flat(char *room) { use(room); *room = 1; }
struct ops table[] = {{flat}, {deep}};
void use(char *room) { __asm__ volatile("" : : "r"(room) : "memory"); }
void handle_interrupt(void) { char room[320]; use(room); room[1] = 0; use(room); }
void circle(int n) { char room[64]; use(room); if (n) %s; use(room); }
void trap_user(int which)
{
    char room[1024];
    table[which].run(room);
    circle(which);
    use(room);
}
"""


def measure(tmp, room, rest):
    """Return (status, text) for a kernel with a frame of `room` bytes behind a table, and a last call."""
    if not shutil.which(COMPILER):
        raise harness.Skip(f"no {COMPILER}")
    tree = os.path.join(tmp, f"tree{room}{len(rest)}")
    os.makedirs(os.path.join(tree, "kernel", "arch"))
    with open(os.path.join(tree, "kernel", "arch", "layout.h"), "w", encoding="utf-8") as file:
        file.write("#define KSTACK_SHIFT 13\n")
    with open(os.path.join(tree, "kernel", "main.c"), "w", encoding="utf-8") as file:
        file.write(CODE % (room, rest))
    subprocess.run(
        [COMPILER, *FLAGS.split(), "kernel/main.c", "-o", "kernel.elf"], cwd=tree, check=True
    )
    loader = importlib.machinery.SourceFileLoader(
        "stack_depth", os.path.join(ROOT, "tools", "stack-depth")
    )
    tool = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(tool)
    tool.ROOT = tree
    said, before = io.StringIO(), sys.argv
    sys.argv = ["stack-depth", "--paths", tree]
    try:
        with contextlib.redirect_stdout(said):
            status = tool.main()
    finally:
        sys.argv = before
    return status, said.getvalue()


def test_depth(tmp):
    """The deepest path leads through a table, an interrupt comes on top, and too much is an error."""
    status, said = measure(tmp, 2048, "use(room)")
    assert not status, said
    path = [line.split()[1] for line in said.splitlines() if line.startswith(" ")]
    assert path[:3] == ["trap_user", "deep", "use"] and path[3:] == ["handle_interrupt", "use"], said
    most = int(said.split("stack-depth: ")[1].split()[0])
    assert 2048 + 1024 + 320 < most < 2048 + 1024 + 320 + 200, said
    status, said = measure(tmp, 5000, "use(room)")
    assert status and "more than three quarters, 6144" in said, said


def test_circle(tmp):
    """Functions that call each other in a circle have no depth."""
    status, said = measure(tmp, 16, "trap_user(n - 1)")
    assert status and "a circle: trap_user > circle" in said, said
