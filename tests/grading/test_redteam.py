"""A few of the red team's attacks; make redteam runs them all."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import toy  # the path to grading
from grading import redteam
from grading.grade import grade
from grading.redteam import archives, hollow


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


def test_every_lab_with_tests_is_attacked():
    """By starters that return at once, which compile: `make redteam` grades them."""
    toy.needs_sandbox(harness)
    makers = hollow.makers()
    assert {name.split("_")[0] for name in makers} >= {"lab1", "lab7"}
    lab, make = makers["lab1_returns_refusal"]
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o755)
        report = grade(toy.ROOT, lab, make(top), seed=1, names=["there_is_one_root"])
    assert report["status"] == "graded" and report["score"] == 0, report
