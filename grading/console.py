"""What a guest printed: kept in bounds, whatever it prints."""

import os
import re
import threading
import time

HEAD = 192 << 10
TAIL = 64 << 10
MOST = 8 << 20  # a guest that prints more is ended
FIRMWARE = 100  # lines, in which its page has ended
UNWRITTEN = re.compile(r"lab \d+: (\w+) is yours to write")


class Console:
    """Reads a stream to its end in a thread; keeps its head and its tail."""

    def __init__(self, stream):
        self.stream = stream
        self.head, self.tail = bytearray(), bytearray()
        self.total = 0
        self.changed = threading.Condition()
        self.ended = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.stream.fileno(), 1 << 16)
            except (OSError, ValueError):
                data = b""
            with self.changed:
                self._keep(data)
                self.ended = not data
                self.changed.notify_all()
            if not data:
                return

    def _keep(self, data):
        self.total += len(data)
        room = HEAD - len(self.head)
        self.head += data[:room]
        self.tail = (self.tail + data[max(room, 0) :])[-TAIL:]

    @property
    def flooded(self):
        """Has it printed more than anybody reads?"""
        return self.total > MOST

    def text(self):
        """Return what was kept, decoded, with a note where some was not."""
        with self.changed:
            left_out = self.total - len(self.head) - len(self.tail)
            data = bytes(self.head)
            if left_out > 0:
                data += b"\n[... %d bytes ...]\n" % left_out
            data += bytes(self.tail)
        return data.decode("utf-8", "replace").replace("\r\n", "\n")

    def wait_for(self, pattern, seconds=5.0):
        """Return the text as soon as a pattern is in it, or as it is in the end: what a
        machine that has stopped printed before may still be on its way."""
        end = time.monotonic() + seconds
        with self.changed:
            while not re.search(pattern, self.text()) and not self.ended:
                left = end - time.monotonic()
                if left <= 0:
                    break
                self.changed.wait(left)
            return self.text()

    def join(self):
        """Wait until the stream has ended."""
        self.thread.join(10.0)


COMMAND = re.compile(r"^(\s*):(?=:)|##\[", re.MULTILINE)


def escape(text):
    """Show what would act on a terminal or on a workflow's runner; newlines stay.

    GitHub runs "::command::" at the start of a line and "##[command]" anywhere.
    """
    text = COMMAND.sub(lambda m: (m[1] or "") + ("\\x3a" if m[0][-1] == ":" else "##\\x5b"),
                       text)  # fmt: skip
    return "".join(
        c if c == "\n" or c.isprintable() else repr(c)[1:-1]
        for c in text.replace("\t", "    ")
    )


def last_lines(text, count=20, width=160):
    """Return the last lines of a console, safe to print anywhere; of the firmware's
    page, which comes first and ends with what it says of the boot hart, none."""
    lines = [line[:width] for line in escape(text).splitlines()]
    of_hart = [n for n, line in enumerate(lines[:FIRMWARE]) if line.startswith("Boot HART ")]
    ours = next((n + 1 for n in of_hart if n + 1 not in of_hart), 0)
    return "\n".join(lines[ours:][-count:])


RAW_FRAME = re.compile(r"^((?:\[ *[\d.]+\])? +)([0-9a-f]{16})$", re.MULTILINE)


def with_names(text, elf):
    """Name the functions in a backtrace that the guest printed without."""
    return RAW_FRAME.sub(
        lambda m: f"{m[1]}{m[2]} {elf.name(int(m[2], 16)) or ''}".rstrip(), text
    )
