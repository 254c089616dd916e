"""The programs of tests/linux once more, with musl for their C library.

It makes other calls than glibc does, and relies on other promises: most of
them are linked statically, some by musl's own dynamic linker.
"""

import os

import harness
from harness import Guest, Skip, built, cases

IMAGE = built("musl.img")
# What wants to be process 1 is tried so.
INIT = ("files", "hello", "poll", "ptys", "locks", "events", "mmap_threads", "mounts")
TOGETHER = {
    "dynamic": ("dynamic", "threads", "signals_handlers"),
    "files": (
        "attributes", "content", "files_stress", "names", "renames", "rights",
        "setid", "users",
    ),
    "memory": ("forks", "memory_calls", "mmap", "pointers", "spaces"),
    "services": (
        "chroot", "landlock", "seccomp", "sockets", "sockets_control", "sockets_data",
        "sockets_storm",
    ),
    "signals": (
        "signals_calls", "signals_children", "signals_frames", "signals_queue",
        "signals_threads", "signals_timers", "signals_vdso",
    ),
    "threads": (
        "futex", "spawn", "storm", "threads_end", "users_threads", "vfork", "waits",
    ),
}  # fmt: skip


def need_image():
    """Leave a test out where no image could be made."""
    if not os.path.exists(IMAGE):
        raise Skip("no musl.img: no compiler, or tools/debian found no packages")


@cases(**{n: {"programs": p} for n, p in TOGETHER.items()})
def test_programs(programs):
    """Every case passes, from the shell, on 4 harts."""
    need_image()
    with Guest(disks=[IMAGE], harts=4, memory="256M") as guest:
        guest.boot()
        for program in programs:
            output = guest.command(f"/linux/{program}; echo status $?")
            assert output.endswith("status 0"), harness.printable(output)[-2000:]


@cases(**{n: {"program": n} for n in INIT})
def test_init(program):
    """Every case passes, in init's place."""
    need_image()
    words = f"init=/linux/{program} init.exit=poweroff"
    with Guest(disks=[IMAGE], bootargs=words) as guest:
        status = guest.wait()
        assert status == 0, harness.printable(guest.output)[-3000:]


def test_all():
    """No program is left out, but for the one that tools/load runs for hours."""
    need_image()
    named = {p for programs in TOGETHER.values() for p in programs}
    made = set(os.listdir(built("muslfs/linux"))) - {"load"}
    assert made == named | set(INIT), made ^ (named | set(INIT))
