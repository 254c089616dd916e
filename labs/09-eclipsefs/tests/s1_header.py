"""Step 1: the header, the table, and bytes at any address."""

import struct

from _image import (BLOCK, FILE, HEADER, SECTOR, TYPE, Image, drawn, header, number,
                    of_nodes, one_record, record)  # fmt: skip
from _script import EINVAL, EIO, EOPNOTSUPP, EUCLEAN, Script, ask

from grading import check, check_equal, test

SECTION = "Step 1: What disk is this?"
PLAIN = number(TYPE, FILE)
WIDE = 1 << 16  # bytes of an image with wide slots


def small(run, **how):
    """An image with a few files, anywhere."""
    nodes = {n: drawn(run.random, data=run.random.randbytes(30)) for n in range(1, 9)}
    return of_nodes(nodes, random=run.random, table=run.random.randrange(HEADER, 6000), **how)


@test(points=3, step="header", section=SECTION, blames="efs_read", evidence="answers",
      hint="from % BLOCK_SIZE is where in its block a byte is; what does not fit there goes on "
           "at the beginning of the next one.")  # fmt: skip
def bytes_are_read_from_anywhere(run):
    """What is read is what lies there, across any number of blocks."""
    image = one_record(PLAIN)
    image.patched(len(image.data), run.random.randbytes(9 * BLOCK))
    image.size = -(-len(image.data) // SECTOR) * SECTOR
    plan = [(BLOCK - 3, 6), (2 * BLOCK, BLOCK), (3 * BLOCK - 1, 2 * BLOCK + 2), (5000, 0)]
    for _ in range(20):
        length = run.random.choice((1, 8, 100, run.random.randrange(5 * BLOCK)))
        plan.append((run.random.randrange(len(image.data) - length), length))
    script = Script(image)
    for address, length in plan:
        script.read(address, length)
    [[_, *results]] = yield from ask(run, script)
    for (address, length), found in zip(plan, results, strict=True):
        what = f"{length} bytes from {address} on"
        check_equal(found.result, 0, f"efs_read of {what}")
        check(found.data == image.data[address : address + length], f"{what} are others")
        check(found.intact, f"behind the {length} bytes something was written, too")


@test(points=2, step="header", section=SECTION, blames="efs_read", evidence="answers",
      hint="address + n may be less than address.")  # fmt: skip
def nothing_is_read_past_the_end(run):
    """What reaches past the image's end is damage; what ends there is not."""
    image = small(run)
    end = image.size
    last = image.data.ljust(end, b"\0")[-40:]
    plan = [(end - 40, 41), (end, 1), (end + BLOCK, 8), ((1 << 64) - 8, 8), ((1 << 64) - 8, 64),
            ((1 << 64) - 1, 2), (1 << 63, 16)]  # fmt: skip
    script = Script(image).read(end - 40, 40).read(end, 0)
    for where in plan:
        script.read(*where)
    [[_, whole, nothing, *refused]] = yield from ask(run, script)
    check_equal((whole.result, whole.data), (0, last), "the last 40 bytes")
    check_equal(nothing.result, 0, "efs_read of no byte, at the end")
    for (address, length), found in zip(plan, refused):
        check_equal(found.result, EUCLEAN, f"efs_read of {length} bytes from {address:#x} on")


@test(points=1, step="header", section=SECTION, blames="efs_read", evidence="answers",
      hint="bcache_put, whatever came of it.")  # fmt: skip
def blocks_are_given_back(run):
    """Who has read holds no block of the cache any more."""
    image = one_record(PLAIN)
    image.patched(len(image.data), bytes(5 * BLOCK))
    script = Script(image, size=7 * BLOCK, bad=(6 * BLOCK, 6 * BLOCK + 1))
    for _ in range(10):
        script.read(run.random.randrange(3 * BLOCK), 30)
    script.read(5 * BLOCK, 2 * BLOCK).read(0, 9).held()
    [[_, *_, magic, held]] = yield from ask(run, script)
    check_equal(magic.data, b"ECLIPSEFS", "what lies at 0")
    check_equal(held, 0, "blocks that are held")


@test(points=1, step="header", section=SECTION, blames="efs_read", evidence="answers",
      hint="bcache_get says what went wrong.")  # fmt: skip
def a_disk_that_fails_is_no_damage(run):
    """Where the disk cannot be read is -EIO, elsewhere there is data."""
    image = one_record(PLAIN)
    image.patched(len(image.data), run.random.randbytes(5 * BLOCK))
    bad = 4 * BLOCK + run.random.randrange(BLOCK - SECTOR)
    script = Script(image, size=7 * BLOCK, bad=(bad, bad + 1))
    script.read(3 * BLOCK, 200).read(4 * BLOCK - 7, 9).read(4 * BLOCK, BLOCK).read(5 * BLOCK, 80)
    [[_, before, across, inside, behind]] = yield from ask(run, script)
    check_equal((across.result, inside.result), (EIO, EIO), "efs_read where the disk is bad")
    for found, at in ((before, 3), (behind, 5)):
        check_equal((found.result, found.data),
                    (0, image.data[at * BLOCK :][: len(found.data) or 1]), f"block {at}")


@test(points=2, step="header", section=SECTION, blames="check_kind", evidence="answers",
      hint="Nine bytes of magic, without a terminator. A checksum of 0 is none.")
def an_image_is_recognised(run):
    """The magic, the version and the checksum say whether this is an image."""
    times = run.random.getrandbits(40), run.random.getrandbits(40)
    body = {1: record(1, PLAIN)}
    plan = [
        (Image(body, times=times), 0), (Image(body, times=times, checksum=0), 0),
        (Image(body, magic=b"ECLIPSEFT"), EINVAL), (Image(body, magic=b"eCLIPSEFS"), EINVAL),
        (Image(body, version=0x10000), EOPNOTSUPP), (Image(body, version=0x20001), EOPNOTSUPP),
        (Image(body, version=0x30000), EOPNOTSUPP), (Image(body, version=0x02), EOPNOTSUPP),
        (Image(body, checksum=run.random.randrange(1, 99)), EUCLEAN),
        (Image(body, magic=bytes(9), version=3, checksum=1), EINVAL),
        (Image(body, version=3, checksum=1), EOPNOTSUPP),
    ]  # fmt: skip
    seen = yield from ask(run, *(Script(image) for image, _ in plan))
    for (image, error), [opened] in zip(plan, seen):
        check_equal(opened.error, error, f"efs_open of {image.data[:37].hex()}")
        check(error == 0 or opened.why, "*why was not set")


@test(points=1, step="header", section=SECTION, blames="check_kind", evidence="answers",
      hint="efs_header_checksum reads a header; which one?")
def each_field_is_in_the_checksum(run):
    """A bit that is wrong in any field is found by the checksum."""
    places = [17, 25, 30, 46, 52, 54, 60] + [run.random.choice((13, 21, 45, 53))]
    images = [one_record(PLAIN, times=(1 << 40, 1 << 41)) for _ in places]
    for place, image in zip(places, images):
        image.patched(place, bytes([image.data[place] ^ 1 << run.random.randrange(8)]))
    other = one_record(PLAIN).patched(37, run.random.randbytes(8))
    seen = yield from ask(run, *(Script(image) for image in [*images, other]))
    for place, [opened] in zip(places, seen):
        check_equal(opened.error, EUCLEAN, f"efs_open with a wrong bit at {place}")
    check_equal(seen[-1][0].error, 0, "efs_open with other values in the two fields that it "
                "does not cover")  # fmt: skip


@test(points=2, step="header", section=SECTION, blames="check_table", evidence="answers",
      hint="fs->records is the table's end, spare slots included.")
def the_table_is_where_the_header_says(run):
    """A table may be anywhere behind the header, and have spare slots."""
    images = [small(run, spare=s) for s in (0, 1, 7, run.random.randrange(9, 200))]
    images += [one_record(PLAIN, table=HEADER), one_record(PLAIN, table=3 * BLOCK, spare=600)]
    seen = yield from ask(run, *(Script(image) for image in images))
    for image, [opened] in zip(images, seen):
        check_equal(opened.error, 0, f"efs_open, the table being at {image.table}")
        check_equal((opened.table, opened.records, opened.count),
                    (image.table, image.records, image.count), "table, records, inode_count")


@test(points=2, step="header", section=SECTION, blames="check_table", evidence="answers",
      hint="Subtract rather than add: fs->size - offset does not overflow once offset is no "
           "larger.")  # fmt: skip
def a_table_that_cannot_be_is_refused(run):
    """Tables that are too small, or not within the image, are damage."""
    size, huge = 16 * SECTOR, (1 << 64) - 1
    good = [(4096, 8, 1), (HEADER, 8, 1), (size - 8, 8, 1), (size - 80, 80, 10), (4096, 4096, 512)]
    bad = [(4096, 8, 0), (4096, 7, 1), (4096, 8, 2), (4096, 0, 1), (HEADER - 1, 8, 1),
           (0, 800, 100), (size - 7, 8, 1), (size, 8, 1), (size + 1, 8, 1), (4096, size - 4095, 1),
           (huge - 7, 8, 1), (huge, 1 << 20, 1), (4096, huge - 4095, 1), (4096, huge, 1),
           (4096, 8, (1 << 29) + 1), (4096, 4096, 513)]  # fmt: skip
    scripts = []
    for where in good + bad:
        image = one_record(PLAIN)
        image.pieces[0] = (0, header(*where))
        scripts.append(Script(image, size=size))
    seen = yield from ask(run, *scripts)
    for where, [opened] in zip(good + bad, seen):
        check_equal(opened.error, 0 if where in good else EUCLEAN,
                    "efs_open, {} being the table's offset, its size, and inodes".format(where))
        check(where in good or opened.why, "*why was not set")


def wide(run, used=True, root=1, at=None, count=6):
    """An image of the later variant: slots of 16 bytes; without one of its signs.
    at: of record 1; "end": so that its head does not fit into WIDE bytes."""
    slots = 16 * count
    table = run.random.randrange(HEADER, 5000)
    gap = run.random.randrange(200)
    body = header(table, slots, count).ljust(table, b"\0")
    offset = WIDE - table - slots - 4 if at == "end" else gap if at is None else at
    body += struct.pack("<QQ", 1, offset & (1 << 64) - 1).ljust(slots // 2, b"\0")
    body += bytes([run.random.randrange(1, 256) if used else 0]).rjust(slots // 2, b"\0")
    image = one_record(PLAIN)
    image.data = body + bytes(gap) + struct.pack("<I", root) + record(root, PLAIN)[4:]
    image.pieces, image.size = [(0, image.data)], -(-len(image.data) // SECTOR) * SECTOR
    return image


@test(points=2, step="header", section=SECTION, blames="check_slot_width", evidence="answers",
      hint="Size, back half, record 1: the specification's section 2.")
def wide_slots_are_refused(run):
    """The variant with wide slots is refused by name, a table with spare slots is not."""
    images = [wide(run), wide(run, count=run.random.randrange(300, 700))]
    spare = Image({n: record(n, PLAIN) for n in range(1, 5)}, spare=4)
    seen = yield from ask(run, Script(spare), *(Script(i, size=WIDE) for i in images))
    check_equal(seen[0][0].error, 0, "efs_open of a table with as many spare slots as inodes")
    for [opened] in seen[1:]:
        check_equal(opened.error, EOPNOTSUPP, "efs_open of an image with wide slots")
        check(opened.why, "*why was not set")


@test(points=1, step="header", section=SECTION, blames="check_slot_width", evidence="answers",
      hint="One sign alone may be chance.")
def wide_slots_need_all_signs(run):
    """What has only some of the signs of wide slots is an ordinary image."""
    plan = {
        "an empty back half": wide(run, used=False), "record 1 of another inode": wide(run, root=2),
        "an offset out of the image": wide(run, at=2 * WIDE),
        "an offset of 64 bits": wide(run, at=-64), "half a record": wide(run, at="end"),
    }  # fmt: skip
    *seen, [whole] = yield from ask(
        run, *(Script(i, size=WIDE) for i in [*plan.values(), wide(run)]))  # fmt: skip
    check_equal(whole.error, EOPNOTSUPP, "efs_open of an image with all signs of wide slots")
    for what, [opened] in zip(plan, seen):
        check_equal(opened.error, 0, f"efs_open of a table like one of wide slots, but with {what}")


@test(points=2, step="header", section=SECTION, blames="efs_find_record", evidence="answers",
      hint="Slot inode - 1; its offset counts from fs->records.")
def records_are_found(run):
    """Each inode's record is where its slot says, whatever inode the slot says it is."""
    images = [small(run), small(run, spare=run.random.randrange(1, 99))]
    scripts = [Script(image) for image in images]
    for script in scripts:
        for inode in range(1, 9):
            script.find(inode)
    for image, [_, *found] in zip(images, (yield from ask(run, *scripts))):
        check_equal(found, [(0, image.address[n]) for n in range(1, 9)], "records of 1 to 8")


@test(points=2, step="header", section=SECTION, blames="efs_find_record", evidence="answers",
      hint="A head of 8 bytes must lie in the image, at least. What is spare is no inode. The "
           "address of the damage is the slot's.")  # fmt: skip
def inodes_that_cannot_be_are_damage(run):
    """There is no inode 0, none behind the last, and none past the image's end."""
    image = Image({n: record(n, PLAIN) for n in range(1, 7)}, spare=3)
    size = image.size + BLOCK
    room = size - image.records
    for inode, offset in ((2, room - 8), (3, room - 7), (4, room), (5, 0xFFFFFFFF)):
        image.patched(image.table + 8 * (inode - 1), struct.pack("<II", inode, offset))
    wrong = [0, 3, 4, 5, 7, 10, 0xFFFFFFFF]
    script = Script(image, size=size).find(1).find(2).find(6)
    for inode in wrong:
        script.find(inode)
    script.state()
    [[_, one, two, six, *found, (_, logged)]] = yield from ask(run, script)
    check_equal((one, six), ((0, image.address[1]), (0, image.address[6])), "records 1 and 6")
    check_equal(two, (0, size - 8), "a record whose head is the last 8 bytes")
    check_equal([error for error, _ in found], [EUCLEAN] * len(wrong), f"records of {wrong}")
    check({image.table + 8 * (n - 1) for n in (3, 4, 5)} <= set(logged),
          f"damage was to be logged at the slots of 3, 4 and 5, and was at {logged}")
