"""Ask of files that are ours what tests say of them, as cheaply as can be.

They are built once, for as many runs as are wanted, and on the whole tree, so that
only files that differ from it are compiled: where submissions are built, its objects
must not be.
"""

import contextlib
import dataclasses
import os

from grading import archive, build, discover, schedule
from grading.grade import Grading, cache, tests_folder, workspace
from grading.verdict import INFRA, PASS, Infra


class Unlinked(Exception):
    """The files do not compile, or do not link with the tests; the text is make's."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """A lab's files, built: kernel and programs, and those with the tests in them;
    texts are what there is to read."""

    root: str
    lab: object
    base: build.Base
    texts: dict
    built: str
    linked: str

    def outcomes(self, seed, names=None, enough=None):
        """Run the tests of these names (all) with a seed; give each schedule.Outcome.
        enough: see schedule.run_until. Raises LookupError if there is no such test."""
        tests = discover.tests(self.root, self.lab)
        if unknown := set(names or ()) - {t.name for t in tests}:
            raise LookupError(f"lab {self.lab.number} has no test {min(unknown)}")
        tests = [t for t in tests if not names or t.name in names]
        told = []
        with workspace() as work:
            grading = Grading(self.lab, seed, work, self.base)
            grading.texts, grading.built, grading.linked = self.texts, self.built, self.linked
            kept = os.path.join(work, "kept")
            if enough:
                schedule.run_until(grading, tests, kept, told.append, enough)
            else:
                schedule.run_all(grading, tests, kept, 1, told.append)
        return told


@contextlib.contextmanager
def of(root, lab, folder):
    """Build a folder that has every file a submission must have; give a Trial, until
    the end of the context. "trunk" has the tree's own files. Raises Infra, Unlinked."""
    base = build.starter(root, lab, cache(root))
    base = (base.under or base).ready()
    required = [*lab.holes, *lab.texts]
    files, _ = archive.unpack(root if folder == "trunk" else folder, required, required)
    texts = {path: files.pop(path) for path in lab.texts}
    if not files:  # answers about the tree as it is
        yield Trial(root, lab, base, texts, base.build, base.build)
        return
    with workspace() as work:
        built = build.submission(base, files, work)
        if not built.ok:
            raise Unlinked(built.errors)
        linked = build.graders(base, built, tests_folder(root, lab, None, work), work)
        if not linked.ok:
            raise Unlinked(linked.errors)
        yield Trial(root, lab, base, texts, built.folder, linked.folder)


def first_loss(root, lab, folder, names, seed):
    """Return (name, points) of the first test of these names that is lost, or None.

    Raises Infra, Unlinked.
    """
    with of(root, lab, folder) as trial:
        found = trial.outcomes(seed, names, lambda outcome: outcome.status != PASS)
    for outcome in found:
        if outcome.status == INFRA:
            raise Infra(f"{outcome.test.name}: {outcome.text}")
        if outcome.status != PASS:
            return outcome.test.name, outcome.test.points
    return None
