"""Boot a submission's kernel to the end of a run, and keep the evidence."""

import dataclasses
import os
import shutil

from grading import console, record, sandbox
from grading.guest import BUDGET, LIMITS, QEMU, Guest
from grading.verdict import GuestCrash, GuestTimeout, Infra


@dataclasses.dataclass(frozen=True)
class Boot:
    """A run of the kernel; equal ones are run once for all tests that ask.

    stop_at: functions at which it ends, too; prompt: a pattern on the console
    at which `input` is typed, a line each time it matches, and that ends the run
    when there is none left; must_end: ends that are no crash.
    """

    machine: object
    disks: tuple = ()
    bootargs: str = ""
    trace: tuple = ()
    stop_at: tuple = ()
    prompt: str = ""
    input: tuple = ()
    budget: int = BUDGET
    must_end: tuple = ("poweroff", "break", "prompt")
    root: bool = True


def run(kernel, boot, keep):
    """Run it; return Record. Raises GuestCrash or GuestTimeout with one."""
    words = ("root=vda " if boot.root and boot.disks else "") + boot.bootargs
    with Guest(kernel, boot.machine, boot.disks, words, boot.trace,
               boot.budget) as guest:  # fmt: skip
        for symbol in boot.stop_at:
            guest.break_at(symbol)
        problem, why = None, ""
        try:
            end = _to_the_end(guest, boot)
            if end.end not in boot.must_end:
                why = guest.explain(end)
                problem = GuestCrash(why)
            end = end.end
        except (GuestTimeout, GuestCrash) as raised:
            problem, why, end = raised, raised.text, raised.status
        kept = record.take(guest, keep, end, why)
    unwritten = console.UNWRITTEN.search(kept.console) if kept.status else None
    if unwritten:  # in init, which has ended by that
        kept.why = f"{unwritten[1]} is not written yet"
        problem = GuestCrash(kept.why)
    if problem:
        problem.record = kept
        raise problem
    return kept


def _to_the_end(guest, boot):
    if not boot.prompt:
        return guest.run()
    return guest.talk(boot.prompt, list(boot.input))


def device_tree(machine, folder):
    """Return QEMU's device tree for a machine, without starting it."""
    work = os.path.join(folder, "dtb")
    os.makedirs(work, exist_ok=True)
    sandbox.give(work)
    words = [shutil.which(QEMU) or QEMU, *machine.arguments(), "-display", "none",
             "-nic", "none", "-machine", "dumpdtb=/box/board.dtb"]  # fmt: skip
    done = sandbox.run(words, work=("/box", work), folder="/box", limits=LIMITS)
    try:
        with open(f"{work}/board.dtb", "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise Infra(f"QEMU wrote no device tree: {done.errors.decode()}") from None
