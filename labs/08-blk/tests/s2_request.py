"""Step 2: what the device gets [virtio §5.2.6]."""

from _disk import (
    CAN_FLUSH,
    FLUSH,
    GET_ID,
    READ,
    SECTOR,
    SEG_MAX,
    SIZE_MAX,
    TYPES,
    WRITE,
    Script,
    lengths,
    play,
    repeated,
    spread,
    variants,
)

from grading import check, check_equal, test

SECTION = "Step 2: A request"


def check_chain(chain, op, sector, outs, ins, what):
    """The chain is as the request would have it."""
    check_equal(chain.header, (TYPES[op], 0, sector),
                f"type, reserved and sector in the header, {what}")  # fmt: skip
    check_equal((chain.outs, chain.ins), (outs, ins),
                f"lengths that the device reads, and that it writes, {what}")  # fmt: skip
    check(chain.sorted, f"what the device reads comes behind what it writes, {what}")


@test(points=2, step="request", section=SECTION, blames="build_chain,start_request",
      evidence="answers",
      hint="Three kinds of pieces, in this order: the header, the vectors, one byte of "
           "status.")  # fmt: skip
def a_read_asks_for_sectors(run):
    """A read: the device reads a header, writes data and status."""
    for legacy, features in variants():
        sector, lens = run.random.randrange(1 << 19), lengths(run.random, 3)
        script = Script().new(features=features, legacy=legacy)
        script.submit(READ, sector, lens).kick().take()
        _, chains = script.results((yield play(run, script)))
        check_equal(len(chains), 1, "chains")
        check_chain(chains[0], READ, sector, [16], [*lens, 1], "a read")


@test(points=2, step="request", section=SECTION, blames="start_request,build_chain",
      evidence="answers",
      hint="The same pieces, but the device reads all of them except the last.")
def a_write_brings_data(run):
    """A write: the device reads header and data, writes the status."""
    for legacy, features in variants():
        sector, lens = run.random.randrange(1 << 19), lengths(run.random, 3, 2)
        content = run.random.randbytes(97)
        script = Script().new(features=features, legacy=legacy)
        script.submit(WRITE, sector, lens, content).kick().take()
        _, chains = script.results((yield play(run, script)))
        check_equal(len(chains), 1, "chains")
        check_chain(chains[0], WRITE, sector, [16, *lens], [1], "a write")
        check(chains[0].data[16:] == spread(content, lens), "the data is not what was given")


@test(points=1, step="request", section=SECTION, blames="build_chain,start_request",
      evidence="answers",
      hint="A flush is a request without data; its sector is 0 [virtio §5.2.6.1].")
def a_flush_has_no_data(run):
    """A flush is a header and a status."""
    for legacy, features in variants():
        script = Script().new(features=features | CAN_FLUSH, legacy=legacy)
        script.submit(FLUSH, run.random.randrange(1, 1 << 19), [SECTOR]).kick().take()
        _, chains = script.results((yield play(run, script)))
        check_equal(len(chains), 1, "chains")
        check_chain(chains[0], FLUSH, 0, [16], [1], "a flush")


@test(points=1, step="request", section=SECTION, blames="start_request,build_chain",
      evidence="answers",
      hint="VIRTIO_BLK_T_GET_ID has one vector, and no sector.")
def the_serial_number_is_asked_for(run):
    """A request for the serial number has 20 bytes, and no sector."""
    script = Script().new().submit(GET_ID, run.random.randrange(1, 1 << 19), [20])
    script.kick().take()
    _, chains = script.results((yield play(run, script)))
    check_equal(len(chains), 1, "chains")
    check_chain(chains[0], GET_ID, 0, [16], [20, 1], "a request for the serial number")


@test(points=2, step="request", section=SECTION, blames="build_chain",
      evidence="answers",
      hint="A vector longer than segment_bytes goes on in the next piece; the last piece "
           "has what is left.")  # fmt: skip
def long_vectors_are_cut(run):
    """No piece is longer than a segment may be, and no byte is lost."""
    for size_max in (512, 1500, 4096):
        whole = size_max // 512 * 512
        disk = {"features": SEG_MAX | SIZE_MAX, "seg_max": 20, "size_max": size_max}
        for _ in range(3):
            lens = lengths(run.random, run.random.randint(1, 4), 3 * whole // 512)
            while sum(lens) > 10 * whole:
                lens.pop()
            content = run.random.randbytes(89)
            script = Script().new(**disk).submit(WRITE, 8, lens, content).submit(READ, 8, lens)
            script.kick().take(most=60000)
            _, chains = script.results((yield play(run, script)))
            pieces = [min(whole, n - at) for n in lens for at in range(0, n, whole)]
            what = f"vectors of {lens}, segments of {size_max}"
            check_equal(len(chains), 2, "chains")
            check_chain(chains[0], WRITE, 8, [16, *pieces], [1], what)
            check_chain(chains[1], READ, 8, [16], [*pieces, 1], what)
            check(chains[0].data[16:] == spread(content, lens), f"data is lost, {what}")


@test(points=2, step="request", section=SECTION, blames="blk_submit,blk_kick,fill",
      evidence="answers",
      hint="blk_submit only puts the chain into the ring; blk_kick ends the batch.")
def a_bell_rings_once_for_all(run):
    """Submitting rings no bell; a kick rings one, for all there is."""
    for legacy, features in variants():
        count = run.random.randint(2, 8)
        script = Script().new(features=features, legacy=legacy)
        for i in range(count):
            script.submit(READ, i, [SECTOR])
        script.state().kick().state().kick().state().take()
        _, before, kicked, again, chains = script.results((yield play(run, script)))
        check_equal((before.bells, kicked.bells, again.bells), (0, 1, 1),
                    "bells before the kick, after it, and after another")  # fmt: skip
        check_equal(len(chains), count, "chains that the device found")


@test(points=1, step="request", section=SECTION, blames="start_request",
      evidence="answers",
      hint="The device reads the header whenever it likes, until it is done: each request "
           "in flight has its own, in its slot.")  # fmt: skip
def each_request_has_its_header(run):
    """Headers of requests in flight do not share memory."""
    sectors = [run.random.randrange(1 << 19) for _ in range(12)]
    ops = [run.random.choice((READ, WRITE)) for _ in sectors]
    script = Script().new()
    for op, sector in zip(ops, sectors):
        script.submit(op, sector, [SECTOR], repeated(b"\1\2\3", 9))
    script.kick().take()
    _, chains = script.results((yield play(run, script)))
    check_equal([c.header for c in chains], [(TYPES[o], 0, s) for o, s in zip(ops, sectors)],
                "the headers")  # fmt: skip
