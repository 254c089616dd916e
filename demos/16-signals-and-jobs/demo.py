"""Signals, and the jobs of a shell."""

from machine import Machine
from stage import find, yes

RECORDED = True
# For demos/site: what a trace of it shows.
TRACE, VIEW = "proc,sched,syscall", "timeline"
TRACED = (
    "sleep 1000 & kill $!; wait $!",
    'sh -c "kill -INT \\$\\$"',
)


def state(text):
    """Return the S column of ps for sleep."""
    return find(r"^\S+ +\d+ +\d+ (\S).* sleep", text)


def group(machine, pid):
    """Return the process group of a process."""
    fields = machine.command(f"cat /proc/{pid}/stat").rsplit(") ", 1)[1].split()
    return int(fields[2])


def demo(stage):
    """One program is stopped, goes on, moves to the back and to the front, and ends."""
    with Machine(stage) as machine:
        machine.boot()
        stage.scene("In the background")
        stage.say("The shell does not wait for a command that ends with &.")
        machine.do("sleep 1000 &")
        machine.do("jobs")
        machine.until("ps", r" S .* sleep")
        stage.fact(f"ps says of it: {state(machine.do('ps', only='PID|sleep'))}")
        other = group(machine, "$!") != group(machine, "$$")
        stage.fact(f"it is in a process group of its own: {yes(other)}")

        stage.scene("To the front, and Ctrl-Z")
        machine.begin("fg")
        machine.expect(r"sleep 1000\n")
        stage.say("Now it has the terminal: there is no prompt. Ctrl-Z is a character; the "
                  "terminal makes a signal of it, for everybody in the group in front.")  # fmt: skip
        machine.press("Ctrl-Z", "\x1a", r"stopped +sleep")
        machine.settle()
        text = machine.do("jobs")
        stage.fact(f"the shell is back, and says {find(r'(stopped|running)', text)}")
        stage.fact(f"ps says of it: {state(machine.do('ps', only='PID|sleep'))}")

        stage.scene("It goes on, behind")
        text = machine.do("bg; jobs")
        stage.fact(f"SIGCONT: it is {find(r'(running).*$', text)}")
        stage.say("Ctrl-C at the prompt does not reach it: it is in another group.")
        stage.prompt("keys:", "Ctrl-C")
        machine.type("\x03")
        machine.boot()
        stage.fact(f"after Ctrl-C it is still there: {yes('sleep' in machine.do('jobs'))}")

        stage.scene("A signal from another process")
        machine.do("kill %1; wait %1; echo status $?", only="status|Terminated")
        status = machine.command("sleep 1000 & kill $!; wait $!; echo =$?")
        stage.fact(f"status of one that was ended by SIGTERM: {find(r'=([0-9]+)', status)}, "
                   "128 and the signal's number")  # fmt: skip

        stage.scene("One that is not to be refused")
        stage.say("This shell ignores SIGTERM; SIGKILL cannot be ignored.")
        machine.command("cd /tmp; sh -c 'trap \"\" TERM; while :; do >on; sleep 0.1; done' &")
        machine.until("ls", r"^on$")
        machine.do("kill $!; rm on")
        machine.until("ls; kill -0 $! || echo gone", r"^(on|gone)$")  # it has gone on, or not
        alive = machine.do("kill -0 $! && echo alive || echo gone")
        stage.fact(f"after SIGTERM: {find(r'(alive|gone)', alive)}")
        machine.do("kill -KILL $!; wait $!; echo status $?", only="status")
        alive = machine.command("kill -0 $! 2>/dev/null && echo alive || echo gone")
        stage.fact(f"after SIGKILL: {find(r'(alive|gone)', alive)}")

        stage.scene("A trap")
        text = machine.do("trap 'echo caught INT' INT; kill -INT $$; trap - INT")
        stage.fact(f"the handler has run: {yes('caught INT' in text)}")
