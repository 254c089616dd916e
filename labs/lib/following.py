"""Follow a handout: type what it says, in its lab's branch, and compare what is
printed with what it shows.

A command that shows the line at which the lab's starter stops is run in the
starter. All others are run in the finished lab, and have to succeed; what is
graded has all points.
"""

import os
import re
import shutil

from labs.lib import course as courses
from labs.lib import handout, mistakes
from labs.lib.proofs import Wrong
from labs.lib.sealing import environment
from labs.lib.terminal import Silent, Terminal

BOOTS = re.compile(r"make (run|boot|gdb|record|replay)\b")  # status: the machine's
RECORDS = re.compile(r"make (record|replay)\b")
GRADES = re.compile(r"make grade\b")
ALL_POINTS = re.compile(r"^Lab .*: (\d+) of \1 points", re.M)


class Branch:
    """A lab's branch as it is published, in a folder that other labs' branches
    were in before: what they share stays built."""

    def __init__(self, root, folder, labs, lab, settings):
        self.folder, self.lab = folder, lab
        words = (f"{k}={v}".replace(" ", "\\ ") for k, v in settings.items())
        self.environment = environment()
        if settings:
            self.environment["MAKEFLAGS"] = "-- " + " ".join(words)
        trunk = courses.working(root)
        course = courses.Course(tuple(labs), False, False)
        main = courses.main_tree(trunk, course, {})
        self.starter = courses.lab_tree(trunk, course, main, lab)
        self.finished = self.starter | {hole: trunk[hole] for hole in lab.holes}
        if lab.texts:
            text = "".join(f"{k} = {v}\n" for k, v in mistakes.solved(root, lab).items())
            self.finished[lab.texts[0]] = courses.File(text.encode())

    def clear(self):
        """Remove what other branches have left."""
        shutil.rmtree(os.path.join(self.folder, "labs"), ignore_errors=True)
        for name in ("root.img", "graded"):
            path = os.path.join(self.folder, "build", name)
            shutil.rmtree(path) if os.path.isdir(path) else None
            if os.path.isfile(path):
                os.unlink(path)

    def become(self, started):
        """Be the starter, or the finished lab."""
        courses.write(self.starter if started else self.finished, self.folder)

    def ends_at(self, shown):
        """Do lines show where the starter stops?"""
        return any(self.lab.starter in line for line in shown)


class Follower:
    """Somebody at a terminal, with a handout."""

    def __init__(self, branch, terminal):
        self.branch, self.terminal = branch, terminal
        self.at = "shell"  # whose prompt it is
        self.booted = ""  # the command that it came from
        self.graded = set()  # what need not be graded once more

    def follow(self, typed):
        """Type a line and look at what comes."""
        if GRADES.match(typed.text) and typed.text in self.graded:
            return
        self._go_to(typed)
        if typed.where == "shell":
            self.branch.become(self.branch.ends_at(typed.printed))
            self.booted = typed.text
        self.terminal.send("".join(line + "\n" for line in typed.lines))
        self.at, output, status = self._see(typed)
        line = handout.missing(typed.printed, output)
        if line:
            raise Silent(f"does not print\n  {line}\nbut\n{output[-1500:]}")
        if typed.where != "shell":
            return
        if status and not BOOTS.match(typed.text):
            raise Silent(f"ends with status {status}:\n{output[-1500:]}")
        if GRADES.match(typed.text):
            self.graded.add(typed.text)
        if typed.text in self.graded and not ALL_POINTS.search(output):
            raise Silent(f"does not give all points:\n{output[-1500:]}")

    def _see(self, typed):
        """Wait for the prompt behind a line."""

        def enough(text):
            return not handout.missing(typed.printed, text)

        for key in typed.keys:
            found = self.terminal.press(bytes([ord(key[1]) & 31]), enough)
        if typed.keys:
            return found
        replays = typed.where == "shell" and typed.text == "make replay"
        kinds = {"kinds": ("shell",)} if replays else {}
        return self.terminal.wait(echo=True, enough=enough, **kinds)

    def _go_to(self, typed):
        """Have the prompt at which a line is to be typed."""
        if typed.where == self.at:
            return
        if typed.where == "shell":
            self.leave()
        elif {typed.where, self.at} == {"guest", "monitor"}:
            self.terminal.send("\x01c\n")
            self.at, _, _ = self.terminal.wait((typed.where,))
        else:
            raise Silent(f"cannot be typed: the prompt is that of the {self.at}")

    def leave(self):
        """Go back to the shell."""
        if self.at == "shell":
            return
        if self.at == "gdb":
            self.terminal.send("kill\nquit\n")
        else:
            self.terminal.send("\x03" if RECORDS.match(self.booted) else "\x01x")
        self.at, _, _ = self.terminal.wait(("shell",), silence=30)


def follow(root, folder, labs, lab, graded=True, settings=None):
    """Follow a lab's handout in a folder, from its first line to its last; return
    what was done, in words. Raises Wrong. graded: with all that is graded; settings
    of make hold for every command."""
    page = os.path.join(lab.folder, "README.md")
    with open(os.path.join(root, page), encoding="utf-8") as file:
        script = handout.commands(file.read())
    if not graded:
        script = [typed for typed in script if not GRADES.match(typed.text)]
    branch = Branch(root, folder, labs, lab, settings or {})
    branch.clear()
    return page_followed(branch, page, script)


def page_followed(branch, page, script):
    """Follow a page's script in a branch. Raises Wrong, with all places that are
    not as they say."""
    branch.become(True)
    faults, at = [], 0
    while at < len(script):
        at = _session(branch, page, script, at, faults)
    if faults:
        raise Wrong("\n".join(faults))
    shown = sum(len(typed.printed) for typed in script)
    return f"{len(script)} commands do what they say, and print {shown} lines"


def _session(branch, page, script, at, faults):
    """Follow a script from a command on until something is wrong; return where to
    go on: at the next command for the shell."""
    wrong = len(faults)
    with Terminal(branch.folder, branch.environment) as terminal:
        follower = Follower(branch, terminal)
        while at < len(script) and len(faults) == wrong:
            typed = script[at]
            at += 1
            try:
                follower.follow(typed)
            except Silent as error:
                faults.append(f"{page}:{typed.line}: {typed.text}: {error}")
        try:
            follower.leave()
        except Silent as error:
            faults.append(f"{page}:{script[at - 1].line}: does not end: {error}")
    while len(faults) > wrong and at < len(script) and script[at].where != "shell":
        at += 1
    return at
