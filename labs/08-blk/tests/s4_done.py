"""Step 4: what comes back [virtio §5.2.6]."""

from _disk import (
    CAN_FLUSH,
    EIO,
    EOPNOTSUPP,
    FLUSH,
    INDIRECT,
    IOERR,
    NO_STATUS,
    OK,
    READ,
    SECTOR,
    UNSUPP,
    WRITE,
    Script,
    check_done,
    lengths,
    play,
    repeated,
    variants,
)

from grading import check, check_equal, test

SECTION = "Step 4: What came of it"


@test(points=2, step="done", section=SECTION, blames="drain,blk_queue_poll",
      evidence="answers",
      hint="An interrupt says that something was used. Take all there is.")
def what_was_read_is_there(run):
    """An interrupt completes reads; their data is where it was wanted."""
    for legacy, features in variants():
        wanted = []
        script = Script().new(features=features, legacy=legacy)
        for k in range(4):
            lens, content = lengths(run.random, 2, 3), run.random.randbytes(101)
            wanted.append(repeated(content, sum(lens)))
            script.submit(READ, k, lens)
        script.kick().take()
        for k in range(4):
            script.answer(k, content=wanted[k])
        script.result(0).interrupt()
        for k in range(4):
            script.result(k)
        seen = script.results((yield play(run, script)))
        check_equal(seen[2].done, 0, "how often done was called before the interrupt")
        for k, result in enumerate(seen[-4:]):
            check_done(result, 0, f"read {k}")
            check(result.data == wanted[k], f"the data of read {k} is wrong")


@test(points=2, step="done", section=SECTION, blames="drain,retire",
      evidence="answers",
      hint="The token tells which request came back, not the order.")
def any_order_will_do(run):
    """The device completes in an order of its own."""
    for legacy, features in variants():
        count = 9
        marks = [run.random.randbytes(7) for _ in range(count)]
        script = Script().new(features=features, legacy=legacy)
        for k in range(count):
            script.submit(READ, k, [SECTOR])
        script.kick().take()
        order = list(range(count))
        run.random.shuffle(order)
        for k in order:
            script.answer(k, status=IOERR if k == 4 else OK, content=marks[k])
        script.interrupt()
        for k in range(count):
            script.result(k)
        results = script.results((yield play(run, script)))[-count:]
        for k, result in enumerate(results):
            check_done(result, EIO if k == 4 else 0, f"request {k}")
            check_equal(result.data, repeated(marks[k], SECTOR), f"the data of {k}")
        seen = sorted(range(count), key=lambda k: results[k].order)
        check_equal(seen, order, "requests, in the order in which done was called")


@test(points=2, step="done", section=SECTION, blames="judge",
      evidence="answers",
      hint="0, 1 and 2 have names in blk.h; everything else is a device that does not "
           "know what it says.")  # fmt: skip
def statuses_mean_something(run):
    """OK is 0, UNSUPP is -EOPNOTSUPP, all else is -EIO."""
    cases = [(OK, 0), (IOERR, EIO), (UNSUPP, EOPNOTSUPP), (3, EIO), (128, EIO), (255, EIO),
             (run.random.randrange(4, 254), EIO)]  # fmt: skip
    for legacy in (False, True):
        for op in (READ, WRITE, FLUSH):
            script = Script().new(features=CAN_FLUSH | INDIRECT, legacy=legacy)
            for _ in cases:
                script.submit(op, 8, [] if op == FLUSH else [SECTOR], b"x")
            script.kick().take()
            for k, (status, _) in enumerate(cases):
                script.answer(k, status, content=b"y")
            script.interrupt()
            for k in range(len(cases)):
                script.result(k)
            results = script.results((yield play(run, script)))[-len(cases) :]
            for result, (status, expected) in zip(results, cases):
                check_done(result, expected, f"status {status}")


@test(points=1, step="done", section=SECTION, blames="start_request",
      evidence="answers",
      hint="What is in the status byte before the device writes it? A 0 is left over from "
           "the request before.")  # fmt: skip
def no_status_is_no_success(run):
    """A device that writes no status has not said OK."""
    script = Script().new(legacy=True)  # whose length is not looked at
    script.submit(READ, 1, [SECTOR]).kick().take().answer(0).interrupt().result(0)
    for k in range(1, 4):
        script.submit(READ, k, [SECTOR]).kick().take()
        script.answer(k, NO_STATUS).interrupt().result(k)
    seen = script.results((yield play(run, script)))
    first, *others = [x for x in seen if hasattr(x, "done")]
    check_done(first, 0, "with a status")
    for result in others:
        check_done(result, EIO, "without one")


@test(points=2, step="done", section=SECTION, blames="judge,start_request",
      evidence="answers",
      hint="slot->writable has what the device must write: data and status.")
def short_answers_are_no_success(run):
    """A modern device that says OK, and wrote too little, has failed."""
    sizes = lengths(run.random, 2)
    whole = sum(sizes) + 1
    for length, expected in ((whole, 0), (whole - 1, EIO), (1, EIO), (0, EIO)):
        for features in (0, INDIRECT):
            script = Script().new(features=features).submit(READ, 3, sizes)
            script.kick().take().answer(0, length=length, content=b"z").interrupt().result(0)
            *_, result = script.results((yield play(run, script)))
            check_done(result, expected, f"{length} of {whole} bytes")
    for length, expected in ((1, 0), (0, EIO)):
        script = Script().new().submit(WRITE, 3, sizes, b"w")
        script.kick().take().answer(0, length=length).interrupt().result(0)
        *_, result = script.results((yield play(run, script)))
        check_done(result, expected, f"a write, {length} of 1 byte")


