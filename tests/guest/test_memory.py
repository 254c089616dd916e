"""Files in memory and programs made of several files, by Linux's C library."""

import os
import shutil
import subprocess

import harness
from harness import Disk, Guest, cases

SYSROOT = "/usr/riscv64-linux-gnu/lib"


def run_as_init(program, words="", **options):
    """Boot into /linux/PROGRAM; return its exit status and what it printed."""
    if not os.path.exists(harness.built(f"linux/{program}")):
        raise harness.Skip("no compiler for Linux programs")
    words = f"init=/linux/{program} init.exit=poweroff {words}"
    with Guest(bootargs=words, **options) as guest:
        status = guest.wait()
        return status, guest.output


PROGRAMS = {
    "pointers": dict(program="pointers", harts=2),
    "forks": dict(program="forks", harts=4),
    "calls": dict(program="memory_calls", harts=2),
    "threads-1": dict(program="mmap_threads", harts=1),
    "threads-4": dict(program="mmap_threads", harts=4),
}


@cases(**PROGRAMS)
def test_programs(program, harts):
    """Calls and races, by programs built for Linux."""
    status, output = run_as_init(program, harts=harts)
    assert status == 0, harness.printable(output)[-3000:]


@cases(
    all=dict(program="spaces", harts=2),
    three=dict(program="spaces", harts=2, words="asids=3"),
    one=dict(program="spaces", harts=1, words="asids=1"),
    forks=dict(program="forks", harts=4, words="asids=2"),
    threads=dict(program="mmap_threads", harts=4, words="asids=1"),
)
def test_asids(program, harts, words=""):
    """Few numbers for address spaces are enough, however often given anew."""
    status, output = run_as_init(program, words, harts=harts)
    assert status == 0, harness.printable(output)[-3000:]


@cases(one=dict(harts=1, memory="48M"), four=dict(harts=4))
def test_mmap(harts, memory="128M"):
    """A file that is mapped, read and written has one content."""
    status, output = run_as_init("mmap", harts=harts, memory=memory)
    assert status == 0, harness.printable(output)[-3000:]


def test_mapped_writes_reach_the_disk(tmp):
    """What was written to a mapping after a sync is on the disk, too."""
    if not os.path.exists(harness.built("linux/mmap")):
        raise harness.Skip("no compiler for Linux programs")
    image = os.path.join(tmp, "disk.img")
    run = [harness.built("host/mkfs.eclipsefs"), "-s", "8M", image]
    subprocess.run(run, check=True)
    disks = [harness.built("test.img"), Disk(image, write=True)]
    with Guest(disks=disks) as guest:
        guest.boot()
        assert guest.command("mount -t eclipsefs /dev/vdb /mnt") == ""
        assert guest.command("/linux/mmap /mnt/file") == ""
        assert guest.command("umount /mnt; mount -t eclipsefs /dev/vdb /mnt") == ""
        assert guest.command("head -c 5 /mnt/file; echo") == "123aa"
        assert guest.command("head -c 4098 /mnt/file | tail -c 2; echo") == "4b"
        assert guest.command("umount /mnt") == ""
    check = [harness.built("host/fsck.eclipsefs"), "-n", image]
    subprocess.run(check, check=True, capture_output=True)


def test_dynamic_linking(tmp):
    """A program that needs a dynamic linker and shared libraries runs."""
    compiler = shutil.which("riscv64-linux-gnu-gcc")
    if not compiler or not os.path.isdir(SYSROOT):
        raise harness.Skip("no compiler for Linux programs")
    tree = os.path.join(tmp, "tree")
    for name in ("dev", "proc", "sys", "sbin", "lib", "tmp"):
        os.makedirs(os.path.join(tree, name))
    source = os.path.join(harness.ROOT, "tests/linux/dynamic.c")
    program = os.path.join(tree, "sbin/init")
    subprocess.run([compiler, "-O2", source, "-o", program], check=True)
    for name in ("ld-linux-riscv64-lp64d.so.1", "libc.so.6"):
        shutil.copy(os.path.join(SYSROOT, name), os.path.join(tree, "lib", name))
    image = os.path.join(tmp, "root.img")
    mkfs = harness.built("host/mkfs.eclipsefs")
    subprocess.run([mkfs, "-s", "32M", "-d", tree, image], check=True)
    with Guest(disks=[image], bootargs="init.exit=poweroff") as guest:
        status = guest.wait()
        output = guest.output
    assert "dynamic: all well" in output, harness.printable(output)[-2000:]
    assert status == 0
