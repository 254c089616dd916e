"""One user takes all there is of something. Others log in, run programs, write to the disk
and end him; then all is there again."""

import os
import re
import subprocess

import harness
from harness import PROMPT, Disk, Guest
from services import image
from test_users import PASSWORD, USER, answer

# What is taken, the least of it that must be had, and the error that ends that. Where
# memory ends, processes do: none but his.
TABLE = (
    ("processes", 200, "Resource temporarily unavailable"),
    ("threads", 200, "Resource temporarily unavailable"),
    ("descriptors", 1000, "Too many open files"),
    ("terminals", 200, "No space left on device"),
    ("passed", 4, "Too many references: cannot splice"),
    ("timers", 200, "Resource temporarily unavailable"),
    ("signals", 1000, "Resource temporarily unavailable"),
    ("locks", 4096, "No locks available"),
    ("connections", 500, "No buffer space available"),
    ("messages", 0, "all"),
    ("pipes", 0, "all"),
    ("opened", 0, "all"),
    ("pairs", 0, "all"),
    ("watches", 0, "all"),
    ("areas", 0, "all"),
    ("memory", 0, "all"),
    ("shared", 0, "all"),
    ("files", 100, "No space left on device"),
    ("blocks", 10, "No space left on device"),
)
PLACE = "/mnt"  # for files, a disk of 2 MiB
TRIES = 50
SLACK = 64  # frames: as many stacks as there ever were threads are kept, and caches differ
ENDED = r"out of memory: (\S+)\[\d+\]"
COUNTS = f"wc -l </proc/net/unix; grep processes /proc/stat; ls /dev/pts; df {PLACE}"


def counts(guest):
    """Return the frames that can be had, and what there is of other things, as a text."""
    found = re.search(r"MemAvailable: +(\d+) kB", guest.command("cat /proc/meminfo"))
    return int(found[1]) // 4, guest.command(COUNTS)


def wait_until_back(guest, before):
    """Wait until the counts are as before, which the end of many processes takes."""
    for _ in range(TRIES):
        frames, text = counts(guest)
        if frames >= before[0] - SLACK and text == before[1]:
            return
    raise AssertionError(f"before: {before}, after: {(frames, text)}")


def said(guest, command, prompt=PROMPT):
    """Return what a command prints, without what the kernel says of who was ended."""
    return re.sub(r"\[ *\d+\.\d+\] out of memory: .*\n?", "", guest.command(command, prompt)).strip()


def others_go_on(guest, what=""):
    """Log in as somebody else, run programs, write to the disk; and as root, who gets
    one of the terminals, too, if they are what is taken, or all memory is in pipes."""
    guest.send("login student")
    answer(guest, PASSWORD, "student")
    guest.expect(USER)
    did = "/bin/true && echo word >f && sync && cat f && rm f"
    assert said(guest, did, USER) == "word"
    guest.send("exit")
    guest.expect(PROMPT)
    run = "script -q -c id /f" if what in ("terminals", "pipes") else "id | tee /f"
    did = f"{run} >/dev/null; sync; grep -c root /f; rm /f"
    assert said(guest, did) == "1"


def exhaust(guest, what, least, error):
    """Have something taken until an error. Return who takes it."""
    guest.send(f"/tests/exhaust {what} {PLACE} &")
    took = guest.expect(rf"{what} of (\d+): (\d+), (.*)\n")
    assert int(took[2]) >= least and took[3] == error, took[0]
    return int(took[1])


def end(guest, taker):
    """End who takes, as root."""
    guest.command(f"kill -9 -{taker}; wait; rm -f {PLACE}/exhaust.* /tmp/exhaust.*; sync")


def test_by_one_user(tmp):
    """Of each thing that can be had without end."""
    place = os.path.join(tmp, "place.img")
    subprocess.run([harness.built("host/mkfs.eclipsefs"), "-s", "2M", place], check=True)
    disks = [image(tmp, {}), Disk(place)]
    with Guest(disks=disks, memory="32M", harts=2) as guest:
        guest.boot()
        assert guest.command(f"mount -t eclipsefs /dev/vdb {PLACE} && chmod 777 {PLACE}") == ""
        assert guest.command("mount -t tmpfs tmpfs /tmp && chmod 1777 /tmp") == ""
        end(guest, exhaust(guest, *TABLE[0]))
        others_go_on(guest)
        before = counts(guest)
        for what in TABLE:
            taker = exhaust(guest, *what)
            others_go_on(guest, what[0])
            end(guest, taker)
            wait_until_back(guest, before)
        ended = set(re.findall(ENDED, guest.output))
        assert ended == {"exhaust"}, ended
