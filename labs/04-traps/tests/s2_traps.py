"""Step 2: whose business a trap is."""

from _traps import (ECALL, EXCEPTIONS, EXTERNAL, INTERRUPT, NAMES, SOFTWARE, TIMER, frame,
                    handle, handled)  # fmt: skip

from grading import check, check_equal, test

SECTION = "Step 2: Whose business is it?"
OTHERS = [n for n in NAMES if n not in ("sepc", "a0", "scause", "stval")]


def answers_of(asks):
    """Return the answers, the first of which goes ahead; a generator."""
    first = yield asks[0]
    rest = (yield asks[1:]) if asks[1:] else []
    return [handled(a) for a in (first, *rest)]


def unchanged(seen, words, but=()):
    """The frame has what it had, but for some words."""
    for name in NAMES:
        if name not in but:
            check_equal(hex(seen.frame[name]), hex(words[name]), f"{name} in the frame")


@test(points=3, step="traps", section=SECTION, blames="trap_user", evidence="answers",
      hint="scause is 8, sepc moves on by 4 before the hook is called; nothing else of "
           "the frame is trap.c's.")  # fmt: skip
def a_call_is_a_call(run):
    """A system call comes to its hook, goes on behind the ecall, and returns its answer."""
    cases = []
    for _ in range(4):
        words, mix = frame(run.random), run.random.getrandbits(64)
        cases.append((words, mix))
    asks = [handle(run, True, w, ECALL, mix=m) for w, m in cases]
    for (words, mix), seen in zip(cases, (yield from answers_of(asks))):
        check_equal((seen.panicked, seen.who), (False, "s"), "panicked; hooks called")
        check_equal(seen.calls[0].sepc, words["sepc"] + 4 & (1 << 64) - 1, "sepc at the call")
        check_equal(seen.frame["a0"], words["a7"] ^ mix, "the call's answer")
        unchanged(seen, words, ("sepc", "a0", "scause", "stval"))
        check_equal(seen.frame["sepc"], seen.calls[0].sepc, "sepc behind the call")


@test(points=2, step="traps", section=SECTION, blames="handle_user_trap,trap_user,read_cause",
      evidence="answers",
      hint="Read scause and stval into the frame first: the next trap overwrites them.")
def an_exception_is_the_programs(run):
    """Each exception of a program comes to user_exception, with cause and value."""
    cases = [(frame(run.random), cause, run.random.getrandbits(39)) for cause in EXCEPTIONS]
    asks = [handle(run, True, w, c, v) for w, c, v in cases]
    for (words, cause, value), seen in zip(cases, (yield from answers_of(asks))):
        check_equal((seen.panicked, seen.who), (False, "e"), f"panicked; hooks, cause {cause}")
        call = seen.calls[0]
        check_equal((call.scause, call.stval, call.sepc), (cause, value, words["sepc"]),
                    "cause, value and place")  # fmt: skip
        unchanged(seen, words, ("scause", "stval"))


@test(points=3, step="traps", section=SECTION, blames="handle_interrupt", evidence="answers",
      hint="The highest bit of scause tells interrupts [riscv-priv §4.1.8]; their numbers "
           "are in arch/csr.h.")  # fmt: skip
def each_interrupt_has_its_hook(run):
    """Timer, device and software interrupts come to their hooks, in user mode and in the
    kernel."""
    cases = [(user, cause, who, frame(run.random)) for user in (True, False)
             for cause, who in ((TIMER, "t"), (EXTERNAL, "x"), (SOFTWARE, "i"))]  # fmt: skip
    run.random.shuffle(cases)
    asks = [handle(run, user, words, cause) for user, cause, _, words in cases]
    for (_, cause, who, words), seen in zip(cases, (yield from answers_of(asks))):
        check_equal((seen.panicked, seen.who), (False, who), f"panicked; hooks, cause {cause:#x}")
        unchanged(seen, words, ("scause", "stval"))


@test(points=2, step="traps", section=SECTION, blames="handle_interrupt", evidence="answers",
      hint="this_cpu()->in_interrupt is how the rest of the kernel knows.")
