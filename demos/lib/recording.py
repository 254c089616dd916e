"""Demos recorded, and replayed to the instruction: tools/record, with gdb.

A machine of a demo that is recorded runs as QEMU's record mode has it; what is
typed, when the disk answers and the clock are in the recording. What is no event of
the machine's is kept beside it: at which instruction gdb stopped a machine that ran,
and how much of its output was there when the script had waited for something. In a
replay the script runs as ever, but nothing is typed: the keys come out of the
recording, and the machine goes ahead of the script, until where gdb came. Nor are
there breakpoints with conditions: QEMU's replay does not survive being stopped again
and again to look at one, and it knows the instruction.
"""

import json
import os
import shutil
import socket
import time

from stage import harness

DOORS = ("-gdb", "unix:{0}/gdb,server=on,wait=off", "-qmp", "unix:{0}/qmp,server=on,wait=off")


class Recording:
    """The recorded machines of a demo, in a folder, in the order in which they are
    started. replays: what is there is repeated; else it is made anew."""

    def __init__(self, folder, replays):
        self.folder, self.replays = folder, replays
        self.count = 0
        if not replays:
            shutil.rmtree(folder, ignore_errors=True)
        elif not os.path.isdir(folder):
            raise harness.GuestError(f"nothing is recorded in {folder}")

    def end(self):
        """Note that it is whole."""
        with open(os.path.join(self.folder, "whole"), "w", encoding="utf-8"):
            pass

    def next(self):
        """Return the recording of the next machine."""
        self.count += 1
        return Machine(os.path.join(self.folder, str(self.count)), self.replays)


class Machine:
    """The recording of one machine."""

    def __init__(self, home, replays):
        self.home, self.replays = home, replays
        self.stops, self.at = [], 0  # instructions where gdb looks; how many have been
        self.looks = []  # characters that were there, each time that some were waited for
        self.monitor = None

    def command_line(self, arguments, folder):
        """Return QEMU's command. folder: for the doors of gdb and the monitor."""
        tool = harness.record_tool()
        doors = [word.format(folder) for word in DOORS]
        if not self.replays:
            return tool.prepare(self.home, arguments) + tool.CONSOLE + doors
        with open(self._script(), encoding="utf-8") as file:
            self.stops, self.looks = json.load(file)
        held = [] if "-S" in arguments else ["-S"]
        return tool.recorded(self.home) + tool.CONSOLE + doors + held

    def kernel(self):
        """Return the path of the kernel."""
        return os.path.join(self.home, "kernel.elf")

    def begin(self, folder, qemu):
        """Join the monitor; let a replay run to where gdb comes first."""
        self.monitor = Monitor(os.path.join(folder, "qmp"), qemu)
        if self.replays and self._next() != 0:
            self._run_to_next()
            self.monitor.ask("cont")

    def gdb_comes(self):
        """Wait, in a replay, until the machine stands where gdb came."""
        if self.replays and self._next():
            self.monitor.wait("STOP")

    def gdb_is_there(self):
        """Note where the machine stands."""
        if not self.replays:
            self.stops.append(self._instructions())
        self.at += 1

    def gdb_leaves(self):
        """Prepare, in a replay, to stop where gdb looks next. Returns whether that is
        here: then the machine must not go on."""
        return self.replays and self._next() is not None and not self.gdb_goes_on()

    def gdb_goes_on(self, before=0):
        """Prepare a replay to stop where gdb looks next, or some instructions before
        that; returns whether that is not here already."""
        if self._next() is None:
            raise harness.GuestError("gdb did not look so often when this was recorded")
        if self._next() - before <= self._instructions():
            return False
        self._run_to_next(before)
        return True

    def end(self):
        """Keep what was noted."""
        if not self.monitor:
            return
        self.monitor.close()
        if not self.replays:
            with open(self._script(), "w", encoding="utf-8") as file:
                json.dump((self.stops, self.looks), file)

    def _script(self):
        return os.path.join(self.home, "script.json")

    def _instructions(self):
        return self.monitor.ask("query-replay")["icount"]

    def _next(self):
        """Return the instruction where gdb comes next, or None."""
        return self.stops[self.at] if self.at < len(self.stops) else None

    def _run_to_next(self, before=0):
        if self._next() is not None:
            self.monitor.ask("replay-break", icount=self._next() - before)
        self.monitor.events.clear()


class Monitor:
    """QEMU's machine protocol: a command and its answer, and events between."""

    def __init__(self, path, qemu):
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(harness.SILENCE)
        while self.link.connect_ex(path) != 0:  # QEMU has not made it yet
            if qemu.poll() is not None:
                raise harness.GuestError(f"QEMU ended with status {qemu.returncode}")
            time.sleep(0.01)
        self.lines = self.link.makefile("r", encoding="utf-8")
        self.events = []
        self._message()
        self.ask("qmp_capabilities")

    def close(self):
        """Leave."""
        self.lines.close()
        self.link.close()

    def ask(self, command, **arguments):
        """Give a command; return what comes of it."""
        text = json.dumps({"execute": command, "arguments": arguments})
        self.link.sendall(text.encode())
        while "return" not in (answer := self._message()):
            if "error" in answer:
                raise harness.GuestError(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def wait(self, event):
        """Wait for an event since the last ones were forgotten."""
        while event not in self.events:
            self._message()

    def _message(self):
        try:
            line = self.lines.readline()
        except TimeoutError:
            raise harness.GuestError("the replay has strayed from its recording") from None
        if not line:
            raise harness.GuestError("QEMU has ended")
        message = json.loads(line)
        if "event" in message:
            self.events.append(message["event"])
        return message
