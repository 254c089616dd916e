"""Step 1: what a disk says of itself [virtio §5.2.4]."""

from _disk import (
    BLK_SIZE,
    EIO,
    INDIRECT,
    MQ,
    SEG_MAX,
    SIZE_MAX,
    Script,
    play,
)

from grading import check, check_equal, test

SECTION = "Step 1: What disk is this?"
MIB = 1 << 20


def seen(run, **disk):
    """Return the request of a disk that is looked at, and its script."""
    script = Script().new(**disk)
    return play(run, script), script


@test(points=1, step="config", section=SECTION, blames="read_config",
      evidence="answers",
      hint="Each field is read by one config_read, with offset and width of the struct "
           "in blk.h.")  # fmt: skip
def a_disk_has_a_capacity(run):
    """Capacity and size of blocks are what the device says."""
    for legacy in (False, True):
        capacity = run.random.randrange(1 << 54)
        size = 512 << run.random.randrange(1, 8)
        request, script = seen(run, legacy=legacy, features=BLK_SIZE,
                               capacity=capacity, blk_size=size)  # fmt: skip
        [disk] = script.results((yield request))
        check_equal(disk.error, 0, "what probe returned")
        check_equal((disk.sectors, disk.block_size), (capacity, size),
                    "sectors, and bytes of a block")  # fmt: skip


@test(points=2, step="config", section=SECTION, blames="read_config",
      evidence="answers",
      hint="[virtio §2.5.1]: what is in a field whose feature was not agreed on, is "
           "anything.")  # fmt: skip
def a_field_needs_its_feature(run):
    """Fields whose features are missing are not read."""
    wild = {"size_max": 1, "seg_max": 1, "blk_size": run.random.randrange(3, 500),
            "num_queues": 0}  # fmt: skip
    request, script = seen(run, **wild)
    [disk] = script.results((yield request))
    check_equal(disk.error, 0, "what probe returned")
    check_equal((disk.block_size, disk.queues), (512, 1), "bytes of a block, and queues")
    check_equal((disk.max_vec, disk.max_bytes), (62, MIB), "max_vec and max_bytes")
    for name, bit in (("size_max", SIZE_MAX), ("seg_max", SEG_MAX), ("blk_size", BLK_SIZE)):
        good = {"size_max": 65536, "seg_max": 8, "blk_size": 1024}[name]
        request, script = seen(run, features=bit, **{**wild, name: good})
        [disk] = script.results((yield request))
        check_equal(disk.error, 0, f"what probe returned, with {name} only")
        check_equal(disk.block_size, 1024 if name == "blk_size" else 512,
                    f"bytes of a block, with {name} only")  # fmt: skip
        wanted = {"size_max": (31, 32), "seg_max": (8,), "blk_size": (62,)}[name]
        check(disk.max_vec in wanted, f"max_vec is {disk.max_vec}, with {name} only")


ALL = SIZE_MAX | SEG_MAX | BLK_SIZE | MQ
GOOD = {"size_max": 65536, "seg_max": 16, "blk_size": 512, "num_queues": 1}


@test(points=2, step="config", section=SECTION, blames="read_config",
      evidence="answers",
      hint="The stub lists what makes no sense. The driver's limits are computed from "
           "these numbers: what would become of a 0?")  # fmt: skip
def nonsense_is_refused(run):
    """A disk that says impossible things of itself is refused, and no other."""
    request, script = seen(run, features=ALL, **GOOD)
    [disk] = script.results((yield request))
    check_equal(disk.error, 0, "what probe returned")
    cases = (("capacity", 1 << 55), ("capacity", (1 << 64) - 1), ("size_max", 0),
             ("size_max", 511), ("seg_max", 0), ("blk_size", 0), ("blk_size", 256),
             ("blk_size", 1000), ("blk_size", 512 + 1024), ("num_queues", 0))  # fmt: skip
    for name, value in cases:
        request, script = seen(run, features=ALL, **{**GOOD, name: value})
        [disk] = script.results((yield request))
        check_equal(disk.error, EIO, f"what probe returned, {name} {value}")


@test(points=1, step="config", section=SECTION, blames="read_config",
      evidence="answers",
      hint="The least and the most that a field may be are themselves allowed.")
def what_is_possible_is_accepted(run):
    """The smallest and the largest sensible values are accepted."""
    cases = (("capacity", 0), ("capacity", (1 << 55) - 1), ("size_max", 512),
             ("size_max", (1 << 32) - 1), ("seg_max", 1), ("seg_max", (1 << 32) - 1),
             ("blk_size", 512), ("blk_size", 1 << 31), ("num_queues", 65535))  # fmt: skip
    for name, value in cases:
        request, script = seen(run, features=ALL, **{**GOOD, name: value})
        [disk] = script.results((yield request))
        check_equal(disk.error, 0, f"what probe returned, {name} {value}")
        if name == "capacity":
            check_equal(disk.sectors, value, "sectors")


