"""Step 6: sessions, and the group that has the terminal."""

import functools
import struct

from _calls import (BLOCK, CONT, EINVAL, EIO, ENOTTY, EPERM, ESRCH, HANDLER, HUP, IGNORE, INT, SOON, TTIN, TTOU, Script,
                    bits, data, expect, stopped)  # fmt: skip
from grading import check, check_equal, test

Script = functools.partial(Script, "job")
JOB = {"step": "job", "section": "step-6-jobs-of-a-terminal", "evidence": "answers"}
TIOCSCTTY, TIOCGPGRP, TIOCSPGRP, TIOCNOTTY, TIOCGSID = 0x540E, 0x540F, 0x5410, 0x5422, 0x5429
UNTRACED = 2


def session(s):
    """Actor 2 leads a session with a terminal; return (its number, master, slave)."""
    master, slave = s.terminal()
    leader = s.fork(2)
    s.call("setsid", actor=2)
    taken = s.call("ioctl", slave, TIOCSCTTY, 0, actor=2)
    return leader, master, slave, taken


def member(s, actor):
    """Actor 2 makes another, in a group of its own; return its number."""
    child = s.fork(actor, actor=2)
    s.call("setpgid", 0, 0, actor=actor)
    return child


@test(points=3, **JOB, blames="request_locked", hint="A leader whose session has none takes one that is nobody's.")
def who_gets_the_terminal(run):
    """A session's leader gets a terminal that is nobody's; nobody else does."""
    s = Script()
    leader, _, slave, taken = session(s)
    again = s.call("ioctl", slave, TIOCSCTTY, 0, actor=2)
    s.fork(3)
    no_leader = s.call("ioctl", slave, TIOCSCTTY, 0, actor=3)
    s.call("setsid", actor=3)
    others = s.call("ioctl", slave, TIOCSCTTY, 0, actor=3)
    whose = s.call("ioctl", slave, TIOCGSID, data(0x950), actor=2)
    s.get(0x950, 4)
    front = s.call("ioctl", slave, TIOCGPGRP, data(0x950), actor=2)
    s.get(0x950, 4)
    strange = s.call("ioctl", slave, TIOCGPGRP, data(0x950), actor=3)
    s.fork(4, actor=3)
    _, free = s.terminal(actor=4)
    follower = s.call("ioctl", free, TIOCSCTTY, 0, actor=4)
    s.read_answer((yield s.ask(run)))
    expect(s, taken, 0, "TIOCSCTTY of a session's leader")
    expect(s, again, 0, "the same once more")
    expect(s, no_leader, -EPERM, "TIOCSCTTY of one that leads no session")
    expect(s, others, -EPERM, "TIOCSCTTY of a leader, the terminal being another session's")
    expect(s, follower, -EPERM, "TIOCSCTTY of one that leads no session, the terminal being free")
    expect(s, whose, 0, "TIOCGSID")
    expect(s, front, 0, "TIOCGPGRP")
    check_equal(s.numbers(), [s.of(leader)] * 2, "its session and foreground group")
    expect(s, strange, -ENOTTY, "TIOCGPGRP of another session")


@test(points=3, **JOB, blames="request_locked", hint="-EINVAL for no group, -ESRCH for none that is there, -EPERM for another session's.")
def who_is_in_the_foreground(run):
    """The session puts a group of its own into the foreground, and no other."""
    s = Script()
    leader, _, slave, _ = session(s)
    child = member(s, 3)
    s.call("write", slave, data(0), 0, actor=2)
    results = []
    s.set(0x940, struct.pack("<i", -5))
    results.append((s.call("ioctl", slave, TIOCSPGRP, data(0x940), actor=2), -EINVAL, "no group"))
    s.set(0x940, struct.pack("<i", 0))
    results.append((s.call("ioctl", slave, TIOCSPGRP, data(0x940), actor=2), -EINVAL, "no group"))
    s.set(0x940, struct.pack("<i", 30000))
    results.append((s.call("ioctl", slave, TIOCSPGRP, data(0x940), actor=2), -ESRCH, "a group that is not there"))
    s.set(0x940, struct.pack("<i", 1))
    results.append((s.call("ioctl", slave, TIOCSPGRP, data(0x940), actor=1), -ENOTTY, "a group, by another session"))
    s.result(0x940, child)
    results.append((s.call("ioctl", slave, TIOCSPGRP, data(0x940), actor=2), 0, "a group of its own"))
    s.call("ioctl", slave, TIOCGPGRP, data(0x950), actor=2)
    s.get(0x950, 4)
    s.read_answer((yield s.ask(run)))
    for ref, wanted, what in results:
        expect(s, ref, wanted, f"TIOCSPGRP of {what}")
    check(s.of(leader) > 0, "no process")
    check_equal(s.numbers()[0], s.of(child), "the foreground group")


@test(points=3, **JOB, blames="tty_job_check", hint="Background: its session's terminal, and another group in front. -EINTR, and again.")
def the_background_does_not_read(run):
    """Who reads in the background is stopped by SIGTTIN, and reads when it is in front."""
    s = Script()
    _, master, slave, _ = session(s)
    child = member(s, 3)
    early = s.read(slave, 20, actor=3, ms=SOON)
    told = s.wait(child, UNTRACED, actor=2)
    s.status()
    s.result(0x940, child)
    s.call("ioctl", slave, TIOCSPGRP, data(0x940), actor=2)
    s.call("kill", child, CONT)
    s.write(master, b"word\n")
    late = s.look(3)
    s.get(0x30000, 5)
    s.read_answer((yield s.ask(run)))
    expect(s, early, None, "a read in the background")
    expect(s, told, s.of(child), "the wait for its stop")
    check_equal(stopped(s.numbers()[0]), TTIN, "what stopped it")
    expect(s, late, 5, "the read, when its group is in front and goes on")
    check_equal(s.got[1], b"word\n", "what it read")


