"""The programs that change files, by scripts that run in the guest."""

import os
import re
import subprocess

import harness
from harness import Disk, Guest, cases

# What the scripts are called that stand in tests/guest/tools.
SCRIPTS = (
    "attributes",
    "contents",
    "copy",
    "full",
    "mounts",
    "remove",
    "search",
    "shell",
)


def run_script(guest, name, folder):
    """Run a script in the folder; fail with what it found wrong."""
    output = guest.command(f"sh /tests/tools/{name}.sh {folder}")
    found = re.search(r"(\d+) checks, (\d+) failures$", output)
    assert found, harness.printable(output)[-1500:]
    assert int(found[1]) > 0 and found[2] == "0", harness.printable(output)[-1500:]


def test_all_listed():
    """No script is left out."""
    folder = os.path.join(harness.ROOT, "tests", "guest", "tools")
    names = {os.path.splitext(f)[0] for f in os.listdir(folder)}
    assert names == {*SCRIPTS, "lib"}


@cases(**{name: {"name": name} for name in SCRIPTS})
def test_memory(machine, name):
    """The programs do what they should on a file system in memory."""
    guest = machine()
    assert guest.command("mount -t tmpfs none /mnt") == ""
    run_script(guest, name, "/mnt")
    assert guest.command("umount /mnt") == ""


def make_disk(folder):
    """Make an empty disk to write to; return its path."""
    path = os.path.join(folder, "disk.img")
    mkfs = harness.built("host/mkfs.eclipsefs")
    subprocess.run([mkfs, "-s", "32M", path], check=True)
    return path


def check_disk(path):
    """Fail unless the file system on a disk is sound."""
    fsck = harness.built("host/fsck.eclipsefs")
    done = subprocess.run([fsck, "-n", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def with_disk(path):
    """Boot with a second disk, and mount it."""
    guest = Guest(disks=[harness.built("test.img"), Disk(path, write=True)])
    guest.boot()
    assert guest.command("mount /mnt") == ""
    return guest


@cases(**{name: {"name": name} for name in SCRIPTS})
def test_disk(tmp, name):
    """They do it on a disk too, whose file system stays sound."""
    path = make_disk(tmp)
    with with_disk(path) as guest:
        run_script(guest, name, "/mnt")
        assert guest.command("umount /mnt") == ""
    check_disk(path)


def test_lasting(tmp):
    """What was copied to a disk is there after the next boot."""
    path = make_disk(tmp)
    listing = "efsls /mnt/copy | cut -f 1-7"
    with with_disk(path) as guest:
        assert guest.command("cp -a /tests /mnt/copy") == ""
        before = guest.command(listing)
        assert guest.command("umount /mnt") == ""
        guest.send("poweroff")
        guest.wait()
    check_disk(path)
    with with_disk(path) as guest:
        assert guest.command(listing) == before
        assert guest.command("cmp /mnt/copy/library /tests/library") == ""
    check_disk(path)


def test_history():
    """A shell knows what was typed in earlier ones."""
    with Guest() as guest:
        guest.boot()
        guest.command("export HOME=/tmp")
        guest.command("sh")
        guest.command("echo once said")
        guest.command("exit")
        assert guest.command("tail -n 2 /tmp/.sh_history") == "echo once said\nexit"
        guest.command("sh")
        assert "echo once said" in guest.command("history")
        guest.command("exit")
        guest.command("seq 1200 >/tmp/.sh_history")
        guest.command("sh")
        guest.command("exit")
        lines = guest.command("cat /tmp/.sh_history").splitlines()
        assert lines[0] == "701" and lines[-2:] == ["1200", "exit"]
