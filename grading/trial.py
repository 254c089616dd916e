"""Ask of files that are ours whether tests find fault with them, as cheaply as can be.

A grading's answer is a report; here one lost test is answer enough. What is built
on is the whole tree, so that only files that differ from it are compiled: where
submissions are built, its objects must not be.
"""

import os

from grading import archive, build, discover, report, schedule
from grading.grade import Grading, cache, tests_folder, workspace
from grading.verdict import INFRA, PASS, Infra


class Unlinked(Exception):
    """The files do not compile, or do not link with the tests; the text is make's."""


def first_loss(root, lab, folder, names, seed):
    """Return the report's part of a test of these names that is lost, or None.

    folder: has every file that a submission must have. Raises Infra, Unlinked.
    """
    tests = [t for t in discover.tests(root, lab) if t.name in names]
    base = build.starter(root, lab, cache(root))
    base = (base.under or base).ready()
    files, _ = archive.unpack(folder, [*lab.holes, *lab.texts], [*lab.holes, *lab.texts])
    lost = []
    with workspace() as work:
        grading = Grading(lab, seed, work, base)
        grading.texts = {path: files.pop(path) for path in lab.texts}
        grading.built = grading.linked = base.build
        if files:
            grading.built = _made(build.submission(base, files, work))
            grading.linked = _made(
                build.graders(base, build.Built(grading.built, True),
                              tests_folder(root, lab, None, work), work))  # fmt: skip

        def told(outcome):
            if outcome.status == INFRA:
                raise Infra(f"{outcome.test.name}: {outcome.text}")
            if outcome.status != PASS:
                lost.append(report.of_test(outcome, ""))

        schedule.run_until(grading, tests, os.path.join(work, "kept"), told, lambda _: lost)
    return lost[0] if lost else None


def _made(built):
    """Return the folder of what was built."""
    if not built.ok:
        raise Unlinked(built.errors)
    return built.folder
