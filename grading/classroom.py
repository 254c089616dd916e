"""Grade a folder of submissions for a lab: plan, grade, collect.

What is graded are contents: submissions of the same files are one piece of work.
A piece that is done is a file in OUT/graded, which appears as a whole or
not at all; so a run that was ended at any moment, by whatever, goes on where it was
when it is started again, and several machines can share the work through a
common folder (--task). All that is told about the class is made of these files,
the same each time.
"""

import dataclasses
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time

from grading import archive, build, discover, formats, report, sandbox, tree, workers
from grading import grade as grader
from grading.console import escape
from grading.grade import find_lab, grade, take

SCHEMA = "umbra-class/1"
ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
INTAKE = 120.0  # seconds to look into one submission
LIMIT = 3600.0  # seconds to grade one


class ClassError(Exception):
    """The run cannot be done as it was asked for."""


@dataclasses.dataclass(frozen=True)
class Class:
    """One run over a folder; all paths are absolute."""

    root: str
    lab: object
    folder: str
    out: str
    seed: int
    hidden: str | None = None
    names: tuple = ()  # of the tests to be run; () for all

    def tests(self):
        """Return the tests that are run; raises TestError, ClassError."""
        found = discover.tests(self.root, self.lab, self.hidden)
        unknown = set(self.names) - {t.name for t in found}
        if unknown:
            raise ClassError(f"lab {self.lab.number} has no test {min(unknown)}")
        return [t for t in found if not self.names or t.name in self.names]

    def piece(self, digest):
        """Return the path of what a piece of work has come to."""
        return os.path.join(self.out, "graded", f"{digest}.json")

    def log(self, digest):
        """Return the path of what the grader had to say about it."""
        return os.path.join(self.out, "logs", f"{digest}.txt")

    def scratch(self, name):
        """Return an empty folder for temporary files: its path is short, for
        sockets, and known, so that what a killed run has left there goes."""
        key = hashlib.sha256(os.fsencode(self.out)).hexdigest()[:12]
        top = os.path.join(tempfile.gettempdir(), f"umbra-class-{key}")
        os.makedirs(top, exist_ok=True)
        about = os.lstat(top)
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
            raise ClassError(f"{top} belongs to somebody else")
        os.chmod(top, 0o755)
        if not sandbox.reachable(top):
            raise ClassError(f"{top} is out of reach for the sandbox's user; set TMPDIR")
        made = os.path.join(top, name)
        shutil.rmtree(made, ignore_errors=True)
        os.mkdir(made, 0o755)
        return made

    def tidy(self, place):
        """Remove such a folder, and what held it if it was the last."""
        shutil.rmtree(place, ignore_errors=True)
        try:
            os.rmdir(os.path.dirname(place))
        except OSError:
            pass  # another task's are there


def write(path, text):
    """Write a file as a whole or not at all."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    new = f"{path}.{os.getpid()}.new"
    with open(new, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def read(path):
    """Return a JSON file's content, or None if there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


# ---- The plan: whose submissions there are, and what is in them ----


def entries(folder):
    """Return {name: entry of the folder} of the submissions in it, sorted."""
    found = {}
    names = sorted(n for n in os.listdir(folder) if not n.startswith("."))
    for entry in names:
        ending = max((e for e in ENDINGS if entry.lower().endswith(e)), key=len,
                     default="")  # fmt: skip
        name = entry[: len(entry) - len(ending)] or entry
        if name in found or (ending and name in names):
            name = entry
        found[name] = entry
    return dict(sorted(found.items()))


def identity(run):
    """Return a name for all that a verdict depends on but the submission."""
    files = {**tree.reference(run.root, run.lab), "": repr(run.names).encode()}
    for top in (os.path.join(run.root, run.lab.folder), run.hidden):
        for at, _, names in os.walk(top or os.devnull):
            for name in names:
                if not name.endswith(".pyc"):
                    path = os.path.join(at, name)
                    with open(path, "rb") as file:
                        files[f"{bool(top == run.hidden)} {path}"] = file.read()
    return tree.digest(files)


