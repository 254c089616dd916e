"""A power cut in the middle of a rename: at every point that there is."""

import os
import random
import struct
import subprocess
import sys

from machine import Machine, disk
from stage import ROOT, harness, yes

sys.path.insert(0, os.path.join(ROOT, "tests", "crash"))

import lab  # noqa: E402

SECTOR = 512
COINS = 40  # disks that forget
OLD = b"the old report\n" * 60
OPERATIONS = ("create report.new", "write report.new 0 5000 7", "fsync report.new",
              "rename report.new report", "sync")  # fmt: skip

# For demos/site: what a trace of it shows.
TRACE, VIEW = "journal,blk,cache", "disk"
TRACED = (
    "cd /root; echo old >report; sync",
    "echo new >report.new; sync",
    "mv report.new report; sync",
)


def make(stage):
    """Return a small disk with a report on it."""
    folder, path = stage.path("files"), stage.path("base.img")
    os.makedirs(folder)
    with open(os.path.join(folder, "report"), "wb") as file:
        file.write(OLD)
    subprocess.run([harness.built("host/mkfs.eclipsefs"), "-s", "3M", "-d", folder, path],
                   check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    return path


def record(stage, base):
    """Save the report as an editor does; return what was written, in order: (sector,
    bytes), or None for a flush."""
    path, log = stage.path("disk.img"), stage.path("log")
    subprocess.run(["cp", base, path], check=True)
    with open(log, "wb"):
        pass
    with Machine(stage, disks=[disk(stage, "crash")], extra=lab.disk_arguments(path, log),
                 bootargs="init=/bin/crash init.exit=poweroff") as machine:  # fmt: skip
        machine.expect(r"^= ready\n")
        for line in ("mount /dev/vdb eclipsefs", *OPERATIONS):
            machine.send(line)
            if line in OPERATIONS:
                stage.prompt("editor:", line)
            machine.expect(r"^= \d+\n")
    return list(entries(log))


def entries(path):
    """Yield what QEMU's log of writes has (tests/crash/lab.py reads it, too)."""
    with open(path, "rb") as file:
        file.seek(SECTOR)
        while len(head := file.read(SECTOR)) == SECTOR:
            sector, count, flags, _ = struct.unpack("<4Q", head[:32])
            data = file.read(count * SECTOR)
            if count == 0 and not flags & lab.FLUSH:
                return
            if flags & lab.FLUSH:
                yield None
            if count:
                yield sector, data


def sectors(log):
    """Return the log with each write cut into its sectors: a disk writes those whole."""
    for entry in log:
        if entry is None:
            yield None
            continue
        at, data = entry
        for i in range(0, len(data), SECTOR):
            yield at + i // SECTOR, data[i : i + SECTOR]


def after(stage, base, written):
    """Return what is in the report on a disk that got these writes, after fsck; and
    whether fsck found it sound."""
    path = stage.path("cut.img")
    image = bytearray(base)
    for sector, data in filter(None, written):
        image[sector * SECTOR : sector * SECTOR + len(data)] = data
    with open(path, "wb") as file:
        file.write(image)
    done = subprocess.run([harness.built("host/fsck.eclipsefs"), "-y", path],
                          capture_output=True, text=True, check=False)  # fmt: skip
    report = subprocess.run([harness.built("host/efs"), "cat", path, "/report"],
                            capture_output=True, check=False).stdout  # fmt: skip
    return report, "findings" not in done.stdout


def name(report, new):
    """Say what a report is."""
    return "old" if report == OLD else "new" if report == new else "BROKEN"


def demo(stage):
    """Record the writes of a rename, and make each disk that a cut could have left."""
    stage.scene("Save as an editor does")
    stage.say("""The new text goes to another file; when that is on the disk, it takes the
        old one's name. QEMU writes down each block that reaches the disk.""")
    path = make(stage)
    log = record(stage, path)
    with open(path, "rb") as file:
        base = file.read()
    stage.output("\n".join(
        f"{len(entry[1]) // SECTOR:3} sectors at {entry[0]:4}" if entry else "    flush"
        for entry in log
    ))  # fmt: skip
    new, _ = after(stage, base, log)
    stage.fact(f"in the end the report has {len(new)} bytes; at first, {len(OLD)}")

    stage.scene("Cut after each sector")
    moments = list(sectors(log))
    found = [after(stage, base, moments[:n]) for n in range(len(moments) + 1)]
    seen = [name(report, new) for report, _ in found]
    stage.output("\n".join(
        f"cut after entry {n:3} of {len(moments)}: the report is {what}"
        for n, what in enumerate(seen)
        if n in (0, len(moments)) or what != seen[n - 1] or what == "BROKEN"
    ))  # fmt: skip
    tell(stage, found, seen)
    turns = sum(a != b for a, b in zip(seen, seen[1:]))
    stage.fact(f"it turns from old to new {turns} time: no way back")

    stage.scene("Disks forget")
    stage.say("""What was written since the last flush may get lost, in any order: the disk has
        a memory of its own. Each sector since then is there or not, as a coin falls.""")
    found = [after(stage, base, forgetful(moments, random.Random(seed)))
             for seed in range(COINS)]  # fmt: skip
    seen = [name(report, new) for report, _ in found]
    stage.output(f"{len(seen)} disks: {seen.count('old')} with the old report, "
                 f"{seen.count('new')} with the new one, {seen.count('BROKEN')} broken")  # fmt: skip
    tell(stage, found, seen)


def tell(stage, found, seen):
    """State what is so of all these disks."""
    stage.fact(f"old or new, and whole, each time: {yes('BROKEN' not in seen)}; "
               f"the disk is sound: {yes(all(well for _, well in found))}")  # fmt: skip


def forgetful(moments, coins):
    """Return what a disk may have got at some moment: all up to the last flush, and of
    the rest what chance lets through: half, or nearly all."""
    cut, chance = coins.randrange(len(moments) + 1), coins.choice((0.5, 0.97, 0.99))
    flush = max((n for n in range(cut) if moments[n] is None), default=0)
    return moments[:flush] + [m for m in moments[flush:cut] if m and coins.random() < chance]
