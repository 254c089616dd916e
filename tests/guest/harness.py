"""Boot Umbra in QEMU and talk to its console.

A guest test is a function test_* in a file tests/guest/test_*.py. It passes
if it returns. It starts machines with Guest, which ends them again, and which
keeps the console's output so that a failure can show it:

    def test_echo():
        with Guest(harts=2) as guest:
            guest.boot()
            assert guest.command("echo hello") == "hello"

A boot costs more than most programs. The cases of a test with a parameter `machine`,
which do not disturb each other, share what that returns: a booted guest with those
options, the last one's as long as they are the same and nothing has failed.

    @cases(one={"name": "poll"}, two={"name": "locks"})
    def test_run(machine, name):
        passes(machine(harts=4), f"/linux/{name}")

Times out on silence, never on slowness: every limit counts from the last byte
the guest printed.
"""

import codecs
import importlib.machinery
import importlib.util
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("UMBRA_BUILD", "build"))
QEMU = os.environ.get("QEMU", "qemu-system-riscv64")
# Of every guest, whatever its test asks for, but for those that count instructions:
# with -icount QEMU repeats a run on one hart only.
HARTS = os.environ.get("UMBRA_HARTS")

# Where guests are recorded, each in a folder of its own; None: they are not.
RECORD = os.environ.get("UMBRA_RECORD")
PIECE = 8  # characters typed at once while QEMU records: it loses what is too much
ECHO = 10.0  # seconds until the next piece, where none of this one is echoed

PROMPT = r"umbra# $"
RECOVERY = r"recovery# $"
PATIENCE = float(os.environ.get("UMBRA_PATIENCE", "1"))
SILENCE = 30.0 * PATIENCE  # seconds without output: then a guest counts as hung
MOST = 120.0 * PATIENCE  # seconds for any single wait, however talkative the guest
LEAP = 2.0  # seconds: nobody looks at the clock as seldom as that

_local = threading.local()


class GuestError(Exception):
    """The guest did not do what the test expected of it."""


def awake(_seen=[time.monotonic(), 0.0]):  # noqa: B006
    """Return a time in seconds in which the host was awake, to measure waits by.

    A host that stood still, as machines in a cloud do, has a clock that leaps
    when it goes on; its guests stood still as well, and did not hang.
    """
    now = time.monotonic()
    _seen[:] = now, _seen[1] + min(now - _seen[0], LEAP)
    return _seen[1]


class Skip(Exception):
    """This machine lacks what the test needs."""


def cases(**table):
    """Run a test once for each entry: name=dict of keyword arguments."""

    def mark(function):
        function.cases = table
        return function

    return mark


def built(name):
    """Return the path of a build product; name is relative to the build."""
    return os.path.join(BUILD, name)


def guests():
    """Return the guests that this thread's test has started so far."""
    if not hasattr(_local, "guests"):
        _local.guests = []
    return _local.guests


def recordings():
    """Return the folder where this thread's test has its guests recorded."""
    return os.path.join(RECORD, re.sub(r"\W+", ".", _local.test)) if RECORD else None


def begin_test(name):
    """Note which test this thread runs from now on."""
    _local.test = name
    guests().clear()


