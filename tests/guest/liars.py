"""Machines with disks that lie (tests/liar), and what is to come of each lie.

/tests/liar (user/tests/liar.c) works on them in init's place.
"""

import array
import os
import re
import subprocess
import sys

import harness

DISKS = 7  # beside the honest one: QEMU has eight slots
SIZE = 64 * 4096
FACTOR, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1
AT = 20  # a request in the middle of what is read first
LEAPS = ("-icount", "shift=0,sleep=off")


class Lie:
    """A lie, and what is to come of it.

    outcome: "lossless": nobody notices; "fails": requests fail with EIO, and
    then the disk works; "refused": the same with another error; "shrunk": there
    is no room, and who was on the way fails with EIO; "wrong":
    content is wrong, and no driver can see it; "retired": it is given up;
    "dead": it is before anybody uses it;
    "reset": it is reset, and works; "noticed": requests fail, for which and for
    how many there is a race; "hurt": it may have harmed itself, or nobody;
    "absent": it is not brought up.
    says: what the kernel prints of it, a regular expression; None: nothing.
    every: how often it lies after the first time; 0: never.
    leaps: only where time leaps can one wait for it: 90 s.
    """

    def __init__(self, outcome, says=None, at=AT, every=0, leaps=False, image=None):
        self.outcome, self.says = outcome, says
        self.at, self.every, self.leaps, self.image = at, every, leaps, image


BROKEN = r"queue \d is broken: "
USED, HEAD = BROKEN + r"\d+ buffers used, \d in flight", BROKEN + "used head"
LENGTH = BROKEN + r"head \d+: \d+ bytes written, \d+ offered"
TIMED_OUT = "resetting the device: a request has timed out"
NO_STATUS = "status 0xff for a request"
SHORT = r"\d+ of \d+ bytes written, yet status OK"
CHANGED = "capacity changed from 512 to "
NO_SENSE = " makes no sense"

LIES = {
    "honest": Lie("lossless"),
    "idx-jumps": Lie("retired", USED),
    "idx-one-more": Lie("noticed", f"{USED}|{HEAD}|{NO_STATUS}"),
    "idx-back": Lie("retired", USED),
    "idx-alone": Lie("noticed", f"{USED}|{HEAD}|{NO_STATUS}|{TIMED_OUT}", leaps=True),
    "id-size": Lie("retired", HEAD),
    "id-wild": Lie("retired", HEAD),
    "id-wraps": Lie("retired", HEAD),
    "id-free": Lie("retired", HEAD),
    "id-second": Lie("retired", HEAD),
    "twice": Lie("retired", f"{USED}|{HEAD}"),
    "again": Lie("noticed", f"{USED}|{HEAD}|{NO_STATUS}"),
    "len-one-more": Lie("retired", LENGTH),
    "len-wild": Lie("retired", LENGTH),
    "len-short": Lie("fails", SHORT, every=7),
    "len-zero": Lie("fails", SHORT, every=7),
    "status-none": Lie("fails", NO_STATUS, every=7),
    "status-wild": Lie("fails", r"status 0x\w+ for a request", every=7),
    "status-ioerr": Lie("fails", every=7),
    "status-unsupp": Lie("refused", every=7),
    "status-late": Lie("fails", NO_STATUS),
    "never": Lie("reset", TIMED_OUT, leaps=True),
    "late": Lie("retired", BROKEN, leaps=True),
    "deaf": Lie("reset", TIMED_OUT, leaps=True),
    "hangs-up": Lie("retired", TIMED_OUT, leaps=True),
    "mixed": Lie("lossless", every=1),
    "slow": Lie("lossless", every=10),
    "mute": Lie("lossless", "an interrupt was lost"),
    "storm": Lie("lossless"),
    "avail-event": Lie("lossless", every=1),
    "used-flags": Lie("lossless", every=1),
    "data-wrong": Lie("wrong", every=5),
    "data-stale": Lie("wrong"),
    "scribble": Lie("hurt", every=9),
    "config-changes": Lie("lossless", CHANGED, every=20),
    "shrinks": Lie("shrunk", CHANGED + "256"),
    "grows": Lie("lossless", CHANGED + "2048"),
    "becomes-empty": Lie("shrunk", CHANGED + "0"),
    "capacity-wild": Lie("lossless", NO_SENSE),
    "blksize-changes": Lie("lossless", CHANGED + "520"),
    "blksize-odd": Lie("absent", "blk_size 513" + NO_SENSE),
    "no-segments": Lie("absent", "seg_max 0" + NO_SENSE),
    "small-segments": Lie("absent", "size_max 1" + NO_SENSE),
    "empty": Lie("shrunk"),
    "wild": Lie("absent", r"capacity \d+" + NO_SENSE),
    "serial-wild": Lie("lossless", r"serial \?\[2J\?\?\?and\?no"),
    "serial-never": Lie("dead", TIMED_OUT, leaps=True),
    "features-old": Lie("absent", "a modern device without VIRTIO_F_VERSION_1"),
    "features-few": Lie("lossless"),
    "features-all": Lie("refused"),
}
# With the old transport; the others are as above. What a device says it wrote
# is not believed there anyway, and there are no features beyond 32.
LEGACY = {
    "len-one-more": Lie("lossless"),
    "len-wild": Lie("lossless"),
    "len-short": Lie("lossless", every=7),
    "len-zero": Lie("lossless", every=7),
    "features-old": Lie("lossless"),
}


def expected(name, legacy):
    """Return the Lie of that name on a transport."""
    return LEGACY.get(name, LIES[name]) if legacy else LIES[name]


