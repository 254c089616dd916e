"""A disk that fails: programs are told, nothing hangs, nothing is damaged.

QEMU's blkdebug lies under the guest's second disk, and makes the N-th request
of a kind fail, that one alone or all from then on. The guest runs /tests/crash
(user/tests/crash.c), which takes one operation at a time.
"""

import os
import subprocess
import sys

import harness
from harness import cases

sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir, "tools"))

import eclipsefs  # noqa: E402

EIO, EROFS, EUCLEAN = -5, -30, -117
ALLOWED = (EIO, EROFS, EUCLEAN)
BLOCKS = 600

WORKLOAD = [
    "mkdir d", "create d/a", "write d/a 0 100 1", "fsync d/a",
    "create d/b", "write d/b 0 60000 2", "fdatasync d/b",
    "rename d/a d/c", "truncate d/b 5000", "link d/c e", "sync",
    "write d/b 8000 9000 3", "fsync d/b", "unlink d/c", "rename d/b f",
    "symlink x y", "chmod 0600 e", "unlink f", "sync",
]  # fmt: skip


EVENTS = {"read": "read_aio", "write": "write_aio", "flush": "flush_to_disk"}


def rules(kind, index, once):
    """Return a blkdebug configuration: request `index` (from 1) of a kind
    fails, or that one and all that come after it, of every kind."""
    event, text = EVENTS[kind], ""
    for state in range(1, index + 1):
        text += f'[set-state]\nevent = "{event}"\n'
        text += f'state = "{state}"\nnew_state = "{state + 1}"\n'
    text += f'[inject-error]\nevent = "{event}"\nstate = "{index}"\n'
    text += f'errno = "5"\nonce = "{"on" if once else "off"}"\n'
    return text + (f'iotype = "{kind}"\n' if once else "")


def rules_for(kind, block):
    """Return a configuration: the first request of a kind fails that is for
    that block."""
    return (
        f'[inject-error]\nevent = "{EVENTS[kind]}"\niotype = "{kind}"\n'
        f'errno = "5"\nonce = "on"\nsector = "{block * 8}"\n'
    )


def answer(guest):
    """Return what /tests/crash answers."""
    return guest.expect(r"^= (ready|-?\d+)\n")[1]


def do(guest, operation):
    """Run one operation; return its result."""
    guest.send(operation)
    return int(answer(guest))


def run(folder, config_text, workload):
    """Run a workload, and create /probe; return (results, the guest's output
    before it unmounts, all of its output, the disk)."""
    disk, config = (os.path.join(folder, n) for n in ("disk", "config"))
    subprocess.run(
        [harness.built("host/mkfs.eclipsefs"), "--reproducible",
         "-s", str(BLOCKS * 4096), disk],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with open(config, "w") as file:
        file.write(config_text)
    extra = [
        "-blockdev", f"driver=file,node-name=base,filename={disk}",
        "-blockdev", f"driver=blkdebug,node-name=bad,image=base,config={config}",
        "-blockdev", "driver=raw,node-name=top,file=bad",
        "-device", "virtio-blk-device,drive=top,werror=report,rerror=report",
    ]  # fmt: skip
    with harness.Guest(
        bootargs="init=/tests/crash init.exit=poweroff", extra=extra
    ) as guest:
        answer(guest)
        results, before = [do(guest, "mount /dev/vdb eclipsefs")], ""
        if results[0] == 0:
            results += [do(guest, o) for o in [*workload, "create probe"]]
            before = guest.output
            results.append(do(guest, "umount"))
        guest.send("quit")
        assert guest.wait() == 0, "the guest did not end well"
        return results, before, guest.output, disk


def check(folder, kind, index, once):
    """Fail request `index`; return whether anybody has noticed."""
    what = f"{kind} {index}, {'once' if once else 'for good'}"
    results, before, output, disk = run(folder, rules(kind, index, once), WORKLOAD)
    assert "panic" not in output, what
    bad = [r for r in results if r < 0]
    missing = [r for r in bad if r not in ALLOWED and r != -2]
    assert not missing, f"{what}: {results}"
    if results[0] == 0:
        check_read_only(f"{what}: {results}", kind, once, results[1:-1], before)
    check_sound(what, disk)
    return bool(bad) or "eclipsefs: vdb: " in output


def check_read_only(what, kind, once, results, output):
    """Fail unless nothing can be changed any more if, and only if, metadata
    could not be written: reading is tried anew, and content is lost alone."""
    closed = results[-1] == EROFS
    assert closed == ("nothing can be changed any more" in output), what
    if once and kind == "read":
        assert not closed, what
    if kind == "flush" and EIO in results:
        assert closed, what
    if not closed and once:
        assert EROFS not in results and results[-1] == 0, what


def check_sound(what, disk):
    """Fail unless fsck has nothing to complain of."""
    done = subprocess.run(
        [harness.built("host/fsck.eclipsefs"), "-n", disk],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{what}: {done.stdout}{done.stderr}"


@cases(
    read={"kind": "read", "indexes": (1, 6)},
    write={"kind": "write", "indexes": (2, 9)},
    flush={"kind": "flush", "indexes": (2, 3)},
)
def test_request_fails(kind, indexes, tmp):
    """A request that fails costs what it was for, and no more."""
    for index in indexes:
        check(tmp, kind, index, once=True)
        assert check(tmp, kind, index, once=False), "nobody has noticed"


WRITE = ["create f", "write f 0 60000 1", "create g", "write g 0 100 2"]
SYNC = ["fsync f", "fsync f", "fsync g", "sync"]


@cases(
    content={"place": "content"},
    journal={"place": "journal"},
    checkpoint={"place": "record"},
)
def test_block_that_cannot_be_written(place, tmp):
    """Content is lost, told once, and nothing else; without the journal, or
    a place for what is in it, nothing can be changed any more."""
    *_, disk = run(tmp, "", WRITE + SYNC)
    image = eclipsefs.Image(disk)
    ino = image.inode("f")
    block = {
        "content": image.u32(image.value(ino, eclipsefs.EXTENTS)[0] + 8),
        "journal": image.journal() // eclipsefs.BLOCK + 1,
        "record": image.record(ino) // eclipsefs.BLOCK,
    }[place]
    results, _, output, disk = run(tmp, rules_for("write", block), WRITE + SYNC)
    check_sound(place, disk)
    mounted, fsyncs = results[0], results[5:8]
    probe, umount = results[-2:]
    assert mounted == 0, results
    if place == "content":
        assert fsyncs == [EIO, 0, 0] and probe == 0 and umount == 0, results
        assert "nothing can be changed" not in output
    elif place == "journal":
        assert fsyncs[0] in (EIO, EROFS), results
        assert fsyncs[2] == EROFS and probe == EROFS, results
    else:
        assert fsyncs == [0, 0, 0] and probe == 0, results
    if place != "content":
        assert "nothing can be changed any more" in output
