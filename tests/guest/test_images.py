"""Images that the original tools wrote, read by the kernel.

The same comparison through the host tool is in tests/tools/test_efs.py.
"""

import glob
import os
import subprocess

import harness
from harness import Disk, Guest, cases

IMAGES = os.path.join(harness.ROOT, "tests", "images")


def named(folder):
    """Return a case for each image of the folder, by its name."""
    found = sorted(glob.glob(os.path.join(IMAGES, folder, "*.img")))
    assert found, f"no images in {folder}"
    return {os.path.basename(p)[:-4]: {"path": p} for p in found}


def mounted(path):
    """Boot with the image on a second disk, and mount that; return the guest."""
    guest = Guest(disks=[Disk(harness.built("test.img")), Disk(path)])
    try:
        guest.boot()
        said = guest.command("mount -r /dev/vdb /mnt; echo status $?")
    except BaseException:
        guest.close()
        raise
    return guest, said


@cases(**named("plain"))
def test_plain(path):
    """Every file is there with all its attributes and its content."""
    with open(path[:-4] + ".ls", "rb") as f:
        expected = f.read()
    guest, said = mounted(path)
    with guest:
        assert said == "status 0", said
        seen = guest.command("efsls /mnt; echo status $?").split("\n")
        assert seen.pop() == "status 0"
        # The console's bytes were decoded in the same way.
        assert seen == expected.decode(errors="replace").split("\n")[:-1]


@cases(**named("damaged"))
def test_damaged(path):
    """What is damaged costs an error, and the kernel goes on."""
    guest, said = mounted(path)
    with guest:
        if said.endswith("status 0"):
            guest.command("efsls /mnt >/dev/null")
        assert guest.command("echo alive") == "alive"
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


EACH = 6  # disks of one guest, beside its own


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
