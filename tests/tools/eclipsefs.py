"""An extended eclipsefs image in memory, to be looked at and damaged.

Written from docs/eclipsefs.md alone, so that the document is tested, too.
"""

import struct

BLOCK = 4096
EXTENSION = 128
COPY = 4096 + 512  # of the headers
ORPHAN = 0x80000000

NODE_TYPE, MODE, UID, GID, SIZE, ATIME, MTIME, CTIME, NLINK, CONTENT, ENTRIES \
    = range(1, 12)
EXTENTS, EXTENT_INDEX, HASH_INDEX, RDEV, CRC = 0x100, 0x101, 0x102, 0x103, 0x1ff


def _table(polynomial):
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (polynomial if byte & 1 else 0)
        table.append(byte)
    return table


_CRC32C = _table(0x82f63b78)


def crc32c(data):
    """Returns the CRC-32C of bytes."""
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


class Image:
    """The bytes of an image. Changes are lost until save."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.data = bytearray(file.read())
        self.table, = struct.unpack_from("<Q", self.data, 13)
        self.table_size, self.inodes = struct.unpack_from("<QI", self.data, 21)
        self.records = self.table + self.table_size

    def save(self):
        """Writes it back to its file."""
        with open(self.path, "wb") as file:
            file.write(self.data)

    def u32(self, at):
        """Returns the 32-bit number at an address."""
        return struct.unpack_from("<I", self.data, at)[0]

    def put32(self, at, value):
        """Writes a 32-bit number to an address."""
        struct.pack_into("<I", self.data, at, value & 0xffffffff)

    def ext(self, offset, kind="I"):
        """Returns a field of the extension, by its offset and struct code."""
        return struct.unpack_from("<" + kind, self.data, EXTENSION + offset)[0]

    def put_ext(self, offset, value, kind="I"):
        """Changes a field of the extension."""
        struct.pack_into("<" + kind, self.data, EXTENSION + offset, value)
        self.put32(EXTENSION + 112,
                   crc32c(self.data[EXTENSION:EXTENSION + 112]))

    def slot(self, ino):
        """Returns the address of an inode's slot."""
        return self.table + 8 * (ino - 1)

    def record(self, ino):
        """Returns the address of an inode's record."""
        return self.records + self.u32(self.slot(ino) + 4)

    def tlvs(self, ino):
        """Yields (tag, address of the value, length) of an inode's record."""
        at = self.record(ino)
        end = at + self.u32(at + 4)
        at += 8
        while at + 6 <= end:
            tag, length = struct.unpack_from("<HI", self.data, at)
            yield tag, at + 6, length
            at += 6 + length

    def value(self, ino, tag):
        """Returns the address and length of a TLV's value."""
        return next((at, length) for found, at, length in self.tlvs(ino)
                    if found == tag)

    def seal_record(self, ino):
        """Makes the checksum of an inode's record right."""
        at, _ = self.value(ino, CRC)
        self.put32(at, crc32c(self.data[self.record(ino):at]))

    def seal_block(self, block):
        """Makes the checksum at the end of a block right."""
        end = (block + 1) * BLOCK - 4
        self.put32(end, crc32c(self.data[block * BLOCK:end]))

    def inode(self, name, directory=1):
        """Returns what a name in an inline directory leads to."""
        return self.u32(self.entry(name, directory) + 4)

    def entry(self, name, directory=1):
        """Returns the address of an entry of an inline directory."""
        at, length = self.value(directory, ENTRIES)
        end = at + length
        while at < end:
            size = 8 + self.u32(at)
            if self.data[at + 8:at + size] == name.encode():
                return at
            at += size
        raise KeyError(name)

    def index(self, ino, tag):
        """Returns the blocks that an index in a record leads to."""
        at, length = self.value(ino, tag)
        skip = 4 if tag == HASH_INDEX else 0
        return [self.u32(at + i + 4) for i in range(skip, length, 8)]

    # ---- The journal ----

    def journal(self):
        """Returns the address of the journal's head."""
        return self.ext(24, "Q") * BLOCK

    def transactions(self):
        """Yields the addresses of descriptors, whether they count or not."""
        at = self.journal() + BLOCK
        while self.data[at:at + 8] == b"EJNL\x02\0\0\0":
            yield at
            at += (self.u32(at + 16) + 2) * BLOCK

    def set_sequence(self, sequence):
        """Makes the head say that the log begins with that transaction."""
        at = self.journal()
        struct.pack_into("<Q", self.data, at + 8, sequence)
        self.put32(at + 16, crc32c(self.data[at:at + 16]))

    def seal_transaction(self, at):
        """Makes the checksum of the transaction right that begins there."""
        end = at + (self.u32(at + 16) + 1) * BLOCK
        total = 0
        for word, in struct.iter_unpack("<Q", self.data[at:end]):
            total = (total ^ word) * 0x9e3779b97f4a7c15 & 0xffffffffffffffff
            total ^= total >> 32
        struct.pack_into("<Q", self.data, end + 16, total)

    def reopen_journal(self):
        """Makes all that stands in the log count again."""
        first = next(self.transactions())
        self.set_sequence(struct.unpack_from("<Q", self.data, first + 8)[0])
