"""Step 3: who waits for whom."""

import itertools

from _init import (FAILED, NO_DEVICE, RUNNING, STARTING, STATES, STOPPED, STOPPING, UP, Service,
                   check_one_of, failed, held, look, looked, names, random_table, settled, table,
                   waits_for, lines)  # fmt: skip
from _graph import on_cycles
from grading import check, check_equal, pack, test

DEPEND = {"step": "depend", "section": "step-3-who-waits-for-whom", "evidence": "answers"}


def every_way(random):
    """Return services in each state with each wish."""
    ways = list(itertools.product(range(len(STATES)), (False, True), (False, True)))
    return [Service(name, state, wanted, again)
            for name, (state, wanted, again) in zip(names(random, len(ways)), ways)]  # fmt: skip


def about(s):
    """Return words for a service's state and wish."""
    return f"{STATES[s.state]}, wanted: {s.wanted}, again: {s.again}"


@test(points=2, **DEPEND, blames="depend_is_settled",
      hint="stopped and wanted is on its way; running and not wanted is, too.")  # fmt: skip
def who_has_settled(run):
    """Who runs as he is to, or is down for good, has settled; nobody else has."""
    services = every_way(run.random)
    seen = looked((yield look(run, services)), services)
    for s in services:
        check_equal(seen[s.name].settled, settled(s), f"whether one has settled that is {about(s)}")


@test(points=2, **DEPEND, blames="stays_down, depend_failed",
      hint="Down for good, or stopped and wanted by nobody. What still stops may start again.")  # fmt: skip
def what_will_not_run(run):
    """What requires something that will not run is told which."""
    services = every_way(run.random)
    users = [Service(f"user{i:02}", requires=(s.name,)) for i, s in enumerate(services)]
    halves = [sorted(services[i::2] + users[i::2], key=lambda s: s.name) for i in (0, 1)]
    answers = yield [look(run, both) for both in halves]
    for number, (both, answer) in enumerate(zip(halves, answers)):
        by_name = {s.name: s for s in both}
        seen = looked(answer, both)
        for user in users[number::2]:
            check_one_of(seen[user.name].failed, failed(by_name, user),
                         f"what has failed for one that requires a service that is "
                         f"{about(by_name[user.requires[0]])}")  # fmt: skip


@test(points=1, **DEPEND, blames="depend_failed",
      hint="service_find says NULL for a name that no service has.")  # fmt: skip
def what_is_not_there(run):
    """To require what is not there is to fail; to want it, or come after it, is not."""
    one, two, three, four = names(run.random, 4)
    services = [Service(one, RUNNING), Service(two, requires=(one, "nobody")),
                Service(three, wants=("nobody",), after=("nobody",)), Service(four, requires=(one,))]  # fmt: skip
    seen = looked((yield look(run, services)), services)
    check_equal(seen[two].failed, "nobody", "what has failed for one that requires it")
    check_equal((seen[three].failed, seen[three].waits_for), ("", ""),
                "what has failed, and is waited for, for one that only wants it")  # fmt: skip
    check_equal((seen[four].failed, seen[four].waits_for), ("", ""), "the same where all runs")


@test(points=2, **DEPEND, blames="depend_waits_for",
      hint="What is required must run: to have settled is not enough.")  # fmt: skip
def what_is_required_must_run(run):
    """One that requires others waits until all of them run."""
    up, other, user = names(run.random, 3)
    made = [[Service(up, RUNNING), Service(other, state), Service(user, requires=(up, other))]
            for state in (STOPPED, STARTING, RUNNING, STOPPING, FAILED, NO_DEVICE)]  # fmt: skip
    for services, answer in zip(made, (yield [look(run, s) for s in made])):
        seen, state = looked(answer, services), services[1].state
        check_equal(seen[user].waits_for, "" if state == RUNNING else other,
                    f"what is waited for when it is {STATES[state]}")  # fmt: skip


@test(points=2, **DEPEND, blames="depend_waits_for, unsettled",
      hint="wants and after are satisfied as soon as nothing will change by itself.")  # fmt: skip
def what_is_wanted_may_fail(run):
    """One that wants others, or comes after them, waits only until they have settled."""
    services = every_way(run.random)[::2]
    users = [Service(f"user{i:02}", **{run.random.choice(("wants", "after")): (s.name,)})
             for i, s in enumerate(services)]  # fmt: skip
    both = sorted(services + users, key=lambda s: s.name)
    by_name = {s.name: s for s in both}
    seen = looked((yield look(run, both)), both)
    for user in users:
        (name,) = user.all_lists
        check_one_of(seen[user.name].waits_for, waits_for(by_name, user),
                     f"what is waited for when it is {about(by_name[name])}")  # fmt: skip


@test(points=1, **DEPEND, blames="depend_waits_for",
      hint="console_is_taken and console_open_for_all are there already.")  # fmt: skip
