"""Step 1: one hart at a time."""

from _spin import acquires, is_atomic, play, releases, states, watch

from grading import Fail, check, check_equal, pack, test

SECTION = "Step 1: One at a time"
OTHER = 0x1234  # a hart that is not there
BUDGET = 2_000_000_000  # of many harts on few processors: they wait, too


@test(points=1, step="spin", section=SECTION, blames="spin_lock,spin_unlock",
      evidence="answers",
      hint="kernel/sync/spinlock.h: what locked and owner are while the lock is held, "
           "and while it is free.")  # fmt: skip
def a_lock_is_taken_and_given_back(run):
    """A lock that is held shows it, and one that is free again, too."""
    order = run.random.sample(range(8), 4)
    ops = " ".join(f"l{i} u{i}" for i in order)
    seen, panicked = states((yield play(run, ops)))
    check(not panicked, "it panicked")
    for i, state in zip(order, seen[::2], strict=True):
        check_equal(state.locked, {i}, "locks that are taken, with one held")
        check_equal(state.owned, {i}, "locks that have an owner, with one held")
    for state in seen[1::2]:
        check_equal(state.locked | state.owned, set(), "locks taken, with none held")


@test(points=1, step="spin", section=SECTION, blames="spin_held", evidence="answers",
      hint="Taken is not the same as taken by this hart.")
def held_means_by_this_hart(run):
    """spin_held says of a lock whether this hart has it, not whether it is taken."""
    mine, theirs = run.random.sample(range(8), 2)
    seen, panicked = states((yield play(run, f"o{theirs} l{mine} u{mine}")))
    check(not panicked, "it panicked")
    check_equal([set(s.held) for s in seen], [set(), {mine}, set()],
                "the locks that this hart holds")  # fmt: skip


def instructions(run, function, interrupts=True):
    """Return the Steps that a hart makes in spin_lock or spin_unlock."""
    with watch(run, interrupts) as hart:
        hart.enter("spin_lock")
        if function == "spin_unlock":
            hart.steps()
            hart.enter("spin_unlock")
        return hart.steps(), hart.lock


def turn(steps, value):
    """Return the index of the instruction that sets `locked` to 0, or to not 0."""
    for index, step in enumerate(steps):
        if bool(step.before[0]) != value and bool(step.after[0]) == value:
            return index
    raise Fail(f"the lock did not become {'taken' if value else 'free'}")


@test(points=3, step="spin", section=SECTION, blames="try,spin_lock", evidence="memory",
      hint="Between a load that sees 0 and a store of 1 another hart can do the same: it "
           "has to be one atomic operation [riscv-unpriv §8].")  # fmt: skip
def taking_is_one_atomic_instruction(run):
    """What makes the lock taken is an atomic instruction, not a load and a store."""
    steps, _ = instructions(run, "spin_lock")
    taking = steps[turn(steps, True)]
    check(is_atomic(taking.code), "the lock was taken by a plain store: another hart "
          "may have taken it since it was looked at")  # fmt: skip


@test(points=3, step="spin", section=SECTION, blames="try,spin_lock", evidence="memory",
      hint="What is read under the lock must not be read before it is taken: "
           "[riscv-unpriv §8.1], the bit aq.")  # fmt: skip
def taking_acquires(run):
    """Nothing behind spin_lock can happen before the lock is taken: an acquire."""
    steps, lock = instructions(run, "spin_lock")
    at = turn(steps, True)
    good = any(acquires(s.code) for s in steps[at:])
    # lr.w.aq and sc.w
    good |= any(s.code & 0x7F == 0x2F and acquires(s.code)
                and lock <= s.address_in < lock + 32 for s in steps[:at])  # fmt: skip
    check(good, "neither the atomic instruction has the bit aq, nor does a fence follow")


@test(points=3, step="spin", section=SECTION, blames="spin_unlock", evidence="memory",
      hint="What was written under the lock must be seen by whoever takes it next: a "
           "release, [riscv-unpriv §8.1].")  # fmt: skip
