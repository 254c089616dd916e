"""Step 6: taking in processes that have ended."""

from _init import (FAILED, FORKING, NOTIFY, ONESHOT, RUNNING, SIMPLE, STARTING, STOPPED, STOPPING, Service,
                   lines, names, table)  # fmt: skip
from grading import check, check_equal, pack, test

REAP = {"step": "reap", "section": "step-6-taking-in-the-dead", "evidence": "answers"}
KILLED, TERMED = 9, 15  # statuses of those that a signal ended
NO_DEVICE_STATUS = 69 << 8


def ask(run, services, dead, others_live=True, pidfile=0):
    """Return the request: dead is a list of (pid, status)."""
    flat = [x for pid, status in dead for x in ("u32", pid, "u32", status)]
    return run.ask("reaps", "reap", pack(*table(services), "u8", others_live, "u32", pidfile,
                                         "u32", len(dead), *flat))  # fmt: skip


def split(record):
    """Return (lines about services, (taken in, called again) of each round, {name: (pid, status)})."""
    told = [x for x in record if x.split()[0] not in ("round", "pid")]
    rounds = [tuple(map(int, x.split()[1:])) for x in record if x.startswith("round ")]
    pids = {x.split()[1]: tuple(map(int, x.split()[2:])) for x in record if x.startswith("pid ")}
    return told, rounds, pids


def serving(random, count, state=RUNNING, kind=SIMPLE):
    """Return services that each have a process; the wish false: it has said nothing of late."""
    pids = random.sample(range(2, 900), count)
    return [Service(n, state, False, type=kind, pid=pid) for n, pid in zip(names(random, count), pids)]


def orphans(random, count):
    """Return processes that are nobody's."""
    return [(pid, random.choice((0, 256, KILLED))) for pid in random.sample(range(5000, 9000), count)]


@test(points=1, **REAP, blames="reap", hint="One SIGCHLD may stand for many: until waitpid has no more.")
def all_are_taken_in(run):
    """All that have ended are taken in at once, without waiting for any other."""
    services = serving(run.random, 2)
    mine = [(s.pid, KILLED) for s in services]
    dead = orphans(run.random, run.random.randint(3, 50)) + mine
    run.random.shuffle(dead)
    for answer in (yield [ask(run, services, dead, live) for live in (True, False)]):
        told, rounds, _ = split(lines(answer))
        check("sleeps" not in told, "it waits for a process that lives")
        check_equal(rounds, [(len(dead), 0)], "how many were taken in, and whether it is to go on")
        check(not any(x.startswith("waits for") for x in told), "it waits for certain processes only")
        ended = [x for x in told if x.startswith("decide ")]
        check_equal(len(ended), 2, "services whose end was decided on")


@test(points=2, **REAP, blames="reap", hint="raise(number) after REAP_AT_ONCE; then the loop calls again.")
def others_get_their_turn(run):
    """Of very many, 256 are taken in at once, and the rest when others had their turn."""
    dead = orphans(run.random, run.random.randint(600, 900))
    (service,) = serving(run.random, 1)
    dead.insert(run.random.randrange(520, len(dead)), (service.pid, KILLED))
    told, rounds, _ = split(lines((yield ask(run, [service], dead))))
    taken = [0] + [count for count, _ in rounds]
    most = max(b - a for a, b in zip(taken, taken[1:]))
    check(most <= 256, f"{most} were taken in at once")
    check_equal(taken[-1], len(dead), "how many were taken in")
    check_equal(len([x for x in told if x.startswith("decide")]), 1, "services whose end was decided on")
    check_equal(rounds[-1][1], 0, "whether it is to go on after the last")


@test(points=2, **REAP, blames="process_ended", hint="Compare the pid with those of all services.")
def whose_it_was(run):
    """The end of a process is that of the service whose it was, and of no other."""
    services = serving(run.random, run.random.randint(4, 12))
    gone = run.random.sample(services, 3)
    dead = orphans(run.random, 8) + [(s.pid, run.random.choice((256, KILLED, 512))) for s in gone]
    run.random.shuffle(dead)
    told, _, pids = split(lines((yield ask(run, services, dead))))
    decided = [x.split()[1] for x in told if x.startswith("decide ")]
    check_equal(sorted(decided), sorted(s.name for s in gone), "the services that have ended")
    for s in services:
        if s in gone:
            check_equal(pids[s.name][1], dict(dead)[s.pid], f"the status kept of {s.name}")
        else:
            check_equal(pids[s.name], (s.pid, 0), f"process and status of {s.name}, which lives")


@test(points=1, **REAP, blames="process_ended", hint="health_ended says whether it was one; each service may have one.")
def health_checks_end(run):
    """The end of a health check goes to the check that it was."""
    services = serving(run.random, 5)
    checks = [(s.pid + 1000, run.random.choice((0, 256))) for s in run.random.sample(services, 3)]
    dead = checks + orphans(run.random, 3)
    run.random.shuffle(dead)
    told, _, _ = split(lines((yield ask(run, services, dead))))
    seen = [tuple(map(int, x.split()[1:])) for x in told if x.startswith("health ")]
    check_equal(sorted(seen), sorted(checks), "processes and statuses of checks")
    check_equal([x for x in told if not x.startswith("health ")], [], "what was done with services")


