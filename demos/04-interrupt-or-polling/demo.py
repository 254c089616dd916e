"""Interrupt against polling: what each costs while a disk takes its time."""

import variant
from machine import Machine, slow_disk
from stage import find, yes

READS, SLOW = 6, 4  # how many, and how many a second the disk does
GET = "get() { dd if=/dev/vdb bs=4096 count=1 skip=$1 status=none; }"
LINE = f"for i in $(seq {READS}); do get $((i*30)) >/dev/null; done"

# For demos/site: what a trace of it shows.
TRACE, VIEW = "virtq,blk,irq,sched", "timeline"
TRACED = ("for i in 9 19 29; do dd if=/dev/vda of=/dev/null bs=4096 count=1 skip=${i}00 status=none; done",)


def counts(text):
    """Return (interrupts, requests) of the slow disk, from what lsdev prints."""
    at = text.index("virtio1")
    line = text[at:].split("\n")[0].split()
    return int(line[5]), int(find(r"(\d+) requests", text[at:]))


def busy(machine):
    """Return (busy, idle) of the hart, in hundredths of a second."""
    words = machine.command("cat /proc/stat").split("\n")[0].split()
    return int(words[1]), int(words[4])


def measure(stage, machine):
    """Read some blocks; state what it took."""
    machine.do(GET)
    stage.prompt("umbra#", LINE)  # what the speaker says meanwhile does not count
    before = counts(machine.command("lsdev")), busy(machine)
    machine.command(LINE)
    worked, idled = (b - a for a, b in zip(before[1], busy(machine)))
    text = machine.command("lsdev")
    stage.prompt("umbra#", "lsdev")
    stage.output(text[:79] + "\n" + text[text.index("virtio1"):], only="NAME|virtio1|requests")
    interrupts, requests = (b - a for a, b in zip(before[0], counts(text)))
    stage.output(f"the hart worked for {worked / 100:.2f} s, and idled for {idled / 100:.2f} s")
    stage.fact(f"{requests} requests, {interrupts} interrupts")
    stage.fact(f"the hart was free most of the time: {yes(idled > worked)}")


def demo(stage):
    """The same disk with the driver as it is, and with one that asks and asks."""
    path = stage.path("slow.img")
    with open(path, "wb") as file:
        file.truncate(1 << 20)
    extra = slow_disk(path, SLOW)
    stage.scene("A disk that takes its time")
    stage.say(f"""The second disk does {SLOW} requests a second. {READS} blocks are read, one
        after the other. The driver sleeps until the disk interrupts.""")
    with Machine(stage, extra=extra) as machine:
        machine.boot()
        measure(stage, machine)

    stage.scene("Are we there yet?")
    stage.say("A patch has the driver ask the disk over and over, and want no interrupt.")
    with open(f"{stage.home}/polling.patch", encoding="utf-8") as file:
        stage.output(file.read(), only=r"^[+-] ")
    kernel = variant.kernel(stage, "polling", "polling.patch")
    with Machine(stage, kernel=kernel, extra=extra) as machine:
        machine.boot()
        measure(stage, machine)
