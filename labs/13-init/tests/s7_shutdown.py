"""Step 7: the end."""

from _init import FAILED, RUNNING, STARTING, STOPPED, STOPPING, Service, lines, names, table
from grading import check, check_equal, pack, test

POWER_OFF, REBOOT, NOT_BEGUN = 0, 1, 2
NEVER = 0xFFFFFFFF
TERM, KILL, CONT = 15, 9, 18
END = {"step": "shutdown", "section": "step-7-the-end", "evidence": "answers"}
LAST = ["logs closed", "chdir /", "filesystems off"]


def turn(run, services, left=(), downs=(0,), kind=POWER_OFF):
    """Return the request: left is (ms after SIGTERM, ms after SIGKILL, stopped) each."""
    pieces = [*table(services), "u8", kind, "u32", len(left)]
    for term, kill, stopped in left:
        pieces += ["u32", term, "u32", kill, "u8", stopped]
    pieces += ["u32", len(downs)] + [x for d in downs for x in ("u32", d)]
    return run.ask("shutdowns", "turn", pack(*pieces))


def kills(record):
    """Return [(signal, ms)] of those to all processes."""
    return [(int(x.split()[2]), int(x.split()[4])) for x in record if x.startswith("kill -1 ")]


def reaped(record):
    """Return {process: ms} of those that were waited for."""
    return {int(x.split()[1]): int(x.split()[3]) for x in record if x.startswith("reaped ")}


def closed(record):
    """Return when the logs were closed, in ms; 0 if they were not."""
    return max([0, *(int(x.split()[2]) for x in record if x.startswith("closed at "))])


def check_last(record, word="power off"):
    """The machine ends in good order."""
    check_equal([x for x in record if x in LAST], LAST, "what is done at last, in this order")
    check_equal(record[-1], word, "the end of the machine")


@test(points=1, **END, blames="shutdown_begin", hint="No start any more, no wish any more; then a turn of the loop does the rest.")
def it_begins(run):
    """From when it begins, nothing starts, nothing is wanted, and the console says why."""
    ways = [(kind, word, run.random.randbytes(4).hex())
            for kind, word in ((POWER_OFF, "power off"), (REBOOT, "reboot"))]  # fmt: skip
    answers = yield [run.ask("shutdowns", "begin", pack("u32", 1, "u8", kind, "string", why))
                     for kind, _, why in ways]  # fmt: skip
    for answer, (_, word, why) in zip(answers, ways):
        record = lines(answer)
        check_equal((record[0], record[-1]), ("begun 0", "begun 1"), "whether it has begun, before and after")
        check_equal(sorted(x for x in record if x.startswith(("starts", "stop "))),
                    ["starts forbidden", f"stop all: {why}"], "what services are told")  # fmt: skip
        check_equal([x for x in record if x.startswith("says")], [f"says {word}: {why}"], "the line on the console")
        check(record.index("starts forbidden") < record.index(f"stop all: {why}"), "services stop before starts are forbidden")
        told = [x for x in record if x == "console taken 0" or x.startswith("says")]
        check_equal(told[0], "console taken 0", "what makes the line appear, whoever has the console")


@test(points=1, **END, blames="shutdown_begin, shutdown_turn", hint="Once is enough, and nothing takes it back.")
def once_is_enough(run):
    """Who asks first decides; asked again, nothing happens."""
    question = pack("u32", 3, "u8", REBOOT, "string", "one", "u8", POWER_OFF, "string", "two", "u8", REBOOT, "string", "three")
    record = lines((yield run.ask("shutdowns", "begin", question)))
    check_equal(sorted(x for x in record if x.startswith(("stop", "says"))),
                ["says reboot: one", "stop all: one"], "what was done")  # fmt: skip
    check_equal([x for x in record if x.startswith("begun")], ["begun 0", "begun 1", "begun 1", "begun 1"], "whether it had begun")


