"""tests/run starts what takes long first."""

import importlib.machinery
import importlib.util
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def runner():
    """Return tests/run as a module."""
    loader = importlib.machinery.SourceFileLoader(
        "tests_run", os.path.join(ROOT, "tests", "run")
    )
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("tests_run", loader)
    )
    loader.exec_module(module)
    return module


def order(run, known, *names):
    return [name for name, _ in run.longest_first([(n, None) for n in names], known)]


def test_longest_first(tmp):
    """By what was kept of the last time; else what is known to be long."""
    run = runner()
    record = os.path.join(tmp, "seconds")
    assert run.read_seconds(record) == {}
    names = ("guest/a", "tools/b[seed 1]", "host/fs_model", "guest/new", "build/c")
    assert order(run, {}, *names)[:2] == ["host/fs_model", "build/c"]
    run.write_seconds(record, {"guest/a": 0.25, "tools/b[seed 1]": 70.5})
    run.write_seconds(record, {**run.read_seconds(record), "build/c": 9})
    known = run.read_seconds(record)
    assert known == {"guest/a": 0.25, "tools/b[seed 1]": 70.5, "build/c": 9}
    assert order(run, known, *names) == [
        "tools/b[seed 1]", "host/fs_model", "build/c", "guest/new", "guest/a"
    ]  # fmt: skip
    with open(record, "w", encoding="utf-8") as file:
        file.write("what is this\n")
    assert run.read_seconds(record) == {}


def test_time_by_kind():
    run = runner()
    assert run.by_kind({"guest/a": 1.25, "host/b": 2, "guest/c": 3}) == "guest 4, host 2"
