"""Step 3: what is pending, and in which order it comes."""

import functools
import struct

from _calls import (ALRM, BLOCK, DEFAULT, EAGAIN, EINVAL, HANDLER, IGNORE, INT, KILL, RTMIN, SETMASK, SI_QUEUE,
                    STOP, TERM, UNBLOCK, USR1, USR2, Script, bits, data, expect)  # fmt: skip
from grading import check, check_equal, test

Script = functools.partial(Script, "queue")
QUEUE = {"step": "queue", "section": "step-3-what-is-pending", "evidence": "answers"}
ALL = (1 << 64) - 1


def itself(s):
    """Return a Ref to the process's own number."""
    return s.call("getpid")


def take(s, signals, ms=0):
    """Take a pending signal of a set; its siginfo is the next of got."""
    s.set(0x880, struct.pack("<Qqq", bits(*signals), 0, ms * 1000000))
    ref = s.call("sigtimedwait", data(0x880), data(0x8A0), data(0x888), 8)
    s.get(0x8A0, 32)
    return ref


def value_of(info):
    """Return (code, value) of a siginfo."""
    return struct.unpack_from("<i", info, 8)[0], struct.unpack_from("<Q", info, 24)[0]


def pending(s):
    """Ask for the pending signals: the next of got."""
    s.call("sigpending", data(0x8D0), 8)
    s.get(0x8D0, 8)


def as_set(got):
    """Return the numbers in a set."""
    value = int.from_bytes(got, "little")
    return {n for n in range(1, 65) if value >> n - 1 & 1}


@test(points=2, **QUEUE, blames="signal_queue_add, signal_set_blocked", hint="A set has a bit for each number, n - 1.")
def blocked_is_pending(run):
    """What is sent while it is blocked is pending, until it is let through."""
    s = Script()
    me = itself(s)
    sent = run.random.sample([INT, USR1, USR2, ALRM, TERM, RTMIN, 50], 4)
    for n in sent:
        s.action(n, HANDLER)
    s.mask(BLOCK, bits(*sent))
    for n in sent:
        s.call("kill", me, n)
    pending(s)
    s.mask(UNBLOCK, bits(sent[0]))
    s.mask(BLOCK, bits(sent[0]))  # what was let through has been acted on by now
    pending(s)
    s.mask(SETMASK, 0)
    pending(s)
    s.read_answer((yield s.ask(run)))
    check_equal(as_set(s.got[0]), set(sent), "the pending signals")
    check_equal(as_set(s.got[1]), set(sent[1:]), "those, when one was let through")
    check_equal(as_set(s.got[2]), set(), "those, when all were let through")
    check_equal(sorted(s.handled), sorted(sent), "the signals that were handled")
    check_equal(s.handled[0], sent[0], "the first of them")


@test(points=2, **QUEUE, blames="signal_queue_add, signal_queue_take", hint="Below SIGRTMIN a second one is dropped; from there on each waits.")
def one_is_as_good_as_two(run):
    """Of the old signals one is pending however many were sent; of the others each is."""
    s, many = Script(), run.random.randint(3, 6)
    me, number = itself(s), run.random.randint(RTMIN, 60)
    s.mask(BLOCK, ALL)
    values = [run.random.getrandbits(60) for _ in range(many)]
    for value in values:
        s.queue(me, USR1, value)
        s.queue(me, number, value)
    old = [take(s, [USR1]) for _ in range(2)]
    new = [take(s, [number]) for _ in range(many + 1)]
    s.read_answer((yield s.ask(run)))
    expect(s, old[0], USR1, "the first SIGUSR1")
    expect(s, old[1], -EAGAIN, "the second")
    for i, ref in enumerate(new):
        expect(s, ref, number if i < many else -EAGAIN, f"number {i + 1} of {many} signals {number}")
    check_equal(value_of(s.got[0]), (SI_QUEUE, values[0]), "code and value of SIGUSR1")
    check_equal([value_of(g)[1] for g in s.got[2:-1]], values, f"the values that came with signal {number}")


@test(points=2, **QUEUE, blames="signal_queue_take", hint="The lowest number, and of that the oldest.")
def the_lowest_comes_first(run):
    """The lowest number comes first, and of one number the oldest."""
    s = Script()
    me = itself(s)
    s.mask(BLOCK, ALL)
    sent = [(run.random.choice([USR1, 35, 36, 40, 63]), i + 1) for i in range(10)]
    for number, value in sent:
        s.queue(me, number, value)
    numbers = {n for n, _ in sent}
    wanted = sorted([x for x in sent if x[0] != USR1] + [x for x in sent if x[0] == USR1][:1])
    refs = [take(s, numbers) for _ in wanted]
    last = take(s, numbers)
    s.read_answer((yield s.ask(run)))
    for ref, got, (number, value) in zip(refs, s.got, wanted):
        expect(s, ref, number, "the next signal")
        check_equal(value_of(got)[1], value, f"the value of signal {number}")
    expect(s, last, -EAGAIN, "when none is left")


@test(points=2, **QUEUE, blames="signal_queue_take", hint="set &= queue->set; only what is asked for.")
def only_what_is_asked_for(run):
    """Who waits for some signals takes none of the others."""
    s = Script()
    me = itself(s)
    s.mask(BLOCK, ALL)
    for number in (INT, USR2, 45):
        s.queue(me, number, number)
    refs = [take(s, [45, TERM]), take(s, [TERM]), take(s, [USR2, INT]), take(s, [USR2])]
    pending(s)
    s.read_answer((yield s.ask(run)))
    for ref, wanted in zip(refs, (45, -EAGAIN, INT, USR2)):
        expect(s, ref, wanted, "the signal that was taken")
    check_equal(as_set(s.got[-1]), set(), "what is pending")


