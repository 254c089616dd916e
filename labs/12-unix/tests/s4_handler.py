"""Steps 4 and 5: handlers; ending, stopping and going on."""

import struct

from _calls import (ALRM, BLOCK, CHLD, CONT, EINTR, HANDLER, IGNORE, INT, KILL, QUIT, RTMIN, SA_NODEFER,
                    SA_RESETHAND, SA_RESTART, SEGV, SETMASK, SI_USER, SOON, STOP, TERM, TSTP, TTIN, URG, USR1, USR2, WINCH,
                    Script, bits, data, expect, signalled, stopped)  # fmt: skip
from grading import check, check_equal, test

HAND = {"step": "handler", "section": "step-4-handlers", "evidence": "answers"}
STOPS = {"step": "stop", "section": "step-5-ending-stopping-going-on", "evidence": "answers"}
UNTRACED, CONTINUED, NOHANG = 2, 8, 1


def mask_of(s, actor=1):
    """Ask what is blocked: the next of got."""
    s.call("sigprocmask", BLOCK, 0, data(0x8E0), 8, actor=actor)
    s.get(0x8E0, 8)


@test(points=2, **HAND, blames="enter_handler, signal_deliver, next_locked", hint="The frame, then what is blocked while it runs: its own number, and the action's mask.")
def a_handler_runs(run):
    """A handler runs with its signal and its mask blocked, and afterwards all is as before."""
    s = Script("handler")
    me = s.call("getpid")
    number, others = run.random.choice([USR1, INT, TERM, 45]), bits(ALRM, 60)
    before = bits(WINCH)
    s.mask(SETMASK, before)
    s.action(number, HANDLER, mask=others)
    sent = s.call("kill", me, number)
    mask_of(s)
    s.read_answer((yield s.ask(run)))
    expect(s, sent, 0, "kill")
    check_equal(s.handled, [number], "the signals that were handled")
    check_equal((s.log[0].code, s.log[0].pid), (SI_USER, s.of(me)), "code and sender")
    check_equal(s.log[0].mask, before | others | bits(number), "what is blocked while the handler runs")
    check_equal(int.from_bytes(s.got[0], "little"), before, "what is blocked afterwards")


@test(points=2, **HAND, blames="enter_handler", hint="SA_NODEFER leaves its own number out, the rest of the mask counts.")
def nested_or_not(run):
    """A signal that comes in its own handler waits for the end of that, unless SA_NODEFER."""
    made = []
    for flags, wanted in ((0, [0, 1, 0, 1]), (SA_NODEFER, [0, 0, 1, 1])):
        s = Script("handler")
        me = s.call("getpid")
        s.action(USR1, HANDLER, flags)
        s.again(USR1, USR1)
        s.call("kill", me, USR1)
        made.append((s, wanted))
    answers = yield [s.ask(run) for s, _ in made]
    for (s, wanted), answer in zip(made, answers):
        s.read_answer(answer)
        check_equal([int(x.ends) for x in s.log], wanted, "begins (0) and ends (1) of handlers")


@test(points=2, **HAND, blames="enter_handler", hint="signal_default, once the frame is there.")
def a_handler_for_once(run):
    """With SA_RESETHAND the handler runs once; then the default is back."""
    s = Script("handler")
    child = s.fork(2)
    s.action(USR2, HANDLER, SA_RESETHAND, actor=2)
    s.call("kill", child, USR2)
    alive = s.call("getpid", actor=2)
    s.call("kill", child, USR2)
    ended = s.wait(child)
    s.status()
    s.read_answer((yield s.ask(run)))
    expect(s, alive, s.of(child), "a call after the first")
    expect(s, ended, s.of(child), "the wait for its end")
    check_equal((s.handled, signalled(s.numbers()[0])), ([USR2], USR2), "what was handled, and what ended it")


@test(points=2, **HAND, blames="signal_deliver, next_locked", hint="THREAD_WORK_SIGNAL again: there may be more.")
def several_at_once(run):
    """Of several that are let through at once, each is handled before the program goes on."""
    s = Script("handler")
    me, numbers = s.call("getpid"), run.random.sample([INT, USR1, USR2, TERM, 40, 41, 64], 5)
    for n in numbers:
        s.action(n, HANDLER)
    s.mask(SETMASK, (1 << 64) - 1)
    for n in numbers:
        s.call("kill", me, n)
    s.mask(SETMASK, 0)
    s.read_answer((yield s.ask(run)))
    check_equal(sorted(s.handled), sorted(numbers), "the signals that were handled")
    check_equal(sum(x.ends for x in s.log), 5, "handlers that returned")


