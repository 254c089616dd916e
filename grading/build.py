"""Build kernels of submissions, in the sandbox, with the project's Makefile.

The sandbox sees the tree and nothing that could be written; it builds into
memory and hands the result out as one archive, of which plain files are taken.
Tests are no part of the tree. A kernel with a lab's test program is linked in a
second step, from the objects of the first and the starter's sources: there the
tests are visible, but nothing of the submission is compiled.

What a lab's starter compiles to is kept in a cache, so that a submission costs
the compilation of its own files.
"""

import contextlib
import dataclasses
import fcntl
import io
import os
import re
import shutil
import tarfile
import tempfile

from grading import console, sandbox, tree
from grading.verdict import Infra

TREE = "/umbra"
LIMITS = sandbox.Limits(wall=300, cpu=200, output=192 << 20)
MOST_SHOWN = 60  # lines of the compiler's
STARTER = ["kernel"]
TOOLS = "host-tools"
USERLAND = ["userland"]
RECIPE = b"3"  # to be counted up when Base makes something else of the same files
KEPT = 30  # bases in the cache
TESTS_KEPT = 6  # of a base, what as many folders of tests compile to

# What is handed out, and whether it is said which objects depend on what, come first.
SCRIPT = """
wanted=$1 forget=$2
shift 2
cp -a /base/. build/ 2>/dev/null
[ ! -d /made ] || cp -a /made/. build/
[ -z "$forget" ] || find build -name '*.d' -delete
make "$@" >/dev/null 2>/tmp/errors
status=$?
cat /tmp/errors >&2
[ -e "build/$wanted" ] || mkdir -p "build/$wanted"
tar -C build -cf - --exclude=./rootfs --exclude=*.pass1 "$wanted" || exit 99
exit $status
"""


@dataclasses.dataclass
class Built:
    """A build folder, or why there is none: errors is what make said."""

    folder: str
    ok: bool
    errors: str = ""
    seconds: float = 0.0
    cpu: float = 0.0


class Unbuilt(Infra):
    """The tree that submissions go into does not compile; the text is make's."""


def run(source, target, targets, base=None, tests=None, made=None, over=(), wanted=".",
        jobs=2):  # fmt: skip
    """Build targets of a source tree into the folder target; return Built.

    base, made: folders with what is there already. over: {path: file} of files in
    place of some of the tree's. wanted: the part of the build folder to hand out.
    """
    read = {TREE: source}
    read |= {f"{TREE}/{path}": file for path, file in dict(over).items()}
    if base:
        read["/base"] = base
    if made:
        read["/made"] = made
    words = [wanted, "forget" if tests else "", f"-j{jobs}", "-s", *targets]
    if tests:
        read["/tests"] = tests
        words.append("GRADE_TESTS=/tests")
    os.makedirs(f"{source}/build", exist_ok=True)
    done = sandbox.run(
        ["sh", "-c", SCRIPT, "sh", *words],
        read=read, scratch=f"{TREE}/build", folder=TREE, limits=LIMITS,
    )  # fmt: skip
    errors = _readable(done.errors)
    if not done.output and not done.reason:  # a build that fails hands out something
        raise Infra(f"the sandbox did not build: {errors[:400]}")
    if done.reason:
        errors = f"the build was ended: {done.reason}\n{errors}"
    if done.status == 0 and not done.reason:
        _unpack(done.output, target)
    ok = done.status == 0 and not done.reason
    return Built(target, ok, errors, done.seconds, done.cpu)


def _readable(data):
    """Return a compiler's messages: escaped, and not too many."""
    text = console.escape(data[: 1 << 20].decode("utf-8", "replace"))
    lines = [line[:240] for line in text.splitlines()]
    lines = [line for line in lines if not re.match(r"make(\[\d+\])?: \*\*\*", line)]
    if len(lines) > MOST_SHOWN:
        lines[MOST_SHOWN:] = [f"[... {len(lines) - MOST_SHOWN} more lines ...]"]
    return "\n".join(lines)


