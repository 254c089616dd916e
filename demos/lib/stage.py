"""What a demo does on stage, and what the audience sees of it.

A demo is a function demo(stage) that boots machines, types at them and looks
into them; the stage keeps all of it as events, in order, and hands each to a
screen as it happens. An event is a kind and a text:

    scene   a heading: what comes now
    say     a sentence for the audience
    prompt  "umbra# ls": who is asked, and what; the screen waits for the speaker
    output  what was answered
    fact    what was seen to be so: these lines are the expected outcome
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "guest"), ROOT]

import harness  # noqa: E402


def find(pattern, text):
    """Return the first group of a match; it is an error if there is none."""
    found = re.search(pattern, text, re.M)
    if not found:
        raise harness.GuestError(f"no {pattern!r} in:\n{text}")
    return found[1]


def yes(condition):
    """Return how a fact says that something is so, or not."""
    return "yes" if condition else "no"


class Silent:
    """A screen that shows nothing and waits for nobody."""

    def show(self, kind, text):
        """Take an event."""


class Stage:
    """What a demo is given. folder: for its files, empty at first; home: where
    the demo's own files are; recording: of its machines, or None."""

    def __init__(self, screen, folder, home, recording=None):
        self.screen, self.folder, self.home = screen, folder, home
        self.recording = recording
        self.events = []

    def _add(self, kind, text):
        self.events.append((kind, text))
        self.screen.show(kind, text)

    def scene(self, title):
        """Begin a part under a heading."""
        self._add("scene", title)

    def say(self, text):
        """Tell the audience something; line ends in the text do not count."""
        self._add("say", " ".join(text.split()))

    def prompt(self, who, words):
        """Show what is typed, and where: before it is done."""
        self._add("prompt", f"{who} {words}")

    def output(self, text, only=None, most=None, drop=None):
        """Show lines of text: those that match `only` and not `drop`, `most` of them."""
        lines = harness.printable(text.expandtabs()).rstrip().split("\n")
        kept = [line for line in lines if re.search(only or "", line)
                and not (drop and re.search(drop, line))]  # fmt: skip
        if most and len(kept) > most:
            kept[most:] = ["..."]
        if any(kept):
            self._add("output", "\n".join(kept))

    def fact(self, text):
        """State what was seen. It has to be the same each time: no address, no time."""
        self._add("fact", " ".join(text.split()))

    def host(self, *words, shown=None, status=0, **which):
        """Run one of the host's programs; return what it prints. shown: the
        command as the audience sees it; which: as output() takes it."""
        self.prompt("host$", shown or " ".join(self.short(str(w)) for w in words))
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False)  # fmt: skip
        if status is not None and done.returncode != status:
            raise harness.GuestError(f"{words[0]}: status {done.returncode}\n{done.stdout}")
        text = self.short(done.stdout)
        self.output(text, **which)
        return text

    def short(self, word):
        """Return text with paths as people would write them."""
        for folder in (self.folder, harness.BUILD + "/host", ROOT):
            word = word.replace(folder + "/", "")
        return word

    def path(self, name):
        """Return the path of a file of this run."""
        return os.path.join(self.folder, name)

    def outcome(self):
        """Return the facts, scene by scene, as text: what expected.txt has."""
        lines = []
        for kind, text in self.events:
            if kind == "scene":
                lines.append(f"{text}")
            elif kind == "fact":
                lines.append(f"  {text}")
        return "\n".join(lines) + "\n"
