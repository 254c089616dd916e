"""Images, written as docs/eclipsefs.md has them: a second implementation, which
shares nothing with the kernel's."""

import dataclasses
import struct
import zlib

FILE, DIRECTORY, LINK = 1, 2, 3
TYPE, MODE, UID, GID, SIZE, ATIME, MTIME, CTIME, NLINK, CONTENT, ENTRIES = range(1, 12)
EXTENTS, CRC = 0x100, 0x1FF
BLOCK, SECTOR, HEADER = 4096, 512, 65
BITS = {FILE: 0o100000, DIRECTORY: 0o040000, LINK: 0o120000}
# How a number lies in its TLV, and what a record without it means.
NUMBERS = {TYPE: ("<B", FILE), MODE: ("<I", 0o100644), UID: ("<I", 0), GID: ("<I", 0),
           SIZE: ("<Q", 0), ATIME: ("<Q", 0), MTIME: ("<Q", 0), CTIME: ("<Q", 0),
           NLINK: ("<I", 1)}  # fmt: skip
UNKNOWN = (0, 0x0C, 0x0D, 0x80, 0x0FF, 0x0105, 0x0200, 0x7FFF, 0xFFFF)


def tlv(tag, value):
    """Return a TLV."""
    return struct.pack("<HI", tag, len(value)) + value


def number(tag, value):
    """Return the TLV of a number."""
    return tlv(tag, struct.pack(NUMBERS[tag][0], value))


def entry(name, inode):
    """Return an entry of a directory."""
    return struct.pack("<II", len(name), inode) + name


def record(inode, body, size=None):
    """Return a record; size: what it says of itself."""
    return struct.pack("<II", inode, 8 + len(body) if size is None else size) + body


@dataclasses.dataclass
class Node:
    """What an inode is. numbers: tag -> value; others are not written. data: what a
    file holds, or where a link leads. entries: (name, inode) of a directory."""

    type: int = FILE
    numbers: dict = dataclasses.field(default_factory=dict)
    data: bytes = b""
    entries: list = dataclasses.field(default_factory=list)

    def get(self, tag):
        """Return a number, as whoever reads the record has it."""
        if tag == TYPE:
            return self.type
        found = self.numbers.get(tag, NUMBERS[tag][1])
        return BITS[self.type] | found & 0o7777 if tag == MODE else found

    @property
    def value(self):
        """Return the tag and the bytes of the node's value."""
        if self.type == DIRECTORY:
            return ENTRIES, b"".join(entry(*e) for e in self.entries)
        return CONTENT, self.data

    def tlvs(self):
        """Return the TLVs, in the order in which most writers have them."""
        found = [number(TYPE, self.type)]
        found += [number(tag, value) for tag, value in self.numbers.items()]
        tag, value = self.value
        return found + ([tlv(tag, value)] if value else [])


def drawn(random, type=FILE, data=b"", entries=()):
    """Return a node with numbers that are drawn."""
    numbers = {
        MODE: BITS[type] | random.randrange(0o10000),
        UID: random.getrandbits(32), GID: random.getrandbits(32),
        SIZE: len(data), ATIME: random.getrandbits(40), MTIME: random.getrandbits(40),
        CTIME: random.getrandbits(40), NLINK: random.randrange(1, 1 << 16),
    }  # fmt: skip
    return Node(type, numbers, data, list(entries))


def header(table, size, count, checksum=None, version=0x20000, magic=b"ECLIPSEFS", flags=0,
           times=(0, 0)):  # fmt: skip
    """Return a header; checksum: None for the right one."""
    first = magic + struct.pack("<IQQI", version, table & (1 << 64) - 1, size, count)
    last = struct.pack("<QQI", *times, flags)
    right = zlib.crc32(first + last)
    return first + struct.pack("<III", right if checksum is None else checksum, 0, 0) + last


class Image:
    """A plain image of some records: {inode: bytes}.

    table: address of the inode table; spare: slots that nobody needs; random
    scatters the records, in any order and with gaps.
    """

    def __init__(self, records, table=BLOCK, spare=0, random=None, **fields):
        self.count = max(records)
        self.table, self.records = table, table + 8 * (self.count + spare)
        order = sorted(records)
        if random:
            random.shuffle(order)
        self.address, body = {}, b""
        for inode in order:
            body += random.randbytes(random.randrange(40)) if random else b""
            self.address[inode] = self.records + len(body)
            body += records[inode]
        slots = b""
        for inode in range(1, self.count + 1):
            wrong = random.getrandbits(32) if random else inode
            at = self.address.get(inode, self.records) - self.records
            slots += struct.pack("<II", wrong, at)
        slots = slots.ljust(8 * (self.count + spare), b"\0")
        start = header(table, len(slots), fields.pop("count", self.count), **fields)
        self.data = start.ljust(table, b"\0") + slots + body
        self.size = -(-len(self.data) // SECTOR) * SECTOR
        self.pieces = [(0, self.data)]

    def patched(self, address, data):
        """Put something else there; return the image."""
        self.data = self.data[:address] + data + self.data[address + len(data) :]
        self.pieces[0] = (0, self.data)
        return self


def of_nodes(nodes, **how):
    """Return the plain image of {inode: Node}."""
    records = {n: record(n, b"".join(node.tlvs())) for n, node in nodes.items()}
    return Image(records, **how)


def one_record(body, inode=1, **how):
    """Return an image whose record 1 has that body."""
    return Image({1: record(inode, body, how.pop("says", None))}, **how)


# ---- Extended images, as far as reading one file goes ------------------------


def crc32c(data):
    """Return Castagnoli's CRC-32."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Extended:
    """An extended image with one file, inode 1, in extents [(logical, count)].

    Its journal and bitmap are there, but nothing in them. content: what whoever
    reads the file sees; holes are zeros.
    """

    TABLE = 82

    def __init__(self, random, extents, size):
        self.records = (self.TABLE + 1) * BLOCK
        self.table, self.count = self.TABLE * BLOCK, BLOCK // 8
        physical, rows, self.pieces = self.TABLE + 2, b"", []
        content = bytearray(-(-size // BLOCK) * BLOCK)
        for logical, count in extents:
            data = random.randbytes(count * BLOCK)
            physical += random.randrange(1, 4)
            rows += struct.pack("<III", logical, count, physical)
            content[logical * BLOCK : (logical + count) * BLOCK] = data
            self.pieces.append((physical * BLOCK, data))
            physical += count
        self.content, self.size = bytes(content[:size]), (physical + 4) * BLOCK
        body = number(TYPE, FILE) + number(NLINK, 1) + number(SIZE, size) + tlv(EXTENTS, rows)
        whole = record(1, body, 8 + len(body) + 10) + struct.pack("<HI", CRC, 4)
        whole += struct.pack("<I", crc32c(whole))
        plain = header(self.table, BLOCK, self.count, flags=1)
        more = struct.pack("<4sIIIQQQIIQII16s32s", b"EFSX", 1, BLOCK, 1, self.size // BLOCK, 1,
                           81, 80, 1, 0, 0, 1, random.randbytes(16), b"")  # fmt: skip
        more += struct.pack("<I", crc32c(more))
        self.pieces += [(0, plain.ljust(128, b"\0") + more),
                        (self.table, struct.pack("<II", 1, 0)), (self.records, whole)]  # fmt: skip
        self.address = {1: self.records}