def _unpack(data, target):
    """Take plain files out of an archive that a sandbox made."""
    os.makedirs(target, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for entry in archive:
                name = os.path.normpath(entry.name)
                if name.startswith(("..", "/")) or not entry.isreg():
                    continue
                path = os.path.join(target, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as file:
                    shutil.copyfileobj(archive.extractfile(entry), file)
                os.chmod(path, 0o755 if entry.mode & 0o100 else 0o644)
                os.utime(path, (entry.mtime, entry.mtime))
    except tarfile.TarError as error:
        raise Infra(f"the build's result cannot be read: {error}") from None


class Base:
    """A tree that is compiled once and kept in a cache folder.

    source and build are its folders: sources older than every object.
    """

    def __init__(self, root, files, cache, under=None, targets=(), loose=()):
        """files: {path: bytes}; under: a Base that it differs little from.

        loose: paths of files that change from one grading to the next, so that what
        is kept may have them as they were at any time.
        """
        self.root, self.files, self.cache = root, files, cache
        self.under, self.targets, self.loose = under, list(targets), loose
        self.name = tree.digest({**(under.fixed if under else {}), **self.fixed, "": RECIPE})
        self.folder = os.path.join(cache, self.name)
        self.source = os.path.join(self.folder, "tree")
        self.build = os.path.join(self.folder, "build")

    def ready(self):
        """Compile it unless that has been done; return self."""
        if self.under:
            self.under.ready()
        with self.lock():
            if os.path.isdir(self.folder):
                os.utime(self.folder)
                return self
            _prune(self.cache)
            work = tempfile.mkdtemp(prefix=".new-", dir=self.cache)
            try:
                self._make(work)
                os.rename(work, self.folder)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        return self

    @property
    def fixed(self):
        """Return its files, of those that are loose only the names."""
        return self.files | {path: b"" for path in self.loose}

    @property
    def changed(self):
        """Return {path: bytes} of the loose files that were otherwise when it was made."""
        return {path: self.files[path] for path in self.loose
                if not self.has(path, self.files[path])}  # fmt: skip

    def has(self, path, content):
        """Has its tree this file, with just this content?"""
        try:
            with open(os.path.join(self.source, path), "rb") as file:
                return file.read() == content
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def lock(self):
        """Keep others from adding to it meanwhile."""
        with open(os.path.join(self.cache, ".lock"), "a", encoding="ascii") as lock:
            # One byte for each base, so that several are made at the same time.
            fcntl.lockf(lock, fcntl.LOCK_EX, 1, int(self.name[:15], 16))
            yield

    def _make(self, work):
        os.chmod(work, 0o755)
        source, base = f"{work}/tree", None
        if self.under:
            shutil.copytree(self.under.source, source, copy_function=shutil.copy2)
            base = self.under.build
        tree.write(source, self.files, self.root)
        if not self.under:
            tree.age(source)
        built = run(source, f"{work}/build", self.targets, base=base)
        if not built.ok:
            raise Unbuilt(f"the tree does not build:\n{built.errors}")
        if self.under and TOOLS not in self.targets:
            # A submission could take the trunk's code out of mkfs.
            for name in ("host", "obj/host"):
                shutil.rmtree(f"{work}/build/{name}", ignore_errors=True)
        tree.age(source)


def starter(root, lab, cache):
    """Return the Base of a lab's starter; its `under` is the whole tree. In a course
    the tree is the starter, with what a student has made of it by now."""
    whole = Base(root, tree.reference(root, lab), cache,
                 targets=[*STARTER, TOOLS], loose=tree.loose(root, lab))  # fmt: skip
    stub = tree.stub(root, lab)
    return Base(root, stub, cache, whole, _targets(stub)) if stub else whole


def _targets(files):
    """Return what is made of a starter or a submission with these files."""
    return STARTER + (USERLAND if any(n.startswith("user/") for n in files) else [])


def tools(base):
    """Return the folder of the grader's own mkfs, fsck and efs."""
    whole = base.under or base
    if changed := _changed_below_tools(whole):
        whole = Base(base.root, changed, base.cache, whole, [TOOLS]).ready()
    return os.path.join(whole.build, "host")


def userland(base):
    """Return a folder of the tree's programs, as images hold them."""
    whole = base.under or base
    files = {"userland.mk": b"# Built with the tree's programs.\n"}
    files |= _changed_below_tools(whole)  # fsck is one of the programs
    made = Base(base.root, files, base.cache, whole, USERLAND)
    return os.path.join(made.ready().build, "userland")


def _changed_below_tools(whole):
    """Return what has changed of a tree since it was compiled, if its tools are made
    of any of it."""
    changed, made_of = whole.changed, set()
    for at, _, names in os.walk(os.path.join(whole.build, "obj", "host") if changed else ""):
        for name in names:
            if name.endswith(".d"):
                with open(os.path.join(at, name), encoding="utf-8") as file:
                    made_of.update(file.read().split())
    return changed if made_of & changed.keys() else {}


def _prune(cache):
    """Forget the bases that were not used for longest."""
    found = [os.path.join(cache, n) for n in os.listdir(cache) if len(n) == 24]
    with contextlib.suppress(FileNotFoundError):  # somebody else forgets it
        for folder in sorted(found, key=os.path.getmtime)[: 1 - KEPT]:
            shutil.rmtree(folder, ignore_errors=True)


def submission(base, files, work):
    """Build a kernel with a submission's files; return Built. What the base has just
    so is compiled already."""
    source, own = base.source, os.path.join(work, "own")
    files = {**base.changed, **files}
    targets = _targets({**files, **(base.files if base.under else {})})
    files = {path: content for path, content in files.items()
             if not base.has(path, content)}  # fmt: skip
    tree.write(own, files, base.root)
    over = {path: os.path.join(own, path) for path in files}
    if not all(os.path.isfile(os.path.join(source, path)) for path in files):
        source, over = os.path.join(work, "tree"), {}
        shutil.copytree(base.source, source, copy_function=shutil.copy2)
        tree.write(source, files, base.root)
    return run(source, os.path.join(work, "build"), targets, base=base.build, over=over)


def graders(base, built, tests, work):
    """Link a built submission with the tests' programs; return Built.

    tests: a folder with guest/*.c and user/*.c. The sources are the starter's,
    older than every object; what the submission's objects depend on is not
    taken along, so nothing of it can be compiled again where the tests are.
    """
    made = os.path.join(work, "made")
    compiled(base, tests, made)
    sandbox.give(made)
    return run(base.source, os.path.join(work, "graders"), ["graders"], base=built.folder,
               tests=tests, made=made, wanted="grade")  # fmt: skip


def compiled(base, tests, target):
    """Copy what tests compile to, for a Base, into the new folder target. It is made
    once; nothing, if they do not link with the starter: then each submission's own link
    will tell. Only who grades may look into what is kept: tests may be hidden."""
    found = {}
    for at, _, names in os.walk(tests):
        for path in (os.path.join(at, name) for name in names):
            with open(path, "rb") as file:
                found[os.path.relpath(path, tests)] = file.read()
    with base.lock():
        folder = os.path.join(base.folder, f"tests-{tree.digest(found)}")
        if not os.path.isdir(folder):
            _compile(base, tests, folder)
        os.utime(folder)
        shutil.copytree(folder, target, copy_function=shutil.copy2)


def _compile(base, tests, folder):
    """Make what compiled() keeps, and forget what was not used for longest."""
    kept = [os.path.join(base.folder, n) for n in os.listdir(base.folder) if n[:6] == "tests-"]
    for old in sorted(kept, key=os.path.getmtime)[: 1 - TESTS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=base.cache) as work:
        made = os.path.join(work, "made")
        os.mkdir(made, 0o700)
        run(base.source, made, ["graders"], base=base.build, tests=tests,
            wanted="obj/grade")  # fmt: skip
        os.rename(made, folder)
