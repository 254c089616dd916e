"""What is proved about labs: each function raises Wrong, or returns what it
found out in words."""

import itertools
import os
import re
import subprocess
import sys

from labs.lib import course as courses
from labs.lib.sealing import environment

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLCHAINS = ("gnu-elf", "gnu-linux", "clang")
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

    def __init__(self, folder, labs, trunk=None):
        self.folder, self.labs = folder, labs
        self.trunk = trunk or courses.working(ROOT)
        self.holes = " ".join(h for lab in labs for h in lab.holes)

    def build(self, tree, toolchain=TOOLCHAINS[0]):
        """Build the kernel of a tree; return its path."""
        courses.write(tree, self.folder)
        build = f"build/{toolchain}"
        make(self.folder, f"BUILD={build}", f"TOOLCHAIN={toolchain}",
             f"HOLES={self.holes}", "kernel")  # fmt: skip
        return os.path.join(self.folder, build, "kernel.elf")

    def starter(self, lab, toolchain=TOOLCHAINS[0]):
        """Build a lab's starter; return the kernel's path."""
        return self.build(courses.with_stubs(self.trunk, [lab]), toolchain)


def boots_to_its_line(lab, kernel, disk):
    """A starter stops where its lab.toml says, with a failing status."""
    guests = harness()
    with guests.Guest(kernel=kernel, disks=[disk] if disk else []) as guest:
        try:
            guest.expect(re.escape(lab.starter))
            status = guest.wait()
        except guests.GuestError as error:
            raise Wrong(f"{lab.folder}: {error}\n{guest.tail()}") from error
    if status != 1:
        raise Wrong(f"{lab.folder}: the starter ends with status {status}")
    return f"stops at: {lab.starter}"


def solution_lines(trunk, lab):
    """Return the lines that only the solution has, as a student would copy
    them: without indentation, and none that could be anybody's."""
    elsewhere = set()
    for path, file in trunk.items():
        if path.endswith((".c", ".h")) and path not in lab.holes:
            if not path.startswith("tests/"):
                elsewhere |= {line.strip() for line in file.data.splitlines()}
    lines = {}
    for hole in lab.holes:
        for number, line in enumerate(trunk[hole].data.splitlines(), 1):
            text = line.strip()
            if len(text) >= TELLING and text not in elsewhere:
                lines[text] = f"{hole}:{number}"
    return lines


def shows_no_solution(trunk, course, lab, tree):
    """No line of a solution is in a branch where somebody has to write it."""
    hidden = course.labs if course.sealed else [lab]
    count = 0
    for other in hidden:
        lines = solution_lines(trunk, other)
        count += len(lines)
        for path, file in tree.items():
            for line in file.data.splitlines():
                if line.strip() in lines:
                    where = lines[line.strip()]
                    raise Wrong(f"{lab.branch}: {path} shows {where}:\n  {line.decode()}")
    return f"none of {count} lines shows"


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