@test(points=3, **JOB, blames="tty_job_check", hint="deaf: it ignores or blocks the signal; then reading is -EIO. Nobody to continue it: the same.")
def who_cannot_be_stopped(run):
    """Who ignores SIGTTIN, or blocks it, or would stay stopped, cannot read: EIO."""
    s = Script()
    _, _, slave, taken = session(s)
    for actor in (3, 4):
        member(s, actor)
    s.action(TTIN, IGNORE, actor=3)
    s.mask(BLOCK, bits(TTIN), actor=4)
    refs = [s.read(slave, 20, actor=actor) for actor in (3, 4)]
    s.fork(5, actor=4)
    s.call("setpgid", 0, 0, actor=5)
    s.mask(2, 0, actor=5)
    s.call("exit", 0, actor=4, ms=SOON)
    s.sleep(10)
    refs.append(s.read(slave, 20, actor=5))
    s.read_answer((yield s.ask(run)))
    expect(s, taken, 0, "TIOCSCTTY of a session's leader")
    for ref, what in zip(refs, ("ignores SIGTTIN", "blocks SIGTTIN", "is of a group that nobody would continue")):
        expect(s, ref, -EIO, f"the read of one that {what}")


@test(points=2, **JOB, blames="tty_job_check", hint="If SIGTTOU would not stop it, it may write all the same.")
def the_background_writes(run):
    """With TOSTOP a write in the background stops it, unless it ignores SIGTTOU."""
    s = Script()
    _, master, slave, _ = session(s)
    child = member(s, 3)
    other = member(s, 4)
    s.action(TTOU, IGNORE, actor=4)
    before = s.write(slave, b"x", actor=3)
    s.call("ioctl", slave, 0x5401, data(0x600), actor=2)  # TCGETS
    flags = s.call("getpid")
    s.orbits(0x600 + 12, 0o400)  # c_lflag: TOSTOP
    s.call("ioctl", slave, 0x5402, data(0x600), actor=2)  # TCSETS
    deaf = s.write(slave, b"y", actor=4)
    early = s.write(slave, b"z", actor=3, ms=SOON)
    told = s.wait(child, UNTRACED, actor=2)
    s.status()
    s.read_answer((yield s.ask(run)))
    check(s.of(flags) > 0 and s.of(other) > 0, "no process")
    expect(s, before, 1, "a write in the background without TOSTOP")
    expect(s, deaf, 1, "a write of one that ignores SIGTTOU")
    expect(s, early, None, "a write in the background with TOSTOP")
    expect(s, told, s.of(child), "the wait for its stop")
    check_equal(stopped(s.numbers()[0]), TTOU, "what stopped it")


@test(points=2, **JOB, blames="request_locked, tty_job_check", hint="The terminal sends to its foreground group; that is all that ^C does.")
def who_hears_control_c(run):
    """^C is for the group in front, and for nobody else."""
    s = Script()
    _, master, slave, _ = session(s)
    child = member(s, 3)
    for actor in (2, 3):
        s.action(INT, HANDLER, actor=actor)
    s.write(master, b"\x03")
    s.sleep(5)
    first = s.call("getpid", actor=2)
    s.result(0x940, child)
    s.call("ioctl", slave, TIOCSPGRP, data(0x940), actor=2)
    s.write(master, b"\x03")
    s.sleep(5)
    second = s.call("getpid", actor=3)
    s.read_answer((yield s.ask(run)))
    check(s.of(first) and s.of(second), "one has ended")
    check_equal([(x.actor, x.signal) for x in s.log if not x.ends], [(2, INT), (3, INT)], "who handled what")


@test(points=3, **JOB, blames="release", hint="The foreground group gets SIGHUP and SIGCONT; the leader, too, if it lives on.")
def when_it_hangs_up(run):
    """When the terminal goes, leader and foreground group are told; when the leader ends, the group is."""
    made = []
    for hangs_up in (True, False):
        s = Script()
        leader, master, slave, _ = session(s)
        child = member(s, 3)
        aside = member(s, 4)
        s.result(0x940, child)
        s.call("ioctl", slave, TIOCSPGRP, data(0x940), actor=2)
        for actor in (2, 3, 4):
            s.action(HUP, HANDLER, actor=actor)
        s.call("close", slave)
        if hangs_up:
            for actor in (2, 3, 4):
                s.call("close", master, actor=actor)
            s.call("close", master)
        else:
            s.call("exit", 0, actor=2, ms=SOON)
        s.sleep(10)
        rest = [s.call("getpid", actor=actor) for actor in (3, 4)]
        made.append((s, child, aside, leader, rest, {2, 3} if hangs_up else {3}))
    answers = yield [x[0].ask(run) for x in made]
    for (s, child, aside, leader, rest, wanted), answer in zip(made, answers):
        s.read_answer(answer)
        check(s.of(leader) > 0, "no process")
        expect(s, rest[0], s.of(child), "a call of the foreground's")
        expect(s, rest[1], s.of(aside), "a call of the background's")
        check_equal({x.actor for x in s.log if x.signal == HUP}, wanted, "the actors that handled SIGHUP")
