"""A disk that fails: programs are told, nothing hangs, nothing is damaged.

QEMU's blkdebug lies under the guest's second disk, and makes the N-th request
of a kind fail, that one alone or all from then on. The guest runs /tests/crash
(user/tests/crash.c), which takes one operation at a time.
"""

import os
import subprocess

import harness
from harness import cases

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


def answer(guest):
    """Return what /tests/crash answers."""
    return guest.expect(r"^= (ready|-?\d+)\n")[1]


def do(guest, operation):
    """Run one operation; return its result."""
    guest.send(operation)
    return int(answer(guest))


def run(folder, kind, index, once):
    """Run the workload; return (results, the guest's output, the disk)."""
    disk, config = (os.path.join(folder, n) for n in ("disk", "config"))
    subprocess.run(
        [harness.built("host/mkfs.eclipsefs"), "--reproducible",
         "-s", str(BLOCKS * 4096), disk],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    with open(config, "w") as file:
        file.write(rules(kind, index, once))
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
        results = [do(guest, "mount /dev/vdb eclipsefs")]
        if results[0] == 0:
            results += [do(guest, o) for o in WORKLOAD]
            results.append(do(guest, "umount"))
        guest.send("quit")
        assert guest.wait() == 0, "the guest did not end well"
        return results, guest.output, disk


def check(folder, kind, index, once):
    """Fail request `index`; return whether anybody has noticed."""
    what = f"{kind} {index}, {'once' if once else 'for good'}"
    results, output, disk = run(folder, kind, index, once)
    assert "panic" not in output, what
    bad = [r for r in results if r < 0]
    missing = [r for r in bad if r not in ALLOWED and r != -2]
    assert not missing, f"{what}: {results}"
    done = subprocess.run(
        [harness.built("host/fsck.eclipsefs"), "-n", disk],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{what}: {done.stdout}{done.stderr}"
    return bool(bad) or "eclipsefs: vdb: " in output


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
