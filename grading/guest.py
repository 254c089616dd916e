"""One machine: QEMU in the sandbox, watched from outside.

The machine is stopped when it is made. run() lets it go until it reaches one of
the ends of a run (a breakpoint in the kernel), or one of our own, or its budget
is used up; what is in its memory can then be read. QEMU ends with close().

Budgets are instructions: counted by QEMU where the machine's time is
(Machine.counted) and it has no disk to wait for, which would count as well; else
taken from the processor time QEMU has used. A guest that
rests for STALL seconds while it wants no processor has hung. Only the last
backstop is a clock on the wall, and its verdict is the grader's own trouble.
"""

import dataclasses
import os
import re
import shutil
import subprocess
import tempfile
import time

from grading import console, effort, qmp, sandbox
from grading.elf import Elf
from grading.gdbstub import Gone, Stub, StubError
from grading.verdict import GuestCrash, GuestTimeout, Infra

QEMU = os.environ.get("QEMU", "qemu-system-riscv64")
BUDGET = 2_000_000_000
SLOWEST = 100_000_000  # instructions that a second of processor time stands for
STALL = 15.0
BACKSTOP = 600.0
POLL = 1.0
MOST_TRACE = 64 << 20  # characters; a guest can make a device trace without end
GLANCE = 0.02
LIMITS = sandbox.Limits(
    wall=3600, cpu=3600, memory=8 << 30, file=1 << 30
)

# Where a run of the kernel ends: symbol, and what that is called.
ENDS = {
    "power_off": "poweroff",
    "power_reboot": "reboot",
    "end_after_panic": "panic",
    "grade_panicked": "panic",
    "grade_done": "done",
    "lab_todo": "todo",
}


@dataclasses.dataclass
class Stop:
    """Where a run stopped: one of ENDS' values, or "break", and the symbol."""

    end: str
    symbol: str = ""
    address: int = 0


