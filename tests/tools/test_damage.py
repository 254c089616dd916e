"""Damaged images by the thousand; `make crashtest` tries many more."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAMAGE = ROOT / os.environ.get("UMBRA_BUILD", "build") / "host" / "damage"


def try_images(number, seed):
    """Damages so many images; raises AssertionError if anything goes wrong,
    subprocess.TimeoutExpired after minutes."""
    done = subprocess.run([str(DAMAGE), "-n", str(number), "-s", str(seed)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_damaged_images(seed):
    """Nothing crashes, and what fsck has mended is so."""
    try_images(296, seed)


test_damaged_images.cases = {f"seed {n}": {"seed": n} for n in (1, 2)}