@test(points=1, step="done", section=SECTION, blames="judge",
      evidence="answers",
      hint="[virtio §2.7.8.1]: their length was always nonsense.")
def legacy_lengths_do_not_count(run):
    """A legacy device may say any length."""
    for length in (0, 1, 7):
        script = Script().new(legacy=True).submit(READ, 3, [SECTOR])
        script.kick().take().answer(0, length=length, content=b"z").interrupt().result(0)
        *_, result = script.results((yield play(run, script)))
        check_done(result, 0, f"length {length}")
        check_equal(result.data, b"z" * SECTOR, "the data")


@test(points=3, step="done", section=SECTION, blames="drain",
      evidence="answers",
      hint="virtq_enable_irq returns whether something was used meanwhile, of which no "
           "interrupt will tell. Then what?")  # fmt: skip
def nothing_is_missed(run):
    """What is used just before interrupts are asked for is found."""
    for legacy, features in variants():
        script = Script().new(features=features, legacy=legacy)
        for k in range(3):
            script.submit(READ, k, [SECTOR])
        script.kick().take().wanted().answer(0, content=b"a").late(1, b"b")
        script.interrupt().result(0).result(1).result(2)
        *_, off, one, two, three = script.results((yield play(run, script)))
        check_done(one, 0, "the one that was there")
        check_done(two, 0, "the one that came at the worst moment")
        check_equal(two.data, b"b" * SECTOR, "its data")
        check_equal(three.done, 0, "how often done was called for one in flight")


@test(points=2, step="done", section=SECTION, blames="drain",
      evidence="answers",
      hint="virtq_disable_irq before, virtq_enable_irq after; then the device tells of "
           "the next one.")  # fmt: skip
def interrupts_are_asked_for(run):
    """Interrupts are off while there is work, and on afterwards."""
    for legacy, features in variants():
        script = Script().new(features=features, legacy=legacy)
        for k in range(4):
            script.submit(READ, k, [SECTOR])
        script.kick().take().answer(0).wanted().late(1).interrupt().wanted()
        script.answer(2).wanted().interrupt().answer(3).wanted()
        _, _, first, off, _, third, _, fourth = script.results((yield play(run, script)))
        check_equal(first, 1, "whether the first one is told of")
        check_equal(off, 1, "whether interrupts were off in between")
        check_equal((third, fourth), (1, 1), "whether later ones are told of")


@test(points=1, step="done", section=SECTION, blames="retire",
      evidence="answers",
      hint="A slot whose request is done goes back to `free`.")
def slots_are_used_again(run):
    """Request after request, there is always room for the next."""
    for size in (4, 16):
        count = 5 * size
        script = Script().new(features=INDIRECT, size=size)
        for k in range(count):
            script.submit(READ, k, [SECTOR]).kick().take()
            script.answer(k, content=bytes([k])).interrupt()
        for k in range(count):
            script.result(k)
        results = script.results((yield play(run, script)))[-count:]
        for k, result in enumerate(results):
            check_done(result, 0, f"request {k}")
            check_equal(result.data, bytes([k]) * SECTOR, f"the data of {k}")


@test(points=1, step="done", section=SECTION, blames="blk_complete",
      evidence="answers",
      hint="Requests whose status is not 0, once each.")
def errors_are_counted(run):
    """The disk counts the requests that failed."""
    statuses = [run.random.choice((OK, IOERR, UNSUPP)) for _ in range(12)] + [OK, IOERR]
    script = Script().new(features=INDIRECT)
    for k in range(len(statuses)):
        script.submit(READ, k, [SECTOR])
    script.kick().take()
    for k, status in enumerate(statuses):
        script.answer(k, status, content=b"y")
    script.interrupt().state()
    *_, state = script.results((yield play(run, script)))
    check_equal(state.errors, sum(s != OK for s in statuses), "errors of the disk")


@test(points=1, step="done", section=SECTION, blames="blk_queue_poll,blk_complete",
      evidence="answers",
      hint="Who is called may submit the next request at once, from inside of done.")
def done_is_called_without_a_lock(run):
    """Requests are completed with no lock held."""
    script = Script().new(features=INDIRECT, size=4)
    for k in range(6):
        script.submit(READ, k, [SECTOR])
    script.kick().take().answer(0).answer(1, IOERR).interrupt().result(0).result(1)
    *_, one, two = script.results((yield play(run, script)))
    check_equal((one.done, two.done), (1, 1), "how often done was called")
    check_equal((one.held, two.held), (0, 0), "whether a lock was held")


@test(points=1, step="done", section=SECTION, blames="read_serial",
      evidence="answers",
      hint="Twenty bytes, padded with zeros, or all of them used; nothing that could move "
           "the cursor belongs on a console.")  # fmt: skip
def disks_have_serial_numbers(run):
    """The serial number is read, and can be printed."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-~!"
    for length in (1, 7, 19, 20):
        serial = "".join(run.random.choice(letters) for _ in range(length)).encode()
        script = Script().new().start(serial)
        _, found = script.results((yield play(run, script)))
        check_equal(found, serial.ljust(21, b"\0"), f"disk.serial, of {length} letters")
    script = Script().new().start(b"a b\x1b[2J\x7f\xe9c")
    _, found = script.results((yield play(run, script)))
    check_equal(found.rstrip(b"\0"), b"a?b?[2J??c", "disk.serial, of wild bytes")
    script = Script().new().start(b"")
    _, found = script.results((yield play(run, script)))
    check_equal(found, bytes(21), "disk.serial, of a disk that has none")
