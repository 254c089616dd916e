"""Images that the original tools wrote, read by the kernel.

The same comparison through the host tool is in tests/tools/test_efs.py.
"""

import glob
import os
import subprocess

import harness
from harness import Disk, Guest, cases

IMAGES = os.path.join(harness.ROOT, "tests", "images")


EACH = 6  # disks of one guest, beside its own


def found(folder):
    """Return the images of a folder, as lists of those that one guest has."""
    paths = sorted(glob.glob(os.path.join(IMAGES, folder, "*.img")))
    assert paths, f"no images in {folder}"
    return [paths[i : i + EACH] for i in range(0, len(paths), EACH)]


def named(folder):
    """Return a case for each image of the folder, by its name."""
    return {os.path.basename(path)[:-4]: {"path": path, "all_paths": paths}
            for paths in found(folder) for path in paths}  # fmt: skip


def mount(guest, number, place="/mnt"):
    """Mount the guest's disk of that number, counted from 0 behind its own; return what
    is said."""
    return guest.command(f"mount -r /dev/vd{'bcdefg'[number]} {place}; echo status $?")


@cases(**named("plain"))
def test_plain(machine, path, all_paths):
    """Every file is there with all its attributes and its content."""
    with open(path[:-4] + ".ls", "rb") as f:
        expected = f.read()
    guest = machine(disks=[harness.built("test.img"), *all_paths])
    assert mount(guest, all_paths.index(path)) == "status 0"
    seen = guest.command("efsls /mnt; echo status $?").split("\n")
    assert seen.pop() == "status 0"
    # The console's bytes were decoded in the same way.
    assert seen == expected.decode(errors="replace").split("\n")[:-1]
    assert guest.command("umount /mnt") == ""


@cases(**named("damaged"))
def test_damaged(machine, path, all_paths):
    """What is damaged costs an error, and the kernel goes on."""
    guest = machine(disks=[harness.built("test.img"), *all_paths])
    if mount(guest, all_paths.index(path)).endswith("status 0"):
        guest.command("efsls /mnt >/dev/null")
        assert guest.command("umount /mnt") == ""
    assert guest.command("echo alive") == "alive"


@cases(**{str(i): {"paths": paths} for i, paths in enumerate(found("damaged"))})
def test_damaged_at_the_end(paths):
    """The machine goes off though what is damaged is mounted, and has been looked at."""
    with Guest(disks=[harness.built("test.img"), *paths]) as guest:
        guest.boot()
        for number in range(len(paths)):
            guest.command(f"mkdir /tmp/{number}")
            if mount(guest, number, f"/tmp/{number}").endswith("status 0"):
                guest.command(f"efsls /tmp/{number} >/dev/null")
        guest.send("poweroff")
        assert guest.wait() == 0


def test_plain_root(tmp):
    """A plain image is good enough to run from, with a /tmp in memory."""
    image = os.path.join(tmp, "root.img")
    make = [harness.built("host/mkfs.eclipsefs"), "--plain"]
    subprocess.run([*make, "-d", harness.built("rootfs"), image], check=True)
    with Guest(disks=[image]) as guest:
        guest.boot()
        table = guest.command("mount")
        assert "/dev/vda on / type eclipsefs (ro" in table, table
        assert "tmpfs on /tmp type tmpfs (rw" in table, table
        assert "Read-only file system" in guest.command("touch /new")
        assert guest.command("echo text >/tmp/new; cat /tmp/new") == "text"


def test_programs_stay_clean():
    """What a program writes to its variables does not change its file."""
    with Guest() as guest:
        guest.boot()
        shown = guest.command("sync; ls /bin >/dev/null; grep Dirty /proc/meminfo")
        assert shown.split() == ["Dirty:", "0", "kB"], shown


@cases(one={"first": 1}, two={"first": 2})
def test_damaged_and_written(first, tmp):
    """Reading, changing and removing what is damaged costs errors at most."""
    disks, mounts = [Disk(harness.built("test.img"))], 0
    for i in range(EACH):
        path = os.path.join(tmp, f"{i}.img")
        # The neighbours of an image are damaged in the same way.
        number = str(first * 1000 + i * 107)
        subprocess.run(
            [harness.built("host/damage"), "-i", number, "-w", path],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        disks.append(Disk(path))
    with Guest(disks=disks) as guest:
        guest.boot()
        for letter in "bcdefg"[:EACH]:
            said = guest.command(f"mount /dev/vd{letter} /mnt; echo status $?")
            mounts += said.endswith("status 0")
            guest.command("ls -lR /mnt >/dev/null; echo x >/mnt/new; mkdir /mnt/d")
            guest.command("cp /bin/ls /mnt/d/big; mv /mnt/new /mnt/d; rm -r /mnt/*")
            guest.command("sync; umount /mnt")
            assert guest.command("echo alive") == "alive"
        assert mounts > 1, "nearly all of them are refused"
        guest.send("poweroff")
        assert guest.wait() == 0
