"""How tests/run counts tests that do not fail always."""

import os

import harness


def suite():
    """Return tests/run as a module."""
    return harness.script("tests/run")


def looked_again(tmp, *verdicts):
    """Run a job for each of the pairs of verdicts, the first time and the second; return
    the names of those that are said to be unsteady, and (passed, failed)."""
    run = suite()

    def job(name, verdicts):
        seen = os.path.join(tmp, name.replace("/", "."))
        verdict = verdicts[os.path.exists(seen)]
        with open(seen, "w"):
            return [run.Result(name, verdict)]

    jobs = [(f"kind/{n}", lambda n=n, v=v: job(f"kind/{n}", v)) for n, v in enumerate(verdicts)]
    display = run.Display(len(jobs))
    # What these say of themselves is not part of what is said of the test.
    display.end = lambda name, results, _: [
        (display.counts.update({r.verdict: display.counts[r.verdict] + 1}),
         r.verdict == run.FAIL and display.failed.append(r.name))
        for r in results
    ]  # fmt: skip
    run.run_all(jobs, 2, display)
    unsteady = run.look_again(jobs, display)
    display.forgive(unsteady)
    return unsteady, (display.counts[run.PASS], display.counts[run.FAIL])


def test_passes_at_the_second_time(tmp):
    unsteady, counts = looked_again(tmp, ("ok", "FAIL"), ("FAIL", "ok"), ("FAIL", "FAIL"))
    assert unsteady == {"kind/1"}, unsteady
    assert counts == (2, 1), counts


def test_too_many_are_no_chance(tmp):
    unsteady, counts = looked_again(tmp, *[("FAIL", "ok")] * 4)
    assert not unsteady and counts == (0, 4), (unsteady, counts)
