"""What is proved about labs: each function raises Wrong, or returns what it
found out in words."""

import contextlib
import dataclasses
import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

from labs.lib import course as courses
from labs.lib import mistakes
from labs.lib.sealing import environment

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLCHAINS = ("gnu-elf", "gnu-linux", "clang")
SOLUTIONS = "grading/solutions/"  # other ways to solve labs
TELLING = 30  # characters: a shorter line says nothing about who wrote it


class Wrong(Exception):
    """Something that should hold of a lab does not."""


def harness():
    """Return the module that boots guests."""
    sys.path.insert(0, os.path.join(ROOT, "tests", "guest"))
    import harness as module  # it reads UMBRA_BUILD

    return module


def make(folder, *words):
    """Run make in a tree; return what it printed. Warnings are errors there."""
    done = subprocess.run(
        ["make", "-s", *words], cwd=folder, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Wrong("make " + " ".join(words) + "\n" + done.stdout[-2000:])
    return done.stdout


class Workshop:
    """A tree in which labs are built one after the other: what two of them
    share is compiled once."""

    def __init__(self, folder, labs, settings=None):
        """settings: of make, for every build."""
        self.folder, self.labs = folder, labs
        self.settings = [f"{name}={value}" for name, value in (settings or {}).items()]
        self.trunk = courses.working(ROOT)
        self.holes = " ".join(h for lab in labs for h in lab.holes)

    def starter(self, lab, toolchain=TOOLCHAINS[0]):
        """Build a lab's starter, and programs that are part of it; return the
        kernel's path."""
        return self.build(courses.with_stubs(self.trunk, [lab]), lab.programs, toolchain)

    def build(self, tree, programs, toolchain=TOOLCHAINS[0]):
        """Build a tree's kernel and some of its programs; return the kernel's path."""
        courses.write(tree, self.folder)
        build = f"build/{toolchain}"
        make(self.folder, f"BUILD={build}", f"TOOLCHAIN={toolchain}",
             f"HOLES={self.holes}", *self.settings, "kernel",
             *sorted(f"{build}/{program}" for program in programs))  # fmt: skip
        return os.path.join(self.folder, build, "kernel.elf")


def mixture(labs, number):
    """Return those of the labs' holes that are solved in a mixture, drawn by number."""
    dice = random.Random(number)
    return {hole for lab in labs for hole in lab.holes if dice.random() < 0.5}


def mixture_links(workshop, number):
    """A tree in which some holes, drawn by number, are solved and the others are
    starters builds without a warning."""
    labs = [lab for lab in workshop.labs if lab.holes]
    solved = mixture(labs, number)
    tree = courses.with_stubs(workshop.trunk, labs)
    workshop.build(tree | {hole: workshop.trunk[hole] for hole in solved},
                   {program for lab in labs for program in lab.programs})  # fmt: skip
    return f"{len(solved)} of {sum(len(lab.holes) for lab in labs)} holes are solved, and it links"


@contextlib.contextmanager
def with_programs(lab, kernel, disk):
    """Give a list of disks: this one, with a starter's own programs on it."""
    if not disk or not lab.programs:
        yield [disk] if disk else []
        return
    efs = harness().built("host/efs")
    with tempfile.TemporaryDirectory(prefix="umbra-disk-") as folder:
        copy = os.path.join(folder, "disk.img")
        subprocess.run(["cp", "--sparse=always", disk, copy], check=True)
        for program in lab.programs:
            name = program.replace("user/", "/") if "/bin/" in program else (
                "/sbin/" + os.path.basename(program))  # fmt: skip
            made = os.path.join(os.path.dirname(kernel), program)
            subprocess.run([efs, "put", copy, made, name], check=True)
        yield [copy]


def boots_to_its_line(lab, kernel, disk):
    """A starter stops where its lab.toml says, with a failing status; or with
    any, if it stops before the device tree has told how to pass one on."""
    guests = harness()
    with (
        with_programs(lab, kernel, disk) as disks,
        guests.Guest(kernel=kernel, disks=disks, bootargs="init.exit=poweroff") as guest,
    ):
        try:
            guest.expect(re.escape(lab.starter))
            if not lab.holes:
                guest.send("poweroff")
            status = guest.wait()
        except guests.GuestError as error:
            raise Wrong(f"{lab.folder}: {error}\n{guest.tail()}") from error
    if status != bool(lab.holes) and "] uart " in guest.output:
        raise Wrong(f"{lab.folder}: the starter ends with status {status}")
    return f"stops at: {lab.starter}"


def solution_lines(trunk, labs):
    """Return {lab's number: {line: where it is}} for the lines that only a lab's
    solution has, as a student would copy them: without indentation, and none that
    could be anybody's."""
    places = {}
    for path, file in trunk.items():
        if path.endswith((".c", ".h")) and not path.startswith(("tests/", SOLUTIONS)):
            for number, line in enumerate(file.data.splitlines(), 1):
                text = line.strip()
                if len(text) >= TELLING:
                    places.setdefault(text, {})[path] = f"{path}:{number}"
    return {
        lab.number: {text: min(where.values()) for text, where in places.items()
                     if where.keys() <= set(lab.holes)}
        for lab in labs
    }  # fmt: skip


def shows_no_solution(solutions, course, lab, tree):
    """No line of a solution is in a branch where somebody has to write it.

    solutions: what solution_lines says of all labs of the course.
    """
    lines = {}
    for other in course.labs if course.sealed else [lab]:
        lines |= solutions[other.number]
    for path, file in tree.items():
        for line in file.data.splitlines():
            if line.strip() in lines:
                where = lines[line.strip()]
                raise Wrong(f"{lab.branch}: {path} shows {where}:\n  {line.decode()}")
    return f"none of {len(lines)} lines shows"


def merges(repository, branches):
    """Any two branches merge without a conflict."""
    for one, two in itertools.combinations(branches, 2):
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "--git-dir", repository,
             "merge-tree", "--write-tree", one, two],
            stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Wrong(f"{one} and {two} do not merge:\n{done.stdout}")
    return f"{len(branches)} branches merge"


