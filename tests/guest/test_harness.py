"""Tests that share a machine: each has its verdict, and no failure is another's."""

import harness


class Machines:
    """In the harness's place: a machine is the list of what was run in it, and ends when
    that was bad."""

    Skip = harness.Skip

    def __init__(self):
        self.all, self.begun = [], []

    def begin_test(self, name):
        """Note who has a recording's name."""
        self.begun.append(name)

    def guests(self):
        """None has a console to show."""
        return []

    def recordings(self):
        """Nothing is recorded."""

    def Shared(self):
        """Return what keeps the machine that is shared."""
        shared, machines = harness.Shared(), self

        class Guest(list):
            """A machine."""

            def __init__(self, **_):
                super().__init__()
                machines.all.append(self)

            def boot(self):
                """It is there at once."""

            def close(self):
                """It knows when it ends."""
                self.append("end")

        shared.start = Guest
        return shared


def run(tests):
    """Run (name, what) as tests that share machines; return (verdicts, machines, begun)."""
    runner, machines = harness.script("tests/run"), Machines()

    def test(machine, what, harts=1):
        if what == "skip":
            raise harness.Skip("no reason")
        machine(harts=harts).append(what)
        if what == "bad":
            raise harness.GuestError("it has ended")

    results = runner.run_together(tests, test, machines)
    return {r.name: r.verdict for r in results}, machines.all, machines.begun


def test_verdicts():
    """Whoever comes before or after one that fails passes; the next has a new machine."""
    tests = [(name, {"what": what}) for name, what in (
        ("a", "good"), ("b", "skip"), ("c", "bad"), ("d", "good"), ("e", "good"))]  # fmt: skip
    verdicts, machines, begun = run(tests)
    assert verdicts == {"a": "ok", "b": "skip", "c": "FAIL", "d": "ok", "e": "ok"}, verdicts
    assert machines == [["good", "bad", "end"], ["good", "good", "end"]], machines
    assert begun == ["a", "d"], begun


def test_options():
    """Who wants another machine gets it."""
    tests = [(f"{harts}{n}", {"what": "good", "harts": harts}) for harts in (1, 4) for n in "ab"]
    verdicts, machines, _ = run(tests)
    assert set(verdicts.values()) == {"ok"} and len(verdicts) == 4, verdicts
    assert machines == [["good", "good", "end"]] * 2, machines


def test_chosen():
    """Of tests that share a machine, those are run that a pattern names."""
    import re

    runner = harness.script("tests/run")
    tests = [(f"guest/x.run[{name}]", {}) for name in "abc"]
    jobs = [("guest/x.run", runner.Together(tests, None, None)), ("guest/y.run", None)]

    def chosen(pattern):
        return [name for name, _ in runner.choose(jobs, re.compile(pattern))]

    assert chosen("") == ["guest/x.run", "guest/y.run"]
    assert chosen("run.b|y") == ["guest/x.run[b]", "guest/y.run"]
    assert chosen("[ac]]") == ["guest/x.run[a], guest/x.run[c]"]
