"""What a course is made of: the trees of its branches, as files.

A tree is a dict of path -> File. The trunk's tree is read from a commit; the
others are made from it, without looking at anything else, so that the same
commit gives the same course.
"""

import dataclasses
import os
import subprocess

from grading.tree import room_for
from labs.lib import labfile

# Of the trunk, what no student gets: solutions show through tests and tools of
# the trunk, and the labs of others are in their own branches.
LEFT_OUT = (
    ".ci/",
    "bench/",
    "demos/",
    "grading/redteam/",
    "grading/solutions/",
    "labs/",
    "tests/",
    "README.md",
)
# Of labs/, what every branch has.
KEPT = ("labs/lib/labfile.py",)
COMMON = "labs/common/"  # mirrors what only courses have
HANDED_OUT = ("README.md", "lab.toml", "tests/", "figures/")  # of a lab's folder


@dataclasses.dataclass(frozen=True)
class File:
    """A file: its content, and git's mode."""

    data: bytes
    mode: str = "100644"


@dataclasses.dataclass(frozen=True)
class Course:
    """What is to be published."""

    labs: tuple[labfile.Lab, ...]
    cumulative: bool
    sealed: bool

    @property
    def holes(self):
        """The holes of all its labs."""
        return [hole for lab in self.labs for hole in lab.holes]

    def folders_of(self, lab):
        """The labs whose folders are in a lab's branch."""
        if not self.cumulative:
            return [lab]
        return [other for other in self.labs if other.number <= lab.number]


def git(root, *words, data=None):
    """Return what git prints."""
    # Root may publish another user's tree, as it does in containers.
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", root, *words],
        input=data,
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout


def committed(root, commit="HEAD"):
    """Return the tree of a commit."""
    names = {}
    for entry in git(root, "ls-tree", "-rz", commit).split(b"\0"):
        if entry:
            head, path = entry.split(b"\t")
            mode, kind, name = head.decode().split()
            if kind == "blob":
                names[path.decode()] = (mode, name)
    asked = "".join(f"{name}\n" for _, name in names.values()).encode()
    text, at, tree = git(root, "cat-file", "--batch", data=asked), 0, {}
    for path, (mode, _) in names.items():
        end = text.index(b"\n", at)
        size = int(text[at:end].split()[2])
        tree[path] = File(text[end + 1 : end + 1 + size], mode)
        at = end + 1 + size + 1
    return tree


def working(root):
    """Return the tree as it lies there, new files included."""
    tree = {}
    listed = git(root, "ls-files", "-coz", "--exclude-standard")
    for name in sorted({n.decode() for n in listed.split(b"\0") if n}):
        path = os.path.join(root, name)
        if os.path.islink(path):
            tree[name] = File(os.readlink(path).encode(), "120000")
        elif os.path.isfile(path):
            with open(path, "rb") as file:
                mode = "100755" if os.access(path, os.X_OK) else "100644"
                tree[name] = File(file.read(), mode)
    return tree


def write(tree, folder):
    """Write a tree below a folder, which need not be there; files that have the
    content already keep their time, what is not in the tree stays."""
    for path, file in tree.items():
        full = os.path.join(folder, path)
        if os.path.isfile(full) and not os.path.islink(full):
            with open(full, "rb") as old:
                if old.read() == file.data:
                    continue
        with room_for(full):
            if file.mode == "120000":
                os.symlink(file.data.decode(), full)
                continue
            with open(full, "wb") as new:
                new.write(file.data)
        os.chmod(full, 0o755 if file.mode == "100755" else 0o644)


def with_stubs(trunk, labs):
    """Return the trunk with the holes of labs cut."""
    tree = dict(trunk)
    for path, file in trunk.items():
        if path.startswith(COMMON):
            tree[path[len(COMMON) :]] = file
    for lab in labs:
        for hole in lab.holes:
            tree[hole] = trunk[lab.stub(hole)]
    return tree


def main_tree(trunk, course, sealed):
    """Return the tree of the branch main: all but solutions and handouts.

    sealed: dict of path -> File of the objects, empty in an open course.
    """
    tree = with_stubs(trunk, course.labs)
    tree = {
        path: file
        for path, file in tree.items()
        if not path.startswith(LEFT_OUT) or path in KEPT
    }
    tree |= sealed
    tree["lab.mk"] = File(lab_makefile(course, sealed).encode())
    tree["course.toml"] = File(course_toml(course).encode())
    tree["README.md"] = File(readme(course).encode())
    return tree


def lab_tree(trunk, course, main, lab):
    """Return the tree of a lab's branch: main's, the handout and the tests; in
    an open course also what others have to write."""
    tree = dict(main)
    for other in course.folders_of(lab):
        for name in HANDED_OUT:
            prefix = f"{other.folder}/{name}"
            tree |= {p: f for p, f in trunk.items() if p.startswith(prefix)}
        tree |= {text: trunk[other.stub(text)] for text in other.texts}
    if not course.sealed:
        for other in course.labs:
            if other != lab:
                tree |= {hole: trunk[hole] for hole in other.holes}
    return tree


# ---- What is written for the course --------------------------------------------


def words(name, items):
    """Return a makefile's assignment, over several lines."""
    return f"{name} :=" + "".join(f" \\\n    {item}" for item in items) + "\n"


