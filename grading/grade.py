"""Grade one submission for one lab: from its files to the report."""

import collections
import hashlib
import json
import os
import resource
import secrets
import shlex
import shutil
import tempfile
import threading
import time

from grading import (
    archive,
    build,
    console,
    discover,
    disk,
    formats,
    replay,
    report,
    sandbox,
    schedule,
    tree,
)
from grading.verdict import BUILD, PASS, Infra

GRADED, REJECTED, INFRA = "graded", "rejected", "infra"


class Grading:
    """What all tests of one submission share."""

    def __init__(self, lab, seed, work, base):
        self.lab, self.seed, self.work, self.base = lab, seed, work, base
        self.tools = build.tools(base)  # the grader's own mkfs, fsck and efs
        self.texts = {}  # answers that were handed in
        self.built, self.linked = None, None
        self.hung = collections.Counter()  # unit.answer_all
        self._number, self._lock = 0, threading.Lock()
        self._making = threading.Lock()

    def next_number(self):
        """Return a number not given before."""
        with self._lock:
            self._number += 1
            return self._number

    def image(self, files, size, userland, plain=False):
        """Return the path of an image with files, and the user land; made once."""
        name = tree.digest({**files, "": f"{size} {userland} {plain}".encode()})
        path = os.path.join(self.work, f"{name}.img")
        with self._making:
            if not os.path.exists(path):
                base = self._userland() if userland else None
                disk.make(self.tools, path, files, base, size, plain)
        return path

    def kernel(self, name):
        """Return the path of a kernel: kernel.elf, or grade/PROGRAM.elf."""
        folder = self.built if name == "kernel.elf" else self.linked
        return os.path.join(folder, name)

    def graders(self, program):
        """Return the folder of kernels with test programs, this one among them."""
        return os.path.join(self.linked, "grade")

    def program(self, name):
        """Return the path of a program of tests/user."""
        return os.path.join(self.linked, "grade", "user", name)

    def has_program(self, name):
        """Is there a program of that name in tests/user?"""
        return os.path.exists(self.program(name))

    def _userland(self):
        """Return a folder with the programs of the tree, or the submission's."""
        own = os.path.join(self.built, "userland")
        return own if os.path.isdir(own) else build.userland(self.base)


def find_lab(root, which):
    """Return the Lab that a number, a name, NN-name or its folder means."""
    if os.path.isfile(os.path.join(root, str(which), "lab.toml")):
        return tree.labfile(root).load(str(which), root)
    labs = tree.labfile(root).load_all(root)
    for lab in labs:
        folder = os.path.basename(lab.folder)
        if str(which) in (str(lab.number), f"{lab.number:02}", lab.name, folder):
            return lab
    known = ", ".join(os.path.basename(lab.folder) for lab in labs)
    raise LookupError(f"there is no lab {which} here; there are {known or 'none'}")


def cache(root):
    """Return where compiled starters are kept: where the sandbox can read."""
    folder = os.environ.get("UMBRA_GRADING_CACHE")
    folder = folder or os.path.join(root, "build", "grading")
    if not sandbox.reachable(os.path.dirname(folder)):
        folder = os.path.join(tempfile.gettempdir(), f"umbra-cache-{os.getuid()}")
    os.makedirs(folder, mode=0o755, exist_ok=True)
    if os.stat(folder).st_uid != os.getuid():
        raise Infra(f"{folder} belongs to somebody else")
    return folder


def tests_folder(root, lab, hidden, work):
    """Put the C files of public and hidden tests into one folder."""
    merged = os.path.join(work, "tests")
    for source in (os.path.join(root, lab.folder, "tests"), hidden):
        for kind in ("guest", "user"):
            folder = os.path.join(source, kind) if source else ""
            if os.path.isdir(folder):
                shutil.copytree(folder, os.path.join(merged, kind), dirs_exist_ok=True)
    os.makedirs(merged, exist_ok=True)
    tree.age(merged)  # what they compile to is kept by what is in them
    return merged


def take(root, lab, submission):
    """Return ({path: bytes}, notes) of a submission; "stub", "trunk" are ours.

    Raises archive.Rejected with a text that is safe to show, as the notes are.
    """
    required, allowed = tree.allowed(root, lab)
    if submission == "stub":
        return tree.texts(root, lab), ["the starter as it is"]
    try:
        files, notes = archive.unpack(root if submission == "trunk" else submission,
                                      required, allowed)  # fmt: skip
    except archive.Rejected as why:
        raise archive.Rejected(console.escape(str(why))[:4000]) from None
    return files, [console.escape(note)[:400] for note in notes]


def repeat(lab, submission, seed, name):
    """Return the command that repeats one test."""
    where = "" if submission == "trunk" else f" --submission {shlex.quote(submission)}"
    return f"grading/grade --lab {lab.number}{where} --seed {seed} --test {name}"


class Progress:
    """Told of each step; the command line shows it, others need not."""

    def step(self, text):
        """Something begins that takes a while."""

    def tests(self, count):
        """So many tests are going to be run."""

    def test(self, part):
        """A test has ended; part is its part of the report."""


