"""A terminal with a shell in it, for a program that types and reads."""

import codecs
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from fcntl import ioctl

ROWS, COLUMNS = 50, 200  # wide, so that no debugger breaks lines
PATIENCE = float(os.environ.get("UMBRA_PATIENCE", "1"))
SILENCE = 300 * PATIENCE  # seconds: a shell that compiles says little
QUIET = 30 * PATIENCE  # behind a prompt: then nothing more is to come
SETTLED = 0.2  # the same, if all that is wanted has been seen
AGAIN = 3.0  # a key that came too early is pressed once more
PROMPTS = {
    "shell": re.compile(r"^<<(\d+)>> ", re.M),
    "guest": re.compile(r"^(?:umbra|recovery)# ", re.M),
    "gdb": re.compile(r"^\(gdb\) ", re.M),
    "monitor": re.compile(r"^\(qemu\) ", re.M),
}
SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[78c])")


class Silent(Exception):
    """What was waited for did not come."""


def clean(text):
    """Return text as it is to be read: without colours, and of a line that was
    written over the last that stood there."""
    lines = SEQUENCE.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


class Terminal:
    """A shell below a folder; a context manager that ends what it started."""

    def __init__(self, folder, environment):
        self.raw = ""  # all output since the last line was typed
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.process, self.master = pty.fork()
        if not self.process:
            # What a shell finds ignored, as a background job's are, its programs ignore, too.
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.chdir(folder)
            words = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
            os.execvpe("bash", words, {**environment, "PS1": "<<$?>> ", "TERM": "dumb"})
        ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.wait(("shell",))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.master)
        os.kill(self.process, signal.SIGHUP)
        os.waitpid(self.process, 0)

    def send(self, text):
        """Type text; what was printed before is forgotten."""
        self.raw = ""
        os.write(self.master, text.encode())

    def _read(self, seconds):
        """Take what comes within a time; False if nothing does."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            raise Silent("the shell has ended") from error
        self.raw += self.decoder.decode(data)
        return True

    def wait(self, kinds=tuple(PROMPTS), echo=False, enough=lambda text: True,
             silence=SILENCE):  # fmt: skip
        """Wait until one of these prompts is shown and what was printed is enough,
        or nothing more comes. Return (kind of prompt, output, shell's status).

        echo: the first line is what was typed. Raises Silent.
        """
        heard = time.monotonic()
        while True:
            came = self._read(SETTLED)
            now = time.monotonic()
            heard = now if came else heard
            text = clean(self.raw)
            if echo:
                text = text.partition("\n")[2]
            kind, match = self._prompt(text, kinds)
            if kind and not came and (enough(text) or now - heard > QUIET):
                return kind, text, int(match[1]) if kind == "shell" else 0
            if now - heard > silence:
                raise Silent(f"waited in vain; the last lines:\n{text[-1500:]}")

    @staticmethod
    def _prompt(text, kinds):
        """Return (kind, match) of the last prompt in a text."""
        last = (None, None)
        for kind in kinds:
            for match in PROMPTS[kind].finditer(text):
                if not last[1] or match.start() >= last[1].start():
                    last = (kind, match)
        return last

    def press(self, key, enough):
        """Press a key until there is a prompt; as wait."""
        began = time.monotonic()
        while True:
            os.write(self.master, key)
            try:
                return self.wait(enough=enough, silence=AGAIN)
            except Silent:  # what is to be ended had not begun
                if time.monotonic() - began > SILENCE:
                    raise
