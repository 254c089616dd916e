"""Power loss: nothing that was synced is lost, and nothing else shows up."""

import os
import sys

from harness import cases

sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir, "crash"))

import lab  # noqa: E402

IMAGES = 300  # of each workload; `make crashtest` looks at all of them
LEAST = 250  # a workload whose changes share few commits has fewer moments


@cases(**{name: {"name": name} for name in lab.workloads.ALL})
def test_power_loss(name, tmp):
    """A workload's crash images are recovered, sound, and as the model says."""
    files = lab.record(tmp, name, seed=1)
    images, violations, text = lab.check(files, IMAGES, seed=1)
    assert violations == 0, text[-3000:]
    assert images >= LEAST, text