@test(points=1, step="config", section=SECTION, blames="make_queues",
      evidence="answers",
      hint="The smallest of three numbers: the device's, the harts', and "
           "VIRTIO_QUEUES_MAX.")  # fmt: skip
def harts_have_queues(run):
    """There are as many queues as the device has and harts can use."""
    harts = run.random.randint(2, 4)
    for count in (1, 2, 3, harts, 8, 300):
        script = Script().new(features=MQ, num_queues=count)
        [disk] = script.results((yield play(run, script, harts=harts)))
        check_equal((disk.error, disk.queues), (0, min(count, harts)),
                    f"what probe returned and queues, {count} offered to {harts} harts")  # fmt: skip
    script = Script().new(features=MQ, num_queues=5)
    [disk] = script.results((yield play(run, script)))
    check_equal((disk.error, disk.queues), (0, 1), "5 offered to one hart")


@test(points=2, step="config", section=SECTION, blames="make_queues,set_limits",
      evidence="answers",
      hint="A chain needs room for header and status beside the data; a queue says in "
           "chain_max what it takes.")  # fmt: skip
def pieces_are_limited(run):
    """A request has as many pieces as all sides can take."""
    wanted = run.random.randint(3, 61)
    for features, seg_max, size, expected in (
        (SEG_MAX, wanted, 128, wanted), (SEG_MAX, 1, 128, 1), (SEG_MAX, 63, 128, 62),
        (SEG_MAX, (1 << 32) - 1, 128, 62), (SEG_MAX | INDIRECT, 126, 64, 62),
        (0, 0, 64, 62), (0, 0, 32, 30), (SEG_MAX, 7, 8, 6), (INDIRECT, 0, 8, 6),
        (0, 0, 4, 2),
    ):  # fmt: skip
        request, script = seen(run, features=features, seg_max=seg_max, size=size)
        [disk] = script.results((yield request))
        what = f"seg_max {seg_max if features & SEG_MAX else 'not said'}, queue of {size}"
        check_equal((disk.error, disk.max_vec, disk.max_bytes), (0, expected, MIB),
                    f"what probe returned, max_vec and max_bytes, {what}")  # fmt: skip
    for size in (1, 2):
        request, script = seen(run, size=size)
        [disk] = script.results((yield request))
        check_equal(disk.error, EIO, f"what probe returned, with a queue of {size}")


@test(points=2, step="config", section=SECTION, blames="set_limits",
      evidence="answers",
      hint="Worst of all is a request of max_vec vectors, each of which is cut with a "
           "piece left over: how many cuts can max_bytes take?")  # fmt: skip
def what_is_cut_still_fits(run):
    """With small segments, no request has too many pieces."""
    for seg_max in (1, 2, run.random.randint(3, 30), 62):
        for size_max in (512, 1000, 4096, 65536):
            whole = size_max // 512 * 512
            request, script = seen(run, features=SEG_MAX | SIZE_MAX, seg_max=seg_max,
                                   size_max=size_max)  # fmt: skip
            [disk] = script.results((yield request))
            what = f"{seg_max} segments of {size_max} bytes"
            check_equal(disk.error, 0, f"what probe returned, {what}")
            check(disk.max_vec >= max(1, seg_max // 2), f"max_vec {disk.max_vec}, {what}")
            least = min(MIB, whole * max(1, seg_max // 2 - 1))  # one more may be vectors
            check(least <= disk.max_bytes <= MIB, f"max_bytes {disk.max_bytes}, {what}")
            pieces = most_pieces(disk.max_vec, disk.max_bytes, whole)
            check(pieces <= seg_max, f"a request of {disk.max_vec} vectors and "
                  f"{disk.max_bytes} bytes may have {pieces} pieces, {what}")  # fmt: skip


def most_pieces(vectors, total, segment):
    """Return the most pieces a request can be cut into: all vectors have a sector
    each, and what is left makes them a sector longer than a multiple."""
    most = 0
    for count in range(1, vectors + 1):
        sectors = (total - 512 * count) // 512
        if sectors >= 0:
            most = max(most, count + sectors * 512 // segment)
    return most


@test(points=1, step="config", section=SECTION, blames="blk_format_name",
      evidence="answers",
      hint="Not the digits of base 26: behind z comes aa, and there is no zero.")
def disks_have_names(run):
    """vda, vdb, ... vdz, vdaa."""
    def name(index):
        letters = ""
        while True:
            letters = chr(ord("a") + index % 26) + letters
            index = index // 26 - 1
            if index < 0:
                return "vd" + letters

    numbers = [0, 1, 25, 26, 27, 51, 52, 701, 702, 703, 18277, 18278]
    numbers += [run.random.randrange(500000) for _ in range(8)]
    script = Script()
    for number in numbers:
        script.name(number)
    names = script.results((yield play(run, script)))
    for number, found in zip(numbers, names):
        check_equal(found, name(number), f"the name of disk {number}")