def _look(run, entry, result):
    """Note what a submission consists of; runs in a process of its own."""
    path = os.path.join(run.folder, entry)
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise archive.Rejected("it is a link")
        files, notes = take(run.root, run.lab, path)
        seen = {"digest": tree.digest(files), "notes": notes}
    except archive.Rejected as why:
        seen = {"digest": None, "notes": [str(why)]}
    write(result, json.dumps(seen))


def plan(run, jobs, progress):
    """Look into every submission; write and return the plan.

    Raises ClassError if the folder `out` holds a run of another kind.
    """
    run.tests()
    there = read(os.path.join(run.out, "class.json"))
    made = {"schema": SCHEMA, "lab": run.lab.folder, "seed": run.seed,
            "hidden": run.hidden, "names": run.names, "folder": run.folder, "identity": identity(run)}  # fmt: skip
    if there and any(there[k] != made[k] for k in ("schema", "lab", "seed", "identity")):
        raise ClassError(f"{run.out} holds grades of another lab, seed, or state of "
                         "the tests; choose another --out")  # fmt: skip
    found, students = entries(run.folder), []
    results = run.scratch("plan")
    looks = [
        workers.Job(name, lambda e=entry, n=n: _look(run, e, f"{results}/{n}"),
                    limit=INTAKE)
        for n, (name, entry) in enumerate(found.items())
    ]  # fmt: skip
    workers.run(looks, jobs, lambda job, ok, seconds: progress.looked(len(found)))
    for number, (name, entry) in enumerate(found.items()):
        seen = read(f"{results}/{number}")
        seen = seen or {"digest": None, "notes": ["it cannot be looked into"]}
        students.append({"name": name, "entry": entry, **seen})
    run.tidy(results)
    made["students"] = students
    write(os.path.join(run.out, "class.json"), json.dumps(made, indent=1))
    return made


def load(root, out):
    """Return (Class, plan) of a run that was planned."""
    made = read(os.path.join(out, "class.json"))
    if not made:
        raise ClassError(f"{out} holds no plan of a class")
    run = Class(root, find_lab(root, made["lab"]), made["folder"], out, made["seed"],
                made["hidden"], tuple(made["names"]))  # fmt: skip
    if identity(run) != made["identity"]:
        raise ClassError("the lab's tests or the tree have changed since the plan was made")
    return run, made


# ---- The work ----


def pieces(made, task=0, tasks=1):
    """Return [(digest, entry)] of the contents that a task is to grade."""
    work = {}
    for student in made["students"]:
        if student["digest"]:
            work.setdefault(student["digest"], student["entry"])
    return [item for n, item in enumerate(work.items()) if n % tasks == task]


def _grade(run, digest, entry, place):
    """Grade a piece of work; runs in a process of its own."""
    os.mkdir(place)
    os.chmod(place, 0o755)
    os.environ["TMPDIR"], tempfile.tempdir = place, place
    path = os.path.join(run.folder, entry)
    if tree.digest(take(run.root, run.lab, path)[0]) != digest:
        raise ClassError(f"{entry} has changed since the plan was made")
    made = grade(run.root, run.lab, path, run.hidden, seed=run.seed, jobs=1,
                 names=run.names)  # fmt: skip
    if made["status"] == grader.INFRA:
        raise ClassError("; ".join(made["notes"] + [
            t["message"] for t in made["tests"] if t["status"] == "infra"]))  # fmt: skip
    write(run.piece(digest), json.dumps(made))


def work(run, made, jobs, progress, task=0, tasks=1):
    """Grade what has not been; what makes trouble is tried twice."""
    mine = pieces(made, task, tasks)
    todo = [(d, e) for d, e in mine if not os.path.exists(run.piece(d))]
    progress.working(len(mine), len(mine) - len(todo))
    place = run.scratch(f"task{task}")  # even for nothing: a killed run's goes
    if todo:
        _grade_all(run, todo, jobs, progress, place)
    run.tidy(place)