@test(points=3, **QUEUE, blames="signal_queue_discard", hint="To ignore is to forget what is pending: the bit, and what was sent with it.")
def what_is_ignored_is_forgotten(run):
    """When a signal is ignored, what is pending of it is forgotten, and no more."""
    s = Script()
    me = itself(s)
    s.mask(BLOCK, ALL)
    for value in range(3):
        s.queue(me, 40, value)
        s.queue(me, 41, 7 + value)
    s.action(40, IGNORE)
    pending(s)
    s.action(40, DEFAULT)
    s.queue(me, 40, 99)
    refs = [take(s, [40]), take(s, [40]), take(s, [41]), take(s, [41]), take(s, [41])]
    s.read_answer((yield s.ask(run)))
    check_equal(as_set(s.got[0]), {41}, "what is pending when 40 is ignored")
    for ref, wanted in zip(refs, (40, -EAGAIN, 41, 41, 41)):
        expect(s, ref, wanted, "the signal that was taken")
    check_equal([value_of(s.got[i])[1] for i in (1, 3, 4, 5)], [99, 7, 8, 9], "the values")


@test(points=2, **QUEUE, blames="signal_queue_add, signal_queue_take", hint="The info is queued with the signal, and comes out with it.")
def who_sent_it(run):
    """With each signal comes what was said of it: how it was sent, by whom, and the value."""
    s, value = Script(), run.random.getrandbits(60)
    me, child = itself(s), s.fork(2)
    s.mask(BLOCK, ALL, actor=2)
    s.call("kill", child, 40)
    s.queue(child, 40, value)
    s.call("kill", child, 40)
    s.call("kill", child, USR2)
    s.set(0x880, struct.pack("<Qqq", bits(40, USR2), 0, 0))
    refs = []
    for _ in range(4):
        refs.append(s.call("sigtimedwait", data(0x880), data(0x8A0), data(0x888), 8, actor=2))
        s.get(0x8A0, 32)
    s.read_answer((yield s.ask(run)))
    for ref, got, wanted in zip(refs, s.got, ((USR2, 0), (40, 0), (40, SI_QUEUE), (40, 0))):
        expect(s, ref, wanted[0], "the signal that was taken")
        code, seen = value_of(got)
        check_equal(code, wanted[1], f"how signal {wanted[0]} was sent")
        (sender,) = struct.unpack_from("<i", got, 16)
        check_equal((sender, seen) if code else sender, (77, value) if code else s.of(me), "its sender, or what it was sent with")


@test(points=3, **QUEUE, blames="signal_wait", hint="`awaited` lets a blocked signal end the sleep; look again when awake.")
def to_wait_for_one(run):
    """Who waits for a blocked signal wakes when it comes, or when the time is over."""
    s = Script()
    child = s.fork(2)
    s.mask(BLOCK, ALL, actor=2)
    s.set(0x880, struct.pack("<Qqq", bits(USR1, 44), 5, 0))
    early = s.call("sigtimedwait", data(0x880), data(0x8A0), data(0x888), 8, actor=2, ms=25)
    s.call("kill", child, USR2)
    still = s.look(2, 25)
    s.queue(child, 44, 1234)
    late = s.look(2)
    s.get(0x8A0, 32)
    s.set(0x880, struct.pack("<Qqq", bits(USR1), 0, 20000000))
    over = s.call("sigtimedwait", data(0x880), 0, data(0x888), 8, actor=2)
    s.set(0x888, struct.pack("<qq", 0, -1))
    wrong = s.call("sigtimedwait", data(0x880), 0, data(0x888), 8, actor=2)
    s.read_answer((yield s.ask(run)))
    expect(s, early, None, "the wait")
    expect(s, still, None, "the wait, when another signal came")
    expect(s, late, 44, "the wait, when the signal came")
    check_equal(value_of(s.got[0]), (SI_QUEUE, 1234), "its code and value")
    expect(s, over, -EAGAIN, "a wait whose time is over")
    expect(s, wrong, -EINVAL, "a wait for less than no time")


@test(points=2, **QUEUE, blames="signal_set_blocked", hint="UNSTOPPABLE is never blocked.")
def two_cannot_be_blocked(run):
    """SIGKILL and SIGSTOP get through whatever is blocked."""
    s = Script()
    child, other = s.fork(2), s.fork(3)
    for actor in (2, 3):
        s.mask(SETMASK, ALL, actor=actor)
    s.call("sigprocmask", BLOCK, 0, data(0x8E0), 8, actor=2)
    s.get(0x8E0, 8)
    s.call("kill", child, KILL)
    killed = s.wait(child)
    s.status()
    s.call("kill", other, STOP)
    stop = s.wait(other, 2)
    s.status()
    s.read_answer((yield s.ask(run)))
    check_equal(as_set(s.got[0]), set(range(1, 65)) - {KILL, STOP}, "what is blocked")
    expect(s, killed, s.of(child), "the wait for one that was killed")
    expect(s, stop, s.of(other), "the wait for one that was stopped")
    check_equal((s.numbers()[1] & 0x7F, s.numbers()[2]), (KILL, STOP << 8 | 0x7F), "their statuses")
