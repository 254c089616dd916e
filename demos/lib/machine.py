"""Machines on stage: what is typed at them, and gdb's view of them."""

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import time

from stage import ROOT, harness

DEBUGGERS = ("gdb-multiarch", "riscv64-unknown-elf-gdb", "riscv64-elf-gdb")
MARK = "<<<done>>>"

# A line of a backtrace: where it is, and arguments of which nobody sees the values.
FRAME = re.compile(r"^(#\d+ +)(?:0x\w+ in )?(\w+ )(?:\(.*\) )?(?=at )", re.M)

MOST_LOOKS = 100
CUE = r"cue\? $"


def disk(stage, *programs, name="demo.img"):
    """Return a copy of root.img, with programs of user/tests in /bin."""
    path = stage.path(name)
    subprocess.run(["cp", "--sparse=always", harness.built("root.img"), path], check=True)
    for program in programs:
        subprocess.run([harness.built("host/efs"), "put", path,
                        harness.built(f"user/tests/{program}"), f"/bin/{program}"],
                       check=True)  # fmt: skip
    return path


def slow_disk(path, pace):
    """Return QEMU's arguments for a disk that does so many requests a second."""
    return ["-object", f"throttle-group,id=pace,x-iops-total={pace}",
            "-blockdev", f"driver=file,node-name=image,filename={path}",
            "-blockdev", "driver=throttle,node-name=slow,throttle-group=pace,file=image",
            "-device", "virtio-blk-device,drive=slow"]  # fmt: skip


class Machine(harness.Guest):
    """A guest whose console is shown. Options are harness.Guest's; the disk is a
    root.img if none is given, and there is a door for gdb."""

    any_harts = False

    def __init__(self, stage, disks=None, harts=1, kernel=None, **options):
        self.stage, self.elf = stage, kernel or harness.built("kernel.elf")
        self.debugger, self.ahead = None, ""  # what a replay has printed too early
        self.recording = stage.recording and stage.recording.next()
        disks = [harness.built("root.img")] if disks is None else disks
        super().__init__(kernel=kernel, harts=harts, disks=disks, **options)
        if self.recording:
            self.recording.begin(self.folder, self.process)

    def command_line(self):
        """Return QEMU's command, with a door for gdb, and where it is started."""
        if not self.recording:
            command, home = super().command_line()
            return [*command, "-gdb", f"unix:{self.folder}/gdb,server=on,wait=off"], home
        self.recorded = True
        command = self.recording.command_line(self.arguments, self.folder)
        self.elf = self.recording.kernel()
        return command, self.recording.home

    def replays(self):
        """Return whether this is a recorded machine once more."""
        return self.recording and self.recording.replays

    def type(self, text):
        """Type text; in a replay the recording does."""
        if not self.replays():
            super().type(text)

    def expect(self, pattern, silence=harness.SILENCE):
        """Wait until new output matches; in a replay, see what was seen then."""
        if self.replays():
            return self._expect_again(pattern)
        try:
            return super().expect(pattern, silence)
        finally:
            if self.recording:
                self.recording.looks.append(len(self.output))

    def _expect_again(self, pattern):
        seen = self.recording.looks.pop(0)
        self.output += self.ahead
        heard = harness.awake()
        while len(self.output) < seen and self.open:
            if self._read(1.0):
                heard = harness.awake()
            elif harness.awake() - heard > harness.SILENCE:
                break
        self.output, self.ahead = self.output[:seen], self.output[seen:]
        match = re.compile(pattern, re.M if "^" in pattern else 0).search(self.output, self.position)
        if not match:
            raise harness.GuestError(f"the replay has no {pattern!r} here")
        self.position = match.end()
        return match

    def close(self):
        """End gdb and QEMU."""
        if self.debugger:
            self.debugger.close()
            self.debugger = None
        super().close()
        if self.recording:
            self.recording.end()

    def power_on(self, shown, **which):
        """Boot to the shell and show lines of the report, as Stage.output takes them."""
        self.stage.prompt("host$", shown)
        report = self.boot()
        lines = (line for line in report.split("\n") if line.startswith("["))
        self.stage.output("\n".join(lines), **which)
        return report

    def do(self, line, **which):
        """Type a command and show what it answers; return that."""
        self.stage.prompt("umbra#", line)
        text = self.command(line)
        self.stage.output(text, **which)
        return text

    def actor(self):
        """Let user/tests/actor.c begin; cue() has it go on."""
        self.stage.prompt("umbra#", "actor")
        self.send("actor")
        return self.answer()

    def cue(self, line):
        """Give the actor a cue; show and return what it answers."""
        self.stage.prompt("actor:", line)
        self.send(line)
        return self.answer()

    def answer(self):
        """Show and return what came before the next "cue?"."""
        self.expect(r"\n")
        before = self.position
        end = self.expect(CUE).start()
        text = self.output[before:end].rstrip("\n")
        self.stage.output(text)
        return text

    def until(self, line, pattern):
        """Repeat a command, unseen, until its output matches; return the output."""
        for _ in range(MOST_LOOKS):
            text = self.command(line)
            if re.search(pattern, text, re.M):
                return text
        raise harness.GuestError(f"{line} never printed {pattern!r}, but {text}")

    def press(self, shown, keys, pattern):
        """Press keys until the console prints what they are for: who is to have
        them may not yet."""
        self.stage.prompt("keys:", shown)
        for _ in range(MOST_LOOKS):
            self.type(keys)
            with contextlib.suppress(harness.GuestError):
                return self.expect(pattern, silence=1.0)
        raise harness.GuestError(f"{shown} never led to {pattern!r}")

    def settle(self):
        """Wait until the shell has read all that was typed: keys that were pressed more
        often than was necessary have had their prompts then."""
        self.send("echo se''ttled")
        self.expect(r"settled\n")
        self.boot()

    def begin(self, line):
        """Type a command that will not be over at once."""
        self.stage.prompt("umbra#", line)
        self.send(line)

    def hold(self, line):
        """Type a line but for its Enter, which Debugger.run_to gives: a machine that
        stops for gdb again and again has no ear for a whole line."""
        self.type(line)
        self.expect(re.escape(line))

    def gdb(self):
        """Stop the machine, and return its gdb; one for all stops."""
        if not self.debugger:
            self.debugger = Debugger(self)
        self.debugger.attach()
        return self.debugger


