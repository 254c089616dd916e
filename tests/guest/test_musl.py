"""The programs of tests/linux once more, with musl for their C library.

It makes other calls than glibc does, and relies on other promises: most of
them are linked statically, some by musl's own dynamic linker. What glibc's does over
and over, these do less often.
"""

import os

import harness
from harness import Guest, Skip, built, cases, passes

IMAGE = built("musl.img")
# What wants to be process 1 is tried so.
INIT = ("files", "ptys", "mounts")
TOGETHER = (
    "dynamic", "threads", "signals_handlers",  # dynamically linked
    "attributes", "content", "files_stress", "hello", "names", "renames", "rights", "setid",
    "users",
    "forks", "memory_calls", "mmap", "mmap_threads", "pointers", "spaces",
    "chroot", "events", "landlock", "locks", "poll", "seccomp", "sockets", "sockets_control",
    "sockets_data", "sockets_storm",
    "signals_calls", "signals_children", "signals_frames", "signals_queue", "signals_threads",
    "signals_timers", "signals_vdso",
    "futex", "spawn", "storm", "threads_end", "users_threads", "vfork", "waits",
)  # fmt: skip


def need_image():
    """Leave a test out where no image could be made."""
    if not os.path.exists(IMAGE):
        raise Skip("no musl.img: no compiler, or tools/debian found no packages")


@cases(**{n: {"program": n} for n in TOGETHER})
def test_programs(machine, program):
    """Every case passes, from the shell, on 4 harts."""
    need_image()
    passes(machine(disks=[IMAGE], harts=4, memory="256M"), f"PART=4 /linux/{program}")


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
    made = set(os.listdir(built("muslfs/linux"))) - {"load"}
    assert made == {*TOGETHER, *INIT}, made ^ {*TOGETHER, *INIT}
