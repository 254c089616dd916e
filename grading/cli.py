"""The command line of grading/grade."""

import argparse
import json
import os
import sys
import textwrap

from grading import discover, formats, grade, sandbox, tree
from grading.program import UNWRITTEN

COLUMNS = 80
COLOURS = {"pass": "32", "fail": "31", "timeout": "31", "crash": "31",
           "build": "31", "infra": "35", "skipped": "33"}  # fmt: skip
WIDTH = 9


def parser():
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="grading/grade", description="Grade a submission for a lab."
    )
    add = made.add_argument
    add("--lab", help="number or name; default: the one of this branch")
    add("--submission", default="trunk", help="folder, archive or git URL; "
        "trunk: this tree (default); stub: the starter")  # fmt: skip
    add("--hidden", metavar="DIR", help="more tests, which students do not see")
    add("--out", metavar="DIR", help="where reports go")
    add("--seed", type=int, help="repeat a run exactly")
    add("--test", action="append", metavar="NAME",
        help="only this test, or those of this step; repeatable")
    add("-j", "--jobs", type=int, default=os.cpu_count(), help="machines at a time")
    add("--list", action="store_true", help="print the tests as JSON and stop")
    add("--full", action="store_true", help="fail unless all points were scored")
    return made


class Terminal(grade.Progress):
    """Lines of at most 80 columns; colours on a terminal."""

    def __init__(self, stream):
        self.stream, self.live = stream, stream.isatty()
        self.total = self.done = 0
        self.failed = []

    def _colour(self, status, text):
        return f"\x1b[{COLOURS[status]}m{text}\x1b[0m" if self.live else text

    def _line(self, text):
        if self.live:
            print("\r\x1b[K", end="", file=self.stream)
        print(text, file=self.stream, flush=True)

    def _status(self, text):
        if self.live:
            print(f"\r\x1b[K{text[:COLUMNS - 1]}", end="", file=self.stream, flush=True)

    def step(self, text):
        """Show what takes a while."""
        self._status(text + " ...")

    def tests(self, count):
        """Note how many tests there are."""
        self.total = count
        self._status(f"0 of {count} tests")

    def test(self, part):
        """Count a test that has ended."""
        self.done += 1
        self._status(f"{self.done} of {self.total} tests")

    def verdict(self, part):
        """Show a test's verdict in a line."""
        points = f"{part['score']}/{part['points']}"
        title = textwrap.shorten(part["title"], COLUMNS - WIDTH - 8, placeholder=" ...")
        status = self._colour(part["status"], f"{part['status']:{WIDTH}}")
        self._line(f"{status}{title:{COLUMNS - WIDTH - 8}} {points:>7}".rstrip())

    def explain(self, part, others=()):
        """Show why a test did not pass, and how to try it alone; others ended so, too."""
        self._line("")
        head = f"{part['status']}: {part['name']}"
        blamed = f" ({part['blames']})" if part["blames"] else ""
        self._line(self._colour(part["status"], head) + blamed)
        for name in ("message", "expected", "seen", "contract", "hint"):
            if part[name]:
                self._field(name, part[name])
        if part["section"]:
            self._field("read", f"README.md#{part['section']}")
        if part["backtrace"]:
            self._field("in", " < ".join(part["backtrace"][:8]))
        if part["console"] and part["status"] in ("crash", "timeout"):
            self._field("console", "\n".join(part["console"].splitlines()[-8:]))
        self._field("likewise", " ".join(other["name"] for other in others))
        self._field("again", part["repeat"], whole=True)
        self._field("replay", part["replay"], whole=True)

    def unwritten(self, message, parts):
        """Show what is still to be written, and which tests wait for it."""
        points = sum(part["points"] for part in parts)
        self._line("")
        self._line(f"{message}: {points} points wait for it")
        self._field("tests", " ".join(part["name"] for part in parts))

    def _field(self, name, text, whole=False):
        """Show a few lines, broken between words; or whole, to be copied."""
        label = f"{name}:"
        for line in text.splitlines()[:12]:
            for piece in [line] if whole else textwrap.wrap(line, COLUMNS - 12) or [""]:
                self._line(f"  {label:10}{piece}".rstrip())
                label = ""

    def summary(self, made):
        """Show what the submission came to."""
        if self.live:
            print("\r\x1b[K", end="", file=self.stream)
        for step, parts in formats.by_step(made):
            self._line(formats.heading(step))
            for part in parts:
                self.verdict(part)
        for note in made["notes"]:
            self._line(note)
        stopped = "build" not in made or not made["build"].get("ok")
        if made["build"].get("output"):
            self._line(made["build"]["output"])
        missing, alike = {}, {}
        for part in made["tests"] if not stopped else ():
            if part["message"].endswith(UNWRITTEN):
                missing.setdefault(part["message"], []).append(part)
            elif part["status"] not in ("pass", "build"):
                # One machine may have ended before what several tests look at.
                key = part["name"] if part["status"] == "fail" else ""
                alike.setdefault((part["status"], part["message"], key), []).append(part)
        for part, *others in alike.values():
            self.explain(part, others)
        for message, parts in missing.items():
            self.unwritten(message, parts)
        lab = made["lab"]
        self._line("")
        for line in formats.steps(made, COLUMNS - 16):
            self._line(line)
        self._line(f"Lab {lab['number']}, {lab['title']}: "
                   f"{made['score']} of {made['max_score']} points"
                   f" ({made['status']}, seed {made['seed']})")  # fmt: skip


def _lab_of(root):
    """Return the lab of this branch of a course: the last one that is there."""
    if not os.path.exists(os.path.join(root, "lab.mk")):
        return None
    folders = tree.labfile(root).folders(root)
    return os.path.basename(folders[-1]) if folders else None


def _list(root, which, hidden):
    lab = grade.find_lab(root, which)
    rows = [
        {"name": t.name, "title": t.title, "points": t.points, "step": t.step,
         "section": t.section, "blames": t.blames, "hint": t.hint,
         "evidence": list(t.evidence), "hidden": t.hidden}
        for t in discover.tests(root, lab, hidden)
    ]  # fmt: skip
    print(json.dumps(rows, indent=2))


def _without_solution(root, which, submission):
    """Return why the trunk is no submission for a lab; or None."""
    lab = grade.find_lab(root, which)
    missing = [text for text in lab.texts if not os.path.exists(os.path.join(root, text))]
    if submission != "trunk" or not missing:
        return None
    return (f"lab {lab.number} has no holes, so the trunk does not solve it: it judges "
            f"{missing[0]}; SUBMISSION=folder says where that is")  # fmt: skip


def main(root):
    """Run the command line; return the exit status."""
    options = parser().parse_args()
    which = options.lab or _lab_of(root)
    if not which:
        print("grade: which lab? Say --lab N (make grade LAB=N)", file=sys.stderr)
        return 2
    terminal = Terminal(sys.stdout)
    try:
        if options.list:
            _list(root, which, options.hidden)
            return 0
        if reason := _without_solution(root, which, options.submission):
            raise LookupError(reason)
        made = grade.grade(
            root, which, options.submission, options.hidden, options.out,
            options.seed, options.test, options.jobs, terminal,
        )  # fmt: skip
    except (LookupError, discover.TestError, sandbox.SandboxMissing) as error:
        print(f"grade: {error}", file=sys.stderr)
        return 2
    terminal.summary(made)
    if made["status"] == "infra":
        return 3
    return 1 if options.full and made["score"] < made["max_score"] else 0
