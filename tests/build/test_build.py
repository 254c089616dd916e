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
PRODUCTS = ("kernel.elf", "root.img")
RECOVERY = "user/recovery.stripped"  # the program that a kernel carries


def compiler():
    """Return the compiler of the kernel that all other tests boot."""
    with open(harness.built("flags"), encoding="utf-8") as file:
        return file.read().split()[0]


def make(folder, *words, products=PRODUCTS, shared=()):
    """Build products below the build folder, or in it; return make's output.

    Programs for Linux are left out: one compiler makes them, whatever makes
    the rest, and the images that the other tests boot have them. So is what is
    shared: the other tests' is taken, which these words make no different.
    """
    build = os.path.join(os.path.relpath(harness.BUILD, harness.ROOT), folder)
    command = ["make", "-j1", f"BUILD={os.path.normpath(build)}", *words]
    if folder:
        command.append("GLIBC=")
        for product in shared:
            target = harness.built(f"{folder}/{product}")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(harness.built(product), target)
            command += ["-o", os.path.normpath(f"{build}/{product}")]
    done = subprocess.run(
        command + [os.path.normpath(f"{build}/{p}") for p in products],
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
    """It builds silently, builds nothing twice, and the result boots.

    Of the one that built what all other tests boot, only the second is to be seen.
    clang, which warns of other things than gcc does, sees the tests' programs, too. To
    optimize takes clang two thirds of its time, and finds nothing to warn of that the
    first build does not; `make test TOOLCHAIN=clang` runs all tests on what is.
    """
    if not any(map(shutil.which, COMPILERS[toolchain])):
        raise Skip(f"no {COMPILERS[toolchain][0]} here")
    folder = "" if compiler() in COMPILERS[toolchain] else f"tc-{toolchain}"
    words = [f"TOOLCHAIN={toolchain}", *(["QUICK=-O0"] if folder else [])]
    products = (*PRODUCTS, "test.img") if toolchain == "clang" and folder else PRODUCTS
    made = {"products": products, "shared": ["host/mkfs.eclipsefs"]}
    if folder:
        output = make(folder, *words, **made)
        assert not re.search(r"\bwarning\b", output, re.IGNORECASE), output
    again = make(folder, *words, **made)
    assert not re.search(r"^  [A-Z]", again, re.MULTILINE), again
    changed = make(folder, *words, "-n", "KCFLAGS=-DX=1")
    assert len(re.findall(r"kernel/\S+\.c ", changed)) > 10, "flags ignored"
    if not folder:
        return
    with Guest(
        kernel=harness.built(f"{folder}/kernel.elf"),
        disks=[harness.built(f"{folder}/root.img")],
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
    "test.canary": r"stack: written past the end of an array[^$]*chk_fail.*\n.* write_array",
}


def test_sanitized():
    """SAN=1 builds, boots without a report, and reports what it should.

    Programs do not change with SAN, so they are those of every other test.
    """
    make("san", "SAN=1", "TOOLCHAIN=gnu-linux", products=["kernel.elf"], shared=[RECOVERY])
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


def test_race():
    """RACE=1 builds, sees the race made on purpose, and no other."""
    make("race", "RACE=1", products=["kernel.elf"], shared=[RECOVERY])
    with Guest(
        kernel=harness.built("race/kernel.elf"),
        harts=4,
        bootargs="test.race init=/tests/process init.exit=poweroff",
    ) as guest:
        assert guest.wait() == 0, guest.tail()
    races = re.split(r"race: (?!meets)", guest.output)[1:]
    assert races, guest.tail()
    for race in races:
        first, second = race.split("race: meets ")
        assert " touch_unlocked+" in first, race
        # What the other hart did just before this one's watch began shows as a change.
        other = r"^\w+ of 4 bytes .*\n.* touch_unlocked\+|^a change, by whom was not seen"
        assert re.search(other, second), race