@test(points=2, **HAND, blames="end_interrupted_call", hint="A wait with a deadline is never made again; it returns -EINTR, behind its ecall.")
def waits_end(run):
    """A handler ends a sleep with EINTR whatever its flags; a signal without effect does not."""
    s = Script("handler")
    child = s.fork(2)
    s.action(USR1, HANDLER, SA_RESTART, actor=2)
    s.set(0x900, struct.pack("<qqqq", 3, 0, 0, 0))
    early = s.call("nanosleep", data(0x900), data(0x910), actor=2, ms=SOON)
    s.call("kill", child, WINCH)
    still = s.look(2, SOON)
    s.call("kill", child, USR1)
    late = s.look(2)
    s.get(0x910, 16)
    s.read_answer((yield s.ask(run)))
    expect(s, early, None, "a sleep of three seconds")
    expect(s, still, None, "the sleep, when a signal without effect came")
    expect(s, late, -EINTR, "the sleep, when a handler ran")
    seconds, _ = struct.unpack("<qq", s.got[0])
    check(0 < seconds < 3, f"{seconds} seconds are said to be left")


@test(points=2, **HAND, blames="enter_handler, signal_deliver", hint="has_saved_mask: the frame takes the saved mask, not the one of the wait.")
def to_suspend(run):
    """sigsuspend waits with another mask; the handler runs, and the old mask is back."""
    s = Script("handler")
    child = s.fork(2)
    s.action(USR1, HANDLER, actor=2)
    s.action(TERM, HANDLER, actor=2)
    s.mask(SETMASK, bits(USR1, USR2), actor=2)
    s.set(0x920, struct.pack("<Q", bits(TERM)))
    early = s.call("sigsuspend", data(0x920), 8, actor=2, ms=SOON)
    s.call("kill", child, TERM)
    still = s.look(2, SOON)
    s.call("kill", child, USR1)
    late = s.look(2)
    mask_of(s, 2)
    s.read_answer((yield s.ask(run)))
    expect(s, early, None, "the wait")
    expect(s, still, None, "the wait, when a blocked signal came")
    expect(s, late, -EINTR, "the wait, when a handler ran")
    check_equal(s.handled, [USR1, TERM], "the signals that were handled")
    check_equal([x.mask for x in s.log[:1]], [bits(TERM, USR1)], "what is blocked while the handler runs")
    check_equal(int.from_bytes(s.got[0], "little"), bits(USR1, USR2), "what is blocked afterwards")


@test(points=2, **HAND, blames="take_fault_locked", hint="A fault cannot be put off: blocked or ignored, its default comes.")
def a_fault_cannot_wait(run):
    """A fault that is blocked or ignored ends the process all the same."""
    s, ends = Script("handler"), []
    for actor in (2, 3):
        child = s.fork(actor)
        if actor == 2:
            s.mask(SETMASK, bits(SEGV), actor=2)
        else:
            s.action(SEGV, IGNORE, actor=3)
        s.action(USR1, 8, actor=actor)  # a handler where nothing is
        s.call("kill", child, USR1)
        ends.append((s.wait(child), child))
        s.status()
    s.read_answer((yield s.ask(run)))
    for (ref, child), status in zip(ends, s.numbers()):
        expect(s, ref, s.of(child), "the wait for its end")
        check_equal(signalled(status), SEGV, "what ended it")


