"""The toy lab, and submissions for it."""

import functools
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from grading import sandbox, tree  # noqa: E402
from grading.grade import grade  # noqa: E402

HOLE = "kernel/lib/crc32c.c"
SEED = 20


@functools.cache
def lab():
    """Return the toy lab."""
    return tree.labfile(ROOT).load("tests/grading/90-toy", ROOT)


def needs_sandbox(harness):
    """Skip the test where there is no sandbox."""
    if sandbox.why_not():
        raise harness.Skip(sandbox.why_not())


def solution():
    """Return the trunk's file."""
    with open(os.path.join(ROOT, HOLE), encoding="utf-8") as file:
        return file.read()


def submission(tmp, text, name="submission"):
    """Make a submission's folder with this text in the hole; return its path."""
    path = os.path.join(tmp, name, HOLE)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return os.path.join(tmp, name)


def graded(what, **options):
    """Grade a submission for the toy lab."""
    options.setdefault("seed", SEED)
    return grade(ROOT, lab(), what, **options)


def verdicts(report):
    """Return {test: status}."""
    return {t["name"]: t["status"] for t in report["tests"]}