def grade(root, lab, submission="trunk", hidden=None, out=None, seed=None,
          names=None, jobs=2, progress=None):  # fmt: skip
    """Grade a submission; return the report, also written to out, in all formats.

    lab: a Lab, or what find_lab takes. submission: a folder, an archive, a git
    URL, "trunk" (the tree itself) or "stub" (the lab's starter). names: run
    only these tests, and those of these steps. Raises LookupError and
    discover.TestError for what the caller got wrong, sandbox.SandboxMissing; never
    for what is submitted.
    """
    lab = lab if hasattr(lab, "holes") else find_lab(root, lab)
    seed = secrets.randbelow(10**9) if seed is None else seed
    progress = progress or Progress()
    tests = discover.tests(root, lab, hidden)
    if names:
        unknown = set(names) - {t.name for t in tests} - {t.step for t in tests}
        if unknown:
            raise LookupError(f"lab {lab.number} has no test and no step {min(unknown)}")
        tests = [t for t in tests if t.name in names or t.step in names]
    if sandbox.why_not():
        raise sandbox.SandboxMissing(sandbox.why_not())
    begin, spent = time.monotonic(), _spent()
    about = {"submission": _about(submission), "seed": seed, "notes": [], "build": {}}
    with workspace() as work:
        try:
            parts, status = _grade(root, lab, submission, hidden, work, tests,
                                   seed, jobs, progress, about, out)  # fmt: skip
        except Infra as trouble:
            about["notes"].append(trouble.text)
            parts, status = _all(tests, "infra", trouble.text, about, lab), INFRA
        about["seconds"] = round(time.monotonic() - begin, 3)
        about["core_seconds"] = round(_spent() - spent, 3)
        made = report.whole(lab, status, parts, **about)
        if out:
            _write(os.path.join(out, "report.json"), made)
            formats.write_all(made, out)
    return made


def _grade(root, lab, submission, hidden, work, tests, seed, jobs, progress,
           about, out):  # fmt: skip
    """Return (parts of the report, status)."""
    try:
        files, notes = take(root, lab, submission)
    except archive.Rejected as why:
        about["notes"].append(str(why))
        return _all(tests, BUILD, f"the submission was not accepted: {why}", about,
                    lab), REJECTED  # fmt: skip
    about["notes"] += notes
    about["files"] = {n: hashlib.sha256(c).hexdigest() for n, c in files.items()}
    progress.step("preparing the starter")
    try:
        base = build.starter(root, lab, cache(root)).ready()
        grading = Grading(lab, seed, work, base)
    except build.Unbuilt as trouble:
        if submission != "trunk":
            raise
        # Whose tree it is, who reads this: in a course it is the student's.
        about["build"] = {"ok": False, "output": trouble.text, "seconds": 0.0}
        return _all(tests, BUILD, "the tree does not compile", about, lab), BUILD
    grading.texts = {path: files.pop(path) for path in lab.texts if path in files}
    if not lab.holes:  # answers about the tree as it is
        grading.built = grading.linked = base.build
        about["build"] = {"ok": True, "output": "", "seconds": 0.0}
        progress.tests(len(tests))
        return _run(grading, tests, jobs, progress, about, out), GRADED
    progress.step("building the submission")
    built = build.submission(base, files, work)
    about["build"] = {"ok": built.ok, "output": built.errors,
                      "seconds": round(built.seconds, 3)}  # fmt: skip
    if not built.ok:
        return _all(tests, BUILD, "the submission does not compile", about,
                    lab), BUILD  # fmt: skip
    grading.built = built.folder
    linked = build.graders(base, built, tests_folder(root, lab, hidden, work), work)
    if not linked.ok:
        about["build"] = {"ok": False, "output": linked.errors,
                          "seconds": round(built.seconds + linked.seconds, 3)}  # fmt: skip
        return _all(tests, BUILD, "the submission does not link with the tests",
                    about, lab), BUILD  # fmt: skip
    grading.linked = linked.folder
    progress.tests(len(tests))
    return _run(grading, tests, jobs, progress, about, out), GRADED


def _run(grading, tests, jobs, progress, about, out):
    """Run the tests; return their parts in the order of the tests."""
    parts = {}
    kept = os.path.join(grading.work, "kept")
    journal = None
    if out:
        os.makedirs(out, exist_ok=True)
        journal = open(os.path.join(out, "tests.jsonl"), "w", encoding="utf-8")

    def done(outcome):
        again = repeat(grading.lab, about["submission"]["name"], grading.seed,
                       outcome.test.name)  # fmt: skip
        part = report.of_test(outcome, again)
        if out and outcome.status != PASS and outcome.record and outcome.record.start:
            folder = os.path.join(out, "machines", outcome.test.name)
            replay.save(folder, outcome.record.start)
            part["replay"] = f"grading/replay {os.path.relpath(folder)}"
        parts[outcome.test.name] = part
        if journal:
            journal.write(json.dumps(part) + "\n")
            journal.flush()
        progress.test(part)

    try:
        schedule.run_all(grading, tests, kept, jobs, done)
    finally:
        if journal:
            journal.close()
    return [parts[t.name] for t in tests]


def _all(tests, status, text, about, lab):
    """Return the parts when no test could be run."""
    name = about["submission"]["name"]
    return [
        report.unrun(t, status, text, repeat(lab, name, about["seed"], t.name))
        for t in tests
    ]


def _spent():
    """Return the seconds of processor time of this process and all that it has
    waited for: builds, and machines."""
    return sum(sum(resource.getrusage(who)[:2])
               for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))  # fmt: skip


def _about(submission):
    return {"name": console.escape(str(submission))}


def workspace():
    """Return a folder of our own that the sandbox can read; a context manager."""
    folder = tempfile.TemporaryDirectory(prefix="umbra-grade-")
    os.chown(folder.name, *sandbox.owner())
    return folder


def _write(path, made):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(made, file, indent=2)
        file.write("\n")
    os.replace(path + ".new", path)