class Guest:
    """A machine with a kernel in it; a context manager that ends it.

    kernel: an ELF file; machine: a Machine; disks: list of disk.Disk; bootargs
    come before the machine's own; trace: patterns of QEMU's trace events.
    """

    def __init__(self, kernel, machine, disks=(), bootargs="", trace=(),
                 budget=BUDGET, backstop=BACKSTOP):  # fmt: skip
        self.elf = kernel if isinstance(kernel, Elf) else Elf(kernel)
        self.machine, self.disks, self.budget = machine, list(disks), budget
        self.deadline = time.monotonic() + backstop
        self.bootargs = f"{bootargs} {machine.bootargs}".strip()
        self.folder = tempfile.mkdtemp(prefix="umbra-")
        self.breaks, self.stub, self.monitor = {}, None, None
        self.instructions, self.rested = 0, 0.0
        self.seen = None  # effort at the last look, with the time of it
        try:
            self._start(trace)
        except BaseException:
            self.close()
            raise

    # ---- Starting and ending ----

    def _start(self, trace):
        read = {"/umbra/kernel.elf": self.elf.path}
        words = [shutil.which(QEMU) or QEMU, *self.machine.arguments()]
        words += [
            "-kernel", "/umbra/kernel.elf", "-append", self.bootargs,
            "-display", "none", "-monitor", "none", "-nic", "none", "-S",
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
            "-chardev", "socket,id=gdb,path=/box/gdb,server=on,wait=off",
            "-gdb", "chardev:gdb",
            "-qmp", "unix:/box/qmp,server=on,wait=off",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,"
            "resourcecontrol=deny",
        ]  # fmt: skip
        if self.machine.dtb:
            read["/umbra/board.dtb"] = self.machine.dtb
            words += ["-dtb", "/umbra/board.dtb"]
        for number, disk in enumerate(self.disks):
            slots = self.machine.slots
            slot = slots[number] if number < len(slots) else None
            words += disk.attach(self.folder, number, slot)
        if trace:
            with open(f"{self.folder}/events", "w", encoding="ascii") as file:
                file.write("".join(f"{name}\n" for name in trace))
            words += ["-trace", "events=/box/events", "-D", "/box/trace.log"]
        sandbox.give(self.folder)
        self.process = sandbox.start(
            words, limits=LIMITS, read=read, work=("/box", self.folder),
            folder="/box", stdin=subprocess.PIPE,
        )  # fmt: skip
        self.console = console.Console(self.process.stdout)
        self.errors = console.Console(self.process.stderr)
        try:
            self.stub = Stub(f"{self.folder}/gdb")
        except (Gone, StubError):
            sandbox.kill(self.process)
            self.errors.join()
            said = console.last_lines(self.errors.text(), 3)
            raise Infra(f"QEMU does not start: {said}") from None
        for symbol in ENDS:
            if symbol in self.elf.symbols:
                self.stub.break_at(self.elf.address(symbol))

    def close(self):
        """End QEMU and remove its files."""
        for connection in (self.stub, self.monitor):
            if connection:
                connection.close()
        if hasattr(self, "process"):
            sandbox.kill(self.process)
            for stream in (self.console, self.errors):
                stream.join()
            for stream in ("stdin", "stdout", "stderr"):
                try:
                    getattr(self.process, stream).close()
                except OSError:
                    pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def finish(self):
        """Let QEMU write all its disks out and end in an orderly way."""
        try:
            self.qmp("quit")
        except qmp.QmpError:
            pass
        try:
            self.process.wait(30.0)
        except subprocess.TimeoutExpired:
            raise Infra("QEMU does not end") from None
        self.console.join()

    # ---- Running ----

    def run(self, budget=None, look=None):
        """Run to the next end or breakpoint; return Stop.

        budget: instructions from here on, instead of what is left of the whole.
        look: called whenever the console has changed; the run ends when it
        returns true.
        Raises GuestTimeout, GuestCrash if QEMU ended, Infra.
        """
        start = self._count()
        limit = self.budget if budget is None else start + budget
        self.rested, self.seen = 0.0, None
        try:
            self.stub.go()
            ended = self._watch(start, limit, look)
        except Gone:
            self._ended()
        if self._count() > limit:
            raise GuestTimeout(f"it took {self.instructions - start:,} instructions")
        if ended:
            return Stop("prompt")
        address = self.stub.register("pc")
        name = self.breaks.get(address) or self.elf.name(address) or ""
        return Stop(ENDS.get(name, "break"), name, address)

    def run_to(self, *symbols, budget=None):
        """Run until one of the functions is entered; return Stop.

        An end of the run before that is a crash.
        """
        for symbol in symbols:
            self.break_at(symbol)
        stop = self.run(budget)
        for symbol in symbols:
            if symbol not in ENDS:
                self.clear(symbol)
        if stop.symbol not in symbols:
            raise GuestCrash(self.explain(stop))
        return stop

    def _watch(self, start, limit, look):
        """Wait for the machine to stop; return whether it was look that said so."""
        if not look:
            while not self.stub.wait(POLL):
                if self._check(start, limit):
                    break
            return False
        checked, seen = time.monotonic(), -1
        while not self.stub.wait(GLANCE):
            if self.console.total != seen:
                seen = self.console.total
                if look():
                    self.stub.interrupt()
                    return True
            if time.monotonic() - checked > POLL:
                if self._check(start, limit):
                    break
                checked = time.monotonic()
        return False

    def talk(self, prompt, lines, budget=None):
        """Type a line whenever the console shows the prompt; return Stop.

        The run ends with the prompt behind the last line, as "prompt", or as
        any other does.
        """
        waiting = [*lines, None]
        pattern, position = re.compile(prompt), 0

        def look():
            nonlocal position
            found = pattern.search(self.console.text(), position)
            if not found:
                return False
            position = found.end()
            line = waiting.pop(0)
            if line is not None:
                self.type(line + "\n")
            return line is None

        return self.run(budget, look)

    def _check(self, start, limit):
        """Look at a machine that runs; raise if it has had its time.

        It is stopped for that. Returns true if it had just stopped by itself.
        """
        if self.console.flooded:
            raise GuestTimeout(f"it printed more than {console.MOST >> 20} MiB")
        if time.monotonic() > self.deadline:
            raise Infra("the clock on the wall ran out; try again elsewhere")
        now = self._look()
        before, self.seen = self.seen or now, now
        wall = self.seen[2] - before[2]
        busy = (self.seen[1] - before[1]) / wall if wall else 1.0
        self.rested = self.rested + wall if busy < 0.1 else 0.0
        self.stub.interrupt()
        if self.stub.register("pc") in self.stub.breaks:
            return True
        if self.rested > STALL:
            raise GuestTimeout("it came to rest before it was done")
        if self._count() > limit:
            raise GuestTimeout(f"it is not done after {self.instructions - start:,} instructions")
        self.stub.go()
        return False

    def _look(self):
        """Return (seconds run, seconds wanted, now) of QEMU."""
        pid = effort.find(self.process.pid, os.path.basename(QEMU))
        return (*effort.spent(pid), time.monotonic())

    def _count(self):
        """Return the instructions so far; the machine is stopped."""
        if self.machine.counted and not self.disks:
            self.instructions = self.stub.register("minstret")
        else:
            self.instructions = int(self._look()[0] * SLOWEST)
        return self.instructions

    def _ended(self):
        """QEMU ended by itself: nobody but the guest asked for that."""
        sandbox.kill(self.process)
        self.errors.join()
        said = console.last_lines(self.errors.text(), 3)
        raise GuestCrash("the machine ended by itself"
                         + (f": {said}" if said else ""))  # fmt: skip

    def explain(self, stop):
        """Say in a line why a run ended where it was not to end."""
        if stop.end == "todo":
            what = self.cstring(self.stub.register("a0"))
            return f"{what} is not written yet"
        if stop.end == "panic":
            said = self.console.wait_for(r"panic: .*\n")
            found = re.findall(r"panic: (.*)", console.escape(said))
            return f"the kernel panicked: {found[-1] if found else 'no message'}"
        if stop.end == "poweroff":
            return f"the kernel powered off with status {self.stub.register('a0')}"
        return f"the run ended in {stop.symbol or hex(stop.address)}"

    # ---- Breakpoints, memory, registers ----

    def symbol(self, name):
        """Return the address of a kernel symbol."""
        return self.elf.address(name)

    def _address(self, where):
        return self.elf.address(where) if isinstance(where, str) else where

    def break_at(self, where):
        """Make run() stop at a function or address."""
        address = self._address(where)
        self.breaks[address] = where if isinstance(where, str) else hex(where)
        self.stub.break_at(address)

    def clear(self, where):
        """Take such a breakpoint away."""
        address = self._address(where)
        if self.breaks.pop(address, None):
            self.stub.clear(address)

    def read(self, address, size):
        """Return memory as the stopped hart sees it; address or symbol."""
        return self.stub.read(self._address(address), size)

    def write(self, address, data):
        """Change memory as the stopped hart sees it."""
        self.stub.write(self._address(address), data)

    def physical(self, address, size):
        """Return physical memory."""
        return self.stub.read(address, size, physical=True)

    def image(self, address, size):
        """Return memory of the kernel's image, whatever page table is in use."""
        return self.physical(self.elf.physical(self._address(address)), size)

    def u64(self, address):
        """Return eight bytes of memory as a number."""
        return int.from_bytes(self.read(address, 8), "little")

    def u32(self, address):
        """Return four bytes of memory as a number."""
        return int.from_bytes(self.read(address, 4), "little")

    def cstring(self, address, most=256):
        """Return a terminated string; "" if it cannot be read."""
        data = b""
        try:
            while len(data) < most and b"\0" not in data:
                data += self.read(address + len(data), 16)
        except StubError:
            pass
        return console.escape(data.split(b"\0")[0].decode("utf-8", "replace"))

    def registers(self):
        """Return the general registers and the pc of the hart that stopped."""
        return self.stub.registers()

    def qmp(self, command, **arguments):
        """Ask QEMU over its machine protocol."""
        if not self.monitor:
            self.monitor = qmp.Qmp(f"{self.folder}/qmp")
        return self.monitor.ask(command, **arguments)

    # ---- Console ----

    def type(self, text):
        """Type on the console."""
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except OSError:
            pass

    def trace(self):
        """Return the text of the trace so far, of a long one its beginning."""
        try:
            with open(f"{self.folder}/trace.log", encoding="utf-8",
                      errors="replace") as file:  # fmt: skip
                return file.read(MOST_TRACE)
        except FileNotFoundError:
            return ""
