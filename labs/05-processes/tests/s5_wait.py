"""Step 5: the news."""

from _family import (
    ALIVE,
    ALL,
    CONTINUED,
    ECHILD,
    EINTR,
    GONE,
    GROUP,
    INIT,
    NOBODY,
    PID,
    SIGUSR1,
    WALL,
    WCLONE,
    WCONTINUED,
    WEXITED,
    WNOHANG,
    WNOWAIT,
    WUNTRACED,
    ZOMBIE,
    bear,
    leave,
    op,
    play,
    reaped,
    script,
    still,
    wait,
)

from grading import check, check_equal, test

SECTION = "Step 5: The news"


@test(points=3, step="wait", section=SECTION, blames="process_wait,take_news_locked,reap_locked",
      evidence="answers", hint="The pid is the result, the status comes with the news.")  # fmt: skip
def a_zombie_is_waited_for(run):
    """wait returns pid and status of a child that has ended, which then is gone."""
    statuses = {i: run.random.choice((run.random.randrange(256) << 8, run.random.randrange(1, 32)))
                for i in run.random.sample(range(2, 8), 5)}  # fmt: skip
    ops = [bear(1, INIT)] + [bear(i, 1) for i in statuses]
    ops += [x for i, s in statuses.items() for x in (leave(i, s), wait(1))]
    played = play((yield script(run, ops)), ops)
    for number, (actor, status) in enumerate(statuses.items()):
        behind = 1 + len(statuses) + 2 * number + 1
        reaped(played, behind, 1, actor, status)
        check_equal(played[behind][1].news_uid, 1000 + actor, "the child's user")


@test(points=3, step="wait", section=SECTION, blames="process_wait,find_news_locked",
      evidence="answers",
      hint="Asleep until somebody tells: child_changed. What it finds then it has to look at "
           "again.")  # fmt: skip