def groups():
    """Return the names of lies, as many in a list as a machine has room for: lists
    of those that any machine shows, and of those for machines whose time leaps."""
    kinds = [[n for n, lie in LIES.items() if lie.leaps == leaps] for leaps in (False, True)]
    return [[k[i : i + DISKS] for i in range(0, len(k), DISKS)] for k in kinds]


def liar():
    """Return the path of the program that lies."""
    if sys.platform != "linux":
        raise harness.Skip("disks that lie need a host with Linux")
    return harness.built("host/liar")


def make_image(folder):
    """Write the content that /tests/liar expects; return the path."""
    path = os.path.join(folder, "content")
    words = array.array("Q", (i * FACTOR & MASK for i in range(SIZE // 8)))
    with open(path, "wb") as file:
        words.tofile(file)
    return path


class Liars:
    """The program that lies, and QEMU's arguments for its disks; a context
    manager that ends it.

    disks: (lie, at, every, image)..., in the order of the slots. seed: of all
    that is random. queues: of each disk. told: afterwards, how often each disk has lied.
    """

    def __init__(self, folder, disks, seed=1, queues=1, memory="128M"):
        self.sockets = [os.path.join(folder, f"liar{i}") for i in range(len(disks))]
        words = [
            f"{socket}:{image}:{lie}:{at}:{every}:{seed}"
            for socket, (lie, at, every, image) in zip(self.sockets, disks)
        ]
        self.process = subprocess.Popen(
            [liar(), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self.process.stdout.readline() != "ready\n":
            self.__exit__()
            raise harness.GuestError("the liar is not ready")
        self.machine = "virt,memory-backend=shared"
        self.arguments = [
            "-object", f"memory-backend-memfd,id=shared,size={memory},share=on",
        ]  # fmt: skip
        for i, socket in enumerate(self.sockets):
            self.arguments += ["-chardev", f"socket,id=liar{i},path={socket}",
                               "-device", f"vhost-user-blk,chardev=liar{i},num-queues={queues}"]  # fmt: skip
        self.told = []

    def end(self):
        """Have it say how often it lied; fail unless it ends well."""
        said = self.process.communicate(timeout=harness.MOST)[0]
        assert self.process.returncode == 0, f"the liar ended with {said}"
        self.told = [int(n) for n in re.findall(r" told (\d+) of \d+\n", said)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()
        for socket in self.sockets:
            if os.path.exists(socket):
                os.unlink(socket)


FAILING = ("fails", "retired", "dead", "reset", "noticed")
COUNTS = re.compile(
    r"^= (vd\w): (\d+) moves, (\d+) failed, (\d+) refused, (\d+) wrong, (\d+) last, error (\d+)$",
    re.MULTILINE,
)


def judge(name, lie, number, output, disk):
    """Fail unless of a lie came what should have.

    number: of its slot, from 1. disk: "vdb"; None: there is to be none.
    """
    mine = "\n".join(re.findall(rf"^\[.*\b(?:virtio{number}|{disk})\b.*$", output, re.MULTILINE))
    what = f"{name}: {disk}\n{mine}"
    if lie.says:
        assert re.search(lie.says, mine), f"{what}: did not say {lie.says}"
    if lie.outcome not in ("noticed", "hurt"):
        assert ("given up" in mine) == (lie.outcome in ("retired", "dead", "absent")), what
        assert ("resetting" in mine) == (lie.outcome in ("retired", "dead", "reset")), what
    if lie.outcome == "absent":
        return
    counts = [c[1:] for c in COUNTS.findall(output) if c[0] == disk]
    assert len(counts) == 1, what
    _moves, failed, refused, wrong, last, error = (int(c) for c in counts[0])
    what = f"{what}\n{failed} failed, {refused} refused (error {error}), {wrong} wrong, {last} last"
    if lie.outcome not in ("shrunk", "hurt"):
        assert (failed > 0) == (lie.outcome in FAILING), what
    assert (refused > 0) == (lie.outcome in ("refused", "shrunk")), what
    assert (wrong > 0) == (lie.outcome == "wrong"), what


def run(folder, names, legacy=False, seed=1, harts=2, queues=1, leaps=False, at=None):
    """Boot a machine with disks that tell these lies, up to DISKS; return what is
    wrong with what came of them, (name, text)...

    queues: of each disk. at: when they are told; None: as the table says. Raises an error if the
    machine does not end, or has lost what the honest disk gave it.
    """
    image = make_image(folder)
    lies = [(name, expected(name, legacy)) for name in names]
    disks = [(n, lie.at if at is None else at, lie.every, image) for n, lie in lies]
    with Liars(folder, disks, seed, queues) as liars:
        status, output = harness.run_program(
            "/tests/liar", machine=liars.machine, legacy=legacy,
            harts=1 if leaps else harts,
            extra=(*liars.arguments, *(LEAPS if leaps else ())),
        )  # fmt: skip
        liars.end()
    assert status == 0, f"status {status}: {output[-1500:]}"
    assert "= /bin/sh same" in output, output[-1500:]
    letters, wrong = iter("bcdefgh"), []
    for number, ((name, lie), told) in enumerate(zip(lies, liars.told), 1):
        disk = None if lie.outcome == "absent" else "vd" + next(letters)
        try:
            assert told > 0 or name == "honest", f"{name}: never told"
            judge(name, lie, number, output, disk)
        except AssertionError as error:
            wrong.append((name, str(error)))
    return wrong
