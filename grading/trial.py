"""Ask of files that are ours what tests say of them, as cheaply as can be.

Only what a test asks for is built, from the whole tree, so that only files that
differ from it are compiled, and tests may be seen meanwhile: where submissions are
built, neither must be.
"""

import contextlib
import os
import threading

from grading import archive, build, discover, sandbox, schedule, tree
from grading.grade import Grading, cache, tests_folder, workspace
from grading.verdict import INFRA, PASS, Infra


class Court:
    """A lab, its tests, and the whole tree, which is compiled when it is needed."""

    def __init__(self, root, lab):
        base = build.starter(root, lab, cache(root))
        self.root, self.lab, self.base = root, lab, base.under or base
        self.tests = discover.tests(root, lab)


class Trial:
    """A lab's files, and what has been made of them; see of()."""

    def __init__(self, court, files, work):
        root, lab, base = court.root, court.lab, court.base.ready()
        self.court, self.lab, self.base, self.work = court, lab, base, work
        self.texts = {path: files.pop(path) for path in lab.texts}
        changed = {path: text for path, text in files.items() if not base.has(path, text)}
        self.userland = any(path.startswith("user/") for path in changed)
        own = os.path.join(work, "own")
        tree.write(own, changed, root)
        self._over = {path: os.path.join(own, path) for path in changed}
        # Where all that these are no part of is compiled already.
        self._begun = os.path.dirname(build.userland(base)) if self.userland else base.build
        self._tests = tests_folder(root, lab, None, work)
        self._folder, self._lock = os.path.join(work, "made"), threading.RLock()

    def made(self, target, name):
        """Return the path of a part of the build folder, which a target of make makes,
        once. Raises Infra if that fails."""
        path = os.path.join(self._folder, name)
        with self._lock:
            if not os.path.exists(path):
                self._make(target, "grade" if name.startswith("grade/") else name)
        return path

    def make_all(self):
        """Make all that tests may ask for, before several processes do."""
        if self.lab.holes:
            self.made("kernel", "kernel.elf")
            self._make("graders", "grade")

    def _make(self, target, wanted):
        tests = made = None
        if wanted == "grade":
            tests, made = self._tests, os.path.join(self.work, "objects")
            if not os.path.isdir(made):
                build.compiled(self.base, tests, made)
                sandbox.give(made)
        built = build.run(self.base.source, self._folder, [target], base=self._begun,
                          tests=tests, made=made, over=self._over, wanted=wanted)  # fmt: skip
        if not built.ok:
            raise Infra(f"it does not build: {built.errors}")

    def has_program(self, name):
        """Is there a program of that name in tests/user?"""
        return os.path.exists(os.path.join(self._tests, "user", f"{name}.c"))

    def outcomes(self, seed, names=None, enough=None):
        """Run the tests of these names (all) with a seed; give each schedule.Outcome.
        enough: see schedule.run_until. Raises LookupError if there is no such test."""
        tests = self.court.tests
        if unknown := set(names or ()) - {t.name for t in tests}:
            raise LookupError(f"lab {self.lab.number} has no test {min(unknown)}")
        tests = [t for t in tests if not names or t.name in names]
        told = []
        with workspace() as work:
            grading = _Grading(self, seed, work)
            kept = os.path.join(work, "kept")
            if enough:
                schedule.run_until(grading, tests, kept, told.append, enough)
            else:
                schedule.run_all(grading, tests, kept, 1, told.append)
        return told


class _Grading(Grading):
    """What tests share, with all that is to be built asked of a Trial."""

    def __init__(self, trial, seed, work):
        super().__init__(trial.lab, seed, work, trial.base)
        self.trial, self.texts = trial, trial.texts
        self.built = self.linked = trial.base.build  # if there is nothing to build

    def kernel(self, name):
        if not self.lab.holes:
            return super().kernel(name)
        return self.trial.made("kernel" if name == "kernel.elf" else f"build/{name}", name)

    def graders(self, program):
        return os.path.dirname(self.kernel(f"grade/{program}.elf"))

    def program(self, name):
        return self.kernel(f"grade/user/{name}")

    def has_program(self, name):
        return self.trial.has_program(name)

    def _userland(self):
        if self.trial.userland:
            return self.trial.made("userland", "userland")
        return super()._userland()


@contextlib.contextmanager
def of(court, folder):
    """Give a Trial of a folder that has every file a submission must have, until the
    end of the context. "trunk" has the tree's own files."""
    required = [*court.lab.holes, *court.lab.texts]
    place = court.root if folder == "trunk" else folder
    files, _ = archive.unpack(place, required, required)
    with workspace() as work:
        yield Trial(court, files, work)


def first_loss(court, folder, names, seed):
    """Return (name, points) of the first test of these names that is lost, or None.

    Raises Infra, also if the files do not compile, or do not link with the tests.
    """
    with of(court, folder) as trial:
        found = trial.outcomes(seed, names, lambda outcome: outcome.status != PASS)
    for outcome in found:
        if outcome.status == INFRA:
            raise Infra(f"{outcome.test.name}: {outcome.text}")
        if outcome.status != PASS:
            return outcome.test.name, outcome.test.points
    return None