def _grade_all(run, todo, jobs, progress, place):
    """Grade [(digest, entry)] in folders below place."""
    os.makedirs(os.path.join(run.out, "logs"), exist_ok=True)
    os.makedirs(os.path.join(run.out, "graded"), exist_ok=True)
    progress.step("preparing the starter")
    build.starter(run.root, run.lab, grader.cache(run.root)).ready()

    def ended(job, ok, seconds):
        shutil.rmtree(os.path.join(place, job.name), ignore_errors=True)
        progress.graded(job.name, read(run.piece(job.name)), seconds)

    for _ in range(2):
        todo = [(d, e) for d, e in todo if not os.path.exists(run.piece(d))]
        workers.run([
            workers.Job(d, lambda d=d, e=e: _grade(run, d, e, os.path.join(place, d)),
                        run.log(d), LIMIT)
            for d, e in todo
        ], jobs, ended)  # fmt: skip


# ---- What is told ----


def _report_of(run, student, tests):
    """Return a student's report: of the graded piece, in the student's name."""
    name = escape(student["name"])
    again = escape(student["entry"])  # no path of ours: students read it
    found = student["digest"] and read(run.piece(student["digest"]))
    about = {"submission": {"name": name}, "seed": run.seed, "notes": student["notes"]}
    if found:
        for part in found["tests"]:
            part["repeat"] = grader.repeat(run.lab, again, run.seed, part["name"])
        return {**found, **about}
    if student["digest"]:
        status, why = grader.INFRA, "the grader had trouble of its own"
    else:
        status, why = grader.REJECTED, f"the submission was not accepted: {student['notes'][0]}"
    kind = "infra" if status == grader.INFRA else "build"
    parts = [
        report.unrun(t, kind, why, grader.repeat(run.lab, again, run.seed, t.name))
        for t in tests
    ]  # fmt: skip
    return report.whole(run.lab, status, parts, **about, build={}, files={}, seconds=0.0,
                        core_seconds=0.0)  # fmt: skip


def reports(run, made):
    """Yield (student, report) of everybody, in the order of names."""
    tests = run.tests()
    for student in made["students"]:
        yield student, _report_of(run, student, tests)


def collect(run, made):
    """Write each student's reports, in all formats; return [(student, report)]."""
    told = list(reports(run, made))
    top = os.path.join(run.out, "students")
    os.makedirs(top, exist_ok=True)
    for student, one in told:
        new = tempfile.mkdtemp(prefix=".new-", dir=top)
        write(os.path.join(new, "report.json"), json.dumps(one, indent=2) + "\n")
        formats.write_all(one, new)
        os.chmod(new, 0o755)
        folder = os.path.join(top, student["name"])
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(new, folder)
    for name in os.listdir(top):  # of a run that was killed here
        if name.startswith(".new-"):
            shutil.rmtree(os.path.join(top, name), ignore_errors=True)
    return told


class Progress:
    """Told of each step of a class run."""

    def __init__(self, clock=time.monotonic):
        self.clock, self.begun = clock, None
        self.total = self.done = self.before = 0

    def left(self):
        """Return the seconds that are left, guessed from those since the start
        of the work; None before anything is done."""
        fresh = self.done - self.before
        if not fresh:
            return None
        return (self.clock() - self.begun) / fresh * (self.total - self.done)

    def step(self, text):
        """Something begins that takes a while."""

    def looked(self, total):
        """One of so many submissions was looked into."""

    def working(self, total, done):
        """So many pieces are to be graded, of which some have been."""
        self.total, self.done, self.before = total, done, done
        self.begun = self.clock()

    def graded(self, digest, made, seconds):
        """A piece has been graded: made is its report, None for trouble."""
        self.done += made is not None