@test(points=2, **END, blames="shutdown_turn", hint="depend_is_up of each: also what starts, and what stops.")
def services_first(run):
    """As long as a service is up, nothing ends."""
    alone = [lines(a) for a in (yield [turn(run, [Service("one", s, False)], downs=(0, 1))
                                       for s in (STARTING, RUNNING, STOPPING)])]  # fmt: skip
    check_equal([record[:2] for record in alone], [["turn", "turn"]] * 3,
                "what happens while one service starts, runs, or stops")  # fmt: skip
    states = [STARTING, RUNNING, STOPPING, STOPPED, FAILED]
    run.random.shuffle(states)
    services = [Service(n, s, False) for n, s in zip(names(run.random, 5), states)]
    last = max(i for i, s in enumerate(states) if s in (STARTING, RUNNING, STOPPING)) + 1
    idle, record = map(lines, (yield [turn(run, services, kind=NOT_BEGUN, downs=(5, 5)),
                                      turn(run, services, downs=(0, last - 1, last - 1, last))]))  # fmt: skip
    check_equal(idle, ["turn", "turn", "goes on"], "what happens before it has begun")
    check_equal(record[:4], ["turn"] * 4, "what happens while services are up")
    check_last(record)


@test(points=1, **END, blames="end_the_rest, shutdown_turn", hint="kill(-1, ...) is for all processes but this one.")
def the_rest_is_asked(run):
    """What belongs to no service gets a SIGTERM, even if it is stopped, and time to end."""
    left = [(run.random.randint(0, 300), NEVER, stopped) for stopped in (0, 1, 0, 1)]
    record = lines((yield turn(run, [], left)))
    check_equal([s for s, _ in kills(record)][:2], [TERM, CONT], "signals")
    check_equal(sorted(reaped(record)), [0, 1, 2, 3], "processes that were waited for")
    check("error" not in record and KILL not in [s for s, _ in kills(record)], "it did not wait for those that end in time")
    check_last(record)


@test(points=1, **END, blames="wait_for_the_rest", hint="As soon as waitpid says ECHILD.")
def no_longer_than_needed(run):
    """When the last process has ended, it goes on at once."""
    limits = (0, run.random.randint(20, 350))
    lefts = [[(run.random.randint(0, most), NEVER, 0), (most, NEVER, 0)] for most in limits]
    *answers, alone = yield [turn(run, [], left) for left in [*lefts, []]]
    for answer, most in zip(answers, limits):
        record = lines(answer)
        check_equal(sorted(reaped(record)), [0, 1], "processes that were waited for")
        late = closed(record) - most
        check(late <= 50, f"it went on {late} ms after the end of the last process")
        check_last(record)
    record = lines(alone)
    check(closed(record) <= 50, "it waits, though there is no process")
    check_last(record)


@test(points=2, **END, blames="end_the_rest, wait_for_the_rest", hint="PATIENCE, then SIGKILL, and PATIENCE once more.")
def who_does_not_heed_it(run):
    """Who is still there after 0.4 s is killed, and waited for."""
    left = [(NEVER, run.random.randint(0, 300), 0), (run.random.randint(0, 300), NEVER, 0), (900, 5, 1)]
    record = lines((yield turn(run, [], left)))
    sent = kills(record)
    check_equal([s for s, _ in sent if s != CONT], [TERM, KILL], "signals")
    when = dict(sent)
    check(400 <= when[KILL] - when[TERM] <= 500, f"SIGKILL comes {when[KILL] - when[TERM]} ms after SIGTERM")
    check_equal(sorted(reaped(record)), [0, 1, 2], "processes that were waited for")
    check("error" not in record, "an error is told, though all have ended")
    check_last(record)


@test(points=1, **END, blames="end_the_rest, wait_for_the_rest", hint="log_error, and on.")
def nobody_keeps_it_up(run):
    """What does not even end when killed is told of, and keeps nobody from the end."""
    record = lines((yield turn(run, [], [(NEVER, NEVER, 0), (10, NEVER, 0)])))
    check_equal([s for s, _ in kills(record) if s != CONT], [TERM, KILL], "signals")
    check_equal(record.count("error"), 1, "errors that are told")
    check_last(record)


@test(points=1, **END, blames="shutdown_turn", hint="output_close, then a directory that keeps no disk busy, then finish.")
def in_good_order(run):
    """At last the logs are closed, and the disks; then the machine goes, as was asked."""
    ways = ((REBOOT, "reboot"), (POWER_OFF, "power off"))
    answers = yield [turn(run, [Service("one", FAILED)], [(5, NEVER, 0)], kind=kind) for kind, _ in ways]
    for answer, (_, word) in zip(answers, ways):
        record = lines(answer)
        check_last(record, word)
        check(record.index("logs closed") > max(i for i, x in enumerate(record) if x.startswith("reaped")),
              "the logs are closed while processes are still there")  # fmt: skip
