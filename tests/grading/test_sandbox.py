"""What a hostile build sees, uses and leaves behind: nothing."""

import dataclasses
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import toy
from grading import sandbox

SMALL = sandbox.Limits(wall=240, cpu=2, memory=256 << 20, file=1 << 20,
                       scratch=4 << 20, output=1 << 20)  # fmt: skip


def inside(script, limits=SMALL, **view):
    """Run a shell script in the sandbox; return Done."""
    toy.needs_sandbox(harness)
    return sandbox.run(["sh", "-c", script], limits=limits, **view)


def test_host_is_out_of_sight(tmp):
    secret = os.path.join(tmp, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write("hidden")
    os.environ["UMBRA_TEST_SECRET"] = "hidden"
    for path in (secret, "/etc/passwd", "/etc/shadow", "/root", "/home", "/proc",
                 "/sys", "/var", "/run", toy.ROOT):  # fmt: skip
        done = inside(f"test -e {path} && echo seen")
        assert done.output == b"", path
    assert b"hidden" not in inside("env; set").output


def test_nothing_can_be_written_but_memory():
    done = inside("for d in / /usr /usr/bin /etc /dev /dev/shm /bin; do "
                  "touch $d/x 2>/dev/null && echo $d; done; touch /tmp/x && "
                  "echo gone >/dev/null && head -c 1 /dev/zero | wc -c")  # fmt: skip
    assert done.output.split() == [b"1"], done.output


def test_work_folder_is_the_only_one(tmp):
    os.chmod(tmp, 0o755)
    work = os.path.join(tmp, "work")
    os.mkdir(work)
    sandbox.give(work)
    assert inside("echo x >/box/y", work=("/box", work)).status == 0
    assert os.listdir(tmp) == ["work"] and os.listdir(work) == ["y"]


def test_no_network():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    script = (
        "import socket\ntry:\n"
        f" socket.create_connection(('127.0.0.1', {port}), 2); print('reached')\n"
        "except OSError: print('no')"
    )
    toy.needs_sandbox(harness)
    done = sandbox.run(["python3", "-c", script])
    assert done.output == b"no\n", done


def test_no_rights_are_left():
    script = (
        "import os, ctypes\n"
        "c = ctypes.CDLL(None, use_errno=True)\n"
        "print(c.mount(b'x', b'/tmp', b'tmpfs', 0, None))\n"
        "try: os.kill(2 ** 22 - 1, 0)\n"
        "except ProcessLookupError: print('alone')"
    )
    toy.needs_sandbox(harness)
    done = sandbox.run(["python3", "-c", script])
    assert done.output == b"-1\nalone\n", done


def test_limits():
    assert inside("while :; do :; done").reason.startswith("it used more than 2 s")
    quick = sandbox.Limits(wall=1)
    begin = time.monotonic()
    assert inside("sleep 100", quick).reason == "it took too long"
    assert time.monotonic() - begin < 15
    assert inside("cat /dev/zero").reason == "it wrote more than 1 MiB"
    assert inside("head -c 100000000 /dev/zero >/tmp/x").status != 0
    assert inside("python3 -c 'x = bytearray(1 << 30)'").status != 0


def running(word):
    """Return the processes whose command line holds a word."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if word in file.read():
                    found.append(pid)
        except OSError:
            pass
    return found


def test_nothing_survives():
    inside("setsid sleep 987654 & exit 0")
    inside("setsid sleep 987654 & sleep 987654", sandbox.Limits(wall=1))
    end = time.monotonic() + 30
    while running(b"987654") and time.monotonic() < end:
        time.sleep(0.05)  # the kernel takes a moment to end a namespace
    assert not running(b"987654")


def test_nobody_has_to_end_it():
    """What is started in it ends even if who started it is no more."""
    toy.needs_sandbox(harness)
    words = sandbox.command(["sleep", "1000"], limits=sandbox.Limits(wall=0))
    done = subprocess.run(words, check=False, timeout=300)
    assert done.returncode in (-9, 128 + 9), done


def test_half_a_start_ends_with_its_starter(tmp):
    """Also what is no sandbox yet, and has nobody to tell it that it may go on, ends with
    who started it, whatever that one ended by."""
    toy.needs_sandbox(harness)
    os.chmod(tmp, 0o755)
    with open(f"{tmp}/bwrap", "w", encoding="ascii") as file:  # a child, as the real one's
        file.write("#!/bin/sh\nsleep 876543 &\nsleep 876543\n")
    os.chmod(f"{tmp}/bwrap", 0o755)
    path = {**os.environ, "PATH": f"{tmp}:{os.environ['PATH']}", "PYTHONPATH": toy.ROOT}
    code = ("import time; from grading import sandbox; sandbox.why_not = lambda: '';"
            "sandbox.start(['true']); time.sleep(1000)")  # fmt: skip
    end = time.monotonic() + 60
    with subprocess.Popen([sys.executable, "-c", code], env=path) as one:
        while len(running(b"876543")) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        begun = len(running(b"876543"))
        one.kill()
    while running(b"876543") and time.monotonic() < end:
        time.sleep(0.05)
    assert begun == 2 and not running(b"876543")


def test_what_is_killed_is_counted():
    """The processor time of what a limit ends is that of who started it. Starting a
    sandbox takes hundredths of a second; others may want the processors, too."""
    long = dataclasses.replace(SMALL, wall=2.0, cpu=60)
    spin = "while :; do :; done"
    for script in (spin, f"sh -c '{spin}'; true", f"sh -c 'sh -c \"{spin}\"; true'; true"):
        done = inside(script, long)
        assert done.reason == "it took too long", done
        assert done.cpu > 0.1, (script, done)
    done = inside("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
    assert not done.reason and done.cpu > 0.05, done


def test_strangers_are_not_ended():
    """A process that is nobody's child any more, or another's, is left alone."""
    with subprocess.Popen(["sleep", "1000"]) as other:
        sandbox._end(other.pid, 1)
        assert other.poll() is None
        sandbox._end(other.pid, os.getpid())
        assert other.wait() == -9
        sandbox._end(other.pid, os.getpid())  # it is gone


def test_nothing_is_left_open():
    """Of a sandbox that cannot be started, nothing stays."""
    toy.needs_sandbox(harness)
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        try:
            sandbox.start(["x" * 300000])
        except OSError:
            pass
        else:
            raise AssertionError("it was started")
    assert len(os.listdir("/proc/self/fd")) == len(before)
