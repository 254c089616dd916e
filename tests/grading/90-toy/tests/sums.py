"""Tests of the toy lab: one of each kind of evidence."""

import dataclasses
import json

from grading import check, check_equal, pack, pagetable, test
from grading.verdict import GuestCrash, GuestTimeout

POLYNOMIAL = 0x82F63B78


def crc32c(data):
    """Return the sum as the definition has it, bit by bit."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
    return value ^ 0xFFFFFFFF


@test(points=2, step="sum", blames="crc32c", evidence="answers",
      hint="The table is indexed by the low byte.")  # fmt: skip
def sum_of_random_bytes(run):
    """The sum of random bytes is right."""
    for size in (1, 9, run.random.randrange(100, 1000)):
        data = run.random.randbytes(size)
        answer = yield run.ask("sums", "sum", pack("bytes", data))
        check_equal(answer.u32(), crc32c(data), f"the sum of {size} bytes")


@test(points=1, step="sum", blames="crc32c", evidence="answers")
def sum_of_nothing(run):
    """The sum of no bytes is 0."""
    answer = yield run.ask("sums", "sum", pack("bytes", b""))
    check_equal(answer.u32(), 0, "the sum of no bytes")


@test(points=2, blames="crc32c", evidence=("disk", "status"))
def file_is_copied(run):
    """A program copies a file of random bytes, and the disk is sound."""
    data = run.random.randbytes(5000)
    record = yield run.boot("copy", files={"/in": data})
    check_equal(record.status, 0, "the program's exit status", record)
    record.image().check()
    check_equal(record.image().read("/out"), data, "the copy", record)


@test(points=1, blames="crc32c", evidence=("trace", "memory"))
def root_is_mounted(run):
    """The kernel reads its disk, finds nothing wrong with it and starts init."""
    disk = run.image(programs=["copy"])
    with run.start(disks=[disk], bootargs="root=vda",
                   trace=["virtio_blk_handle_read"]) as guest:  # fmt: skip
        guest.run_to("process_become_init")
        check_equal(guest.cstring(guest.symbol("recovery_reason")), "",
                    "why there is no root")  # fmt: skip
        check("virtio_blk_handle_read" in guest.trace(), "the disk was not read")
        mappings = pagetable.walk(guest)
        code = pagetable.find(mappings, guest.symbol("crc32c"))
        check_equal(code and code.rights, "r-x", "rights to the code")
        both = [m for m in mappings if m.flags & pagetable.W and m.flags & pagetable.X]
        check_equal(both, [], "pages that can be written and run")


@test(points=1, blames="crc32c", evidence=("disk", "errors"))
def failing_disk_is_an_error(run):
    """All writes are seen; when they fail, the program is told and the disk is sound."""
    good = run.image({"/in": run.random.randbytes(100)}, ["copy"])
    whole = yield run.boot("copy", disks=[dataclasses.replace(good, log=True)])
    check_equal(whole.status, 0, "the status with a good disk", whole)
    written = b"".join(data for _, data, _ in whole.image().writes())
    check(whole.image().read("/out") in written, "what is on the disk was not written")
    errors = json.dumps([{"iotype": "write", "errno": 5}])
    bad = yield run.boot("copy", disks=[dataclasses.replace(good, errors=errors)])
    check(bad.status in (1, 2), f"the status with a bad disk is {bad.status}", bad)
    bad.image().check()


@test(points=0, blames="crc32c", evidence="answers")
def programs_answer(run):
    """A program answers questions, and one that ends badly harms no other."""
    asks, last = yield [run.ask("ends", "asks", pack("u32", 9)), run.ask("ends", "ends")]
    check_equal(asks.u32(), 1, "wrapped calls of calloc")
    check_equal(last.u32(), 7, "the answer of what does not return")
    ends = []
    asked = [run.ask("ends", "faults"), run.ask("ends", "hangs"),
             run.ask("ends", "says", pack("string", "lab 9: f is yours to write")),
             run.ask("ends", "says", pack("string", "no"))]  # fmt: skip
    for ask in asked:
        try:
            yield ask
            ends.append("an answer")
        except (GuestCrash, GuestTimeout) as problem:
            ends.append((problem.text, problem.seen))
    check_equal(ends, [
        ("it was ended by SIGSEGV", None), ("it does not come to an end", None),
        ("f is not written yet", None), ("it exits with status 1", "no"),
    ], "ends")  # fmt: skip
