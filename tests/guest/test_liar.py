"""Disks that lie: the kernel says so, fails what it must with EIO, resets or
gives up the disk, and goes on.

tests/liar is what lies, by way of QEMU's vhost-user-blk; liars.py says what is
to come of each lie. `make liar` tells them all at other times, with other
seeds, on other machines.
"""

import errno
import os
import re
import subprocess

import harness
import liars
from harness import Guest, cases, run_program
from services import power_off

PLAIN, LEAPING = liars.groups()


def check(wrong):
    """Fail if anything is wrong."""
    assert not wrong, "\n".join(text for _, text in wrong)


def test_table():
    """There is no lie of which nobody says what is to come of it."""
    listed = subprocess.run(
        [liars.liar(), "--list"], capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[0] for line in listed.splitlines()} == set(liars.LIES)
    assert len(liars.LIES) > 25


@cases(**{f"modern{i}": {"names": names} for i, names in enumerate(PLAIN)})
def test_lie(names, tmp):
    """What the table says comes of each lie, with the modern transport."""
    check(liars.run(tmp, names))


def test_legacy(tmp):
    """What comes of the lies that the old transport makes a difference to."""
    names = [*liars.LEGACY, "idx-jumps", "scribble"]
    check(liars.run(tmp, names, legacy=True))


def test_silence(tmp):
    """Disks that do not answer, or answer after they have been reset."""
    check(liars.run(tmp, LEAPING[0], leaps=True))


def test_checksums(tmp):
    """Wrong bytes, of which no driver knows, are found by the file system: it is
    not mounted to be written to. A sound one is."""
    content = os.path.join(tmp, "image")
    tree = os.path.join(harness.ROOT, "tests", "liar")
    make = [harness.built("host/mkfs.eclipsefs"), "-s", "2M", "-d", tree, content]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    disks = [("data-wrong", at, 1, content) for at in (1, 2, 3)]
    with liars.Liars(tmp, [*disks, ("honest", 0, 0, content)]) as program:
        status, output = run_program(
            "/tests/liar", machine=program.machine, extra=program.arguments
        )
        program.end()
    assert status == 0 and all(program.told[:3]), output
    for disk in ("vdb", "vdc", "vdd"):
        assert f"= {disk}: mount {errno.EROFS}\n" in output, output
        assert re.search(rf"eclipsefs: {disk}: .* has a wrong checksum", output), output
    assert "= vde: mount 0\n" in output, output


def test_root(tmp):
    """A root that is given up: what is in memory can be used, and what cannot
    be had is said to be an error."""
    disk = ("id-wild", 700, 1, harness.built("test.img"))
    with (
        liars.Liars(tmp, [disk]) as root,
        Guest(disks=[], machine=root.machine, extra=root.arguments) as guest,
    ):
        assert "given up" not in guest.boot()
        users = guest.command("cat /etc/passwd")
        assert "busy" in guest.command("umount /")
        said = guest.command("find / -xdev -type f | xargs cat >/dev/null")
        assert "vda: given up; all its requests fail from now on" in said, said
        assert re.search(r"^cat: /\S+: Input/output error$", said, re.MULTILINE), said
        # What changes is in memory, until it is to be kept.
        said = guest.command("echo more >/new; sync")
        assert "vda: the journal cannot be written (error 5)" in said, said
        assert "Read-only file system" in guest.command("touch /newer")
        assert "busy" in guest.command("umount /")
        assert guest.command("cat /etc/passwd; cat /new") == f"{users}\nmore"
        assert guest.command("echo text >/run/text; cat /run/text") == "text"
        assert "read-only from now on" in guest.command("dmesg | tail -5")
        power_off(guest)
        root.end()
    assert root.told[0] > 0
