"""A service that crashes and comes back; and one that should not."""

import os
import subprocess

from machine import Machine, disk
from stage import find, harness, yes

RECORDED = True
SERVICES = {
    "clock": """description = prints the time now and then
exec = /bin/sh -c "while date; do sleep 60; done"
restart = always
restart-delay = 10ms
""",
    "broken": """description = cannot do what it should
exec = /bin/sh -c "echo no such configuration; exit 3"
restart = always
restart-delay = 10ms
restart-limit = 3
""",
}


def prepare(stage):
    """Return a disk with the services."""
    path = disk(stage)
    for name, text in SERVICES.items():
        with open(stage.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(stage.path(name), 0o644)
        subprocess.run([harness.built("host/efs"), "put", path, stage.path(name),
                        f"/etc/services.d/{name}"], check=True)  # fmt: skip
    return path


# For demos/site: what a trace of it shows.
TRACE, VIEW, TRACED_DISK = "proc,sched,syscall", "timeline", prepare
TRACED = (
    "kill -SEGV $(svc list | grep clock | tr -s ' ' | cut -d ' ' -f 3)",
    "while ! svc list | grep -q 'clock *running.* 1 '; do true; done",
)


def pid(machine):
    """Return the number of the clock's process, once it runs."""
    text = machine.until("svc list | cat", r"^clock +running +\d+")
    return int(find(r"^clock +running +(\d+)", text))


def demo(stage):
    """Kill a service, look at what init does; then at one that fails each time."""
    with Machine(stage, disks=[prepare(stage)]) as machine:
        machine.boot()
        stage.scene("A service is a file")
        machine.do("cat /etc/services.d/clock")
        first = pid(machine)
        text = machine.do("svc status clock | cat")
        stage.fact("its state: " + find(r"state +(\w+)", text))
        machine.until("svc log clock", "UTC")
        machine.do("svc log clock")

        stage.scene("Something kills it")
        machine.do(f"kill -SEGV {first}")
        machine.until("cat /var/log/init", r"restart 1\n(.|\n)*clock: starting -> running")
        second = pid(machine)
        text = machine.do("svc list | cat", only="NAME|clock")
        stage.fact(f"it runs again, in another process: {yes(first != second)}; restarts: "
                   + find(r"^clock +running +\d+ +\S+ +(\d+)", text))  # fmt: skip
        text = machine.do("grep clock /var/log/init")
        stage.fact("init knows why: " + find(r"running -> \S+ (killed by signal \d+)", text))

        stage.scene("One that fails each time")
        machine.until("svc list | cat", r"^broken +failed")
        machine.do("svc status broken | cat", only="broken|state|exec|reason|restart|failed")
        text = machine.do("grep broken /var/log/init")
        starts = text.count("-> starting")
        stage.fact(f"it was started {starts} times; then it was left alone")
        stage.fact("the last word: " + find(r"-> failed: (.*)", text))

        stage.scene("The reason is in its log")
        text = machine.do("svc log broken | tail -n 1")
        stage.fact(find(r"\] *(.*)$", text))

        stage.scene("Who looks after init?")
        stage.say("""Process 1 is the first of all. Root may send it any signal; the kernel
            keeps those from it for which it has no handler.""")
        machine.do("kill -KILL 1; svc list | cat", only="kill|clock|console")
        alive = "/sbin/init" in machine.command("ps")
        stage.fact(f"after kill -KILL 1 process 1 is there: {yes(alive)}")
