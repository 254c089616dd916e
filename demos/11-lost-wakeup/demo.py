"""A wake-up that is lost, and the sleeper that nobody wakes."""

import variant
from machine import Machine
from stage import find, yes

# Time is what instructions take, and passes at once where nothing is to be done: the
# machine is not faster or slower than the window that it has to hit, and a sleep there
# takes as long as the window says, and none of ours.
ICOUNT = ("-icount", "shift=0,sleep=off")
READER = "cat /tmp/pipe &"
WRITER = "echo hello >/tmp/pipe"

# For demos/site: what a trace of it shows.
TRACE, VIEW = "sched,syscall,proc", "timeline"
TRACED = ("mkfifo /tmp/pipe", "cat /tmp/pipe &", "echo hello >/tmp/pipe; wait $!")


def demo(stage):
    """A reader and a writer, with the lock held until the reader sleeps; and without."""
    stage.scene("As it should be")
    stage.say("cat reads from a pipe that is empty: it sleeps. echo writes: cat wakes up.")
    with Machine(stage) as machine:
        machine.boot()
        machine.command("mkfifo /tmp/pipe")
        machine.do(READER)
        text = machine.do(f"{WRITER}; wait; echo and goes on")
        stage.fact(f"the reader gets it: {yes('hello' in text)}")

    stage.scene("A window")
    stage.say("""Somebody lets go of the lock between looking and sleeping. A patch does, and
        makes the window a fifth of a second wide, so that we hit it.""")
    with open(f"{stage.home}/window.patch", encoding="utf-8") as file:
        stage.output(file.read(), only=r"^[+ -] ", most=18)
    kernel = variant.kernel(stage, "lost-wakeup", "window.patch")

    stage.scene("The writer comes through it")
    stage.say("""The reader looks, and naps in the window. A twentieth of a second later
        somebody writes, and wakes whoever waits: nobody does.""")
    with Machine(stage, kernel=kernel, extra=ICOUNT) as machine:
        machine.boot()
        # Both programs are in memory then: time would pass at once while a disk is read.
        machine.command("mkfifo /tmp/pipe; cat /etc/hostname; sleep 0; >/tmp/out")
        # The writer keeps it open: the end of file would wake the reader, too.
        machine.do("exec 3<>/tmp/pipe")
        machine.do("cat <&3 >/tmp/out & sleep 0.05; echo hello >&3; sleep 1", drop=".")
        text = machine.do("cat /tmp/out; jobs", most=4)
        stage.fact(f"a second later the reader has it: {yes('hello' in text)}")
        pid = machine.command("echo $!")
        with machine.gdb() as gdb:
            text = gdb.do(f"bt {pid}", only="^#")
            gdb.do("ps", only="NAME|cat")
        stage.fact("it sleeps in " + find(r" in (wait_locked) ", text))

        stage.scene("Nobody notices, most of the time")
        stage.say("The next one who writes wakes it, and it finds all there is.")
        machine.do("echo again >&3")
        machine.until("cat /tmp/out", "^again")
        text = machine.do("cat /tmp/out")
        stage.fact(f"after another write: {' and '.join(text.split())}")
