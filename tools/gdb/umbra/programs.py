"""Symbols of the program that runs in user mode, loaded as gdb stops in it."""

import os

import gdb

from . import kernel
from .command import command

loaded = None  # the file whose symbols gdb has besides the kernel's


def build_folder():
    """Return where the kernel that gdb knows was built."""
    for file in gdb.objfiles():
        if os.path.basename(file.filename) == "kernel.elf":
            return os.path.dirname(file.filename)
    raise gdb.GdbError("no kernel.elf is loaded")


def file_of(process):
    """Return the built file of a process's program, or None."""
    name = kernel.string(process["name"])
    for top in ("user", "linux"):
        for folder, _, files in os.walk(os.path.join(build_folder(), top)):
            if name in files:
                return os.path.join(folder, name)
    return None


def load(process):
    """Give gdb the symbols of a process's program in place of the last one's."""
    global loaded
    path = file_of(process)
    if path == loaded:
        return path
    if loaded:
        gdb.execute(f"remove-symbol-file {loaded}", to_string=True)
        loaded = None
    if path:
        gdb.execute(f"add-symbol-file {path}", to_string=True)
        loaded = path
    return path


def stopped(_event):
    """Load what belongs to the program if it is one that was stopped."""
    try:
        pc = int(gdb.selected_frame().pc())
        if pc >= kernel.USER_END:
            return
        hart = gdb.selected_thread().num - 1
        with kernel.in_supervisor_mode():
            for cpu, queue in kernel.harts():
                process = queue["current"]["process"]
                if int(cpu["hartid"]) == hart and int(process):
                    load(process)
    except (gdb.error, gdb.GdbError):
        pass  # before the kernel has set up what would tell


@command("user PID")
def user(words):
    """Load the symbols of a process's program, for breakpoints in it.

    At a stop in user mode that happens by itself.
    """
    process = kernel.process(kernel.number(words, 0, "process"))
    path = load(process)
    if not path:
        raise gdb.GdbError(f"nothing called {kernel.string(process['name'])} was built")
    print(f"symbols of {path}")


gdb.events.stop.connect(stopped)
