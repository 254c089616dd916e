"""Disks with a tree on them for user/tree.c, and what it is to find there."""

import random
import stat
import struct

from _image import (ATIME, BITS, BLOCK, CTIME, DIRECTORY, FILE, GID, LINK, MODE, MTIME, NLINK,
                    SIZE, UID, Node, record)  # fmt: skip

from grading import Fail, check_equal
from grading.errors import EIO, ENOENT, EUCLEAN

ANSWERS = 4 << 20  # bytes of the disk that the program writes to


class Disk:
    """A root file system in the making: its inodes, and their paths."""

    def __init__(self, run, name):
        self.random = random.Random(f"{run.seed}:{name}")
        self.nodes = {1: self.node(DIRECTORY)}
        self.places, self.plan = {"/": 1}, []
        self.add("/dev", DIRECTORY)
        self.add("/grade", DIRECTORY)
        program = self.add("/grade/tree", FILE, run.program("tree"))
        self.nodes[program].numbers[MODE] = BITS[FILE] | 0o755
        self.add("/plan", FILE)

    def node(self, kind, data=b""):
        """Return a node that anybody may read, with what else is drawn."""
        numbers = {tag: self.random.getrandbits(31) for tag in (UID, GID, ATIME, MTIME, CTIME)}
        numbers[MODE] = BITS[kind] | 0o555 | self.random.getrandbits(9)
        numbers[NLINK], numbers[SIZE] = self.random.randrange(1, 99), len(data)
        return Node(kind, numbers, data)

    def add(self, path, kind=FILE, data=b""):
        """Add a name and its inode; return that."""
        inode = len(self.nodes) + 1
        self.nodes[inode] = self.node(kind, data)
        folder, name = path.rsplit("/", 1)
        self.nodes[self.places[folder or "/"]].entries.append((name.encode(), inode))
        self.places[path] = inode
        return inode

    def ask(self, what, path):
        """Have the program ask: c content, d directory, l target, s stat, L lstat."""
        self.plan.append((what, path))

    def finish(self):
        """Return the records of all inodes, with the plan among them."""
        text = b"".join(f"{what}{path}\0".encode() for what, path in self.plan)
        self.nodes[self.places["/plan"]].data = text
        return {n: record(n, b"".join(node.tlvs())) for n, node in self.nodes.items()}

    # ---- What is to be found

    def file(self, path):
        return self.nodes[self.places[path]].data

    def names(self, path):
        """The names in a directory, sorted."""
        return sorted(name for name, _ in self.nodes[self.places[path]].entries)

    def status(self, path):
        """Mode, owner, group, links, size, inode and mtime as stat has them."""
        node = self.nodes[self.places[path]]
        size = None if node.type == DIRECTORY else len(node.data)
        return (node.get(MODE), node.get(UID), node.get(GID), node.get(NLINK), size,
                self.places[path], node.get(MTIME))  # fmt: skip


def request(run, image, **options):
    """Return the request of a boot in which the program asks what the plan says."""
    disk = run.blank(image.data, size=-(-len(image.data) // BLOCK) * BLOCK, **options)
    # The kernel looks into the highest slot first.
    slots = tuple(sorted(run.machine().slots[:2], reverse=True))
    return run.boot("tree", machine=run.machine(slots=slots),
                    disks=[disk, run.blank(size=ANSWERS)])  # fmt: skip


def answers(record_of_run, disk):
    """Return {(what, path): (result, bytes)}, as the program left it on its disk."""
    check_equal(record_of_run.status, 0, "the program's exit status", record_of_run)
    image = record_of_run.image(1)
    data = image.bytes(BLOCK, int.from_bytes(image.bytes(0, 8), "little"))
    found, at = {}, 0
    for asked in disk.plan:
        if len(data) < at + 8:
            raise Fail("the answers on the disk end too early")
        result, length = struct.unpack_from("<ii", data, at)
        found[asked] = result, data[at + 8 : at + 8 + length]
        at += 8 + length
    return found


def listed(data):
    """Return the names of a listing, sorted, without . and .."""
    return sorted(name for name in data.split(b"\0") if name not in (b"", b".", b".."))


def fields(data):
    """Return what stat said, as Disk.status has it."""
    found = struct.unpack("<7Q", data)
    return (*found[:4], None if stat.S_ISDIR(found[0]) else found[4], *found[5:])


__all__ = [name for name in dir() if not name.startswith("_")]
