"""Step 1: into user mode, and back."""

import struct

from _traps import (CODE, DATA, DO_EBREAK, DO_ECALL, FS, ILLEGAL, INTERRUPT, NAMES,
                    READ_CYCLE, READ_INSTRET, READ_SSTATUS, READ_TIME, SPIE, SPP, UXL_64,
                    from_float, load, registers, same_registers, store, to_float,
                    trips, user)  # fmt: skip

from grading import check, check_equal, pack, test

SECTION = "Step 1: Into user mode"


@test(points=3, step="enter", section=SECTION, blames="trap_init_user_frame",
      evidence="answers",
      hint="Where a program begins, and with which stack; everything else is 0, or the "
           "program reads what the kernel left there.")  # fmt: skip
def a_program_begins_with_nothing(run):
    """A fresh frame has entry and stack, and no register with anything else in it."""
    asks, places = [], []
    for _ in range(3):
        places.append([run.random.getrandbits(38) & ~15 for _ in range(2)])
        asks.append(run.ask("traps", "fresh", pack("u64", places[-1][0], "u64", places[-1][1])))
    for (entry, stack), answer in zip(places, [(yield asks[0]), *(yield asks[1:])]):
        words = dict(zip(NAMES, struct.unpack(f"<{len(NAMES)}Q", answer.bytes())))
        check_equal((words["sepc"], words["sp"]), (entry, stack), "entry and stack")
        rest = {n: words[n] for n in NAMES[:31] if n != "sp"}
        check_equal({n for n, value in rest.items() if value}, set(), "registers that are not 0")
        status = words["sstatus"]
        check_equal(status & SPP, 0, "SPP, where sret goes: to user mode")
        check_equal(status & SPIE, SPIE, "SPIE, whether interrupts are on there")
        check(status & FS, "FS: the first floating-point instruction would be illegal")
        check_equal(status >> 32 & 3, UXL_64 >> 32, "UXL, the width of registers")


@test(points=2, step="enter", section=SECTION, blames="trap_init_hart", evidence="answers",
      hint="stvec, three bits of sie, three of scounteren [riscv-priv §4.1.2], §4.1.3, "
           "§4.1.5.")  # fmt: skip
def a_hart_takes_traps(run):
    """A hart's traps come to trap_entry; three interrupts and three counters are let in."""
    answer = yield run.ask("traps", "hart")
    check_equal(answer.u8(), 1, "stvec is trap_entry")
    check_equal(answer.u64(), 1 << 1 | 1 << 5 | 1 << 9, "sie")
    check_equal(answer.u64() & 7, 7, "scounteren: cycle, time, instret")
    check_equal(answer.u8(), 0, "interrupts of the hart")


@test(points=3, step="enter", section=SECTION, blames="trap_user", evidence="answers",
      hint="ecall leaves its own address in sepc [riscv-priv §4.1.7]: where does the "
           "program go on?")  # fmt: skip
def calls_come_and_go(run):
    """A program calls the kernel several times; each goes on behind the call, with its
    answer in a0 and all else as it was."""
    given = registers(run.random)
    answers = [run.random.getrandbits(64) for _ in range(5)]
    seen = trips((yield user(run, [DO_ECALL] * 6, given, 6, answers)))
    check_equal("".join(t.who for t in seen), "s" * 6, "what the program did")
    for number, trip in enumerate(seen):
        same_registers(trip, given, f"at call {number + 1}")
        check_equal(trip.words["sepc"], CODE + 4 * (number + 1), "where it will go on")
        given |= {"a0": answers[number] if number < 5 else 0}


@test(points=2, step="enter", section=SECTION, blames="trap_user,handle_user_trap",
      evidence="answers",
      hint="Only an ecall is a call. scause and stval tell the others apart: they go "
           "into the frame [riscv-priv §4.1.8], §4.1.9.")  # fmt: skip
def exceptions_are_told_apart(run):
    """What a program must not do comes to user_exception, with cause, value and place."""
    bad = run.random.getrandbits(36) << 3 | 1 << 37
    given = registers(run.random, t1=bad, t2=DATA, t3=0xFFFFFFC080000000)
    code = [ILLEGAL, load(10, 6), DO_EBREAK, store(11, 6), load(12, 28), READ_SSTATUS,
            store(13, 7), DO_ECALL]  # fmt: skip
    seen = trips((yield user(run, code, given, 7, [0])))
    check_equal("".join(t.who for t in seen), "eeeeees", "what came of each instruction")
    causes = [t.words["scause"] for t in seen[:6]]
    check_equal(causes, [2, 13, 3, 15, 13, 2], "causes")
    check_equal([seen[i].words["stval"] for i in (1, 3, 4)], [bad, bad, given["t3"]],
                "addresses of page faults")  # fmt: skip
    check_equal([t.words["sepc"] for t in seen],
                [CODE + 4 * i for i in range(6)] + [CODE + 32], "places")  # fmt: skip
    for trip in seen:
        same_registers(trip, given, "at an exception")


@test(points=3, step="enter", section=SECTION, blames="trap_user,handle_user_trap,do_work",
      evidence="answers",
      hint="All of the frame is the program's. What may a handler of an interrupt change "
           "in it?")  # fmt: skip
def an_interrupt_changes_nothing(run):
    """A timer interrupt in the middle of a program leaves all 31 registers as they were."""
    asks, givens = [], []
    for _ in range(3):
        givens.append(registers(run.random))
        asks.append(user(run, [0x6F, DO_ECALL], givens[-1], 2,
                         ticks=run.random.randrange(10, 60)))  # fmt: skip
    for given, answer in zip(givens, [(yield asks[0]), *(yield asks[1:])]):
        seen = trips(answer)
        check_equal("".join(t.who for t in seen), "rs", "what was seen: a way back, a call")
        check_equal(seen[0].words["sepc"], CODE, "where it was interrupted")
        check_equal(seen[0].words["scause"], INTERRUPT | 5, "the cause in the frame")
        for trip in seen:
            same_registers(trip, given, "behind the interrupt")


@test(points=2, step="enter", section=SECTION, evidence="answers",
      blames="trap_init_user_frame,trap_init_hart",
      hint="sstatus.FS [riscv-priv §3.1.6.6]; scounteren.")
def programs_may_calculate_and_count(run):
    """A program uses floating-point registers, and reads the time and two counters."""
    given = registers(run.random)
    code = [to_float(7, 6), from_float(10, 7), READ_CYCLE, READ_INSTRET, READ_TIME, DO_ECALL]
    seen = trips((yield user(run, code, given, 1)))
    check_equal(seen[0].who, "s", "what stopped the program (s: its call)")
    trip = seen[0]
    check_equal(trip.words["a0"], given["t1"], "what came back out of f7")
    check(trip.words["t0"] != given["t0"], "the time was not read")
    same_registers(trip, given | {"a0": given["t1"], "t0": trip.words["t0"]}, "else")
