"""The terminal that a demo is shown on: headings, colours, pauses."""

import os
import shutil
import sys
import termios
import textwrap
import tty

STYLES = {"scene": "1;36", "say": "", "prompt": "1", "output": "", "fact": "1;32"}
DIM = "2"
WIDEST = 100


class Left(Exception):
    """The speaker has had enough."""


class Screen:
    """Shows events as they happen. live: it is a terminal with a speaker before it,
    who is waited for: at each prompt, before the next scene, and when it is full."""

    def __init__(self, live):
        self.live = live
        self.scenes = 0
        self.rows = 0  # shown since the last pause
        self.coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def _styled(self, style, text):
        return f"\x1b[{style}m{text}\x1b[0m" if self.coloured and style else text

    def _size(self):
        size = shutil.get_terminal_size((80, 24))
        return min(size.columns, WIDEST), size.lines

    def _line(self, text="", style=""):
        columns, lines = self._size()
        takes = max(1, -(-len(text) // columns))
        if self.live and self.rows + takes > lines - 2:
            self._wait("more")
        print(self._styled(style, text), flush=True)
        self.rows += takes

    def _wrapped(self, text, style="", mark=""):
        columns, _ = self._size()
        for line in textwrap.wrap(text, columns - 2, initial_indent=mark,
                                  subsequent_indent=" " * len(mark)):  # fmt: skip
            self._line(line, style)

    def _broken(self, line):
        """Return a line as the lines that it takes, broken between words."""
        columns, _ = self._size()
        if len(line) <= columns:
            return [line]
        return textwrap.wrap(line, columns, subsequent_indent="    ", replace_whitespace=False)

    def show(self, kind, text):
        """Take an event."""
        getattr(self, "_" + kind)(text)

    def title(self, name, text):
        """Show what demo this is."""
        self._clear()
        columns, _ = self._size()
        self._line("━" * columns, STYLES["scene"])
        self._line(f"  {name}", DIM)
        self._wrapped(text, STYLES["scene"], "  ")
        self._line("━" * columns, STYLES["scene"])
        if self.live:
            self._line("  Enter goes on, q leaves", DIM)

    def _clear(self):
        if self.live and self.coloured:
            print("\x1b[H\x1b[2J", end="")
        self.rows = 0

    def _scene(self, text):
        self.scenes += 1
        if self.live:
            self._wait(f"next: {text}")
            self._clear()
        else:
            self._line()
        columns, _ = self._size()
        self._line(f"{self.scenes}  {text}", STYLES["scene"])
        self._line("─" * columns, STYLES["scene"])

    def _say(self, text):
        self._wrapped(text)

    def _prompt(self, text):
        first, *rest = self._broken(text)
        who, _, words = first.partition(" ")
        self._line()
        line = f"{self._styled(DIM, who)} {self._styled(STYLES['prompt'], words)}"
        line = "\n".join([line, *(self._styled(STYLES["prompt"], part) for part in rest)])
        if not self.live:
            print(line, flush=True)
            return
        _, lines = self._size()
        if self.rows + 4 > lines - 2:
            self._wait("more")
        print(line, end="", flush=True)
        self._key()
        print(flush=True)
        self.rows += 1 + len(rest)

    def _output(self, text):
        for line in text.split("\n"):
            for part in self._broken(line):
                self._line(part, STYLES["output"])

    def _fact(self, text):
        self._wrapped(text, STYLES["fact"], "✓ ")

    def _wait(self, text):
        print(self._styled(DIM, f"── {text} "), end="", flush=True)
        self._key()
        print("\r\x1b[K" if self.coloured else "", end="" if self.coloured else "\n",
              flush=True)  # fmt: skip
        self.rows = 0

    def end(self):
        """Wait once more before the demo is over."""
        if self.live:
            self._wait("the end")

    def _key(self):
        """Wait for Enter, or a space; q and Ctrl-C leave."""
        keyboard = sys.stdin.fileno()
        saved = termios.tcgetattr(keyboard)
        tty.setcbreak(keyboard)
        try:
            while True:
                key = os.read(keyboard, 1)
                if key in b"qQ\x04":  # and the end of input
                    raise Left()
                if key in b"\r\n ":
                    return
        except KeyboardInterrupt:
            raise Left() from None
        finally:
            termios.tcsetattr(keyboard, termios.TCSADRAIN, saved)