class Debugger:
    """gdb with tools/gdb, as people use it: commands in, text out."""

    def __init__(self, machine):
        program = next(filter(None, map(shutil.which, DEBUGGERS)), None)
        if not program:
            raise harness.Skip("no gdb for RISC-V")
        self.machine, self.stage = machine, machine.stage
        self.process = subprocess.Popen(
            [program, "-q", "-nx", "-ex", "set confirm off", "-ex", "set pagination off",
             "-ex", "set width 0", "-ex", "set print null-stop on",
             "-ex", "set print frame-arguments none", machine.elf,
             "-x", os.path.join(ROOT, "tools", "gdb", "umbra.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.attached = False
        self.ask("echo")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.attached and kind is None:
            self.let_go()

    def close(self):
        """End it."""
        self.process.kill()
        self.process.wait()
        self.selector.close()
        self.process.stdin.close()
        self.process.stdout.close()

    def attach(self):
        """Stop the machine where it is."""
        recording = self.machine.recording
        if not self.attached:
            if recording:
                recording.gdb_comes()
            self.ask(f"target remote {self.machine.folder}/gdb")
            self.attached = True
        if recording:
            recording.gdb_is_there()

    def let_go(self):
        """Take breakpoints away and let the machine run."""
        self.ask("delete")
        if self.machine.recording and self.machine.recording.gdb_leaves():
            return
        self.ask("detach")
        self.attached = False

    def ask(self, command):
        """Give a command; return what gdb prints for it."""
        self._give(command)
        return self._answer()

    def _give(self, command):
        self.process.stdin.write(f"{command}\necho \\n{MARK}\\n\n".encode())
        self.process.stdin.flush()

    def _answer(self):
        text, end = b"", f"\n{MARK}\n".encode()
        heard = harness.awake()
        while end not in text:
            if not self.selector.select(1.0):
                # A machine whose breakpoint lies beside what often runs is slow.
                if harness.awake() - heard > harness.MOST:
                    raise harness.GuestError(f"gdb does not answer: {text[-500:]}")
                continue
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise harness.GuestError(f"gdb has ended: {text[-500:]}")
            text, heard = text + piece, harness.awake()
        answer = text.split(end)[0].decode("utf-8", "replace")
        return answer.replace("(gdb) ", "").strip("\n")

    def do(self, command, shown=None, **which):
        """Give a command, and show it and its answer; return that."""
        self.stage.prompt("(gdb)", shown or command)
        text = self.ask(command)
        self.stage.output(FRAME.sub(r"\1\2", text), **which)
        return text

    def number(self, expression):
        """Return the value of an expression."""
        text = self.ask(f"printf \"%lu\\n\", (unsigned long)({expression})")
        found = re.search(r"^\d+$", text, re.M)
        if not found:
            raise harness.GuestError(f"{expression}: {text}")
        return int(found[0])

    def run_to(self, place, enter=False):
        """Go on until a place in the program, FUNCTION or FUNCTION if CONDITION;
        enter: press Enter meanwhile."""
        recording = self.machine.recording
        if recording and recording.replays:
            # A trap counts for nothing: the place may have the number of the
            # instruction before it.
            if recording.gdb_goes_on(before=1):
                self.ask("continue")
            place, enter = place.split(" if ")[0], False
        self.ask(f"tbreak {place}")
        self._give("continue")
        if enter:
            self.machine.send("")
        self._answer()
        if recording:
            recording.gdb_is_there()

    def interrupt(self):
        """Stop a machine that `continue` lets run: from another thread."""
        self.process.send_signal(signal.SIGINT)
