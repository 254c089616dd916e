"""Scripts for guest/image.c: an image, and what is asked of it."""

import dataclasses
import struct

from grading import Fail, pack
from grading.errors import EINVAL, EIO, ENOENT, EOPNOTSUPP, EUCLEAN



@dataclasses.dataclass
class Opened:
    """What came of opening the image."""

    error: int
    why: str
    table: int
    records: int
    count: int


@dataclasses.dataclass
class Read:
    """What came of reading bytes; intact: nothing behind them was written to."""

    result: int
    data: bytes
    intact: bool


@dataclasses.dataclass
class Found:
    """What came of reading a record."""

    error: int
    ino: int = 0
    type: int = 0
    mode: int = 0
    uid: int = 0
    gid: int = 0
    nlink: int = 0
    layout: int = 0
    size: int = 0
    atime: int = 0
    mtime: int = 0
    ctime: int = 0
    data: int = 0
    length: int = 0


@dataclasses.dataclass
class Entry:
    """An entry as a walk meets it; next: where the walk goes on."""

    name: bytes
    length: int
    inode: int
    pos: int
    hidden: bool
    next: int


class Script:
    """Operations on an image; each gives a result, in results(), behind that of
    opening it. bad: (first byte, end) of what the disk cannot read."""

    def __init__(self, image, size=None, bad=(0, 0)):
        self.ops, self.pieces, self.readers = "", [], []
        self.disk = ["u64", size or image.size, "u32", len(image.pieces)]
        for at, data in image.pieces:
            self.disk += ["u64", at, "bytes", data]
        self.disk += ["u64", bad[0], "u64", bad[1]]

    def _do(self, op, reader, *pieces):
        self.ops += op
        self.pieces += pieces
        self.readers.append(reader)
        return self

    @property
    def question(self):
        """What the guest is asked."""
        return pack(*self.disk, "string", self.ops, *self.pieces)

    def results(self, answer):
        """Return what came of opening the image, and of each operation. Fails if
        there are any, and the image was not opened."""
        opened = Opened(answer.error(), answer.string(), answer.u64(), answer.u64(), answer.u32())
        if opened.error and self.ops:
            raise Fail(f"a sound image was refused: error {opened.error}, {opened.why}")
        if opened.error:
            return [opened]
        found = [reader(answer) for reader in self.readers]
        answer.done()
        return [opened, *found]

    # ---- Operations

    def read(self, address, n):
        return self._do("r", lambda a: Read(a.error(), a.bytes(), bool(a.u8())),
                        "u64", address, "u32", n)  # fmt: skip

    def find(self, inode):
        """(error, address) of its record."""
        return self._do("f", lambda a: (a.error(), a.u64()), "u32", inode)

    def node(self, inode):
        def read(a):
            error = a.error()
            small, large = a.bytes(), a.bytes()
            return Found(error, *struct.unpack("<7I", small), *struct.unpack("<6Q", large))

        return self._do("n", read, "u32", inode)

    def walk(self, inode, pos=0):
        """(entries, how it ended) of a directory, from pos on."""

        def read(a):
            entries = []
            while a.u8():
                entries.append(Entry(a.bytes(), a.u32(), a.u32(), a.u32(), bool(a.u8()), a.u64()))
            return entries, a.error()

        return self._do("d", read, "u32", inode, "u64", pos)

    def lookup(self, inode, name):
        """(error, inode, position) of a name."""
        return self._do("l", lambda a: (a.error(), a.u32(), a.u32()),
                        "u32", inode, "bytes", name)  # fmt: skip

    def check_link(self, inode, leads, pos):
        return self._do("k", lambda a: a.error(), "u32", inode, "u32", leads, "u32", pos)

    def hidden(self, name):
        return self._do("h", lambda a: bool(a.u8()), "bytes", name)

    def content(self, inode, offset, n):
        return self._do("c", lambda a: Read(a.error(), a.bytes(), bool(a.u8())),
                        "u32", inode, "u64", offset, "u64", n)  # fmt: skip

    def state(self):
        """(sectors read since the last time, addresses of damage that was logged)"""

        def read(a):
            sectors, count, places = a.u64(), a.u32(), a.bytes()
            return sectors, list(struct.unpack(f"<{len(places) // 8}Q", places))[:count]

        return self._do("s", read)

    def held(self):
        """How many blocks of the cache somebody still holds."""
        return self._do("u", lambda a: a.u64())


def ask(run, *scripts):
    """Ask all scripts in one boot; return the results of each. Use yield from."""
    answers = yield [run.ask("image", "script", s.question) for s in scripts]
    return [script.results(answer) for script, answer in zip(scripts, answers)]


__all__ = [name for name in dir() if not name.startswith("_")]
