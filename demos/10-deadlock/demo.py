"""A deadlock, and how ranks of locks catch it."""

import re

import variant
from machine import MOST_LOOKS, Machine
from stage import find, harness, yes

LOOP = "while true; do cat /proc/{} >/dev/null; done &"

# For demos/site.
NO_TRACE = "nobody could fetch it from a machine whose harts all wait."


def spinning(gdb):
    """Return how many harts wait for a lock."""
    count = 0
    for hart in ("1", "2"):
        gdb.ask(f"thread {hart}")
        count += "wait_and_hold" in gdb.ask("backtrace 8")
    return count


def hold(gdb):
    """Return {hart: name} of the spin locks that harts hold."""
    return dict(re.findall(r"^hart (\d+) holds spin lock (\w+)", gdb.ask("locks"), re.M))


def demo(stage):
    """The bug without ranks: it takes two harts, and luck. With ranks: one will do."""
    stage.scene("Two locks, two orders")
    stage.say("""A patch gives the kernel two locks. Who reads /proc/uptime takes left, then
        right; who reads /proc/loadavg takes right, then left.""")
    with open(f"{stage.home}/wrong-order.patch", encoding="utf-8") as file:
        stage.output(file.read(), only=r"^[+-].*take_both|^ proc_show")

    stage.scene("Without ranks it works, mostly")
    loose = variant.kernel(stage, "no-ranks", "wrong-order.patch", "no-ranks.patch")
    with Machine(stage, kernel=loose, harts=2) as machine:
        machine.boot()
        machine.do("cat /proc/uptime /proc/loadavg")
        text = machine.do("for i in 1 2 3; do cat /proc/uptime /proc/loadavg; done | wc -l")
        stage.fact(f"one after the other: {find(r'([0-9]+)', text)} lines, as there should be")

        stage.scene("Until two harts meet")
        machine.do(LOOP.format("uptime"), only="x")
        machine.begin(LOOP.format("loadavg"))
        for _ in range(MOST_LOOKS):
            with machine.gdb() as gdb:
                if len(hold(gdb)) == 2 and spinning(gdb) == 2:
                    break
        else:
            raise harness.GuestError("the harts never met")
        with machine.gdb() as gdb:
            gdb.do("locks")
            holders = hold(gdb)
            stage.fact(f"{len(holders)} harts hold one lock each: "
                       f"{' and '.join(sorted(holders.values()))}")  # fmt: skip
            for hart in ("1", "2"):
                gdb.ask(f"thread {hart}")
                gdb.do("backtrace 8", shown=f"thread {hart}, backtrace", only="^#")
            stage.fact(f"harts that spin, each for the other one's: {spinning(gdb)}")

    stage.scene("With ranks, the first time")
    stage.say("""The same two locks, with their ranks looked at: each lock has a number, and
        numbers must rise. One hart, one program, once.""")
    strict = variant.kernel(stage, "wrong-order", "wrong-order.patch")
    with Machine(stage, kernel=strict, bootargs="panic=halt") as machine:
        machine.boot()
        machine.do("cat /proc/uptime")
        machine.begin("cat /proc/loadavg")
        reason = machine.expect(r"(lock order: .*)\n")[1]
        machine.expect("kmain|from_user|trap_user")
        stage.output(machine.output[machine.output.rindex("cat /proc/loadavg"):],
                     only="order|take_both|loadavg", most=8)  # fmt: skip
        reason = re.sub(r" \(rank \d+\)", "", reason)
        stage.fact(f"the kernel says: {reason}")
        stage.fact(f"no second hart was needed, and no luck: {yes('left' in reason)}")
