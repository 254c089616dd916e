"""fsck at work: a damaged disk, what is wrong with it, and what is left."""

import os
import subprocess
import sys

from machine import Machine
from stage import ROOT, find, harness, yes

sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))

import eclipsefs  # noqa: E402

TEXT = "What is written here is to be there tomorrow.\n"
STATE, ERRORS = 12, 4  # a field of the header's, and a bit in it

# For demos/site: what a trace of it shows.
TRACE, VIEW = "blk,cache", "disk"
TRACED = ("fsck.eclipsefs -n /dev/vda",)


def make(stage):
    """Return a disk with three files in two folders."""
    folder, path = stage.path("files"), stage.path("disk.img")
    for name in ("letter", "papers/thesis", "lost/diary"):
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(TEXT)
    subprocess.run([harness.built("host/mkfs.eclipsefs"), "-s", "16M", "-d", folder, path],
                   check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    return path


def damage(path):
    """Do to a disk what a bad one does: a count, a folder, a map of free blocks."""
    disk = eclipsefs.Image(path)
    at, _ = disk.value(disk.inode("letter"), eclipsefs.NLINK)
    disk.put32(at, 7)
    disk.seal_record(disk.inode("letter"))
    at, _ = disk.value(disk.inode("lost"), eclipsefs.MODE)
    disk.put32(at, 0o777)  # the record's checksum is now wrong
    bitmap = disk.ext(32, "Q")
    disk.data[bitmap * eclipsefs.BLOCK + 1500] ^= 0xFF
    disk.seal_block(bitmap)
    disk.put_ext(STATE, 1 | ERRORS)
    disk.save()


def demo(stage):
    """Damage a disk, look, mend, look again; then the same at boot."""
    efs, fsck = (harness.built(f"host/{name}") for name in ("efs", "fsck.eclipsefs"))
    stage.scene("A disk that is well")
    path = make(stage)
    stage.host(efs, "ls", "-l", path)
    text = stage.host(fsck, "-n", path)
    stage.fact(f"fsck finds: {text.strip().splitlines()[-1].split(': ')[-1]}")

    stage.scene("Three kinds of damage")
    stage.say("""A file whose count of names is wrong; a folder whose record does not fit its
        checksum; blocks marked as used that nobody has.""")
    damage(path)
    subprocess.run(["cp", path, stage.path("copy.img")], check=True)
    text = stage.host(fsck, "-n", path, status=None)
    stage.fact("fsck has " + find(r"img: (.*)", text))
    text = stage.host(efs, "ls", path, "/lost", status=None)
    stage.fact(f"the folder can be read: {yes('damaged' not in text)}")

    stage.scene("Mended")
    stage.host(fsck, "-y", path, status=None)
    text = stage.host(fsck, "-n", path)
    stage.fact(f"fsck finds: {text.strip().splitlines()[-1].split(': ')[-1]}")

    stage.scene("What is left of it")
    found = stage.host(efs, "ls", path, "/lost+found").split()
    saved = [stage.host(efs, "cat", path, f"/lost+found/{name}", status=None) for name in found]
    stage.fact(f"the diary lost its name, not its text: {yes(TEXT in saved)}")
    thesis = stage.host(efs, "cat", path, "/papers/thesis")
    stage.fact(f"the others are where they were: {yes(thesis == TEXT)}")

    stage.scene("The kernel does not trust it either")
    stage.say("The same damaged disk, as the second one of a machine.")
    with Machine(stage, disks=[harness.built("root.img"),
                               harness.Disk(stage.path("copy.img"), write=True)]) as machine:  # fmt: skip
        machine.boot()
        machine.do("mount /dev/vdb /mnt")
        text = machine.do("touch /mnt/new")
        stage.fact(f"it may be written to: {yes('Read-only' not in text)}")
        text = machine.do("umount /mnt; fsck.eclipsefs -y /dev/vdb | tail -n 1")
        stage.fact(f"in the guest, fsck has {find(r': (.*)', text)}")
        text = machine.do("mount /dev/vdb /mnt; touch /mnt/new; ls /mnt; umount /mnt")
        stage.fact(f"now it may be written to: {yes('new' in text.split())}")
