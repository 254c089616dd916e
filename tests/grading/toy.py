"""The toy lab, and submissions for it."""

import functools
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from grading import sandbox, tree  # noqa: E402
from grading.grade import grade  # noqa: E402

CALL = """
import importlib.util, json, sys
path, name, arguments, sys.path[:] = json.loads(sys.argv[1])
spec = importlib.util.spec_from_file_location("module", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
getattr(module, name).__wrapped__(**arguments)
"""
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


def by_itself(function):
    """Run a test in a process of its own: it replaces what is all tests'."""

    @functools.wraps(function)
    def call(**arguments):
        what = [function.__code__.co_filename, function.__name__, arguments, sys.path]
        done = subprocess.run(
            [sys.executable, "-c", CALL, json.dumps(what)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout

    return call


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
