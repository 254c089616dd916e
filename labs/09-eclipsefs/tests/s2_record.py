"""Step 2: records, a row of tagged values."""

import struct

from _image import (ATIME, BITS, BLOCK, CONTENT, CRC, CTIME, DIRECTORY, ENTRIES, EXTENTS, FILE,
                    GID, LINK, MODE, MTIME, NLINK, NUMBERS, SECTOR, SIZE, TYPE, UID, UNKNOWN,
                    Extended, Image, Node, drawn, number, of_nodes, one_record, record,
                    tlv)  # fmt: skip
from _script import EUCLEAN, Script, ask

from grading import check, check_equal, test

SECTION = "Step 2: Records"
FIELDS = {TYPE: "type", MODE: "mode", UID: "uid", GID: "gid", SIZE: "size", ATIME: "atime",
          MTIME: "mtime", CTIME: "ctime", NLINK: "nlink"}  # fmt: skip
HEAD = 6  # of a TLV


def same(found, node, what):
    """All that was read of a record is as the node has it."""
    check_equal(found.error, 0, f"efs_node_read of {what}")
    for tag, field in FIELDS.items():
        check_equal(getattr(found, field), node.get(tag), f"{field} of {what}")


def read(run, image, *inodes):
    """Return what came of reading records, the first one's if none are named."""
    script = Script(image)
    for inode in inodes or (1,):
        script.node(inode)
    [[_, *found]] = yield from ask(run, script)
    return found if inodes else found[0]


def body(node, random=None):
    """Return a node's TLVs; with random, in any order."""
    found = node.tlvs()
    if random:
        random.shuffle(found)
    return b"".join(found)


@test(points=3, step="record", section=SECTION, blames="set_number,parse_tlv",
      evidence="answers",
      hint="efs_numbers says how many bytes a number has on the disk, and where its field is.")
def all_numbers_are_read(run):
    """What records say of inodes is what is found: types, modes, owners, times."""
    nodes = {}
    for inode in range(1, 13):
        kind = (FILE, DIRECTORY, LINK)[inode % 3]
        nodes[inode] = drawn(run.random, kind)
    nodes[12].numbers.update({ATIME: (1 << 64) - 1, MTIME: 1 << 63, UID: (1 << 32) - 1,
                              GID: 1 << 31, NLINK: (1 << 32) - 1, SIZE: (1 << 64) - 2})  # fmt: skip
    found = yield from read(run, of_nodes(nodes, random=run.random), *nodes)
    for (inode, node), one in zip(nodes.items(), found):
        same(one, node, f"inode {inode}")
        check_equal(one.ino, inode, "node->ino")


@test(points=2, step="record", section=SECTION, blames="set_number,finish_node",
      evidence="answers",
      hint="efs_node_read sets them before; who overwrites them?")
def what_is_missing_has_a_default(run):
    """Numbers that a record does not have are as the specification says."""
    nodes = {1: drawn(run.random, DIRECTORY)}
    for inode in range(2, 12):
        node = drawn(run.random, data=b"x")
        for tag in run.random.sample(sorted(node.numbers), run.random.randrange(1, 8)):
            del node.numbers[tag]
        nodes[inode] = node
    records = {n: record(n, body(node)) for n, node in nodes.items()}
    records[12], nodes[12] = record(12, b""), Node()
    found = yield from read(run, Image(records, random=run.random), *nodes)
    for (inode, node), one in zip(nodes.items(), found):
        same(one, node, f"inode {inode}")


@test(points=2, step="record", section=SECTION, blames="parse_tlv", evidence="answers",
      hint="Go from TLV to TLV by their lengths; what the tag is decides only what is done "
           "with the value.")  # fmt: skip
def tlvs_come_in_any_order(run):
    """TLVs stand in any order, with others between them that nobody knows."""
    nodes, records = {}, {}
    for inode in range(1, 11):
        node = drawn(run.random, data=run.random.randbytes(run.random.randrange(1, 60)))
        pieces = node.tlvs()
        for _ in range(run.random.randrange(1, 6)):
            tag = run.random.choice(UNKNOWN)
            pieces.append(tlv(tag, run.random.randbytes(run.random.randrange(1, 40))))
        run.random.shuffle(pieces)
        nodes[inode], records[inode] = node, record(inode, b"".join(pieces))
    found = yield from read(run, Image(records, random=run.random), *nodes)
    for (inode, node), one in zip(nodes.items(), found):
        same(one, node, f"inode {inode}")
        check_equal(one.length, len(node.data), f"data_len of inode {inode}")


@test(points=1, step="record", section=SECTION, blames="parse_tlv", evidence="answers",
      hint="The specification's section 3, the last paragraph.")