def one_has_the_console(run):
    """Who is to have the console waits until it is open, and nobody else has it."""
    one, two, three = names(run.random, 3)
    holder = Service(one, RUNNING, console=True, pid=run.random.randrange(2, 99))
    free = Service(one, STOPPED, wanted=False, console=True)
    waiting, plain = Service(two, console=True), Service(three)
    ways = ((holder, True, "the console"), (free, True, ""), (free, False, "the console"))
    answers = yield [look(run, [first, waiting, plain], is_open) for first, is_open, _ in ways]
    for answer, (first, is_open, wanted) in zip(answers, ways):
        seen = looked(answer, [first, waiting, plain])
        what = f"what is waited for, the console being {'open' if is_open else 'shut'}"
        check_equal(seen[two].waits_for, wanted, what)
        check_equal(seen[three].waits_for, "", what + ", by one that does not have it")
        if first is holder:
            check_equal(seen[one].waits_for, "", "what the one waits for that has the console itself")


@test(points=3, **DEPEND, blames="depend_is_held",
      hint="Held by who is up, is not to stay up, and comes after it by any of the three lists.")  # fmt: skip
def who_is_held(run):
    """A service is stopped after those that come after it, if they are stopped, too."""
    target, user = names(run.random, 2)
    ways = list(itertools.product(("requires", "wants", "after"), range(len(STATES)), (False, True)))
    made = [[Service(target, RUNNING, False), Service(user, state, wanted, **{words: (target,)})]
            for words, state, wanted in ways]  # fmt: skip
    answers = yield [look(run, services) for services in made]
    for answer, services, (words, state, wanted) in zip(answers, made, ways):
        seen = looked(answer, services)
        check_equal((seen[target].held, seen[user].held), (state in UP and not wanted, False),
                    f"who is held of two, when the one that has the other in `{words}` is "
                    f"{STATES[state]}, wanted: {wanted}")  # fmt: skip


@test(points=2, **DEPEND, blames="depend_failed, depend_waits_for, depend_is_held, unsettled",
      hint="One of the tests before this one says it more simply.")  # fmt: skip
def random_tables(run):
    """Among many services in all states each one's answers are right."""
    tables = [random_table(run.random, run.random.randint(4, 16)) for _ in range(8)]
    answers = yield [look(run, services) for services in tables]
    for services, answer in zip(tables, answers):
        by_name, seen = {s.name: s for s in services}, looked(answer, services)
        for s in services:
            check_one_of(seen[s.name].failed, failed(by_name, s), f"what has failed for {s}")
            check_one_of(seen[s.name].waits_for, waits_for(by_name, s), f"what is waited for by {s}")
            check_equal(seen[s.name].held, held(by_name, s), f"whether {s} is held")


def with_cycle(random):
    """Return services that are all to start, of which at least two cannot."""
    services = random_table(random, random.randint(5, 14))
    for s in services:
        s.state, s.wanted, s.again = STOPPED, True, False
    one, two = services[0], services[1]
    one.after, two.wants = (*one.after, two.name), (*two.wants, one.name)
    return services


@test(points=3, **DEPEND, blames="fail_members",
      hint="graph_isolate, broken, wanted, and an event for each; depend_break_cycles has the rest.")  # fmt: skip
def cycles_are_broken(run):
    """All members of all cycles fail, and are told which; all others are as they were."""
    tables = [with_cycle(run.random) for _ in range(3)]
    answers = yield [run.ask("depends", "cycles", pack(*table(t))) for t in tables]
    for services, answer in zip(tables, answers):
        told, index = lines(answer), {s.name: i for i, s in enumerate(services)}
        edges = [(index[s.name], index[n]) for s in services for n in s.all_lists if n in index]
        broken = set()
        for line in told:
            who, _, why = line.partition(" gave-up: ")
            check("a cycle: " in why, f"{line!r} does not say which cycle")
            members = why.removeprefix("a cycle: ").split(" -> ")
            check(who in members, f"{who} fails because of a cycle that it is not in: {why}")
            for later, earlier in zip(members, members[1:]):
                check((index[later], index[earlier]) in edges, f"{later} does not come after {earlier}: {why}")
            broken.add(who)
        check_equal(len(told), len(broken), "services that failed, and how often")
        check(broken <= {services[i].name for i in on_cycles(len(services), edges)},
              "one failed that is on no cycle")  # fmt: skip
        left = [(a, b) for a, b in edges if not {services[a].name, services[b].name} & broken]
        check_equal(on_cycles(len(services), left), set(), "services still on a cycle")
        for s in services:
            out = s.name in broken
            check_equal((answer.u8(), answer.u8(), STATES[answer.u8()]),
                        (out, not out, "failed" if out else "stopped"),
                        f"broken, wanted and the state of {s.name}, which is {'in' * out or 'out of'} a cycle")  # fmt: skip


@test(points=1, **DEPEND, blames="fail_members", hint="FAILED has no arrow for it.")
def who_has_failed_before(run):
    """A member that has failed before is broken as well, and keeps its own reason."""
    one, two = names(run.random, 2)
    services = [Service(one, FAILED, False, requires=(two,)), Service(two, requires=(one,))]
    answer = yield run.ask("depends", "cycles", pack(*table(services)))
    told = lines(answer)
    check_equal([line.split(" ")[0] for line in told], [two], "who fails now")
    for s in services:
        check_equal((answer.u8(), answer.u8(), answer.u8()), (1, 0, FAILED), f"{s.name}: broken, wanted, state")
