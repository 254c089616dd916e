"""The file calls, by programs built for Linux that run as process 1."""

import datetime
import json
import os
import re
import shutil
import subprocess
import tempfile

import harness
from harness import Disk, Guest, cases, passes

# Programs of both user/tests and tests/linux: the same cases twice.
CHANGES = ("names", "renames", "content", "attributes", "mounts", "users", "rights", "setid")


def linux_program(name):
    """Return the path of a program that is built for Linux in the guest."""
    if not os.path.exists(harness.built(f"linux/{name}")):
        raise harness.Skip("no compiler for Linux programs")
    return f"/linux/{name}"


def run_as_init(program, **options):
    """Boot into /linux/PROGRAM; return its exit status and what it printed."""
    words = f"init={linux_program(program)} init.exit=poweroff"
    with Guest(bootargs=words, **options) as guest:
        status = guest.wait()
        return status, guest.output


def test_hello():
    """A C program for Linux, as the compiler makes it, runs as it is."""
    status, output = run_as_init("hello")
    assert "all well" in output, output[-2000:]
    assert status == 0


def test_spawn():
    """vfork, system and posix_spawn start programs, as glibc does them."""
    status, output = run_as_init("spawn")
    assert "spawn: 0 failures" in output, output[-2000:]
    assert status == 0


def test_clock():
    """The boot log tells the time of the board's clock."""
    with Guest() as guest:
        log = guest.boot()
        now = guest.command("date")
    shown = re.search(r"goldfish, (\d+)-(\d\d)-(\d\d) (\d\d):(\d\d) UTC", log)
    utc = datetime.datetime.now(datetime.timezone.utc)
    then = datetime.datetime(*map(int, shown.groups()), tzinfo=utc.tzinfo)
    assert abs((utc - then).total_seconds()) < 600, (shown[0], utc)
    assert str(utc.year) in now


@cases(one=dict(harts=1), four=dict(harts=4))
def test_calls(harts):
    """Every file call gives Linux's results and errors."""
    status, output = run_as_init("files", harts=harts)
    assert "files: 0 failures" in output, output[-2000:]
    assert status == 0


@cases(two=dict(harts=2), eight=dict(harts=8))
def test_stress(machine, harts):
    """Many processes at once see what one alone would, the longer the more harts."""
    part = "PART=4 " if harts == 2 else ""
    guest = machine(harts=harts)
    passes(guest, part + linux_program("files_stress"))
    assert "files_stress: passed" in guest.output


@cases(**{n: dict(name=n) for n in CHANGES})
def test_changes(machine, name):
    """Files are made, written and removed as they are on Linux."""
    passes(machine(harts=4), linux_program(name))


def test_changes_elsewhere():
    """The same in a tmpfs, and on another disk, which fsck then finds sound."""
    with tempfile.TemporaryDirectory() as folder:
        image = os.path.join(folder, "disk.img")
        run = [harness.built("host/mkfs.eclipsefs"), "-s", "64M", image]
        subprocess.run(run, check=True)
        disks = [harness.built("test.img"), Disk(image, write=True)]
        with Guest(disks=disks, harts=4) as guest:
            guest.boot()
            for mount in ("-t tmpfs tmpfs", "-t eclipsefs /dev/vdb"):
                assert guest.command(f"mount {mount} /mnt") == ""
                for name in CHANGES:
                    shown = guest.command(f"/tests/{name} /mnt && echo all well")
                    assert "all well" in shown, shown
                assert guest.command("umount /mnt") == ""
        check = [harness.built("host/fsck.eclipsefs"), "-n", image]
        subprocess.run(check, check=True, capture_output=True)


def test_shared_commits(tmp):
    """Who waits for a slow disk at the same time waits for one commit."""
    image = os.path.join(tmp, "disk.img")
    run = [harness.built("host/mkfs.eclipsefs"), "-s", "64M", image]
    subprocess.run(run, check=True)
    drive = f"file={image},if=none,format=raw,id=slow,throttling.iops-total=200"
    extra = ["-drive", drive, "-device", "virtio-blk-device,drive=slow"]
    with Guest(extra=extra, harts=4) as guest:
        guest.boot()
        assert guest.command("mount -t eclipsefs /dev/vdb /mnt") == ""
        shown = guest.command("cd /mnt && /tests/commits vdb; cd /")
        files, flushes = map(int, re.findall(r"\d+", shown))
        # So many names make a tree of the directory: it is read again.
        assert guest.command("umount /mnt; mount -t eclipsefs /dev/vdb /mnt") == ""
        assert guest.command("ls /mnt | wc -l").strip() == str(files)
        assert guest.command("umount /mnt") == ""
    assert flushes < files / 2, shown
    check = [harness.built("host/fsck.eclipsefs"), "-n", image]
    subprocess.run(check, check=True, capture_output=True)


def test_full_and_empty(tmp):
    """A disk filled with content and names, and emptied: all of it is back."""
    image = os.path.join(tmp, "disk.img")
    run = [harness.built("host/mkfs.eclipsefs"), "-s", "8M", image]
    subprocess.run(run, check=True)
    disks = [harness.built("test.img"), Disk(image, write=True)]
    with Guest(disks=disks) as guest:
        guest.boot()
        assert guest.command("mount -t eclipsefs /dev/vdb /mnt") == ""
        show = "sync; df /mnt; df -i /mnt"
        before = guest.command(show)
        assert "/mnt" in before, before
        for _ in range(4):
            assert "No space" in guest.command("dd if=/dev/zero of=/mnt/big bs=64k")
            assert "No space" in guest.command("cp -r /bin /tests /mnt; echo x >/mnt/y")
            assert guest.command(show) != before
            assert guest.command("rm -r /mnt/*") == ""
            assert guest.command(show) == before
        assert guest.command("umount /mnt") == ""
    check = [harness.built("host/fsck.eclipsefs"), "-n", image]
    subprocess.run(check, check=True, capture_output=True)


def test_power_off(tmp):
    """What was written is on the disk after poweroff, and the disk is clean."""
    disk = os.path.join(tmp, "disk.img")
    shutil.copyfile(harness.built("root.img"), disk)
    with Guest(disks=[harness.Disk(disk, write=True)]) as guest:
        guest.boot()
        assert guest.command("echo one >/first; mount -o remount,ro /") == ""
        assert "Read-only" in guest.command("echo two >/second")
        guest.command("mount -o remount,rw /; echo three >/third")
        guest.send("poweroff")
        assert guest.wait() == 0
    done = subprocess.run(
        [harness.built("host/fsck.eclipsefs"), "--json", disk],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["transactions"] == 0, report
    listed = subprocess.run(
        [harness.built("host/efs"), "ls", disk, "/"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert "first" in listed and "third" in listed, listed
    assert "second" not in listed
