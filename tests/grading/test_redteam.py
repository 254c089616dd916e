"""A few of the red team's attacks; make redteam runs them all."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import toy  # the path to grading
from grading import redteam
from grading.redteam import archives


@harness.cases(**{
    name: {"name": name}
    for name in ("link_to_secret", "brings_its_own_build", "include_secret",
                 "messages", "jumps_to_the_end", "powers_off")
})  # fmt: skip
def test_gains_nothing(name):
    toy.needs_sandbox(harness)
    done = subprocess.run(
        [sys.executable, "-B", "-m", "grading.redteam", name], cwd=toy.ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "1 attacks, 0 gain something" in done.stdout, done.stdout + done.stderr


def test_every_attack_says_what_it_tries():
    for name in redteam.names():
        assert redteam.described(name).endswith("."), name
    for make in archives.ALL:
        assert make.__doc__.endswith("."), make
