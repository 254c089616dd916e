"""A page of Markdown as a script: what is typed, and what it says is printed.

In a block of code, indented or fenced, a line that begins with a prompt is typed
where that prompt is shown. The lines below it, up to the next prompt or the end of
the block, are printed in this order, perhaps with others between them. There
… stands for anything; the log's time of day may be another, and so may the number
of blanks. `^C` or `^Z` alone on a line is a key; above a line `^D` all lines are
typed. A block without a prompt is a picture or a quotation: nobody types it.
"""

import dataclasses
import re
import textwrap

PROMPTS = {
    "$ ": "shell",  # the student's own
    "umbra# ": "guest",
    "(gdb) ": "gdb",
    "(qemu) ": "monitor",
}
KEY = re.compile(r"\^[CDZ]$")
TIME = re.compile(r"\[ *\d+\.\d+\] ")  # before each line of the kernel's log


@dataclasses.dataclass
class Typed:
    """A line that is typed: its number, where it is typed, and what is to be
    seen; keys are pressed behind it."""

    line: int
    where: str
    text: str
    shown: list = dataclasses.field(default_factory=list)
    keys: list = dataclasses.field(default_factory=list)

    @property
    def lines(self):
        """All that is typed before a key is pressed: a file ends with ^D."""
        return [self.text, *self.shown] if self.ends_input else [self.text]

    @property
    def printed(self):
        """The lines that must be seen."""
        return [] if self.ends_input else self.shown

    @property
    def ends_input(self):
        """The lines below are what the command reads."""
        return self.keys[:1] == ["^D"]


def blocks(page):
    """Return the blocks of code of a page: lists of (line number, text)."""
    found, block, fence, before = [], [], "", ""
    for number, line in enumerate(page.splitlines(), 1):
        mark = re.match(r"\s*(```|~~~)", line)
        if mark and (not fence or mark[1] == fence):
            fence = "" if fence else mark[1]
        elif fence or _goes_on(line, block, before):
            block.append((number, line))
            before = line
            continue
        if block:
            found.append(block)
        block, before = [], line
    if block:
        found.append(block)
    return [_dedented(block) for block in found]


def _goes_on(line, block, before):
    """Is a line outside of fences part of an indented block? Such a block begins
    below an empty line."""
    if not line.strip():
        return bool(block)
    return line.startswith("    ") and (bool(block) or not before.strip())


def _dedented(block):
    text = textwrap.dedent("\n".join(line for _, line in block)).split("\n")
    return [(number, line) for (number, _), line in zip(block, text)]


def commands(page):
    """Return all that is typed in a page, in its order."""
    found = []
    for block in blocks(page):
        typed = None
        for number, line in block:
            prompt = next((p for p in PROMPTS if line.startswith(p)), None)
            if prompt:
                text = line.removeprefix(prompt).strip()
                typed = Typed(number, PROMPTS[prompt], text)
                found.append(typed)
            elif typed and KEY.match(line.strip()):
                typed.keys.append(line.strip())
            elif typed and line.strip():
                typed.shown.append(line.strip())
    return found


def pattern(line):
    """Return the regular expression of a line that a page shows."""
    time = TIME.match(line)
    text = line[time.end() :] if time else line
    words = [".*".join(map(re.escape, word.split("…"))) for word in text.split()]
    return re.compile((TIME.pattern if time else "") + r"\s*" + r"\s+".join(words))


def missing(shown, output):
    """Return the first line that is shown and was not printed, or None."""
    printed = iter(output.splitlines())
    for line in shown:
        wanted = pattern(line)
        if not any(wanted.fullmatch(each.strip()) for each in printed):
            return line
    return None
