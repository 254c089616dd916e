"""Step 7: disks that are not played: what QEMU saw, and what lies on them."""

import random
import re
import struct

from grading import check, check_equal, test

SECTION = "Step 7: All of it"
BLOCK = 4096
TRACE = ("virtio_blk_handle_read", "virtio_blk_handle_write", "virtio_blk_req_complete",
         "virtio_notify")  # fmt: skip
FLUSHED = 1  # a flag of the log of writes


def plan(steps):
    """Return the plan of tests/user/copy.c: (offset, length, disk) of each."""
    return b"".join(struct.pack("<QII", *step) for step in steps)


def follow(steps, disks, failing=()):
    """Return what the program leaves in /out: what each read gives."""
    out = b""
    for offset, length, disk in steps:
        data = disks[disk][offset : offset + length]
        if disk == 1 and offset // BLOCK in failing:
            data, length = b"", -5
        out += struct.pack("<i", length) + data
    return out


def copying(run, legacy):
    """Return the request of a run in which a file is copied twice; what it is to
    leave. All tests of it share two boots."""
    draw = random.Random(f"{run.seed}:copying:{legacy}")
    data = draw.randbytes(600_000)
    steps = []
    for _ in range(24):
        length = draw.randint(1, 60_000)
        steps.append((draw.randrange(len(data) - length), length, 0))
    options = f"queue-size={draw.choice((8, 16, 32))}"
    disk = run.image({"/in": data, "/plan": plan(steps)}, ["copy"], log=True,
                     options=options)  # fmt: skip
    machine = run.machine(legacy=legacy)
    return run.boot("copy", machine=machine, disks=[disk], trace=TRACE), follow(steps, [data])


def two_disks(run, steps, disk):
    """Return the request of a run of the plan with a second disk, vdb: the kernel
    looks into the highest slot first."""
    first = run.image({"/in": b"", "/plan": plan(steps)}, ["copy"])
    slots = tuple(sorted(run.machine().slots[:2], reverse=True))
    return run.boot("copy", machine=run.machine(slots=slots), disks=[first, disk])


def check_copied(record, expected):
    """The run ended well, and left what it was to."""
    check_equal(record.status, 0, "the program's exit status", record)
    image = record.image()
    image.check()
    for name in ("/out0", "/out1"):
        check(image.read(name) == expected, f"{name} on the disk is not what was read", record)


@test(points=2, step="machine", section=SECTION, blames="start_request,build_chain",
      evidence=("disk", "status"),
      hint="What the log says last is how far it came.")
def a_modern_disk_is_read_and_written(run):
    """Two programs read and write a modern disk."""
    request, expected = copying(run, False)
    record = yield request
    check_copied(record, expected)


@test(points=1, step="machine", section=SECTION, blames="start_request,build_chain",
      evidence=("disk", "status"),
      hint="A legacy device says nothing that you can rely on about lengths.")
def a_legacy_disk_is_read_and_written(run):
    """The same with a legacy disk."""
    request, expected = copying(run, True)
    record = yield request
    check_copied(record, expected)


@test(points=2, step="machine", section=SECTION, blames="blk_submit,blk_kick",
      evidence="trace",
      hint="Submit all, then kick: the device finds them all at once.")
def the_disk_has_many_at_once(run):
    """QEMU's disk has several requests in flight at once."""
    for legacy in (False, True):
        request, _ = copying(run, legacy)
        record = yield request
        depth = deepest = 0
        for event in record.trace:
            if event.name in TRACE[:2]:
                depth += 1
            elif event.name == "virtio_blk_req_complete":
                depth = max(0, depth - 1)
            deepest = max(deepest, depth)
        check(deepest >= 2, "never more than one request in flight", record)


@test(points=1, step="machine", section=SECTION, blames="drain,blk_queue_poll",
      evidence="trace",
      hint="Interrupts that nobody needs cost more than they bring; without any you would "
           "have to look all the time.")  # fmt: skip
def interrupts_tell_of_what_is_done(run):
    """The disk interrupts, and at most once for each request."""
    for legacy in (False, True):
        request, _ = copying(run, legacy)
        record = yield request
        interrupts = len(record.events("virtio_notify"))
        done = len(record.events("virtio_blk_req_complete"))
        check(0 < interrupts <= done, f"{interrupts} interrupts for {done} requests", record)