@test(points=1, **REAP, blames="service_ended", hint="clean: it was running, and its status is 0.")
def how_it_ended(run):
    """Only who was running and ends with 0 has ended well."""
    ways = ((RUNNING, 0, 1), (RUNNING, 256, 0), (RUNNING, TERMED, 0), (STARTING, 0, 0),
            (STOPPING, 0, 0), (STARTING, KILLED, 0))  # fmt: skip
    made = [serving(run.random, 3, state) for state, _, _ in ways]
    answers = yield [ask(run, services, [(services[1].pid, status)])
                     for services, (_, status, _) in zip(made, ways)]  # fmt: skip
    for answer, services, (_, status, clean) in zip(answers, made, ways):
        victim = services[1]
        told, _, _ = split(lines(answer))
        decided = [x.split(" ", 3)[1:] for x in told if x.startswith("decide ")]
        why = f"ended with status {status >> 8}" if not status & 127 else f"killed by signal {status & 127}"
        check_equal([d[:2] for d in decided], [[victim.name, str(clean)]], f"who ended, and whether well: {why}")
        check(decided[0][2].startswith(why), f"{decided[0][2]!r} does not say {why!r}")


@test(points=2, **REAP, blames="service_ended", hint="supervise_hear first: what it said last came before its end.")
def last_words_count(run):
    """What a service said before it ended is heard before its end is judged."""
    (service,) = serving(run.random, 1, STARTING, NOTIFY)
    service.wanted = True  # its last word is that it is ready
    told, _, _ = split(lines((yield ask(run, [service], [(service.pid, 0)]))))
    words = [x.split()[0] for x in told]
    check_equal(words[:2], ["hear", "ready"], "what came first")
    check_equal([x.split()[2] for x in told if x.startswith("decide")], ["1"], "whether it ended well")
    check_equal([x for x in told if x.startswith("kill")], [f"kill {-service.pid} 9"], "kills of what is left of it")


@test(points=1, **REAP, blames="service_ended", hint="kill of the negative pid: its process group. Before its end is decided on.")
def its_group_ends_with_it(run):
    """What is left of a service's process group does not go on without it."""
    (service,) = serving(run.random, 1)
    told, _, _ = split(lines((yield ask(run, [service], [(service.pid, TERMED)]))))
    acts = [x for x in told if not x.startswith("hear")]
    check_equal(acts[:1], [f"kill {-service.pid} 9"], "what is done first")
    check_equal([x.split()[0] for x in acts[1:]], ["decide"], "what is done then")


@test(points=1, **REAP, blames="service_ended", hint="came_up; then there is nothing to kill, and nothing to decide.")
def some_come_up_by_ending(run):
    """A oneshot that ends well is running, and a forking one with the process that stays."""
    (once,), (fork,) = serving(run.random, 1, STARTING, ONESHOT), serving(run.random, 1, STARTING, FORKING)
    stays = run.random.randint(1000, 2000)
    answers = yield [ask(run, [once], [(once.pid, 0)]), ask(run, [fork], [(fork.pid, 0)], pidfile=stays),
                     ask(run, [once], [(once.pid, 256)])]  # fmt: skip
    told, _, pids = split(lines(answers[0]))
    check_equal([x.split()[0] for x in told], ["hear", "ready"], "what a oneshot's end does")
    check_equal(pids[once.name][0], 0, "the process of a oneshot that has run")
    told, _, pids = split(lines(answers[1]))
    check_equal([x.split()[0] for x in told], ["hear", "ready"], "what the first process's end does")
    check_equal(pids[fork.name][0], stays, "the process of a forking service")
    told, _, _ = split(lines(answers[2]))
    check_equal([x.split()[0] for x in told], ["hear", "kill", "decide"], "what a oneshot's failure does")


@test(points=1, **REAP, blames="service_ended", hint="lacks_device, no_device; depend_is_up.")
def no_device_and_no_end(run):
    """Status 69 means no device; the end of what is not up means nothing."""
    (service,) = serving(run.random, 1)
    asked = [ask(run, [service], [(service.pid, NO_DEVICE_STATUS)])]
    for state in (STOPPED, FAILED):
        service.state = state
        asked.append(ask(run, [service], [(service.pid, 512)]))
    missing, *ends = yield asked
    told, _, _ = split(lines(missing))
    check_equal([x.split()[0] for x in told], ["hear", "kill", "no-hardware"], "what status 69 does")
    for answer in ends:
        told, _, pids = split(lines(answer))
        check_equal(told, [f"hear {service.name}"], "what the end of one that is not up does")
        check_equal(pids[service.name][1], 512, "its status, which is kept")
