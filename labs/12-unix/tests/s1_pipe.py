"""Step 1 and 2: pipes."""

import struct

from _calls import (EAGAIN, EINTR, EPIPE, F_SETFL, HANDLER, IGNORE, O_NONBLOCK, PIPE, PIPE_BUF,
                    PIPE_SIZE, SA_RESTART, SOON, USR1, Script, data, expect, signalled)  # fmt: skip
from grading import check, check_equal, test

PIPES = {"step": "pipe", "section": "step-1-bytes-in-order", "evidence": "answers"}
WAITS = {"step": "wait", "section": "step-2-waiting-and-ends-that-close", "evidence": "answers"}
IN, OUT, ERR, HUP = 1, 4, 8, 16  # of poll


def nonblocking(s, *fds):
    """Make these ends not wait."""
    for fd in fds:
        s.call("fcntl", fd, F_SETFL, O_NONBLOCK)


@test(points=3, **PIPES, blames="move_bytes, look_locked, pipe_write", hint="head counts what went in, tail what came out.")
def bytes_come_in_order(run):
    """What is written comes out, in order, whatever the sizes of reads and writes are."""
    sizes = [run.random.randint(1, 700) for _ in range(8)]
    s = Script()
    out, into = s.pipe()
    writes, sent = [], b""
    for size in sizes:
        piece = run.random.randbytes(size)
        sent += piece
        writes.append((s.write(into, piece), size))
    reads, left = [], len(sent)
    while left:
        size = min(left, run.random.randint(1, 900))
        reads.append((s.take(out, size), size))
        left -= size
    s.read_answer((yield s.ask(run)))
    for ref, size in writes + reads:
        expect(s, ref, size, f"the result for {size} bytes")
    check_equal(b"".join(s.got), sent, "the bytes that came out")


@test(points=2, **PIPES, blames="move_bytes", hint="A read takes what is there; it waits only if there is nothing.")
def a_read_takes_what_is_there(run):
    """A read returns what there is, and does not wait for more."""
    s, content = Script(), run.random.randbytes(run.random.randint(10, 2000))
    out, into = s.pipe()
    s.write(into, content)
    ref = s.take(out, 5000)
    none = s.call("read", out, data(0x30000), 0)
    s.read_answer((yield s.ask(run)))
    expect(s, ref, len(content), "a read of 5000 bytes")
    check_equal(s.got[0][: len(content)], content, "the bytes")
    expect(s, none, 0, "a read of no bytes")


