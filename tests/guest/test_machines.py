"""Machines that nobody has written down: tests/machines makes them up, always the same
ones here, and such that all choices there are, and many pairs of them, are tried."""

import os
import sys

import harness
from harness import cases

sys.path.insert(0, os.path.join(harness.ROOT, "tests", "machines"))

COUNT, SEED, PARTS = 20, 1, 4
# Each has once been too much for the kernel.
FOUND = {
    "no_mmu": {"extensions": "no-mmu"},
    "harts_without_mmu": {"harts": 4, "tree": ("lame",), "boot": 1},
    "tree_outside_memory": {"memory": 64, "tree": ("hole",)},
    "unknown_port": {"harts": 2, "tree": ("mute",)},
}


def make_trial(what, folder):
    """Return the trial of a machine in a folder."""
    import trial

    if harness.RECORD:
        raise harness.Skip("a guest of several harts cannot be recorded")
    return trial.Trial(what, folder)


@cases(**{f"{part}": {"part": part} for part in range(PARTS)})
def test_boots(tmp, part):
    """Each boots, or says why not; what it has is seen and used."""
    import generate
    import offer

    machines = generate.generate(SEED, COUNT, offer.choices({"host": "/"}))
    for number in range(part, COUNT, PARTS):
        folder = os.path.join(tmp, str(number))
        os.mkdir(folder)
        try:
            make_trial(machines[number], folder).run()
        except harness.Skip:
            raise
        except Exception as error:
            again = f"tests/machines/run --host {COUNT} {SEED} {number}"
            raise AssertionError(f"{error}\n{machines[number]}\n{again}") from error
        harness.guests().clear()


@cases(**{name: {"what": what} for name, what in FOUND.items()})
def test_found(tmp, what):
    """These boot, or say why not."""
    import board

    make_trial(board.Machine(slots={3: board.DISK}, root=3, **what), tmp).run()