def a_parent_sleeps_until_then(run):
    """Without news a parent sleeps; it wakes up when a child ends, and not before."""
    status = run.random.randrange(256) << 8
    ops = [bear(1, INIT), bear(2, 1), bear(3, 1), wait(1), op("z", 1), bear(4, 2), leave(4, 0),
           leave(3, status)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    for number in (3, 4, 5, 6):
        check(played[number][1].busy, f"wait came back with {played[number][1].result} before "
              "a child had ended")  # fmt: skip
    reaped(played, 7, 1, 3, status)


@test(points=2, step="wait", section=SECTION, blames="process_wait,find_news_locked,is_wanted",
      evidence="answers",
      hint="A process without children would sleep for ever. And whose child a grandchild is, "
           "you know.")  # fmt: skip
def there_is_nobody_to_wait_for(run):
    """Who has no child, or not this one, gets -ECHILD, whatever the options."""
    nohang = WEXITED | WNOHANG
    ops = [bear(1, INIT), wait(1), wait(1, ALL, 0, nohang), bear(2, 1), bear(3, 2),
           wait(1, PID, 3), wait(1, PID, 1), wait(1, PID, INIT), wait(1, PID, NOBODY, nohang),
           wait(1, GROUP, 3), leave(2, 0), wait(1), wait(1), wait(3)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    for number in (1, 2, 5, 6, 7, 8, 9, 12):
        seen = played[number][1]
        check(not seen.busy, f"it sleeps, although there is nobody to wait for: {ops[number]}")
        check_equal(seen.result, ECHILD, f"process_wait{ops[number][2:]}")
    reaped(played, 11, 1, 2, 0)
    check_equal(played[13][3].result, ECHILD, "process_wait of who has no children")


@test(points=2, step="wait", section=SECTION, blames="process_wait", evidence="answers",
      hint="There is a child, but no news: neither an error nor a reason to sleep.")  # fmt: skip
def a_look_does_not_wait(run):
    """WNOHANG returns 0 as long as the children live."""
    nohang = WEXITED | WNOHANG
    ops = [bear(1, INIT), bear(2, 1), wait(1, ALL, 0, nohang), wait(1, PID, 2, nohang),
           leave(2, 512), wait(1, ALL, 0, nohang), wait(1, ALL, 0, nohang)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    for number in (2, 3):
        check(not played[number][1].busy, "it sleeps in spite of WNOHANG")
        check_equal(played[number][1].result, 0, "process_wait with WNOHANG")
    reaped(played, 5, 1, 2, 512)
    check_equal(played[6][1].result, ECHILD, "process_wait behind the last child's end")


@test(points=2, step="wait", section=SECTION, blames="is_wanted,find_news_locked",
      evidence="answers", hint="P_PID goes by pid, P_PGID by pgid.")  # fmt: skip
def one_is_chosen(run):
    """wait for a pid or a group passes over others that have ended."""
    ops = [bear(1, INIT), *(bear(i, 1) for i in range(2, 8)), op("g", 3, 5), op("g", 4, 5),
           op("g", 5, 5), leave(2, 2), leave(4, 4), leave(6, 6), leave(3, 3),
           wait(1, PID, 6), wait(1, GROUP, 5), wait(1, GROUP, 5), wait(1, PID, 7),
           leave(5, 5), leave(7, 7), wait(1, GROUP, 5), wait(1)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    reaped(played, 14, 1, 6, 6)
    found = {played[n][1].result for n in (15, 16)}
    check_equal(found, {played.pids[3], played.pids[4]}, "those of the group that had ended")
    check(played[17][1].busy and played[18][1].busy, "it waits for one that lives")
    reaped(played, 19, 1, 7, 7)
    reaped(played, 20, 1, 5, 5)
    reaped(played, 21, 1, 2, 2)


@test(points=1, step="wait", section=SECTION, blames="process_wait,take_news_locked",
      evidence="answers",
      hint="What is reaped is reaped once. WNOWAIT only looks; and without WEXITED nobody asked "
           "for the dead.")  # fmt: skip
def a_zombie_may_be_looked_at(run):
    """WNOWAIT leaves a zombie where it is; without WEXITED it is no news."""
    look, other = WEXITED | WNOWAIT | WNOHANG, WUNTRACED | WNOHANG
    ops = [bear(1, INIT), bear(2, 1), leave(2, 77 << 8), wait(1, ALL, 0, look),
           wait(1, ALL, 0, other), wait(1, PID, 2, look), wait(1)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    for number in (3, 5):
        check_equal((played[number][1].result, played[number][1].news_status),
                    (played.pids[2], 77 << 8), "pid and status with WNOWAIT")
        still(played, number, 2, ZOMBIE, 1)
    check_equal(played[4][1].result, 0, "process_wait without WEXITED")
    reaped(played, 6, 1, 2, 77 << 8)


@test(points=1, step="wait", section=SECTION, blames="take_news_locked,process_wait",
      evidence="answers",
      hint="process_has_stopped; stop_reported and has_continued say whether it was said. "
           "WNOWAIT does not say it.")  # fmt: skip
def stops_are_news_too(run):
    """A stop and its end are each told once, to who asks for it."""
    stop = WUNTRACED | WCONTINUED | WEXITED | WNOHANG
    signal = run.random.choice((19, 20, 21, 22))
    word = signal << 8 | 0x7F
    ops = [bear(1, INIT), bear(2, 1), op("s", 2, signal, 0), wait(1, ALL, 0, stop),
           op("s", 2, signal, 1), wait(1, ALL, 0, WEXITED | WNOHANG),
           wait(1, ALL, 0, stop | WNOWAIT), wait(1, ALL, 0, stop), wait(1, ALL, 0, stop),
           op("c", 2), wait(1, ALL, 0, WEXITED | WUNTRACED | WNOHANG),
           wait(1, ALL, 0, stop | WNOWAIT), wait(1, ALL, 0, stop),
           wait(1, ALL, 0, stop)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    want = {3: (0, 0), 5: (0, 0), 6: (2, word), 7: (2, word), 8: (0, 0), 10: (0, 0),
            11: (2, CONTINUED), 12: (2, CONTINUED), 13: (0, 0)}  # fmt: skip
    for number, (child, status) in want.items():
        seen = played[number][1]
        check_equal((seen.result, seen.news_status if child else 0),
                    (played.pids[2] if child else 0, status),
                    f"result and status behind operation {number}, with options "
                    f"{ops[number][4]:#x}")  # fmt: skip
        still(played, number, 2, ALIVE, 1)


@test(points=1, step="wait", section=SECTION, blames="is_wanted", evidence="answers",
      hint="A clone is a child that ends with another signal than SIGCHLD, or none.")  # fmt: skip
def clones_are_asked_for(run):
    """A child that does not end with SIGCHLD is for __WCLONE and __WALL alone."""
    nohang = WEXITED | WNOHANG
    ops = [bear(1, INIT), bear(2, 1), bear(3, 1), bear(4, 1), op("x", 2, 0), op("x", 3, SIGUSR1),
           leave(2, 2), leave(3, 3), wait(1, ALL, 0, nohang), wait(1, PID, 4, nohang | WCLONE),
           wait(1, PID, 2, nohang), wait(1, PID, 3, nohang | WCLONE), leave(4, 4),
           wait(1, PID, 2, nohang | WALL), wait(1, ALL, 0, nohang | WALL)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    check_equal([played[n][1].result for n in (8, 9, 10)], [0, ECHILD, ECHILD],
                "wait for any; __WCLONE for no clone; a clone without")  # fmt: skip
    reaped(played, 11, 1, 3, 3)
    reaped(played, 13, 1, 2, 2)
    reaped(played, 14, 1, 4, 4)


@test(points=1, step="wait", section=SECTION, blames="reap_locked,process_wait",
      evidence="answers",
      hint="What it has used itself, and what those have that it has waited for: of the child "
           "that is waited for, both go to the parent.")  # fmt: skip
def what_was_used_goes_to_the_parent(run):
    """The parent is told what the child and its children used, and counts it."""
    own, theirs, more = (run.random.randrange(1, 10**6) for _ in range(3))
    look = WEXITED | WNOWAIT
    ops = [bear(1, INIT), bear(2, 1), bear(3, 1), op("u", 2, own, theirs), op("u", 3, more, 0),
           leave(2, 0), wait(1, ALL, 0, look), wait(1), leave(3, 0), wait(1)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    check_equal(played[6][1].news_faults, own + theirs, "faults that are told with WNOWAIT")
    check_equal(played[6][1].children_faults, 0, "faults that are counted with WNOWAIT")
    check_equal(played[7][1].news_faults, own + theirs, "faults that are told")
    check_equal(played[7][1].children_faults, own + theirs, "faults that are counted")
    check_equal(played[9][1].children_faults, own + theirs + more, "faults of both children")


@test(points=1, step="wait", section=SECTION, blames="process_wait", evidence="answers",
      hint="waitq_sleep_until.")  # fmt: skip
def a_signal_ends_the_wait(run):
    """A signal ends a wait with -EINTR; the child can still be waited for."""
    ops = [bear(1, INIT), bear(2, 1), wait(1), op("k", 1, SIGUSR1), leave(2, 5),
           wait(1, ALL, 0, WEXITED | WNOHANG)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    check(played[2][1].busy, "it does not wait")
    check(not played[3][1].busy, "it waits on in spite of a signal")
    check_equal(played[3][1].result, EINTR, "process_wait")
    reaped(played, 5, 1, 2, 5)


class Model:
    """Who is whose child, and who has ended, as far as a random walk needs it."""

    def __init__(self):
        self.parent, self.zombies, self.alive = {}, {}, {INIT}

    def children(self, parent):
        """Return the children of a process that have not been waited for."""
        return [c for c, p in self.parent.items() if p == parent]


def walk(random, steps):
    """Return operations, and for each what is to be seen: (result of who waits or
    None, model behind it)."""
    model, ops, want, unused = Model(), [], [], list(range(1, 12))
    while len(ops) < steps:
        who = random.choice(sorted(model.alive))
        kind = random.choice("bbbew")
        result = None
        if kind == "b" and unused:
            child = unused.pop(random.randrange(len(unused)))
            ops.append(bear(child, who))
            model.parent[child] = who
            model.alive.add(child)
        elif kind == "e" and who != INIT:
            status = random.randrange(256) << 8
            ops.append(leave(who, status))
            model.alive.remove(who)
            model.zombies[who] = status
            for child in model.children(who):
                model.parent[child] = INIT
        elif kind == "w":
            choice = random.choice([None, *model.parent])
            ops.append(wait(who, ALL if choice is None else PID, choice or 0, WEXITED | WNOHANG))
            mine = [c for c in model.children(who) if choice in (None, c)]
            ended = [c for c in mine if c in model.zombies]
            if len(ended) > 1:  # which of them is not for us to say
                ops.pop()
                continue
            result = ended[0] if ended else (0 if mine else ECHILD)
            for child in ended:
                del model.parent[child]
        else:
            continue
        states = {a: (ALIVE if a in model.alive else ZOMBIE if a in model.parent else GONE)
                  for a in range(1, 12) if a not in unused}  # fmt: skip
        want.append((who, result, states, dict(model.parent)))
    return ops, want


@test(points=1, step="wait", section=SECTION, evidence="answers",
      blames="process_wait,find_news_locked,hand_over_children_locked",
      hint="See the tests before this one; this one does all of it in any order.")  # fmt: skip
def a_random_family(run):
    """Births, deaths and waits in any order leave the family as it should be."""
    walks = [walk(run.random, 40) for _ in range(3)]
    answers = yield [script(run, ops) for ops, _ in walks]
    for (ops, want), answer in zip(walks, answers, strict=True):
        played = play(answer, ops)
        for number, (who, result, states, parents) in enumerate(want):
            if result is not None:
                pid = played.pids[result] if result > 0 else result
                check_equal(played[number][who].result, pid, f"operation {number}: {ops[number]}")
            for actor, state in states.items():
                still(played, number, actor, state, parents.get(actor))
