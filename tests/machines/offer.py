"""What this host can make machines of."""

import os
import shutil
import subprocess

import generate
import harness

FIRMWARE = "usr/lib/riscv64-linux-gnu/opensbi/generic"  # of Debian's package opensbi


def firmware(roots):
    """Return paths of the firmware in these systems, {name: root folder}; copied to where
    an emulator in any of them finds it."""
    place = harness.built("machines/firmware")
    os.makedirs(place, exist_ok=True)
    found = []
    for name, root in roots.items():
        for kind in ("dynamic", "jump"):
            path = os.path.join(root, FIRMWARE, f"fw_{kind}.bin")
            if os.path.exists(path):
                found.append(os.path.join(place, f"{kind}-{name}.bin"))
                shutil.copyfile(path, f"{found[-1]}.{os.getpid()}")
                os.replace(f"{found[-1]}.{os.getpid()}", found[-1])
    return found


def choices(roots):
    """Return what there is to choose of, as generate.choices() does; roots: systems
    whose firmware is tried, as of firmware()."""
    models = subprocess.run([harness.QEMU, "-cpu", "help"], capture_output=True,
                            check=True, text=True).stdout.split()  # fmt: skip
    return generate.choices(harness.qemu_version(), models, firmware(roots))
