"""Tests: how one is declared, and where they are found.

A test is a function with the decorator @test in labs/NN-name/tests/*.py, or in
the same place below a folder of hidden ones. Its first line of documentation is
its title.
"""

import dataclasses
import importlib.util
import inspect
import os
import re
import sys
import threading

from grading import contract

EVIDENCE = ("answers", "disk", "trace", "memory", "status", "errors", "console")

_LOADING = threading.Lock()  # of sys.path and sys.modules


class TestError(Exception):
    """A test is declared wrongly: its author's mistake."""


@dataclasses.dataclass
class Test:
    """A test and what is to be said about it."""

    function: object
    name: str
    title: str
    points: int
    step: str
    section: str
    blames: str
    evidence: tuple
    hint: str
    hidden: bool = False
    contract: str = ""  # of what it blames, as contract.of has it


def test(*, points, evidence, blames, hint="", step="", section=""):
    """Declare a test; see docs/grading.md for what each word means."""

    def mark(function):
        title = (inspect.getdoc(function) or "").split("\n")[0].rstrip(".")
        kinds = (evidence,) if isinstance(evidence, str) else tuple(evidence)
        where = f"{function.__module__}.{function.__name__}"
        if not title:
            raise TestError(f"{where} has no first line that says what it tests")
        if not set(kinds) <= set(EVIDENCE):
            raise TestError(f"{where}: evidence is one of {', '.join(EVIDENCE)}")
        if points and not set(kinds) - {"console"}:
            raise TestError(f"{where}: what a student can print earns no points")
        function.test = Test(
            function, function.__name__, title, points, step, section, blames,
            kinds, hint,
        )  # fmt: skip
        return function

    return mark


def _load(path):
    name = "tests_" + re.sub(r"\W", "_", path)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def in_folder(folder, hidden=False):
    """Return the tests of a folder's Python files, in their order."""
    with _LOADING:
        return _in_folder(folder, hidden)


def _in_folder(folder, hidden):
    found = []
    if not os.path.isdir(folder):
        return found
    helpers = {n[:-3] for n in os.listdir(folder) if n.startswith("_")}
    for name in helpers:  # another lab's helper may have the same name
        sys.modules.pop(name, None)
    sys.path.insert(0, folder)
    try:
        for name in sorted(os.listdir(folder)):
            if name.endswith(".py") and not name.startswith("_"):
                module = _load(os.path.join(folder, name))
                for value in vars(module).values():
                    if (
                        isinstance(getattr(value, "test", None), Test)
                        and value.__module__ == module.__name__
                    ):
                        value.test.hidden = hidden
                        found.append(value.test)
    finally:
        sys.path.remove(folder)
    return found


def tests(root, lab, hidden=None):
    """Return all tests of a lab: public ones first, each kind in the order of the steps."""
    found = in_folder(os.path.join(root, lab.folder, "tests"))
    if hidden:
        found += in_folder(hidden, hidden=True)
    names = [t.name for t in found]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise TestError(f"two tests of {lab.folder} are called {min(twice)}")
    steps = [s.name for s in lab.steps]
    contracts = contract.Contracts(root, lab)
    for one in found:
        if one.step and steps and one.step not in steps:
            raise TestError(f"{one.name}: {lab.folder} has no step {one.step}")
        one.contract = contracts.of(one.blames)
    place = {name: number for number, name in enumerate(steps)}
    return sorted(found, key=lambda t: (t.hidden, place.get(t.step, len(steps))))
