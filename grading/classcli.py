"""The command line of grading/class."""

import argparse
import fcntl
import os
import re
import secrets
import sys
import time

from grading import classpage, classroom, cluster, discover, gradebook, sandbox, similar
from grading import tree
from grading.archive import Rejected
from grading.grade import find_lab, take

LINE = 79


def parser():
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="grading/class",
        description="Grade a folder of submissions for a lab. Started again with the "
        "same --out, it goes on where it was.",
    )
    add = made.add_argument
    add("folder", nargs="?", help="one folder or archive for each submission")
    add("--lab", help="number or name")
    add("--out", metavar="DIR", required=True, help="where all results go")
    add("--hidden", metavar="DIR", help="more tests, which students do not see")
    add("--test", action="append", default=[], metavar="NAME",
        help="only this test; repeatable")  # fmt: skip
    add("--seed", type=int, help="of all gradings; default: drawn once for --out")
    add("-j", "--jobs", type=int, default=os.cpu_count(), help="submissions at a time")
    add("--slurm", type=int, metavar="N", help="grade in an array job of N tasks")
    add("--plan", action="store_true", help="only look into the submissions")
    add("--task", type=_task, metavar="I/N", help="only grade the I-th part of N of "
        "what was planned, I from 0; any number of machines may do so")  # fmt: skip
    add("--collect", action="store_true", help="only write what is told of the class")
    return made


def _task(text):
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or int(found[1]) >= int(found[2]):
        raise argparse.ArgumentTypeError(f"{text} is no I/N with I below N")
    return int(found[1]), int(found[2])


def span(seconds):
    """Return a time as people say it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class Display(classroom.Progress):
    """A bar on a terminal, elsewhere a line for each piece of work."""

    def __init__(self, stream, clock=time.monotonic):
        super().__init__(clock)
        self.stream, self.live, self.seen = stream, stream.isatty(), 0

    def _show(self, text, lasting=False):
        if self.live:
            print(f"\r\x1b[K{text[:LINE]}", end="\n" if lasting else "", flush=True,
                  file=self.stream)  # fmt: skip
        elif lasting:
            print(text, file=self.stream, flush=True)

    def step(self, text):
        """Show what takes a while."""
        self._show(text + " ...")

    def looked(self, total):
        """Count the submissions that were looked into."""
        self.seen += 1
        self._show(f"looking into submission {self.seen} of {total}")

    def working(self, total, done):
        """Say what is to be done."""
        super().working(total, done)
        self._show(f"{total} different submissions to grade, {done} of them done", True)

    def graded(self, digest, made, seconds):
        """Show how far it is, and how long it will take."""
        super().graded(digest, made, seconds)
        left = self.left()
        rest = f", about {span(left)} left" if left else ""
        filled = 20 * self.done // max(self.total, 1)
        bar = f"[{'#' * filled}{'.' * (20 - filled)}] " if self.live else ""
        what = f"{made['score']}/{made['max_score']}" if made else "trouble"
        self._show(f"{bar}{self.done} of {self.total}{rest}; {digest[:8]}: {what}, "
                   f"{span(seconds)}", not self.live)  # fmt: skip

    def end(self):
        """Leave the line of a terminal."""
        if self.live:
            print(file=self.stream)


def _class(root, options):
    """Return the Class that the command line means."""
    if not options.lab or not options.folder:
        raise classroom.ClassError("say --lab N and the folder of submissions")
    there = classroom.read(os.path.join(options.out, "class.json"))
    seed = options.seed
    if seed is None:
        seed = there["seed"] if there else secrets.randbelow(10**9)
    hidden = options.hidden and os.path.abspath(options.hidden)
    if not os.path.isdir(options.folder):
        raise classroom.ClassError(f"{options.folder} is no folder")
    return classroom.Class(root, find_lab(root, options.lab),
                           os.path.abspath(options.folder), options.out, seed,
                           hidden, tuple(sorted(options.test)))  # fmt: skip


def collect(run, made):
    """Write reports, gradebook and page; return the number left ungraded."""
    told = classroom.collect(run, made)
    book = gradebook.book(run, told)
    texts = {"gradebook.json": gradebook.as_json(book), "gradebook.csv":
             gradebook.as_csv(book), **gradebook.for_platforms(book)}  # fmt: skip
    contents = {}
    for student, one in told:
        if student["digest"] and one["status"] in ("graded", "build"):
            if student["digest"] not in {d for d, _ in contents.values()}:
                contents[student["name"]] = student["digest"], student["entry"]
    files = {}
    for name, (_, entry) in contents.items():
        try:
            files[name] = take(run.root, run.lab, os.path.join(run.folder, entry))[0]
        except Rejected:
            continue  # it was there when it was graded
    starter = {**tree.reference(run.root, run.lab), **tree.stub(run.root, run.lab)}
    holes = set(tree.allowed(run.root, run.lab)[1])
    solution, _ = take(run.root, run.lab, run.root)
    pairs, note = similar.pairs(
        run.root, files, [solution, {n: starter[n] for n in holes if n in starter}]
    )
    texts["class.html"] = classpage.render(book, told, pairs, note)
    for name, text in texts.items():
        classroom.write(os.path.join(run.out, name), text)
    return sum(one["status"] == "infra" for _, one in told)


def _run(root, options, display):
    """Do what was asked for; return the number of submissions left ungraded."""
    if options.task or options.collect:
        run, made = classroom.load(root, options.out)
    else:
        run = _class(root, options)
        made = classroom.plan(run, options.jobs, display)
    if options.task:
        classroom.work(run, made, options.jobs, display, *options.task)
    elif options.slurm:
        cluster.slurm(run, options.slurm, options.jobs, display)
    elif not (options.plan or options.collect):
        classroom.work(run, made, options.jobs, display)
    if options.task or options.plan:
        return 0
    return collect(run, made)


def main(root):
    """Run the command line: 0 when all was graded, 2 for wrong usage, 3 if some was
    left; started again, only that is tried."""
    options = parser().parse_args()
    options.out = os.path.abspath(options.out)
    os.makedirs(options.out, exist_ok=True)
    display = Display(sys.stdout)
    with open(os.path.join(options.out, ".lock"), "w", encoding="ascii") as lock:
        try:
            if not options.task:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if sandbox.why_not():
                raise sandbox.SandboxMissing(sandbox.why_not())
            left = _run(root, options, display)
        except BlockingIOError:
            print(f"class: {options.out} is being worked on", file=sys.stderr)
            return 2
        except (LookupError, discover.TestError, sandbox.SandboxMissing,
                classroom.ClassError, cluster.ClusterError) as error:  # fmt: skip
            print(f"class: {error}", file=sys.stderr)
            return 2
        finally:
            display.end()
    if left:
        print(f"class: {left} submissions could not be graded; see "
              f"{options.out}/logs, and start again", file=sys.stderr)  # fmt: skip
        return 3
    return 0