def the_last_of_two_counts(run):
    """Of a repeated TLV the last one counts, whether it is a number or content."""
    one, two = (drawn(run.random, data=run.random.randbytes(9)) for _ in range(2))
    middle = tlv(CONTENT, b"in between")
    image = one_record(body(one) + middle + body(two))
    found = yield from read(run, image)
    same(found, two, "a record with two of each")
    at = image.address[1] + 8 + len(body(one) + middle + body(two)) - 9
    check_equal((found.data, found.length), (at, 9), "data and data_len")


@test(points=1, step="record", section=SECTION, blames="parse_tlv", evidence="answers",
      hint="Compare the TLV's length with number->size.")
def short_numbers_do_not_count(run):
    """A number that is too short is ignored; of one that is too long the first bytes count."""
    node, other = drawn(run.random), drawn(run.random)
    short = b"".join(tlv(tag, number(tag, other.get(tag))[HEAD:-1])
                     for tag in NUMBERS if tag != TYPE) + tlv(TYPE, b"")  # fmt: skip
    long = b"".join(tlv(tag, number(tag, node.get(tag))[HEAD:] + run.random.randbytes(3))
                    for tag in NUMBERS)  # fmt: skip
    records = {1: record(1, body(node) + short), 2: record(2, long), 3: record(3, long + short)}
    for inode, found in enumerate((yield from read(run, Image(records), 1, 2, 3)), 1):
        same(found, node, f"record {inode}")


@test(points=2, step="record", section=SECTION, blames="parse_tlv,parse_head",
      evidence="answers",
      hint="Nothing is aligned: efs_read gets bytes from anywhere.")
def records_straddle_blocks(run):
    """Any byte of a record may be the last one of its block."""
    node = drawn(run.random, data=b"the content")
    whole = record(1, body(node))
    images = [Image({1: whole}, table=BLOCK - 8 - back) for back in range(1, len(whole), 3)]
    scripts = [Script(image).node(1) for image in images]
    for image, [_, found] in zip(images, (yield from ask(run, *scripts))):
        same(found, node, f"a record at {image.address[1]}")
        check_equal(found.data, image.address[1] + len(whole) - 11, "data")


@test(points=2, step="record", section=SECTION, blames="parse_tlv", evidence="answers",
      hint="value.address + value.len may overflow; p->end - value.address does not.")
def values_stay_in_their_record(run):
    """A value that reaches past its record is damage; one that ends with it is not."""
    first = number(TYPE, FILE) + number(UID, 7)
    good = [first + tlv(CONTENT, b"0123456789"), first + tlv(0x200, bytes(40)), first]
    good += [one + run.random.randbytes(n) for one in good for n in (1, 5)]
    bad = [first + struct.pack("<HI", tag, length) + bytes(10)
           for tag in (CONTENT, 0x200, UID, ENTRIES, EXTENTS)
           for length in (11, 12, 1 << 31, 0xFFFFFFFF, 0xFFFFFFF0)]  # fmt: skip
    scripts = [Script(one_record(b), size=1 << 16).node(1).state() for b in good + bad]
    seen = yield from ask(run, *scripts)
    for b, [_, found, (_, logged)] in zip(good + bad, seen):
        if b in good:
            check_equal((found.error, found.uid), (0, 7), f"efs_node_read of TLVs {b.hex()}")
        else:
            check_equal(found.error, EUCLEAN, f"efs_node_read of TLVs {b.hex()}")
            where = BLOCK + 8 + 8 + len(first)
            check(where in logged, f"damage was to be logged at {where}, and was at {logged}")


@test(points=2, step="record", section=SECTION, blames="parse_head", evidence="answers",
      hint="8 bytes at least, and no more than are left of the image.")
def a_record_begins_with_its_head(run):
    """A head says whose record it is, and how large: between itself and the image's end."""
    tlvs = number(TYPE, FILE) + number(UID, 9)
    size = BLOCK + 8 + 8 + len(tlvs) + SECTOR
    size -= size % SECTOR
    room = size - BLOCK - 8
    plan = [(1, 8 + len(tlvs), 0), (1, room, 0), (1, 8, 0), (2, 8 + len(tlvs), EUCLEAN),
            (0, 8 + len(tlvs), EUCLEAN), (1, 7, EUCLEAN), (1, 0, EUCLEAN), (1, room + 1, EUCLEAN),
            (1, 0xFFFFFFFF, EUCLEAN)]  # fmt: skip
    images = [one_record(tlvs, inode, says=says) for inode, says, _ in plan]
    seen = yield from ask(run, *(Script(i, size=size).node(1).state() for i in images))
    for (inode, says, error), [_, found, (_, logged)] in zip(plan, seen):
        what = f"efs_node_read of a record of inode {inode} that says it has {says} bytes"
        check_equal(found.error, error, what)
        check(error == 0 or logged == [BLOCK + 8], f"{what}: damage logged at {logged}")
        if not error:
            check_equal(found.uid, 9 if says > 8 else 0, f"uid, {what}")


