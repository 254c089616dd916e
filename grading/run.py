"""What a test is given: machines, disks, random data, and requests to yield."""

import contextlib
import dataclasses
import json
import os
import random

from grading import boot, disk, machine, record, unit
from grading.guest import Guest
from grading.verdict import Fail, GuestCrash, GuestTimeout


class Run:
    """One test's view of a graded submission.

    A test calls ask() and boot() and yields what they return; equal machines
    and equal boots are then shared with other tests. start() gives it a machine
    of its own to play with.
    """

    def __init__(self, grading, name, folder):
        self.grading, self.name, self.tmp = grading, name, folder
        self.lab, self.seed = grading.lab, grading.seed
        self.random = random.Random(f"{self.seed}:{name}")
        self._blanks = 0
        os.makedirs(folder, exist_ok=True)

    def machine(self, **fixed):
        """Return the machine that this seed draws, with some of it fixed."""
        drawn = machine.draw(random.Random(f"{self.seed}:machine"))
        return dataclasses.replace(drawn, **fixed)

    def ask(self, program, case, question=b"", machine=None, disks=(), **more):
        """Return a request: yield it for the Answer of tests/guest/PROGRAM.c, or
        of tests/user/PROGRAM.c."""
        machine = machine or self.machine(harts=1)
        return unit.Ask(program, case, question, machine, tuple(disks), **more)

    def boot(self, program="", machine=None, disks=None, files=(), **more):
        """Return a request: yield it for the Record of a run of the kernel.

        program: of tests/user, run in init's place; without one init is. files:
        {"/path": bytes} on the first disk beside it; disks: these instead. More:
        see boot.Boot.
        """
        if disks is None:
            programs = [program] if program else []
            disks = [self.image(files, programs, userland=not program)]
        if program:
            more.setdefault("bootargs", f"init=/grade/{program} init.exit=poweroff")
        return boot.Boot(machine or self.machine(), tuple(disks), **more)

    def image(self, files=(), programs=(), size="16M", userland=False, plain=False,
              **options):  # fmt: skip
        """Return a Disk with files, programs of tests/user, and the user land.

        plain: an image of that kind; options are disk.Disk's, with errors as a list.
        """
        content = dict(files)
        for name in programs:
            content[f"/grade/{name}"] = self.program(name)
        path = self.grading.image(content, size, userland, plain)
        return self._disk(path, options)

    def program(self, name):
        """Return a program of tests/user, for an image that the test makes itself."""
        with open(self.grading.program(name), "rb") as file:
            return file.read()

    def blank(self, content=b"", size=1 << 20, **options):
        """Return a Disk of raw bytes, no file system on it."""
        self._blanks += 1
        path = os.path.join(self.tmp, f"blank{self._blanks}.img")
        with open(path, "wb") as file:
            file.write(content)
            file.truncate(size)
        return self._disk(path, options)

    def _disk(self, path, options):
        errors = options.pop("errors", None)
        text = json.dumps(errors) if errors else ""
        return disk.Disk(path, self.grading.tools, errors=text, **options)

    @contextlib.contextmanager
    def start(self, kernel="kernel.elf", machine=None, disks=(), **more):
        """Give a Guest, stopped before its first instruction; use `with`.

        What is raised inside takes along how the machine stood.
        """
        path = self.grading.kernel(kernel)
        machine = machine or self.machine(harts=1)
        with Guest(path, machine, disks, **more) as guest:
            try:
                yield guest
            except (Fail, GuestCrash, GuestTimeout) as problem:
                if problem.record is None:
                    problem.record = record.take(guest, self.tmp, problem.status)
                    # What the test did to it would be missing in a replay.
                    problem.record.start = ()
                raise

    def submitted(self, path):
        """Return a text that was handed in as bytes, or None; anybody wrote it."""
        return self.grading.texts.get(path)

    def dumpdtb(self, machine=None):
        """Return the device tree that QEMU makes for a machine, as bytes."""
        return boot.device_tree(machine or self.machine(), self.tmp)