# ---- What the grader has to say ------------------------------------------------

SEED = 1  # of all gradings here, so that a finding can be repeated
MUTATION_SCORE = 0.95


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A mistake: the patch, what it is, and which functions it is in; lives says
    why no test notices it, where that is known."""

    name: str
    about: str
    blames: frozenset
    patch: str
    lives: str = ""


@dataclasses.dataclass(frozen=True)
class Trial:
    """What became of a mutant: the points it loses by test, out of those of all
    tests that blame its function; how it lives, if it does."""

    lab: object
    mutant: Mutant
    lost: dict
    most: int = 0
    how: str = ""


def functions(blames):
    """Return the names in a comma-separated list."""
    return frozenset(name.strip() for name in blames.split(","))


def mutants(root, lab):
    """Return a lab's mutants, in the order of their names."""
    folder = os.path.join(root, lab.folder, "mutants")
    found = []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        head = re.match(r"(.+)\nblames: (.+)\n(?:lives: (.+)\n)?\n(?=--- a/|[\w.]+ = )", text)
        name, kind = os.path.splitext(name)
        if not head or kind != (".patch" if lab.holes else ".txt"):
            raise Wrong(f"{folder}/{name}: not a sentence, 'blames: ...', a mistake")
        found.append(Mutant(name, head[1], functions(head[2]), text, head[3] or ""))
    return found


def write_holes(root, lab, folder):
    """Write the trunk's files for a lab's holes below a folder."""
    for hole in lab.holes:
        path = os.path.join(folder, hole)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(os.path.join(root, hole), path)


def mutated(root, lab, mutant, folder):
    """Write the holes, or the answers, with a mutant's mistake below a folder."""
    if not lab.holes:
        try:
            mistakes.write(root, lab, folder, mutant.patch)
        except ValueError as error:
            raise Wrong(f"{lab.folder}/mutants/{mutant.name}: {error}") from error
        return
    write_holes(root, lab, folder)
    done = subprocess.run(
        ["patch", "-s", "-p1", "--fuzz=0", "-d", folder], input=mutant.patch,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Wrong(f"{lab.folder}/mutants/{mutant.name}: {done.stdout.strip()}")


def graded(root, lab, submission, names=None, out=None, seed=SEED):
    """Return the grader's report. What the grader could not judge, for want of
    something on this machine, it is asked once more."""
    from grading.grade import grade

    for _ in range(2):
        report = grade(root, lab, submission, seed=seed, names=names, jobs=1, out=out)
        if report["status"] != "infra":
            return report
    trouble = [t["message"] for t in report["tests"] if t["status"] == "infra"]
    raise Wrong(f"{lab.folder}: the grader itself failed: "
                f"{report['notes'] + trouble[:1]}")  # fmt: skip


def trial(court, mutant, whole=False):
    """Grade a mutant by the tests that blame its function; return Trial. A boot
    that fails counts: it blames a function, too. whole: by all of them, not just up
    to the first that is lost. court: grading.trial.Court of its lab."""
    lab = court.lab
    names = [t.name for t in court.tests if functions(t.blames) & mutant.blames]
    if not names:
        return Trial(lab, mutant, {}, 0, "no test blames any of "
                     + ", ".join(sorted(mutant.blames)))  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="umbra-mutant-") as folder:
        mutated(court.root, lab, mutant, folder)
        try:
            lost, most = (_all_lost if whole else _first_lost)(court, folder, names)
        except Wrong as error:
            raise Wrong(f"{lab.folder}/mutants/{mutant.name}: {error}") from None
    how = "" if lost else mutant.lives or f"passes {', '.join(names)}"
    return Trial(lab, mutant, lost, most, how)


