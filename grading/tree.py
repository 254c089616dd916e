"""The trees that are built: pristine, with a lab's stub, with a submission.

A tree is made of what the build reads and nothing else: no tests, no labs, no
repository. What a student may hand in is named by the lab; all else is ours.
"""

import contextlib
import hashlib
import importlib
import os
import re
import subprocess
import sys
import tomllib

FOLDERS = ("kernel/", "user/", "mkfs/", "tools/", "rootfs/", "grading/guest/", "sealed/")
FILES = ("Makefile", "grading/grade.mk")
TOY = "tests/grading/90-toy"  # if it is there
OLD = 946684800  # older than any object


def labfile(root):
    """Return the module that reads lab.toml."""
    if root not in sys.path:
        sys.path.insert(0, root)
    return importlib.import_module("labs.lib.labfile")


def sources(root):
    """Return the paths of all files a build may read, sorted."""
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-co",
         "--exclude-standard", *FOLDERS, *FILES],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        names = done.stdout.splitlines()
    else:
        names = list(FILES)
        for folder in FOLDERS:
            for at, _, files in os.walk(os.path.join(root, folder)):
                names += [os.path.relpath(os.path.join(at, f), root) for f in files]
    return sorted({n for n in names if os.path.isfile(os.path.join(root, n))})


def _layer(root, folder):
    """Return {path in the tree: file} of what a folder lays over it."""
    found, top = {}, os.path.join(root, folder)
    for at, _, files in os.walk(top):
        for name in files:
            path = os.path.join(at, name)
            found[os.path.relpath(path, top)] = path
    return {path: file for path, file in found.items() if path.startswith(FOLDERS)}


def _read(paths):
    files = {}
    for name, path in paths.items():
        with open(path, "rb") as file:
            files[name] = file.read()
    return files


def holes(root, lab):
    """Return every file that some lab leaves to its students.

    All are units of their own in graded trees, so that what other labs compile
    to need not be compiled again for each; nor for the lab of the grader's own tests.
    """
    labs = labfile(root).load_all(root)
    if os.path.isdir(os.path.join(root, TOY)):
        labs.append(labfile(root).load(TOY, root))
    return sorted({hole for one in [*labs, lab] for hole in one.holes})


def reference(root, lab):
    """Return {path: bytes} of the tree as it is, in a lab's division."""
    files = _read({name: os.path.join(root, name) for name in sources(root)})
    files.update(_read(_layer(root, "labs/common")))
    files["lab.mk"] = division(root, lab)
    return files


def division(root, lab):
    """Return lab.mk. A course has one, which says what comes as objects: that
    depends on which labs are the student's, and they are no part of the tree."""
    if not is_course(root):
        return f"HOLES := {' '.join(holes(root, lab))}\n".encode()
    with open(os.path.join(root, "lab.mk"), "rb") as file:
        text = file.read()
    labs = labfile(root).load_all(root)
    mine = " ".join(os.path.basename(one.folder) for one in labs)
    if course(root)["sealed"]:
        return f"LABS := {mine}\n".encode() + text
    # Nothing comes as objects. What is compiled is the same for each lab, but for
    # one that makes settings.
    last = os.path.basename(labs[-1].folder) if labs and labs[-1].host_settings else ""
    return f"LAB := {last}\n".encode() + text


def is_course(root):
    """Is this the tree of a course? Else it is the trunk."""
    return os.path.exists(os.path.join(root, "lab.mk"))


def loose(root, lab):
    """Return the files that change while somebody works in a course: all that one of
    its labs leaves to students, in each of its branches. None where answers are
    asked, which are about the tree as it is."""
    if not lab.holes or not is_course(root):
        return []
    with open(os.path.join(root, "lab.mk"), encoding="utf-8") as file:
        named = set(re.findall(r"\b(?:kernel|user)/[\w./-]+\.c\b", file.read()))
    return sorted(path for path in named if os.path.isfile(os.path.join(root, path)))


def course(root):
    """Return what course.toml says, or {}."""
    try:
        with open(os.path.join(root, "course.toml"), "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}


def texts(root, lab):
    """Return {path: bytes} of the answers that a lab's starter has, all empty."""
    return _read({path: os.path.join(root, lab.stub(path)) for path in lab.texts})


def stub(root, lab):
    """Return {path: bytes} of what a lab's starter has in place of solutions."""
    return _read(_layer(root, f"{lab.folder}/stub"))


def digest(files):
    """Return a name for exactly these files."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return total.hexdigest()[:24]


@contextlib.contextmanager
def room_for(path):
    """Make room for a file that is written meanwhile, in the place of another or not.

    Its folder is then as old as it was, unless the file is a new one: make takes the
    age of a folder for a sign of that, and would compile all of it.
    """
    place = os.path.dirname(path)
    os.makedirs(place, exist_ok=True)
    was = os.stat(place) if os.path.lexists(path) else None
    if was:
        os.unlink(path)
    yield
    if was:
        os.utime(place, ns=(was.st_atime_ns, was.st_mtime_ns))


def write(folder, files, root, when=None):
    """Write files below a folder; modes as root has them."""
    for name, content in files.items():
        path = os.path.join(folder, name)
        with room_for(path), open(path, "wb") as file:
            file.write(content)
        original = os.path.join(root, name)
        runs = os.path.isfile(original) and os.access(original, os.X_OK)
        os.chmod(path, 0o755 if runs else 0o644)
        if when:
            os.utime(path, (when, when))


def age(folder):
    """Make every file and folder of a tree older than any object."""
    for at, folders, files in os.walk(folder):
        for name in folders + files:
            os.utime(os.path.join(at, name), (OLD, OLD), follow_symlinks=False)
        os.utime(at, (OLD, OLD))


def allowed(root, lab):
    """Return (required, allowed) paths of a submission for a lab.

    In a cumulative course the holes of the labs before come along.
    """
    before = []
    data = course(root)
    if data.get("mode") == "cumulative":
        for other in labfile(root).load_all(root):
            if other.number < lab.number and other.number in data["labs"]:
                before += other.holes
    return [*lab.holes, *lab.texts], [*lab.holes, *lab.submit, *before]
