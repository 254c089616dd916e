"""Every toolchain builds everything, without a warning, and only once."""

import os
import re
import shutil
import subprocess

import harness
from harness import Guest, Skip, cases

COMPILERS = {
    "gnu-elf": ("riscv64-unknown-elf-gcc", "riscv64-elf-gcc"),
    "gnu-linux": ("riscv64-linux-gnu-gcc",),
    "clang": ("ld.lld",),
}
PRODUCTS = ("kernel.elf", "root.img", "test.img")


def make(folder, *words, products=PRODUCTS):
    """Build products below the build folder; return make's output.

    Programs for Linux are left out: one compiler makes them, whatever makes
    the rest, and the images that the other tests boot have them.
    """
    build = os.path.join(os.path.relpath(harness.BUILD, harness.ROOT), folder)
    command = ["make", "-j1", f"BUILD={build}", "GLIBC=", *words]
    done = subprocess.run(
        command + [f"{build}/{p}" for p in products],
        cwd=harness.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, "\n".join(done.stdout.splitlines()[-20:])
    return done.stdout


@cases(**{name: {"toolchain": name} for name in COMPILERS})
def test_toolchain(toolchain):
    """It builds silently, builds nothing twice, and the result boots."""
    if not any(map(shutil.which, COMPILERS[toolchain])):
        raise Skip(f"no {COMPILERS[toolchain][0]} here")
    folder = f"tc-{toolchain}"
    output = make(folder, f"TOOLCHAIN={toolchain}")
    assert not re.search(r"\bwarning\b", output, re.IGNORECASE), output
    again = make(folder, f"TOOLCHAIN={toolchain}")
    assert not re.search(r"^  [A-Z]", again, re.MULTILINE), again
    changed = make(folder, f"TOOLCHAIN={toolchain}", "-n", "KCFLAGS=-DX=1")
    assert len(re.findall(r"kernel/\S+\.c ", changed)) > 10, "flags ignored"
    with Guest(
        kernel=harness.built(f"{folder}/kernel.elf"),
        disks=[harness.built(f"{folder}/test.img")],
    ) as guest:
        guest.boot()
        assert guest.command("echo $((1+1)) hello").endswith("hello")


def test_clean_and_build_at_once():
    """`make clean TARGET` builds the target whole, whatever the jobs."""
    folder = os.path.relpath(harness.built("at-once"), harness.ROOT)
    target = f"{folder}/host/fsck.eclipsefs"
    command = ["make", "-j4", f"BUILD={folder}", "clean", target]
    for _ in range(2):
        subprocess.run(
            command,
            cwd=harness.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        assert os.path.exists(os.path.join(harness.ROOT, target))
    shutil.rmtree(harness.built("at-once"))


# What a SAN=1 kernel says of an error made on purpose.
MADE_ERRORS = {
    "test.kasan-freed": r"kasan: write of 1 bytes .* not allocated",
    "test.kasan-end": r"kasan: write of 1 bytes .* past the object's end",
    "test.ubsan": r"signed addition overflows",
}


def test_sanitized():
    """SAN=1 builds, boots without a report, and reports what it should.

    Programs do not change with SAN, so they are those of every other test.
    """
    make("san", "SAN=1", "TOOLCHAIN=gnu-linux", products=["kernel.elf"])
    machine = dict(kernel=harness.built("san/kernel.elf"))
    for program in ("process", "files", "memory"):
        words = f"init=/tests/{program} init.exit=poweroff"
        with Guest(bootargs=words, **machine) as guest:
            assert guest.wait() == 0, guest.tail()
            assert "panic" not in guest.output
    for word, report in MADE_ERRORS.items():
        with Guest(bootargs=word, **machine) as guest:
            assert guest.wait() != 0
            assert re.search("panic: .*" + report, guest.output), guest.tail()