def script(path):
    """Return a program of the tree, which is written in Python, as a module."""
    name = os.path.basename(path)
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(ROOT, path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def record_tool():
    """Return tools/record as a module."""
    return script("tools/record")


def qemu_version():
    """Return QEMU's version as (major, minor)."""
    text = subprocess.run(
        [QEMU, "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"version (\d+)\.(\d+)", text)
    return int(found[1]), int(found[2])


def has_plugins():
    """Return whether this QEMU takes plugins."""
    text = subprocess.run([QEMU, "-help"], capture_output=True, text=True, check=True).stdout
    return "\n-plugin " in text


def printable(text):
    """Escape what a terminal would act on, newlines excepted."""
    return "".join(
        c if c == "\n" or c.isprintable() else repr(c)[1:-1]
        for c in text.replace("\r\n", "\n")
    )


class Disk:
    """A disk of a guest: an image file and the slot it sits in.

    path: a raw image; it is never written to unless write is true.
    slot: the virtio-mmio bus, or None for the next one QEMU picks.
    options: more properties of the device, as QEMU spells them.
    """

    def __init__(self, path, slot=None, write=False, options=""):
        self.path, self.slot = path, slot
        self.write, self.options = write, options

    def arguments(self, number):
        """Return QEMU's arguments for disk `number` of a machine."""
        name = f"disk{number}"
        drive = f"file={self.path},if=none,format=raw,id={name}"
        if not self.write:
            # Nothing of it outlives QEMU. Where virtual time leaps, a slow
            # host's disk would come to be a guest's disk that does not answer.
            drive += ",snapshot=on,cache=unsafe"
        device = f"virtio-blk-device,drive={name}"
        if self.slot is not None:
            device += f",bus=virtio-mmio-bus.{self.slot}"
        if self.options:
            device += "," + self.options
        return ["-drive", drive, "-device", device]


class Guest:
    """One QEMU with Umbra in it; a context manager that ends only its own.

    kernel: path of the kernel; disks: list of Disk or paths, test.img if not
    given; harts, memory, cpu, machine: as QEMU takes them; legacy: the old
    virtio-mmio interface; bootargs: added to "root=vda"; root: False leaves
    that word out; extra: more QEMU arguments.
    """

    any_harts = True  # those of a subclass may need what they ask for

    def __init__(
        self,
        kernel=None,
        disks=None,
        harts=2,
        memory="128M",
        cpu=None,
        machine="virt",
        legacy=False,
        bootargs="",
        root=True,
        extra=(),
    ):
        self.folder = tempfile.mkdtemp(prefix="umbra-")
        self.output = ""
        self.position = 0  # expect() has matched up to here
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.held = ""  # a "\r" whose "\n" may be in the next read
        if disks is None:
            disks = [built("test.img")]
        if HARTS and self.any_harts and "-icount" not in extra:
            harts = HARTS
        words = ("root=vda " if root else "") + bootargs
        arguments = [
            QEMU, "-machine", machine, "-bios", "default",
            "-kernel", kernel or built("kernel.elf"),
            "-smp", str(harts), "-m", memory, "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-nic", "none",
            "-global", f"virtio-mmio.force-legacy={str(legacy).lower()}",
            "-append", words.strip(),
        ]  # fmt: skip
        if cpu:
            arguments += ["-cpu", cpu]
        for number, disk in enumerate(disks):
            if isinstance(disk, str):
                disk = Disk(disk)
            arguments += disk.arguments(number)
        arguments += extra
        self.arguments = arguments
        self.recorded = bool(RECORD) and "-icount" not in extra
        command, home = self.command_line()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=home,
            start_new_session=True,
            env={**os.environ, "TMPDIR": self.folder},
        )
        os.set_blocking(self.process.stdout.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.open = True
        guests().append(self)

    def command_line(self):
        """Return (the command that starts QEMU, the folder that it is started in)."""
        if not self.recorded:
            return self.arguments, self.folder
        home, tool = os.path.join(recordings(), str(len(guests()))), record_tool()
        return tool.prepare(home, self.arguments) + tool.CONSOLE, home

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End QEMU, if it still runs, and remove its files."""
        if self.process.poll() is None:
            # What is recorded is whole only if QEMU gets to end it.
            self.process.send_signal(signal.SIGTERM if self.recorded else signal.SIGKILL)
        self.process.wait()
        self.selector.close()
        self.process.stdout.close()
        if not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, timeout):
        """Take what the console has within timeout seconds; False on silence."""
        if not self.open or not self.selector.select(timeout):
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            self.open = False
            return False
        text = self.held + self.decoder.decode(data)
        self.held = "\r" if text.endswith("\r") else ""
        text = text[: len(text) - len(self.held)]
        self.output += text.replace("\r\n", "\n")
        return True

    def expect(self, pattern, silence=SILENCE):
        """Wait until new output matches; return the match.

        pattern: a regular expression; "$" matches only at the end of all
        output so far. Output up to the match's end is then behind us.
        Raises GuestError if the guest ends or is silent for too long.
        """
        compiled = re.compile(pattern, re.MULTILINE if "^" in pattern else 0)
        start = heard = awake()
        while True:
            match = compiled.search(self.output, self.position)
            if match:
                self.position = match.end()
                return match
            now = awake()
            if not self.open:
                raise GuestError(
                    f"QEMU ended with status {self.process.wait()} "
                    f"before it printed {pattern!r}"
                )
            if now - heard > silence or now - start > MOST:
                raise GuestError(f"waited in vain for {pattern!r}")
            if self._read(min(1.0, silence)):
                heard = awake()

    def boot(self, prompt=PROMPT):
        """Wait for the shell's prompt; return all output so far."""
        self.expect(prompt)
        return self.output

    def send(self, line):
        """Type a line on the console."""
        self.type(line + "\n")

    def type(self, text):
        """Type text as it is: control characters too, no newline added."""
        data = text.encode()
        size = PIECE if self.recorded else max(1, len(data))
        for at in range(0, len(data), size):
            echoed = len(self.output) + size
            self.process.stdin.write(data[at : at + size])
            self.process.stdin.flush()
            while self.recorded and at + size < len(data) and len(self.output) < echoed:
                if not self._read(ECHO):
                    break

    def command(self, line, prompt=PROMPT):
        """Run a shell command; return its output without the last newline.

        The echo of the line, with whatever the line editor drew, is left out.
        """
        self.send(line)
        self.expect(r"\n")
        before = self.position
        match = self.expect(prompt)
        return self.output[before : match.start()].rstrip("\n")

    def wait(self, silence=SILENCE):
        """Wait until QEMU ends by itself; return its exit status."""
        heard = awake()
        while self.open:
            if self._read(1.0):
                heard = awake()
            elif self.open and awake() - heard > silence:
                raise GuestError("the machine did not switch itself off")
        return self.process.wait()

    def tail(self, lines=25):
        """Return the last lines of the console, safe to print."""
        return "\n".join(printable(self.output).splitlines()[-lines:])


class Shared:
    """The machine that tests share, one after the other."""

    start = Guest

    def __init__(self):
        self.guest, self.options = None, None

    def machine(self, **options):
        """Return a booted guest with those options."""
        if self.guest and self.options != options:
            self.close()
        if not self.guest:
            self.guest, self.options = self.start(**options), options
            self.guest.boot()
        return self.guest

    def close(self):
        """End the guest, if there is one: the next test gets a new one."""
        if self.guest:
            self.guest.close()
        self.guest = None


def passes(guest, command):
    """Fail unless a command, given at the shell, ends with status 0."""
    output = guest.command(f"{command}; echo status $?")
    assert re.search(r"(^|\n)status 0$", output), printable(output)[-3000:]


def run_program(program, **options):
    """Boot with a program in init's place; return (exit status, output).

    program: its path in test.img. The kernel powers off when it exits and
    passes its status on.
    """
    extra = options.pop("bootargs", "")
    with Guest(
        bootargs=f"init={program} init.exit=poweroff {extra}".strip(), **options
    ) as guest:
        status = guest.wait()
        return status, guest.output
