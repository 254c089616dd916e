"""One machine made, booted and judged."""

import hashlib
import os
import random
import re
import shlex
import shutil
import subprocess

import harness
import trees
from board import DISK, DRIVERS, KINDS

SLOT_0, SLOT_SIZE = 0x10001000, 0x1000  # where QEMU's board has its slots
SECTOR = 512


class Guest(harness.Guest):
    """A guest with exactly the harts that its test asks for."""

    any_harts = False


def digest(data):
    """Return what sha256sum prints of it."""
    return hashlib.sha256(data).hexdigest()


def tool(name, *arguments):
    """Run a host program of the build; return its output. Raises AssertionError with
    what it says if it fails."""
    done = subprocess.run([harness.built(f"host/{name}"), *arguments], capture_output=True)
    assert done.returncode == 0, f"{name}: {(done.stdout + done.stderr).decode()}"
    return done.stdout


class Trial:
    """A machine in a folder of its own, which afterwards has all that QEMU was given.

    machine: a board.Machine; folder: an empty one.
    """

    def __init__(self, machine, folder):
        self.machine, self.folder = machine, folder
        self.random = random.Random(machine.seed)
        self.tree, self.guest = None, None
        self.hashes = {}  # what the guest is to print, by path

    def path(self, name):
        """Return the path of a file of the trial's."""
        return os.path.join(self.folder, name)

    def command(self):
        """Return a command to paste that runs the machine again."""
        words = self.guest.arguments if self.guest else ["(not started)"]
        return shlex.join(words)

    # ---- What it is made of ----

    def make_tree(self):
        """Change the device tree; return QEMU's arguments for it."""
        one = self.machine
        if not one.tree:
            return []
        blob = self.path("qemu.dtb")
        subprocess.run(
            [harness.QEMU, "-nodefaults", "-display", "none",
             "-machine", f"{one.board()},dumpdtb={blob}", "-smp", str(one.harts),
             "-m", f"{one.memory}M", "-cpu", one.cpu(harness.qemu_version()), *one.numa()],
            check=True, stdin=subprocess.DEVNULL, capture_output=True, cwd=self.folder,
        )  # fmt: skip
        self.tree = trees.Tree(blob, one.memory, SLOT_0 + one.root * SLOT_SIZE, one.boot)
        trees.change(self.tree, one.tree, self.random)
        self.tree.write(self.path("changed.dtb"))
        return ["-dtb", self.path("changed.dtb")]

    def absent(self):
        """Return the slots that the tree hides."""
        hidden = self.tree.hidden if self.tree else ()
        return {(address - SLOT_0) // SLOT_SIZE for address in hidden}

    def make_disks(self):
        """Make an image for each disk; return the boot arguments that tell of them."""
        one = self.machine
        names = one.disk_names(self.absent())
        for slot, device in one.slots.items():
            if device == DISK:
                self.make_raw(slot)
        root = next(name for name, slot in names.items() if slot == one.root)
        image = self.path(f"disk{one.root}.img")
        shutil.copyfile(harness.built("machines.img"), image)
        self.blob = tool("efs", "cat", image, "/data/blob")
        self.hashes["/data/blob"] = self.hashes["/new"] = digest(self.blob)
        others = [name for name in names if name != root]
        words, self.written = ["write=/"], one.root
        if others:
            write = self.random.choice(others)
            self.written = names[write]
            self.make_filesystem(self.written)
            words = [f"write={write}"]
            others.remove(write)
        for name in others:
            with open(self.path(f"disk{names[name]}.img"), "rb") as file:
                self.hashes[f"/dev/{name}"] = digest(file.read())
        # If no other disk holds a file system, the kernel finds its root itself.
        if self.written != one.root or self.random.random() < 0.5:
            words.append(f"root={root}")
        return [*words, "raw=" + ",".join(others)]

    def make_raw(self, slot):
        """Make a disk without a file system, of any size."""
        with open(self.path(f"disk{slot}.img"), "wb") as file:
            file.write(self.random.randbytes(SECTOR * self.random.randint(1, 700)))

    def make_filesystem(self, slot):
        """Make a disk with files of its own."""
        data = self.path("files/data")
        os.makedirs(data)
        for n in range(self.random.randint(1, 5)):
            text = self.random.randbytes(self.random.randint(0, 20_000))
            with open(os.path.join(data, str(n)), "wb") as file:
                file.write(text)
            self.hashes[f"/mnt/data/{n}"] = digest(text)
        image = self.path(f"disk{slot}.img")
        os.unlink(image)
        tool("mkfs.eclipsefs", "-s", "4M", "-d", self.path("files"), image)
        self.hashes["/mnt/new"] = self.hashes.pop("/new")

    def make_initrd(self):
        """Make what nobody reads, but everybody must leave alone."""
        if not self.machine.initrd:
            return []
        with open(self.path("initrd"), "wb") as file:
            file.write(self.random.randbytes(self.random.randint(1, 300_000)))
        return ["-initrd", self.path("initrd")]

    # ---- The run ----

    def run(self):
        """Boot it and look at all it did. Raises an exception that says what is wrong."""
        one = self.machine
        extra = [*one.numa(), "-bios", one.firmware, *self.make_tree()]
        words = self.make_disks()
        extra += [*self.make_initrd(), *one.devices(self.folder), *one.starts(self.folder)]
        with Guest(
            harts=one.harts, memory=f"{one.memory}M", machine=one.board(), disks=[],
            cpu=one.cpu(harness.qemu_version()), legacy=one.legacy, root=False, extra=extra,
            bootargs=" ".join(["init=/guest.sh", "init.exit=poweroff", *words]),
        ) as self.guest:  # fmt: skip
            status = self.guest.wait()
        self.output = self.guest.output
        stops = one.expected()
        if stops:
            lines = self.output.rstrip().splitlines()
            assert re.search(stops, lines[-1]), f"the last line is not {stops!r}"
            # Without an MMU it has not read yet where the test finisher is.
            assert status != 0 or one.extensions == "no-mmu", "it stopped with status 0"
            return
        assert status == 0, f"it ended with status {status}"
        self.check_kernel()
        self.check_guest()
        self.check_disks()

    def check_kernel(self):
        """Look at what the kernel said."""
        one, tree = self.machine, self.tree
        harts = one.harts - (len(tree.asleep) if tree else 0)
        memory = tree.memory if tree else one.memory
        found = re.search(r"boot hart (\d+)\n", self.output)
        assert one.boot < 0 or found[1] == str(one.boot), f"hart {found[1]} has booted"
        assert f" {memory} MiB, " in self.output, f"not {memory} MiB of memory"
        # Fewer, if the host is slow to let them run; programs see all of them later.
        smp = re.search(r"smp +(\d+) of \d+ harts running", self.output)
        assert int(smp[1]) <= harts, f"{smp[1]} harts run, not {harts}"
        lossy = one.loses_interrupts(harness.qemu_version())
        assert lossy or "interrupt was lost" not in self.output, "an interrupt was lost"

    def check_guest(self):
        """Look at what programs printed."""
        one, absent = self.machine, self.absent()
        harts = one.harts - (len(self.tree.asleep) if self.tree else 0)
        assert f"\nharts {harts}\n" in self.output, "programs see other harts"
        assert "\nthe machine works\n" in self.output
        total = int(re.search(r"^Mem: +(\d+)", self.output, re.MULTILINE)[1])
        memory = self.tree.memory if self.tree else one.memory
        assert memory * 0.75 < total / 1024 <= memory, f"{total} KiB of memory"
        devices = [one.slots[s] for s in sorted(one.slots, reverse=True) if s not in absent]
        wanted = [(KINDS[device], DRIVERS.get(device, "-")) for device in devices]
        listed = re.findall(r"^virtio\d+ +(\S+) +(\S+) +0x[0-9a-f]+ .*\d$", self.output,
                            re.MULTILINE)  # fmt: skip
        assert listed == wanted, f"lsdev lists {listed}, not {wanted}"
        lines = re.findall(r"^([0-9a-f]{64})  (/\S+)$", self.output, re.MULTILINE)
        wrong = {(n, path) for n, path in lines if self.hashes.get(path) != n}
        assert not wrong, f"other content: {sorted(path for _, path in wrong)}"
        assert {path for _, path in lines} == set(self.hashes), "not everything was read"

    def check_disks(self):
        """Look at the disks as the machine has left them."""
        for slot in {self.written, self.machine.root}:
            tool("fsck.eclipsefs", "-n", self.path(f"disk{slot}.img"))
        new = tool("efs", "cat", self.path(f"disk{self.written}.img"), "/new")
        assert new == self.blob, "what was written is not on the disk"