@test(points=3, **STOPS, blames="next_locked, signal_deliver", hint="SIG_DFL that neither stops nor is without effect ends it (end_by).")
def by_default(run):
    """Without a handler a signal ends the process, or does nothing: each as it should."""
    s, ends = Script("stop"), []
    quiet = s.fork(2)
    for number in (CHLD, URG, WINCH, CONT):
        s.call("kill", quiet, number)
    alive = s.call("getpid", actor=2)
    for actor, number in ((3, run.random.choice([INT, TERM, USR1, ALRM])), (4, QUIT), (5, RTMIN + 3), (6, KILL)):
        child = s.fork(actor)
        s.call("kill", child, number)
        ends.append((s.wait(child), child, number))
        s.status()
    s.read_answer((yield s.ask(run)))
    expect(s, alive, s.of(quiet), "a call of one that got only signals without effect")
    for (ref, child, number), status in zip(ends, s.numbers()):
        expect(s, ref, s.of(child), f"the wait for one that got signal {number}")
        check_equal(signalled(status), number, "what ended it")


@test(points=3, **STOPS, blames="stop_locked, wait_while_stopped_locked", hint="nstopped, and process_report_stop_locked by the last; stop_reported and has_continued belong to the last stop.")
def to_stop_and_go_on(run):
    """A stopped process stays where it is, its parent is told, and SIGCONT has it go on."""
    s = Script("stop")
    child = s.fork(2)
    rounds = []
    for number in (STOP, TSTP, STOP):
        s.call("setpgid", 0, 0, actor=2)
        s.call("kill", child, number)
        told = s.wait(child, UNTRACED)
        s.status()
        stays = s.call("getpid", actor=2, ms=SOON)
        nothing = s.wait(child, UNTRACED | NOHANG)
        s.call("kill", child, CONT)
        goes = s.look(2)
        again = s.wait(child, CONTINUED)
        s.status()
        rounds.append((number, told, stays, nothing, goes, again))
    s.read_answer((yield s.ask(run)))
    statuses = iter(s.numbers())
    for number, told, stays, nothing, goes, again in rounds:
        expect(s, told, s.of(child), f"the wait for a stop by signal {number}")
        check_equal(stopped(next(statuses)), number, "what stopped it")
        expect(s, stays, None, "a call of one that is stopped")
        expect(s, nothing, 0, "a second wait for the same stop")
        expect(s, goes, s.of(child), "that call, when it was continued")
        expect(s, again, s.of(child), "the wait for its going on")
        check_equal(next(statuses), 0xFFFF, "the status of one that goes on")


@test(points=2, **STOPS, blames="wait_while_stopped_locked, next_locked", hint="Only leaving for good leads out of it but SIGCONT.")
def killed_while_stopped(run):
    """What is stopped can be killed; other signals wait until it goes on."""
    s = Script("stop")
    one, two = s.fork(2), s.fork(3)
    s.action(USR1, HANDLER, actor=3)
    for child in (one, two):
        s.call("kill", child, STOP)
        s.wait(child, UNTRACED)
    s.call("kill", two, USR1)
    s.call("kill", one, KILL)
    ended = s.wait(one)
    s.status()
    stays = s.call("getpid", actor=3, ms=SOON)
    s.call("kill", two, CONT)
    goes = s.look(3)
    s.read_answer((yield s.ask(run)))
    expect(s, ended, s.of(one), "the wait for one that was killed while it was stopped")
    check_equal(signalled(s.numbers()[0]), KILL, "what ended it")
    expect(s, stays, None, "a call of one that is stopped and got a signal")
    expect(s, goes, s.of(two), "that call, when it was continued")
    check_equal(s.handled, [USR1], "the signals that were handled")


@test(points=2, **STOPS, blames="next_locked", hint="process_is_orphaned_group_locked; SIGSTOP is another matter.")
def nobody_would_continue_it(run):
    """SIGTSTP and SIGTTIN do not stop a group that nobody would continue; SIGSTOP does."""
    s = Script("stop")
    child = s.fork(2)
    s.call("setsid", actor=2)
    alive = []
    for number in (TSTP, TTIN):
        s.call("kill", child, number)
        alive.append(s.call("getpid", actor=2))
    s.call("kill", child, STOP)
    stays = s.call("getpid", actor=2, ms=SOON)
    s.call("kill", child, CONT)
    goes = s.look(2)
    s.read_answer((yield s.ask(run)))
    for ref in alive:
        expect(s, ref, s.of(child), "a call of one that is alone in its session, after SIGTSTP or SIGTTIN")
    expect(s, stays, None, "a call after SIGSTOP")
    expect(s, goes, s.of(child), "that call, when it was continued")