def _all_lost(court, folder, names):
    """Return ({test: points lost}, points of all)."""
    report = graded(court.root, court.lab, folder, names)
    if report["status"] != "graded":
        raise Wrong(f"{report['status']}: {report['build']['output']}")
    return {t["name"]: t["points"] - t["score"] for t in report["tests"]
            if t["score"] < t["points"]}, report["max_score"]  # fmt: skip


def _first_lost(court, folder, names):
    """Return ({test: points lost}, 0), of one test or none. The grader is asked once
    more what it could not judge."""
    from grading import trial
    from grading.verdict import Infra

    for last in (False, True):
        try:
            lost = trial.first_loss(court, folder, names, SEED)
            return dict([lost] if lost else []), 0
        except Infra as error:
            if last:
                raise Wrong(f"the grader itself failed: {error.text}") from None


def mutation_table(trials):
    """Return what became of mutants as a page of Markdown."""
    found = sum(not t.how for t in trials)
    lines = [
        "# Mutants", "",
        f"{found} of {len(trials)} mutants lose points in a test that blames their "
        "function.", "",
        "| lab | mutant | what it is | lost | in |", "|---|---|---|---:|---|",
    ]  # fmt: skip
    for one in trials:
        lost, where = sum(one.lost.values()), ", ".join(f"`{n}`" for n in one.lost)
        lines.append(f"| {one.lab.number} | {one.mutant.name} | {one.mutant.about} | "
                     f"{lost} of {one.most} | {where or 'lives'} |")  # fmt: skip
    lines += ["", "## Those that live", ""]
    lines += [f"- lab {t.lab.number}, {t.mutant.name}: {t.how}" for t in trials if t.how]
    if found == len(trials):
        lines.append("None.")
    return "\n".join(lines) + "\n"


def trunk_has_all_points(root, lab):
    """The trunk gets every point."""
    with tempfile.TemporaryDirectory(prefix="umbra-solved-") as folder:
        if not lab.holes:
            mistakes.write(root, lab, folder)
        report = graded(root, lab, "trunk" if lab.holes else folder)
    return all_points(lab, "trunk", report)


def all_points(lab, who, report):
    """A report has every point there is."""
    lost = [t for t in report["tests"] if t["status"] != "pass"]
    points = f"{who} has {report['score']} of {report['max_score']} points"
    if report["status"] != "graded":
        raise Wrong(f"{lab.folder}: {who}: {report['status']}: "
                    f"{report['build']['output']}")  # fmt: skip
    if lost or report["score"] != report["max_score"]:
        raise Wrong(f"{lab.folder}: {points}; " + "; ".join(
            f"{t['name']}: {t['status']} {t.get('message', '')}" for t in lost))  # fmt: skip
    return f"{points}, {report['core_seconds']:.1f} core-seconds"


# ---- Other ways to solve a lab -------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Solution:
    """A correct solution that is not the trunk's: its files, in place of as many
    holes, and what each says of its idea."""

    name: str
    folder: str
    ideas: dict

    @property
    def paths(self):
        """The holes that it has a file for."""
        return sorted(self.ideas)


def solutions(root, lab):
    """Return a lab's other solutions, in the order of their names."""
    top = os.path.join(root, SOLUTIONS, os.path.basename(lab.folder))
    found = []
    for name in sorted(os.listdir(top)) if os.path.isdir(top) else []:
        folder, ideas = os.path.join(top, name), {}
        for at, _, files in os.walk(folder):
            for file in files:
                path = os.path.relpath(os.path.join(at, file), folder)
                if path not in lab.holes:
                    raise Wrong(f"{folder}: {path} is no hole of {lab.folder}")
                with open(os.path.join(at, file), encoding="utf-8") as text:
                    head = re.match(r"/\*\s(.+?)\*/", text.read(), re.DOTALL)
                if not head:
                    raise Wrong(f"{folder}/{path} does not begin with its idea")
                ideas[path] = " ".join(head[1].replace("\n *", " ").split())
        if not ideas:
            raise Wrong(f"{folder} has no file")
        found.append(Solution(name, folder, ideas))
    return found


def solution_has_all_points(root, lab, solution, seed=SEED):
    """Another solution, laid over the trunk, gets every point: the tests demand
    no particular way."""
    with tempfile.TemporaryDirectory(prefix="umbra-solved-") as folder:
        write_holes(root, lab, folder)
        for path in solution.paths:
            shutil.copy(os.path.join(solution.folder, path), os.path.join(folder, path))
        report = graded(root, lab, folder, seed=seed)
    return all_points(lab, solution.name, report) + f", seed {seed}"


def starter_has_its_score(root, lab):
    """A starter gets what its lab.toml says, and each lost test says that a
    function is still to be written."""
    report = graded(root, lab, "stub")
    if report["status"] != "graded" or report["score"] != lab.starter_score:
        raise Wrong(f"{lab.folder}: the starter has {report['score']} points "
                    f"({report['status']}), not {lab.starter_score}")  # fmt: skip
    return f"the starter has {report['score']} points"
