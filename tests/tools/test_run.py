"""tests/run starts what takes long first."""

import importlib.machinery
import importlib.util
import os
import sys

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
    record = os.path.join(tmp, "times")
    assert run.read_times(record) == {}
    names = ("guest/a", "tools/b[seed 1]", "host/fs_model", "guest/new", "build/c")
    assert order(run, {}, *names)[:2] == ["host/fs_model", "build/c"]
    run.write_times(record, {"guest/a": (0.25, 0.5), "tools/b[seed 1]": (70.5, 9)})
    run.write_times(record, {**run.read_times(record), "build/c": (9, 12)})
    known = run.read_times(record)
    assert known == {"guest/a": (0.25, 0.5), "tools/b[seed 1]": (70.5, 9), "build/c": (9, 12)}
    assert order(run, known, *names) == [
        "tools/b[seed 1]", "host/fs_model", "build/c", "guest/new", "guest/a"
    ]  # fmt: skip
    with open(record, "w", encoding="utf-8") as file:
        file.write("what is this\n")
    assert run.read_times(record) == {}


def test_time_by_kind():
    run = runner()
    times = {"guest/a": (1.25, 1), "host/b": (2, 5), "guest/c": (3, 0)}
    assert run.by_kind(times) == "guest 4/1, host 2/5"


def test_job_that_breaks_is_one_that_fails():
    """Whatever a test does to its process, the others go on."""
    run = runner()
    display = run.Display(3)
    display.end = lambda name, results, times: seen.update({name: results[0].verdict})
    seen = {}
    run.run_all(
        [("dies", lambda: os.kill(os.getpid(), 9)), ("leaves", lambda: sys.exit(0)),
         ("works", lambda: [run.Result("works", run.PASS)])], 2, display,
    )  # fmt: skip
    assert seen == {"dies": run.FAIL, "leaves": run.FAIL, "works": run.PASS}


class Recorder:
    """What after_recording needs of the harness."""

    def __init__(self, place):
        self.place = place

    def recordings(self):
        return self.place


def test_recordings_kept(tmp):
    """Of a test that fails; of others they go."""
    run = runner()
    place = os.path.join(tmp, "guest.a")
    for verdict, there in ((run.FAIL, True), (run.PASS, False)):
        os.makedirs(os.path.join(place, "0"), exist_ok=True)
        said = run.after_recording(Recorder(place), verdict)
        assert os.path.isdir(place) == there
        assert ("make replay R=" in said and said.endswith("guest.a/0")) == there, said
    assert run.after_recording(Recorder(None), run.FAIL) == ""
