"""A context switch, instruction by instruction."""

import re

from machine import Machine
from stage import find, yes

RECORDED = True
SHELL = ("((struct thread *)$a1)->process != 0 && "
         '$_streq(((struct thread *)$a1)->process->name, "sh")')  # fmt: skip
LONGEST = 60  # instructions; cpu_switch has half of them

# For demos/site: what a trace of it shows.
TRACE, VIEW = "sched,irq", "runq"
TRACED = (
    "seq 300 | sort -r | tail -n 1",
    'sh -c "for i in 1 2 3; do seq 500 | tail -n 1 & done; wait"',
)


def who(gdb, expression):
    """Return the name of a thread."""
    return find(r'"(.*?)"', gdb.ask(f"print {expression}"))


def step_through(stage, gdb):
    """Step to the return of cpu_switch; return the instructions, with what they did."""
    steps, at = [], gdb.number("$pc")
    registers = [gdb.number(f"${name}") for name in ("sp", "tp")]
    for _ in range(LONGEST):
        code = re.sub(r"\s+", " ", gdb.ask("x/i $pc").split(":", 1)[1]).strip()
        gdb.ask("stepi")
        now = [gdb.number(f"${name}") for name in ("sp", "tp")]
        notes = [name for name, a, b in zip(("sp", "tp"), registers, now) if a != b]
        steps.append((code, notes))
        registers = now
        if code == "ret":
            return steps
    raise AssertionError(f"no return from {at:#x}")


def demo(stage):
    """From the idle thread to one that wakes, and what lies between."""
    with Machine(stage) as machine:
        machine.boot()
        stage.scene("Somebody is to run")
        stage.say("""The machine is idle; then a key is pressed. The shell, which sleeps in
            read, is woken: its thread gets the hart.""")
        with machine.gdb() as gdb:
            gdb.run_to(f"cpu_switch if {SHELL}", enter=True)
            previous = who(gdb, "((struct thread *)$a0)->name")
            following = who(gdb, "((struct thread *)$a1)->process->name")
            gdb.do("backtrace", only="^#")
            stage.fact(f"the hart leaves {previous}'s thread for {following}'s")

            stage.scene("Where each of them stands")
            stage.say("a0 is the thread that leaves, a1 the one that comes.")
            gdb.do("info registers a0 a1 ra sp tp")
            old_sp, old_ra = gdb.number("$sp"), gdb.number("$ra")
            new_sp = gdb.number("((struct arch_thread *)$a1)->context.sp")
            new_ra = gdb.number("((struct arch_thread *)$a1)->context.ra")
            gdb.do("print/x ((struct arch_thread *)$a1)->context")
            gdb.ask("set $left = (struct arch_thread *)$a0")

            stage.scene("Step by step")
            stage.prompt("(gdb)", "stepi, over and over")
            steps = step_through(stage, gdb)
            stage.output("\n".join(
                f"{n:3}  {code:28}" + (f"<- {' and '.join(notes)} changed" if notes else "")
                for n, (code, notes) in enumerate(steps, 1)
            ))  # fmt: skip
            codes = [code for code, _ in steps]
            stage.fact(f"{len(steps)} instructions; "
                       f"{sum(c.startswith(('sd', 'c.sd')) for c in codes)} registers stored, "
                       f"{sum(c.startswith(('ld', 'c.ld')) for c in codes)} loaded")  # fmt: skip
            moments = {note: code for code, notes in steps for note in notes}
            stage.fact(f"the stack is another one from here on: {moments['sp']}")
            stage.fact(f"and tp, the thread, from here on: {moments['tp']}")

            stage.scene("Somebody else returns")
            gdb.do("info registers pc sp tp")
            gdb.do("backtrace", only="^#")
            stage.fact("ret went where the other thread had called from: "
                       f"{yes(gdb.number('$pc') == new_ra)}")  # fmt: skip
            stage.fact(f"sp is what it was then: {yes(gdb.number('$sp') == new_sp)}")
            kept = (gdb.number("$left->context.sp"), gdb.number("$left->context.ra"))
            stage.fact("the first one's are kept, for its turn: "
                       f"{yes(kept == (old_sp, old_ra))}")  # fmt: skip
