"""QEMU's machine protocol, over a unix socket: one command at a time."""

import json

from grading.gdbstub import connect


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """A connection that has agreed on capabilities."""

    def __init__(self, path, seconds=30.0):
        self.socket = connect(path, seconds)
        self.stream = self.socket.makefile("rb")
        self.events = []
        self._message()
        self.ask("qmp_capabilities")

    def _message(self):
        try:
            line = self.stream.readline()
        except OSError as error:
            raise QmpError(str(error)) from None
        if not line:
            raise QmpError("QEMU has ended")
        return json.loads(line)

    def ask(self, command, **arguments):
        """Run a command; return what it returns. Events are kept."""
        text = json.dumps({"execute": command, "arguments": arguments})
        try:
            self.socket.sendall(text.encode() + b"\n")
        except OSError as error:
            raise QmpError(str(error)) from None
        while True:
            answer = self._message()
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise QmpError(f"{command}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def monitor(self, line):
        """Run a command of the human monitor; return its text."""
        return self.ask("human-monitor-command", **{"command-line": line})

    def close(self):
        """Hang up."""
        self.stream.close()
        self.socket.close()
