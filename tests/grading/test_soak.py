"""A sample of the soak: the reference is right, however busy the machine is."""

import collections
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import toy

SOAK = os.path.join(toy.ROOT, "tests", "soak")


def soaked(tmp, *words):
    """Soak the toy lab; return what ended."""
    os.chmod(tmp, 0o755)
    return subprocess.run(
        [SOAK, "--lab", "tests/grading/90-toy", *words], capture_output=True, text=True,
        check=False, env={**os.environ, "TMPDIR": tmp},
    )  # fmt: skip


def test_reference_passes_on_a_busy_machine(tmp):
    toy.needs_sandbox(harness)
    done = soaked(tmp, "--runs=4", "--test=sum_of_random_bytes", "--test=file_is_copied")
    assert "lab 90: 4 runs, 0 differ" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0 and os.listdir(tmp) == []


def test_run_that_differs_is_told(tmp):
    """A run without a result, here for want of such a test, is one that differs."""
    toy.needs_sandbox(harness)
    done = soaked(tmp, "--runs=1", "--test=no_such_test")
    assert done.returncode == 1 and "1 runs, 1 differ" in done.stdout, done.stdout


def test_lab_that_asks_gets_answers():
    """The reference of a lab without holes is what it should be answered."""
    toy.needs_sandbox(harness)
    done = subprocess.run([SOAK, "--lab", "0", "--runs=1", "--test=boot_ram"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert "lab 0: 1 runs, 0 differ" in done.stdout, done.stdout + done.stderr


def test_soak_of_a_fresh_clone_builds_first(tmp):
    """Lab 0's answers come from a machine with the tree's kernel and disk."""
    done = subprocess.run(["make", "-n", "soak", f"BUILD={tmp}/build"], cwd=toy.ROOT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    steps = [done.stdout.find(step) for step in ("tools/setup", "root.img", "tests/soak")]
    assert 0 <= steps[0] < steps[1] < steps[2], (steps, done.stderr)


def test_loaded_draws_are_alike():
    """In each range; and what is long is never the same all the same."""
    draw = harness.script("tests/soak").Loaded("1:some_test")
    for pages, most in ((1, 5), (1 << 20, 1 << 28), (512, 1 << 39)):
        drawn = [draw.randrange(0, most, pages) for _ in range(100)]
        alike = collections.Counter(value * 512 // most for value in drawn)
        assert alike[0] > 5 and max(alike) >= 409 + 100 * (most > 5) and max(alike.values()) > 8, alike
    assert len({draw.randbytes(16) for _ in range(100)}) == 100
    assert len({draw.random() for _ in range(100)}) == 100