@test(points=2, step="machine", section=SECTION, blames="build_chain,start_request",
      evidence=("disk", "errors"),
      hint="fsync promises that what was written survives a power cut: the disk must be "
           "asked to flush [virtio §5.2.6.2].")  # fmt: skip
def fsync_flushes(run):
    """When fsync has returned, QEMU's disk has been flushed."""
    for legacy in (False, True):
        request, expected = copying(run, legacy)
        record = yield request
        piece = expected[4 : 4 + 400]
        written, flushed, found = b"", False, False
        for _, data, flags in record.image().writes():
            flushed |= found and bool(flags & FLUSHED)
            found |= piece in data or piece in written[-400:] + data
            written = data
        check(found, "the program's data was not written to the disk", record)
        check(flushed, "the disk was not flushed behind that", record)


@test(points=2, step="machine", section=SECTION, blames="judge,drain",
      evidence=("disk", "errors"),
      hint="A request that failed fails whoever asked for it, and nobody else.")
def a_bad_sector_is_an_error(run):
    """Where QEMU's disk is bad is an error, elsewhere data."""
    data, bad = run.random.randbytes(64 * BLOCK), run.random.randrange(4, 60)
    blocks = [run.random.randrange(64) for _ in range(20)] + [bad, bad, bad - 1, bad + 1]
    run.random.shuffle(blocks)
    steps = [(b * BLOCK + run.random.randrange(8), run.random.randint(1, 4000), 1) for b in blocks]
    sector = bad * BLOCK // 512 + run.random.randrange(8)
    disk = run.blank(data, size=len(data),
                     errors=[{"iotype": "read", "sector": sector, "errno": 5}])  # fmt: skip
    record = yield two_disks(run, steps, disk)
    check_copied(record, follow(steps, [b"", data], failing={bad}))


@test(points=2, step="machine", section=SECTION, blames="read_config,read_serial",
      evidence=("answers", "disk"),
      hint="The boot line of vdb has its size, its blocks, its serial number.")
def a_disk_introduces_itself(run):
    """The kernel says size and serial number of QEMU's disk."""
    serial = "".join(run.random.choice("ABCDEFGHJK0123456789-") for _ in range(12))
    size, block = run.random.randint(10, 9000) * BLOCK, run.random.choice((512, 1024, 4096))
    data = run.random.randbytes(BLOCK)
    steps = [(0, BLOCK, 1), (7, 1000, 1)]
    disk = run.blank(data, size=size, options=f"serial={serial},logical_block_size={block},"
                     f"physical_block_size={block}")  # fmt: skip
    record = yield two_disks(run, steps, disk)
    check_copied(record, follow(steps, [b"", data]))
    kib = size >> 10
    text = f"{kib >> 10} MiB" if kib >= 10240 else f"{kib} KiB"
    line = re.search(r"vdb +(.*)", record.console)
    check(line, "there is no line about vdb", record)
    check(line[1].startswith(f"{text}, {block}-byte blocks, serial {serial}, "),
          f"the line about a disk of {text} with serial number {serial} says: {line[1]}", record)  # fmt: skip


@test(points=1, step="machine", section=SECTION, blames="make_queues,blk_kick",
      evidence=("answers", "disk"),
      hint="Each hart submits to its own queue; whoever kicks, kicks all of them.")
def four_harts_share_a_disk(run):
    """A disk with several queues serves several harts."""
    queues = run.random.randint(2, 4)
    data = run.random.randbytes(300_000)
    steps = [(run.random.randrange(200_000), run.random.randint(1, 90_000), 0) for _ in range(12)]
    disk = run.image({"/in": data, "/plan": plan(steps)}, ["copy"],
                     options=f"num-queues={queues}")  # fmt: skip
    record = yield run.boot("copy", machine=run.machine(harts=4), disks=[disk])
    check_copied(record, follow(steps, [data]))
    check(f", {queues} queues" in record.console, f"the line about vda does not say {queues} "
          "queues", record)  # fmt: skip
