"""Debian's programs for riscv64, unmodified.

What they say is compared with transcripts in tests/guest/busybox and debian:
there a command stands behind "$ ", and what it says below it. They were made
by the same programs under qemu-riscv64 where that can, and read by a person.
"""

import difflib
import os
import re

import harness
from harness import Guest, Skip, built, cases

INSTALL = "mkdir /tmp/bb; /usr/bin/busybox --install -s /tmp/bb"
FOLDER = os.path.join(harness.ROOT, "tests", "guest")


def transcripts(folder):
    """Return the transcripts of a folder, as cases."""
    names = os.listdir(os.path.join(FOLDER, folder))
    return {f[:-4]: {"name": f[:-4]} for f in sorted(names) if f.endswith(".txt")}


def image(name):
    """Return the path of an image that has Debian's packages."""
    path = built(name + ".img")
    if not os.path.exists(path):
        raise Skip(f"no {name}.img: tools/debian found no riscv64 packages")
    return path


def check(guest, shell, folder, name):
    """Fail unless a transcript is what its commands say, run by the shell."""
    with open(os.path.join(FOLDER, folder, name + ".txt"), encoding="utf-8") as f:
        wanted = f.read().rstrip("\n")
    guest.command("cd /; /bin/rm -rf /tmp/work; /bin/mkdir /tmp/work; cd /tmp/work")
    said = guest.command(
        f"{shell} /tests/busybox/run.sh /tests/{folder}/{name}.txt 2>&1 | cat"
    )
    # That a program would like a call it can do without is no difference.
    said = re.sub(r"\[[ \d.]+\] .*: system call \d+ is not implemented\n", "", said)
    differences = difflib.unified_diff(
        wanted.splitlines(), said.splitlines(), "wanted", "said", "", "", 1
    )
    assert said == wanted, harness.printable("\n".join(differences))[-4000:]


@cases(**transcripts("busybox"))
def test_busybox(machine, name):
    """busybox says what it says on Linux."""
    guest = machine(disks=[image("busybox")])
    guest.command(f"test -d /tmp/bb || {{ {INSTALL}; }}; export PATH=/tmp/bb")
    check(guest, "sh", "busybox", name)


@cases(**transcripts("debian"))
def test_dynamic(machine, name):
    """So do programs that are linked when they are started."""
    guest = machine(disks=[image("debian")], memory="256M")
    guest.command("export PATH=/usr/bin")
    check(guest, "dash", "debian", name)


def test_interactive():
    """busybox's shell is used at the terminal: lines, jobs, programs of screens."""
    prompt = r"/ # (\x1b\[6n)?$"
    with Guest(disks=[image("busybox")]) as guest:
        guest.boot()
        guest.command(INSTALL)
        guest.command("export PATH=/tmp/bb; cd /")
        guest.command("PS1='/ # ' ash", prompt)
        guest.type("echo wrogn\x7f\x7fng\x17words\n")
        guest.expect(r"\nwords\n")
        guest.expect(prompt)
        guest.type("echo ready; cat\n")
        guest.expect(r"\nready\n")
        guest.type("typed\n")
        guest.expect(r"typed\ntyped\n")
        guest.type("\x1a")
        guest.expect(r"\[1\]\+  Stopped")
        guest.expect(prompt)
        guest.type("jobs\n")
        guest.expect(r"\[1\]\+  Stopped +cat\n")
        guest.expect(prompt)
        guest.type("fg\n")
        guest.expect(r"fg\ncat\n")
        guest.type("again\n")
        guest.expect(r"again\nagain\n")
        guest.type("\x03")
        guest.expect(prompt)
        guest.type("echo status $?\n")
        guest.expect(r"status 130\n")
        guest.expect(prompt)
        guest.type("vi /tmp/file\n")
        guest.expect(r"/tmp/file.* 1/1")
        guest.type("iwritten by vi\x1b")
        guest.expect(r"\[Modified\]")
        guest.type(":wq\n")
        guest.expect(prompt)
        guest.type("cat /tmp/file\n")
        guest.expect(r"cat /tmp/file\nwritten by vi\n")
        guest.expect(prompt)
        guest.type("top\n")
        guest.expect(r"Load average: \d+\.\d\d")
        guest.type("q")
        guest.expect(prompt)
        guest.type("exit\n")
        guest.expect(harness.PROMPT)
