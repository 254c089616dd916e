"""Debian's programs for riscv64, unmodified.

What busybox says is compared with transcripts in tests/guest/busybox: there a
command stands behind "$ ", and what it says below it. They were made by the
same program under qemu-riscv64, and read by a person.
"""

import difflib
import os

import harness
from harness import Guest, Skip, built, cases

FOLDER = os.path.join(harness.ROOT, "tests", "guest", "busybox")


def transcripts():
    """Return the names of the transcripts."""
    return sorted(f[:-4] for f in os.listdir(FOLDER) if f.endswith(".txt"))


def boot(name, **options):
    """Return a guest, booted from an image that has Debian's packages."""
    image = built(name + ".img")
    if not os.path.exists(image):
        raise Skip(f"no {name}.img: tools/debian found no riscv64 packages")
    guest = Guest(disks=[image], **options)
    guest.boot()
    return guest


@cases(**{name: {"name": name} for name in transcripts()})
def test_busybox(name):
    """busybox says what it says on Linux."""
    with open(os.path.join(FOLDER, name + ".txt"), encoding="utf-8") as f:
        wanted = f.read().rstrip("\n")
    with boot("busybox") as guest:
        guest.command("cd /tmp; mkdir bb work; /usr/bin/busybox --install -s bb; cd work; export PATH=/tmp/bb")
        said = guest.command(
            f"sh /tests/busybox/run.sh /tests/busybox/{name}.txt 2>&1 | cat"
        )
        differences = difflib.unified_diff(
            wanted.splitlines(), said.splitlines(), "wanted", "said", "", "", 1
        )
        assert said == wanted, harness.printable("\n".join(differences))[-4000:]