def lab_makefile(course, sealed):
    """Return lab.mk. It is the same in all branches, so that they merge: which
    lab this is, is said by the folders that are there."""
    names = [os.path.basename(lab.folder) for lab in course.labs]
    text = "# The course's part of the Makefile; made by labs/publish.\n\n"
    text += "LABS ?= $(sort $(notdir $(wildcard labs/[0-9][0-9]-*)))\n"
    text += "LAB  ?= $(lastword $(LABS))\n\n"
    for name, lab in zip(names, course.labs):
        text += words(f"HOLES_{name}", lab.holes)
    for name, lab in zip(names, course.labs):
        for setting, value in lab.host_settings.items():
            text += f"{setting}_{name} := {value}\n"
    text += words("HOLES", course.holes)
    if course.sealed:
        text += words("ALL_LABS", names) + SEALED + sealed_tools(sealed)
    text += HOST_SETTINGS
    return text


SEALED = """
# Labs that are not yours here come as objects; SEAL=NN-name takes that for
# one of yours, too.
SEALED := $(foreach l,$(SEAL) $(filter-out $(LABS),$(ALL_LABS)),$(HOLES_$(l)))
$(SEALED:%.c=$(BUILD)/obj/%.o): $(BUILD)/obj/%.o: $(if $(SAN),sealed/san,sealed)/%.o $(BUILD)/flags
	@mkdir -p $(@D) && cp $< $@
"""

TOOLS = """
# The tools that make and check disks are built on some of them. Where there are
# no objects for this machine, they do without: disks are then plain, and only
# read.
HOST_SEAL := sealed/host-$(shell uname -m)
ifeq ($(wildcard $(HOST_SEAL)),)
BARE_TOOLS := $(ALL_LABS)
else
$(patsubst %,$(BUILD)/obj/host/%.o,$(filter $(SEALED),$(SHARED))): $(BUILD)/obj/host/%.o: $(HOST_SEAL)/%.o $(BUILD)/flags
	@mkdir -p $(@D) && cp $< $@
endif
$(patsubst %,$(BUILD)/obj/guest/%.o,$(filter $(SEALED),$(SHARED_FSCK))): $(BUILD)/obj/guest/%.o: sealed/fsck/%.o $(BUILD)/flags
	@mkdir -p $(@D) && cp $< $@
"""

HOST_SETTINGS = """
MKFSFLAGS ?= $(firstword $(foreach l,$(LAB) $(BARE_TOOLS),$(MKFSFLAGS_$(l))))
HOST_JOURNAL ?= $(firstword $(foreach l,$(LAB) $(BARE_TOOLS),$(HOST_JOURNAL_$(l))))
"""


def sealed_tools(sealed):
    """Return the part of lab.mk for tools that are built on sealed sources."""
    shared = sorted(path.split("/", 2)[2][:-2] for path in sealed
                    if path.startswith("sealed/host-"))  # fmt: skip
    checked = sorted(path.split("/", 2)[2][:-2] for path in sealed
                     if path.startswith("sealed/fsck/"))  # fmt: skip
    if not shared:
        return ""
    return words("SHARED", shared) + words("SHARED_FSCK", checked) + TOOLS


def course_toml(course):
    """Return course.toml, for the grader."""
    mode = "cumulative" if course.cumulative else "independent"
    numbers = ", ".join(str(lab.number) for lab in course.labs)
    sealed = str(course.sealed).lower()
    return f'mode = "{mode}"\nlabs = [{numbers}]\nsealed = {sealed}\n'


def hours(minutes):
    """Return a time budget as people say it."""
    return f"{minutes / 60:g} h" if minutes >= 120 else f"{minutes} min"


def readme(course):
    """Return the course's front page."""
    first = course.labs[0]
    rows = "".join(
        f"| {lab.number} | `{lab.branch}` | {lab.title} | {hours(lab.minutes)} "
        f"| {lab.summary} |\n"
        for lab in course.labs
    )
    if course.cumulative:
        how = (
            "Each branch holds the labs before it. When you go on to the next, "
            "take your work along:\n\n"
            f"    git switch -c mine {first.branch}    # and when it is done:\n"
            "    git merge origin/lab/NN-name\n\n"
            "What a branch does not have from you yet comes as objects, in "
            "`sealed/`. So does, with\n`make run SEAL=NN-name`, a lab of yours "
            "that is not done. `make` itself may stop at one:\nthe tool that makes "
            "disks is built on labs 9 and 10, and goes on with `SEAL`, too.\n"
        )
    else:
        how = "Each branch stands for itself: start from any.\n"
    return f"""# Umbra: the course

An operating system in C for QEMU's RISC-V `virt` board, with parts cut out. You write them.

    git switch -c mine origin/{first.branch}
    make run

installs what is missing on Debian 12 or Ubuntu 24.04 (elsewhere it prints what to install), builds,
and boots, up to the line that says what is yours to write. The handout is `labs/NN-name/README.md`
in the lab's branch.

| lab | branch | | time | what it is about |
|---|---|---|---|---|
{rows}
{how}
| command | what it does |
|---|---|
| `make run` | build and boot; `Ctrl-A x` leaves |
| `make grade` | every public test of the lab, with points and hints; `T=name` for one |
| `make hint` | what to look at next |
| `make gdb` | boot under gdb, stopped at the first instruction |
| `make record`, `make replay` | a run on one hart, and the very same run again, under gdb if `GDB=1` |
| `make submit` | an archive of exactly the files that count |
| `make help` | the rest |

How the kernel is laid out: `make map`, and the essays in `docs/`.
"""
