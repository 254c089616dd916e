"""Step 4: deaths."""

from _family import (
    ALIVE,
    CLD_EXITED,
    CLD_KILLED,
    GONE,
    HANDLER,
    INIT,
    PID,
    SIGCHLD,
    SIGHUP,
    SIGUSR1,
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

SECTION = "Step 4: Death"
SIG_IGN, SA_NOCLDWAIT = 1, 2
PROCESS, THREAD, MEMORY = 1, 2, 4  # bits of what is freed


def code(random):
    """Return the status of a process that exits by itself."""
    return random.randrange(1, 256) << 8


@test(points=3, step="exit", section=SECTION, blames="end_process,process_exit",
      evidence="answers",
      hint="A process that has ended stays in the table, for its status.")  # fmt: skip
def who_has_ended_is_a_zombie(run):
    """A process that has ended is a zombie, with its status, until it is waited for."""
    statuses = [code(run.random), 9, 0x8B, 0]
    ops = [bear(i, INIT) for i in (1, 2, 3, 4)] + [leave(i + 1, s) for i, s in enumerate(statuses)]
    played = play((yield script(run, ops)), ops)
    for actor, status in enumerate(statuses, 1):
        still(played, 4 + actor - 2, actor, ALIVE, INIT)
        still(played, -1, actor, ZOMBIE, INIT)
        seen = played.end[actor]
        check_equal(seen.exit_status, status, f"exit_status of {actor}")
        check_equal((seen.nthreads, seen.in_table), (0, 1), "its threads; in the table")


@test(points=3, step="exit", section=SECTION, blames="end_process", evidence="answers",
      hint="A zombie is a number and a status. What may block comes before anybody sees it, and "
           "under no lock.")  # fmt: skip
def a_zombie_owns_nothing(run):
    """Files, memory and thread are gone when a process is a zombie; the process is not."""
    ops = [bear(1, INIT), bear(2, 1), leave(2, 256), leave(1, 512)]
    played = play((yield script(run, ops)), ops)
    for number, actor in ((2, 2), (3, 1)):
        seen = played[number][actor]
        still(played, number, actor, ZOMBIE, 1 if actor == 2 else INIT)
        check_equal(seen.released, 1, "how often its files were released")
        check(not seen.trouble & 1, "its files were released when it had no memory any more")
        check(not seen.trouble & 2, "its files were released under a lock")
        check_equal(seen.freed, THREAD | MEMORY, "what of it is freed (2 thread, 4 memory)")


@test(points=3, step="exit", section=SECTION, evidence="answers",
      blames="find_reaper_locked,hand_over_children_locked,end_process",
      hint="All of them, and each knows its new parent.")  # fmt: skip
def orphans_go_to_init(run):
    """The children of a process that ends are init's, whether they live or not."""
    # 1 has 2, 3, 4 and 5; of these 2 has 6. Later 4 > 7 > 8 > 9.
    ops = [bear(1, INIT), *(bear(i, 1) for i in (2, 3, 4, 5)), bear(6, 2),
           leave(3, code(run.random)), leave(1, code(run.random)), leave(2, 0),
           wait(INIT, PID, 3), leave(6, 7), wait(INIT, PID, 6), bear(7, 4), bear(8, 7),
           bear(9, 8), leave(8, 0)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    for actor, state in ((2, ALIVE), (3, ZOMBIE), (4, ALIVE), (5, ALIVE)):
        still(played, 7, actor, state, INIT)
    still(played, 7, 6, ALIVE, 2)
    still(played, 8, 6, ALIVE, INIT)
    reaped(played, 9, INIT, 3, ops[6][2])
    reaped(played, 11, INIT, 6, 7)
    still(played, 15, 9, ALIVE, INIT)


@test(points=2, step="exit", section=SECTION, blames="find_reaper_locked", evidence="answers",
      hint="The nearest ancestor that is_subreaper.")
def orphans_go_to_who_offered(run):
    """A living ancestor that has offered to takes on the orphans of its descendants."""
    # 1 > 2 > 3 > 4 > 5, and 1 and 2 have offered.
    ops = [bear(1, INIT), bear(2, 1), bear(3, 2), bear(4, 3), bear(5, 4), op("S", 1, 1),
           op("S", 2, 1), leave(3), leave(2), leave(4), leave(1)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    still(played, 7, 4, ALIVE, 2)
    still(played, 7, 3, ZOMBIE, 2)
    still(played, 8, 4, ALIVE, 1)
    still(played, 8, 3, ZOMBIE, 1)
    still(played, 9, 5, ALIVE, 1)
    still(played, 10, 5, ALIVE, INIT)


@test(points=1, step="exit", section=SECTION, evidence="answers",
      blames="hand_over_children_locked,report_locked",
      hint="Who sleeps in wait does not look at its children by itself.")  # fmt: skip
def the_reaper_hears_of_zombies(run):
    """A reaper that waits already gets the zombies that are handed over."""
    status = code(run.random)
    ops = [bear(1, INIT), op("S", 1, 1), bear(2, 1), bear(3, 2), leave(3, status),
           wait(1, PID, 3, 4 | 1), bear(4, 1), wait(4), bear(5, 2), leave(5, 256)]  # fmt: skip
    # 1 waits for any child but has only living ones until 2 ends.
    ops += [wait(1), leave(2, 0)]
    played = play((yield script(run, ops)), ops)
    check_equal(played[5][1].result, -10, "wait for a grandchild")
    check(played[10][1].busy, "1 has no child that has ended, and did not wait")
    seen = played.end[1]
    check(not seen.busy, "1 waits on, although zombies have become its children")
    check(seen.result in (played.pids[2], played.pids[3], played.pids[5]),
          f"process_wait returned {seen.result}")  # fmt: skip
    check_equal(played.end[3].told, 2, "how often somebody was told of the end of 3")


@test(points=2, step="exit", section=SECTION, blames="report_locked", evidence="answers",
      hint="signal_tell_parent_locked takes the code or the signal, not wait4's status.")
def the_parent_is_told(run):
    """The parent is told once: the code of who exited, or the signal of who was killed."""
    number, signal = run.random.randrange(256), run.random.choice((1, 6, 9, 11, 15))
    ops = [bear(1, INIT), op("a", 1, HANDLER), bear(2, 1), bear(3, 1), leave(2, number << 8),
           leave(3, signal | run.random.choice((0, 0x80)))]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    check_equal((played[4][2].told, played[4][2].told_code, played[4][2].told_status),
                (1, CLD_EXITED, number), f"calls, code and status for exit code {number}")
    check(played[4][1].signals(SIGCHLD), "the parent has no SIGCHLD")
    check_equal((played[5][3].told, played[5][3].told_code, played[5][3].told_status),
                (1, CLD_KILLED, signal), f"calls, code and status for signal {signal}")


@test(points=2, step="exit", section=SECTION, blames="report_locked,end_process",
      evidence="answers",
      hint="SIG_IGN, or SA_NOCLDWAIT whatever the handler; and only what ends with SIGCHLD. "
           "Taken out of the table, it is still to be freed: may that be under the lock?")
def some_parents_want_no_zombies(run):
    """A parent that ignores SIGCHLD, or says SA_NOCLDWAIT, gets no zombie."""
    ops = [bear(1, INIT), bear(2, 1), bear(3, 1), bear(4, 1), bear(5, 1), op("x", 5, SIGUSR1),
           op("a", 1, SIG_IGN), leave(2), op("a", 1, HANDLER, SA_NOCLDWAIT), leave(3),
           leave(5), op("a", 1, HANDLER, 1), leave(4)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    for number, actor, how in ((7, 2, "SIG_IGN"), (9, 3, "SA_NOCLDWAIT")):
        check_equal(played[number][actor].state, GONE, f"the state of a child under {how}")
        check_equal(played[number][actor].freed, PROCESS | THREAD | MEMORY, "what is freed")
        check_equal(played[number][actor].told, 1, "how often the parent was told")
        check(not played[number][actor].in_table, "its number is still in the table")
    still(played, 10, 5, ZOMBIE, 1)
    still(played, 12, 4, ZOMBIE, 1)


@test(points=1, step="exit", section=SECTION, blames="hand_over_children_locked,end_process",
      evidence="answers",
      hint="report_locked says whether the reaper wants it. If not it belongs on the list "
           "`gone`, and nowhere else.")  # fmt: skip
def a_reaper_may_not_want_them_either(run):
    """Zombies that the new parent does not want are freed; the living stay."""
    ops = [bear(1, INIT), op("S", 1, 1), op("a", 1, SIG_IGN), bear(2, 1), bear(3, 2), bear(4, 2),
           bear(5, 2), leave(3), leave(5), leave(2)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    for actor in (2, 3, 5):
        check_equal(played.end[actor].freed, PROCESS | THREAD | MEMORY, f"what of {actor} is freed")
    still(played, 9, 4, ALIVE, 1)


@test(points=1, step="exit", section=SECTION, blames="hand_over_children_locked",
      evidence="answers",
      hint="death_signal; and the new parent is told by SIGCHLD, whatever the old one wanted.")
def orphans_are_told(run):
    """A child gets the signal it asked for; a new parent hears of it as of its own."""
    ops = [bear(1, INIT), bear(2, 1), bear(3, 1), bear(4, 1), op("d", 3, SIGUSR1),
           op("x", 2, 0), op("x", 4, SIGHUP), leave(1), leave(2), leave(4),
           wait(INIT, PID, 2), wait(INIT, PID, 4)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    check(played[7][3].signals(SIGUSR1), "a child that asked for SIGUSR1 did not get it")
    check(not played[7][2].pending and not played[7][4].pending, "others got a signal, too")
    reaped(played, 10, INIT, 2, 0)
    reaped(played, 11, INIT, 4, 0)


@test(points=1, step="exit", section=SECTION, blames="process_exit", evidence="answers",
      hint="is_ending says that somebody was here before. Who was not has to make the others "
           "leave.")  # fmt: skip
def the_first_to_end_it_decides(run):
    """Of several threads that end their process, the first decides on the status."""
    first, second = code(run.random), code(run.random)
    # 2 and 3 are threads of 1.
    ops = [bear(1, INIT), op("t", 2, 1), op("t", 3, 1), leave(2, first), leave(3, second),
           leave(1, second)]  # fmt: skip
    played = play((yield script(run, ops)), ops)
    check_equal([played[n][1].nthreads for n in (2, 3, 4)], [3, 2, 1], "threads of the process")
    check(played[3][1].to_leave and played[3][3].to_leave, "the others were not told to leave")
    still(played, 4, 1, ALIVE, INIT)
    still(played, 5, 1, ZOMBIE, INIT)
    check_equal(played.end[1].exit_status, first, "exit_status")
    check_equal(played.end[1].released, 1, "how often its files were released")