def handlers_know_what_they_are(run):
    """in_interrupt is set in a handler, not in a call, and not behind it."""
    asks = [handle(run, user, frame(run.random), cause) for user, cause in
            ((True, TIMER), (False, EXTERNAL), (False, SOFTWARE), (True, ECALL), (True, 13))]  # fmt: skip
    found = yield from answers_of(asks)
    check_equal([s.calls[0].in_interrupt if s.calls else None for s in found],
                [True, True, True, False, False], "in_interrupt in hooks")  # fmt: skip
    check_equal([s.in_interrupt for s in found], [False] * 5, "in_interrupt afterwards")
    check_equal([s.calls[0].interrupts for s in found], [False] * 5, "interrupts in hooks")


@test(points=2, step="traps", section=SECTION, blames="handle_interrupt", evidence="answers",
      hint="A software interrupt pends until the kernel clears sip.SSIP [riscv-priv "
           "§4.1.3]: before the hook, or one that comes meanwhile is lost.")  # fmt: skip
def a_poke_is_acknowledged(run):
    """A software interrupt is no longer pending when its hook is called."""
    asks = [handle(run, user, frame(run.random), SOFTWARE) for user in (True, False)]
    for seen in (yield from answers_of(asks)):
        check_equal(seen.who, "i", "hooks called")
        check_equal(seen.calls[0].sepc, 0, "sip.SSIP in the hook")


@test(points=2, step="traps", section=SECTION, blames="trap_kernel", evidence="answers",
      hint="Only interrupts are expected in the kernel. Anything else is a mistake of "
           "ours: print what is known, and panic.")  # fmt: skip
def the_kernel_makes_no_exceptions(run):
    """An exception in the kernel is a panic, whatever it is; an interrupt is none."""
    causes = run.random.sample(EXCEPTIONS, 5)
    asks = [handle(run, False, frame(run.random, s0=0), TIMER)]
    asks += [handle(run, False, frame(run.random, s0=0), c, 0x1234) for c in causes]
    found = yield from answers_of(asks)
    check_equal([s.panicked for s in found], [False] + [True] * 5, "panics")
    check_equal([s.who for s in found], ["t"] + [""] * 5, "hooks called")
    check_equal([s.frame["scause"] for s in found[1:]], causes, "causes in frames")


@test(points=2, step="traps", section=SECTION, blames="handle_interrupt", evidence="answers",
      hint="One that was never let in cannot come: if it does, the kernel is wrong.")
def unknown_interrupts_are_noticed(run):
    """An interrupt of an unknown cause is a panic; those that are known go on."""
    unknown = [INTERRUPT | n for n in (0, 4, 8, 13)]
    asks = [handle(run, True, frame(run.random), c) for c in (TIMER, *unknown)]
    found = yield from answers_of(asks)
    check_equal([s.panicked for s in found], [False] + [True] * 4, "panics")
    check_equal([s.who for s in found], ["t"] + [""] * 4, "hooks called")


@test(points=3, step="traps", section=SECTION, blames="do_work,trap_user", evidence="answers",
      hint="cpu_thread()->work may be set again while user_return runs: look until it is "
           "0, with interrupts off.")  # fmt: skip
def work_is_done_on_the_way_back(run):
    """On the way back to a program work is done until there is none, and never else."""
    cases = [(True, ECALL, "s"), (True, 13, "e"), (True, TIMER, "t"), (False, TIMER, "t")]
    works = [run.random.randrange(2, 7) for _ in cases]
    asks = [handle(run, user, frame(run.random), cause, work=work)
            for (user, cause, _), work in zip(cases, works)]  # fmt: skip
    asks.append(handle(run, True, frame(run.random), ECALL))
    found = yield from answers_of(asks)
    for (user, _, who), work, seen in zip(cases, works, found):
        check_equal(seen.who, who + "r" * (work if user else 0), "hooks called")
        check(not any(c.interrupts for c in seen.calls if c.who == "r"),
              "interrupts are on when user_return is called")  # fmt: skip
    check_equal(found[-1].who, "s", "hooks called without work")


@test(points=2, step="traps", section=SECTION, blames="trap_user", evidence="answers",
      hint="Between here and sret an interrupt would find sepc and sscratch half changed.")
def the_way_back_is_not_interrupted(run):
    """When trap_user returns interrupts are off, whatever hooks did."""
    asks = [handle(run, True, frame(run.random), cause, work=work)
            for cause, work in ((ECALL, 0), (ECALL, 2), (13, 0), (2, 1), (TIMER, 0))]  # fmt: skip
    found = yield from answers_of(asks)
    check_equal([s.who for s in found], ["s", "srr", "e", "er", "t"], "hooks called")
    check_equal([s.interrupts for s in found], [False] * 5, "interrupts afterwards")