@test(points=3, **PIPES, blames="move_bytes, count_locked", hint="The places in the ring are head and tail, modulo its size: move_unlocked knows.")
def the_ring_goes_round(run):
    """A pipe that was filled and emptied again and again loses nothing."""
    s = Script()
    out, into = s.pipe()
    nonblocking(s, out, into)
    size = run.random.randint(20000, 40000) | 1
    checks, sent = [], []
    base = run.random.randbytes(3 * size)
    s.set(0x20000, base[:size])
    checks.append((s.call("write", into, data(0x20000), size), size))
    sent.append(base[:size])
    for i in range(6):
        part = run.random.randbytes(size // 2)
        checks.append((s.write(into, part, 0x10000), len(part)))
        sent.append(part)
        checks.append((s.take(out, size // 2, 0x40000), size // 2))
    s.read_answer((yield s.ask(run)))
    for ref, wanted in checks:
        expect(s, ref, wanted, "the result")
    seen = b"".join(s.got)
    check_equal(seen, b"".join(sent)[: len(seen)], "the bytes that came out")


@test(points=3, **PIPES, blames="look_locked", hint="PIPE_BUF bytes or fewer: all of them, or none [posix, write].")
def few_bytes_stay_together(run):
    """A write of up to PIPE_BUF bytes goes in whole, or not at all; a longer one, in part."""
    s = Script()
    out, into = s.pipe()
    nonblocking(s, out, into)
    room = run.random.randint(100, PIPE_BUF - 1)
    s.set(0x10000, run.random.randbytes(256))
    filled = s.call("write", into, data(0x10000), PIPE_SIZE - room)
    small = s.call("write", into, data(0x10000), run.random.randint(room + 1, PIPE_BUF))
    exact = s.call("write", into, data(0x10000), PIPE_BUF)
    large = s.call("write", into, data(0x10000), PIPE_BUF + 1)
    full = s.call("write", into, data(0x10000), 1)
    s.call("ioctl", out, 0x541B, data(0x900))
    s.get(0x900, 4)
    s.read_answer((yield s.ask(run)))
    expect(s, filled, PIPE_SIZE - room, "the first write")
    expect(s, small, -EAGAIN, f"a write of few bytes, but more than {room}, into room for {room}")
    expect(s, exact, -EAGAIN, f"a write of PIPE_BUF bytes into room for {room}")
    expect(s, large, room, f"a write of PIPE_BUF + 1 bytes into room for {room}")
    expect(s, full, -EAGAIN, "a write into a full pipe")
    check_equal(s.numbers()[0], PIPE_SIZE, "what is in it")


@test(points=3, **PIPES, blames="look_locked, wait_locked", hint="file_is_nonblocking; -EAGAIN, not 0: that is the end of file.")
def who_does_not_wait(run):
    """Without waiting, nothing to read is EAGAIN; what is there comes."""
    s, word = Script(), run.random.randbytes(5)
    out, into = s.pipe()
    nonblocking(s, out)
    empty = s.read(out, 10)
    wrote = s.write(into, word)
    there = s.take(out, 10)
    again = s.read(out, 10)
    s.call("close", into)
    end = s.read(out, 10)
    s.read_answer((yield s.ask(run)))
    expect(s, empty, -EAGAIN, "a read of an empty pipe")
    expect(s, wrote, 5, "a write")
    expect(s, there, 5, "a read of what is there")
    check_equal(s.got[0][:5], word, "the bytes")
    expect(s, again, -EAGAIN, "the next read")
    expect(s, end, 0, "a read when no writer is left")


@test(points=3, **PIPES, blames="pipe_poll, is_writable_locked", hint="POLL_OUT: PIPE_BUF bytes would go in. POLLHUP, POLLERR: nobody is left on the other side.")
def what_poll_says(run):
    """poll says what could be done, and who has left."""
    # Descriptors are small numbers in order: the lowest two that are free.
    s = Script()
    probe = s.call("dup", 0)
    s.read_answer((yield s.ask(run)))
    first = s.of(probe)
    s = Script()
    s.pipe()
    out, into = first, first + 1
    nonblocking(s, out, into)
    asked = []

    def ready(fd, wanted, what):
        s.set(0x680, struct.pack("<ihh", fd, IN | OUT, 0) + bytes(16))
        s.call("ppoll", data(0x680), 1, data(0x688), 0, 8)
        s.get(0x680, 8)
        asked.append((wanted, what))

    ready(out, 0, "an empty pipe, read")
    ready(into, OUT, "an empty pipe, written")
    s.set(0x10000, bytes(256))
    s.call("write", into, data(0x10000), PIPE_SIZE - PIPE_BUF)
    ready(out, IN, "one with bytes, read")
    ready(into, OUT, "one with room for PIPE_BUF bytes, written")
    s.call("write", into, data(0x10000), 1)
    ready(into, 0, "one with room for less, written")
    s.call("close", into)
    ready(out, IN | HUP, "one with bytes and no writer, read")
    s.call("pipe2", data(0x40), O_NONBLOCK)  # into is free again: out2 = into
    s.call("close", into)
    ready(first + 2, OUT | ERR, "one without a reader, written")
    s.read_answer((yield s.ask(run)))
    for (wanted, what), got in zip(asked, s.got):
        check_equal(struct.unpack("<ihh", got)[2], wanted, f"the events of {what}")


@test(points=3, **WAITS, blames="wait_locked, count_locked", hint="waitq_notify(can_read) whenever bytes went in.")
def a_reader_waits(run):
    """Who reads an empty pipe waits until something is written."""
    s, word = Script(), run.random.randbytes(run.random.randint(1, 50))
    out, into = s.pipe()
    s.fork(2)
    early = s.read(out, 100, actor=2, ms=SOON)
    s.write(into, word)
    late = s.look(2)
    s.get(0x30000, len(word))
    s.read_answer((yield s.ask(run)))
    expect(s, early, None, "a read of an empty pipe")
    expect(s, late, len(word), "the read, when something was written")
    check_equal(s.got[0], word, "the bytes")


@test(points=3, **WAITS, blames="wait_locked, count_locked, look_locked, write_rest", hint="Room for a part of few bytes is no room; of many, each part goes in as soon as it can.")
def a_writer_waits(run):
    """Who writes to a full pipe waits for room: for all of few bytes, part by part for many."""
    few, many = run.random.randint(1000, PIPE_BUF), run.random.randint(10000, 30000)
    s = Script()
    out, into = s.pipe()
    s.fork(2)
    s.set(0x10000, bytes(512))
    s.call("write", into, data(0x10000), PIPE_SIZE)
    early = s.write(into, run.random.randbytes(few), 0x20000, actor=2, ms=SOON)
    one = s.read(out, few - 1)
    still = s.look(2, SOON)
    two = s.read(out, 4100)
    late = s.look(2)
    third = s.call("write", into, data(0x20000), many, actor=2, ms=SOON)
    rest = [s.read(out, PIPE_SIZE) for _ in range(2)]
    done = s.look(2)
    s.read_answer((yield s.ask(run)))
    expect(s, early, None, f"a write of {few} bytes to a full pipe")
    expect(s, one, few - 1, "the read that makes too little room")
    expect(s, still, None, f"the write, when there is room for {few - 1}")
    expect(s, two, 4100, "the read that makes enough room")
    expect(s, late, few, "the write, when there is room")
    expect(s, third, None, f"a write of {many} bytes into little room")
    expect(s, rest[0], PIPE_SIZE, "a read of all there is: the pipe was filled up")
    check(s.of(rest[1]) is not None and s.of(rest[1]) > 0, "nothing came after the first read")
    expect(s, done, many, "the long write, when it was read")


@test(points=3, **WAITS, blames="look_locked, leave", hint="0, but only when all bytes are gone and the last writer, too.")
def the_end_of_file(run):
    """When the last writer is gone, what is left comes, and then the end; who waits, wakes."""
    s, word = Script(), run.random.randbytes(9)
    out, into = s.pipe()
    other = s.call("dup", into)
    s.write(into, word)
    s.call("close", into)
    rest = s.take(out, 50)
    s.fork(2)
    s.call("close", other, actor=2)
    early = s.read(out, 50, actor=2, ms=SOON)
    s.call("close", other)
    late = s.look(2)
    more = s.read(out, 50)
    out2, into2 = s.pipe(0x40)
    s.write(into2, word)
    s.call("close", into2)
    ends = [s.read(out2, 5), s.read(out2, 50), s.read(out2, 50)]
    s.read_answer((yield s.ask(run)))
    for ref, wanted in zip(ends, (5, 4, 0)):
        expect(s, ref, wanted, "a read when the last writer has left 9 bytes")
    expect(s, rest, 9, "a read of what is left")
    check_equal(s.got[0][:9], word, "the bytes")
    expect(s, early, None, "a read while a writer is left")
    expect(s, late, 0, "the read, when the last writer went")
    expect(s, more, 0, "the next read")


@test(points=3, **WAITS, blames="write_rest, look_locked, leave", hint="-EPIPE, and signal_send_current(SIGPIPE).")
def nobody_reads(run):
    """Who writes to nobody gets SIGPIPE, and EPIPE; also if the reader goes while it waits."""
    s = Script()
    out, into = s.pipe()
    child = s.fork(2)
    grand = s.fork(3)
    s.action(PIPE, HANDLER, actor=3)
    for actor in (2, 3):
        s.call("close", out, actor=actor)
    s.set(0x10000, bytes(512))
    s.call("write", into, data(0x10000), PIPE_SIZE, actor=3)
    early = s.call("write", into, data(0x10000), 10, actor=3, ms=SOON)
    s.call("close", out)
    late = s.look(3)
    again = s.call("write", into, data(0x10000), 10, actor=3)
    s.action(PIPE, IGNORE, actor=3)
    deaf = s.call("write", into, data(0x10000), 10, actor=3)
    s.call("write", into, data(0x10000), 10, actor=2, ms=SOON)
    ended = s.wait(child)
    s.status()
    s.read_answer((yield s.ask(run)))
    check(s.of(grand) > 0, "no process")
    expect(s, early, None, "a write to a full pipe")
    expect(s, late, -EPIPE, "the write, when the last reader went")
    expect(s, again, -EPIPE, "the next write")
    expect(s, deaf, -EPIPE, "a write, SIGPIPE being ignored")
    check_equal(s.handled, [PIPE, PIPE], "signals that were handled")
    check_equal((s.of(ended), signalled(s.numbers()[0])), (s.of(child), PIPE), "what ended one that handles nothing")


@test(points=2, **WAITS, blames="write_rest", hint="What has gone in counts more than the error that came then.")
def a_part_counts(run):
    """A long write that is cut short says how much has gone in."""
    s = Script()
    out, into = s.pipe()
    s.action(PIPE, IGNORE)
    s.fork(2)
    s.call("close", out, actor=2)
    s.set(0x10000, bytes(512))
    early = s.call("write", into, data(0x10000), PIPE_SIZE + 5000, actor=2, ms=SOON)
    some = s.read(out, 3000)
    s.sleep(5)
    s.call("close", out)
    late = s.look(2)
    s.read_answer((yield s.ask(run)))
    expect(s, early, None, "a write of more than fits")
    expect(s, some, 3000, "a read")
    check(s.of(late) in (PIPE_SIZE, PIPE_SIZE + 3000), f"the write came to {s.of(late)}, not to what had gone in")


@test(points=3, **WAITS, blames="wait_locked, end_interrupted_call", hint="waitq_sleep_until says -EINTR; pass it on.")
def a_signal_ends_the_wait(run):
    """A handler ends a wait with EINTR, or, with SA_RESTART, not at all."""
    s, word = Script(), run.random.randbytes(4)
    out, into = s.pipe()
    child = s.fork(2)
    s.action(USR1, HANDLER, actor=2)
    early = s.read(out, 10, actor=2, ms=SOON)
    s.call("kill", child, USR1)
    ended = s.look(2)
    s.action(USR1, HANDLER, SA_RESTART, actor=2)
    second = s.read(out, 10, actor=2, ms=SOON)
    s.call("kill", child, USR1)
    still = s.look(2, SOON)
    s.write(into, word)
    done = s.look(2)
    s.read_answer((yield s.ask(run)))
    expect(s, early, None, "a read of an empty pipe")
    expect(s, ended, -EINTR, "the read, when a handler ran")
    expect(s, second, None, "the next read")
    expect(s, still, None, "that read, when a handler ran that restarts it")
    expect(s, done, 4, "that read, when something was written")
    check_equal(s.handled, [USR1, USR1], "signals that were handled")


@test(points=2, **WAITS, blames="move_bytes, count_locked, wait_locked", hint="Records of three writers, each small enough: which check keeps them whole?")
def records_stay_whole(run):
    """Three writers that wait for room leave each record in one piece."""
    s, size = Script(), run.random.randint(2500, PIPE_BUF)
    out, into = s.pipe()
    s.set(0x10000, bytes(512))
    s.call("write", into, data(0x10000), PIPE_SIZE - size // 2)
    for actor in (2, 3, 4):
        s.fork(actor)
        s.write(into, bytes([actor]) * size, 0x10000 * actor, actor=actor, ms=SOON)
    total, reads = PIPE_SIZE - size // 2 + 3 * size, []
    left = total
    while left > 0:
        reads.append(s.take(out, min(left, 1500 if left > 4 * size else 4 * size), 0x50000, ms=200))
        left -= min(left, 1500 if left > 4 * size else 4 * size)
    ends = [s.look(actor) for actor in (2, 3, 4)]
    s.read_answer((yield s.ask(run)))
    for ref in ends:
        expect(s, ref, size, "a write that had to wait")
    seen = b"".join(g[: s.of(r) or 0] for g, r in zip(s.got, reads))[PIPE_SIZE - size // 2 :]
    check_equal(len(seen), 3 * size, "bytes of records")
    order = [seen[i * size] for i in range(3)]
    check_equal(sorted(order), [2, 3, 4], "whose records came")
    check_equal(seen, b"".join(bytes([a]) * size for a in order), "the records")