def giving_back_releases(run):
    """All that was done under the lock is seen before the lock is free: a release."""
    steps, _ = instructions(run, "spin_unlock")
    at = turn(steps, False)
    good = any(releases(s.code) for s in steps[:at] if s.code & 0x7F == 0x0F)
    freeing = steps[at].code
    good |= freeing & 0x7F == 0x2F and releases(freeing)
    check(good, "no fence stands before the store that frees the lock")


@test(points=2, step="spin", section=SECTION, blames="spin_unlock", evidence="memory",
      hint="The moment it is free it is another hart's: what comes last?")
def nothing_is_touched_afterwards(run):
    """Once the lock is free, spin_unlock does not write to it any more."""
    with watch(run) as hart:
        hart.enter("spin_lock")
        hart.steps()
        check(hart.state[0], "the lock is not taken")
        hart.enter("spin_unlock")
        while hart.step().after[0]:
            check(not hart.returned(), "the lock is not free")
        check_equal(hart.state[1], 0, "the owner of a lock that is free")
        hart.set(1, OTHER)
        for step in hart.steps():
            check_equal(step.after, (1, OTHER), "a lock that another hart has taken")


@test(points=3, step="spin", section=SECTION, blames="spin_lock", evidence="memory",
      hint="As long as it is not free, look again.")
def a_taken_lock_is_waited_for(run):
    """Who finds a lock taken waits, and has it as soon as it is free."""
    with watch(run) as hart:
        hart.enter("spin_lock")
        hart.set(1, OTHER)
        for _ in range(run.random.randint(300, 600)):
            hart.step()
            check(not hart.returned(), "spin_lock returned while another hart had it")
        check_equal(hart.state, (1, OTHER), "the lock of another hart")
        hart.set(0, 0)
        hart.guest.break_at(hart.back)
        hart.guest.run(100_000_000)
        check(hart.returned(), "spin_lock did not return when the lock was free")
        locked, owner = hart.state
        check(locked and owner not in (0, OTHER), "the lock is not this hart's")


@test(points=2, step="spin", section=SECTION, blames="spin_lock", evidence="memory",
      hint="A handler that wants the lock would spin for its own hart. So: interrupts "
           "first, then the lock; and the other way round.")  # fmt: skip
def no_interrupt_finds_it_taken(run):
    """From before the lock is taken until it is free, interrupts are off."""
    steps, _ = instructions(run, "spin_lock")
    for step in steps[turn(steps, True) :]:
        check(not step.interrupts, "an interrupt can come behind the instruction that "
              "takes the lock")  # fmt: skip


@test(points=2, step="spin", section=SECTION, blames="spin_unlock", evidence="memory",
      hint="The lock must be free before the first interrupt can come.")
def no_interrupt_before_it_is_free(run):
    """spin_unlock lets interrupts in only when the lock is free."""
    steps, _ = instructions(run, "spin_unlock")
    at = turn(steps, False)
    for step in steps[: at + 1]:
        check(not step.interrupts, "interrupts are on before the lock is free")


def stress(run, case, *pieces, harts=None):
    """Return a request to guest/harts.c, on a machine with several harts."""
    machine = run.machine(harts=harts or 4, icount=False)
    return run.ask("harts", case, pack(*pieces), machine=machine, budget=BUDGET)


@test(points=3, step="spin", section=SECTION, blames="try",
      evidence="answers",
      hint="Eight harts add numbers to one sum: if one is lost, two were inside.")  # fmt: skip
def no_addition_is_lost(run):
    """Eight harts that add to one sum under a lock lose nothing."""
    numbers = [run.random.getrandbits(32) for _ in range(64)]
    rounds = 40
    pieces = [x for n in numbers for x in ("u64", n)]
    answer = yield stress(run, "sum", "u32", rounds, "u32", len(numbers), *pieces, harts=8)
    check_equal(answer.u8(), 1, "all harts finished")
    harts = answer.u32()
    check_equal(harts, 8, "harts that added")
    check_equal(answer.u64(), sum(numbers) * rounds * harts % (1 << 64), "the sum")
