"""Many requests in flight: a disk that is asked for more before it has answered."""

import re

from machine import MOST_LOOKS, Machine, slow_disk
from stage import find, harness, yes

READERS = 8
SLOW = 2  # requests a second that the disk does
GET = "get() { dd if=/dev/vdb bs=4096 count=1 skip=$1 status=none; }"
LINE = f"for i in $(seq {READERS}); do get $((i*24+%d)) >/dev/null & done"

# For demos/site: what a trace of it shows.
TRACE, VIEW = "virtq,blk,sched", "virtq"
TRACED = (
    "get() { dd if=/dev/vda of=/dev/null bs=4096 count=1 skip=$1 status=none; }",
    "for i in 9 19 29 39 49 59 69; do get ${i}00 & all=\"$all $!\"; done; get 7900; wait $all",
)


def requests(machine):
    """Return how many requests the slow disk has had."""
    text = machine.command("lsdev")
    return int(find(r"(\d+) requests", text[text.index("virtio1"):]))


def several(stage, machine):
    """Have all readers read, until more than one is seen to wait; return what gdb says."""
    for n in range(MOST_LOOKS):
        stage.prompt("umbra#", LINE % n)
        machine.command(LINE % n)
        with machine.gdb() as gdb:
            if int(find(r"in flight: (\d+)", gdb.ask("virtq vdb"))) > 1:
                gdb.do("ps", only=r"NAME| dd ")
                return gdb.do("virtq vdb")
        machine.command("wait")
    raise harness.GuestError("the disk was never slow")


def demo(stage):
    """A slow disk and eight who want something of it; then one who wants much."""
    paths = [stage.path(name) for name in ("slow.img", "fast.img")]
    for path in paths:
        with open(path, "wb") as file:
            file.truncate(1 << 20)
    extra = [*slow_disk(paths[0], SLOW), "-drive", f"file={paths[1]},if=none,id=fast,format=raw",
             "-device", "virtio-blk-device,drive=fast"]  # fmt: skip
    with Machine(stage, extra=extra) as machine:
        machine.boot()
        stage.scene("Eight at once")
        stage.say(f"""The second disk does {SLOW} requests a second. {READERS} programs want a
            block each, from far apart.""")
        machine.do(GET)
        text = several(stage, machine)
        flying = int(find(r"in flight: (\d+)", text))
        heads = re.findall(r"^ +(\d+): 16 bytes", text, re.M)
        free = int(find(r", (\d+) free", text))
        stage.fact(f"more than one is in flight: {yes(flying > 1)}; each has a head of its own: "
                   f"{yes(len(set(heads)) == flying)}")  # fmt: skip
        stage.fact(f"with indirect tables each takes one descriptor: {yes(free == 128 - flying)}")

        stage.scene("All of them are answered")
        machine.do("wait; echo done", only="^done")
        with machine.gdb() as gdb:
            text = gdb.do("virtq vdb")
        stage.fact(f"in flight: {find(r'in flight: ([0-9]+)', text)}; "
                   f"free: {find(r', ([0-9]+) free', text)}")  # fmt: skip

        stage.scene("One who wants much")
        stage.say("""256 blocks, one after the other. The kernel reads ahead: a request carries
            many blocks, and the next is on its way before the last is used.""")
        machine.do("cat /dev/vdc | wc -c")
        text = machine.command("lsdev")
        text = text[text.index("virtio2"):]
        stage.prompt("umbra#", "lsdev")
        stage.output(text, only="virtio2|requests")
        count = int(find(r"(\d+) requests", text))
        stage.fact(f"fewer requests than a tenth of the blocks: {yes(count < 26)}")
