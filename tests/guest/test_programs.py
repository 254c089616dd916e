"""Programs of user/tests, each run in init's place: status 0 is a pass."""

import os

import harness
from harness import cases, run_program


def names():
    """Return the programs' names; bench measures and is no test."""
    path = os.path.join(harness.ROOT, "user", "tests")
    files = os.listdir(path) if os.path.isdir(path) else []
    found = {os.path.splitext(f)[0] for f in files if not f.startswith(".")}
    return sorted(found - {"bench"})


@cases(**{name: {"name": name} for name in names()})
def test_run(name):
    """It finds nothing wrong."""
    status, output = run_program(f"/tests/{name}")
    assert status == 0, f"exit status {status}\n{harness.printable(output)[-1500:]}"