@test(points=2, step="record", section=SECTION, blames="finish_node", evidence="answers",
      hint="The type bits of MODE are replaced, all others stay.")
def the_type_decides(run):
    """NODE_TYPE counts if MODE contradicts it; a type that there is not is damage."""
    script = Script(Image({n: record(n, number(TYPE, n % 8) + number(MODE, 0o170000 | n))
                           for n in range(1, 9)}))  # fmt: skip
    for inode in range(1, 9):
        script.node(inode)
    [[_, *found]] = yield from ask(run, script)
    for inode, one in enumerate(found, 1):
        good = inode in BITS
        check_equal(one.error, 0 if good else EUCLEAN, f"efs_node_read, NODE_TYPE is {inode % 8}")
        if good:
            check_equal(oct(one.mode), oct(BITS[inode] | inode), f"mode, NODE_TYPE is {inode}")


@test(points=2, step="record", section=SECTION, blames="finish_node,parse_tlv",
      evidence="answers",
      hint="Files and links have CONTENT, directories ENTRIES; the other one is not looked "
           "at. p->values has both.")  # fmt: skip
def the_value_fits_the_type(run):
    """A directory has ENTRIES, others have CONTENT, wherever they stand."""
    texts = run.random.randbytes(20), run.random.randbytes(33)
    both = tlv(CONTENT, texts[0]) + tlv(ENTRIES, texts[1])
    for order in (both, tlv(ENTRIES, texts[1]) + tlv(CONTENT, texts[0])):
        plan = [(kind, last) for kind in BITS for last in (False, True)]
        bodies = [order + number(TYPE, k) if last else number(TYPE, k) + order for k, last in plan]
        images = [one_record(b) for b in bodies]
        empty = one_record(number(TYPE, DIRECTORY) + tlv(CONTENT, b"x"))
        seen = yield from ask(run, *(Script(i).node(1) for i in [*images, empty]))
        for (kind, _), image, [_, found] in zip(plan, images, seen):
            value = texts[kind == DIRECTORY]
            place = image.data.index(value), len(value)
            check_equal((found.error, found.data, found.length), (0, *place),
                        f"error, data and data_len, NODE_TYPE is {kind}")
        found = seen[-1][1]
        check_equal((found.error, found.length), (0, 0), "a directory with CONTENT only")
        check_equal(found.data, empty.address[1], "data of one without a value")


@test(points=1, step="record", section=SECTION, blames="parse_tlv", evidence="answers",
      hint="Read heads and short values; of the others remember where they are.")
def large_records_are_not_loaded(run):
    """The record of a file of 50 megabytes is read in a few blocks."""
    length = 50 << 20
    first = number(TYPE, FILE) + number(UID, 1) + struct.pack("<HI", CONTENT, length)
    last = number(GID, 77) + number(UID, 78)
    image = one_record(first, says=8 + len(first) + length + len(last))
    end = image.address[1] + 8 + len(first) + length
    image.pieces.append((end, last))
    script = Script(image, size=(end + BLOCK) // BLOCK * BLOCK).state().node(1).state()
    [[_, _, found, (sectors, _)]] = yield from ask(run, script)
    check_equal((found.error, found.uid, found.gid), (0, 78, 77), "what stands behind the content")
    check_equal((found.data, found.length), (end - length, length), "data and data_len")
    check(sectors <= 128 * 8, f"{sectors // 8} blocks were read")


@test(points=1, step="record", section=SECTION, blames="parse_tlv,finish_node,efs_find_record",
      evidence="answers",
      hint="fs->extended tells the two kinds of image apart.")
def extents_are_for_extended_images(run):
    """EXTENTS are where an extended image's file is; in a plain one nobody knows the tag."""
    rows = struct.pack("<III", 0, 1, 90)
    plain = one_record(number(TYPE, FILE) + tlv(CONTENT, b"inline") + tlv(EXTENTS, rows)
                       + tlv(CRC, b"12345"))  # fmt: skip
    extended = Extended(run.random, [(0, 1), (2, 2)], 4 * BLOCK - 9)
    seen = yield from ask(run, *(Script(i).node(1) for i in (plain, extended)))
    [_, one], [_, two] = seen
    check_equal((one.error, one.layout, one.length), (0, 0, 6), "of a plain image: error, "
                "layout and data_len")  # fmt: skip
    check_equal((two.error, two.layout, two.length, two.size), (0, 1, 24, 4 * BLOCK - 9),
                "of an extended image: error, layout, data_len and size")
