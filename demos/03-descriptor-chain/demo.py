"""The life of a descriptor chain, from the free list and back to it."""

import re

from machine import Machine, disk
from stage import find, harness, yes

RECORDED = True
LINE = "dd if=/dev/vdb of=/dev/null bs=4096 count=1 2>/dev/null"
OURS = 'if $_streq(((struct virtq *)$a0)->transport->name, "virtio1")'
FLAGS = {1: "the device reads, goes on", 2: "the device writes, ends here",
         3: "the device writes, goes on", 4: "refers to a table"}  # fmt: skip

# For demos/site: what a trace of it shows.
TRACE, VIEW = "virtq,blk", "virtq"
TRACED = (
    "dd if=/dev/vda of=/dev/null bs=4096 count=1 skip=900 status=none",
    "dd if=/dev/vda of=/dev/null bs=4096 count=1 skip=1900 status=none",
)


def chain(gdb, head):
    """Show the descriptors of a chain as they lie in the table; return what they
    are for."""
    kinds = []
    while True:
        flags = gdb.number(f"$vq->desc[{head}].flags")
        gdb.do(f"print/x $vq->desc[{head}]", shown=f"print/x vq->desc[{head}]")
        kinds.append(FLAGS[flags])
        if not flags & 1:  # NEXT
            return kinds
        head = gdb.number(f"$vq->desc[{head}].next")


def publish(stage, machine, gdb):
    """Have the held line read; stop where its request is published. Return (head,
    what its descriptors are)."""
    stage.prompt("umbra#", LINE)
    gdb.run_to(f"virtq_notify {OURS}", enter=True)
    gdb.ask("set $vq = (struct virtq *)$a0")
    text = gdb.do("virtq vdb", only="queue|idx|in flight|bytes")
    head = int(find(r"^ +(\d+): \d+ bytes", text))
    kinds = chain(gdb, head)
    stage.fact(f"{find(r'in flight: ([0-9]+)', text)} chain is in flight, "
               f"{find(r', ([0-9]+) free', text)} descriptors are free")  # fmt: skip
    stage.fact("its descriptors: " + "; ".join(kinds))
    return head


def life(stage, machine, gdb):
    """Follow the chain of one request."""
    stage.scene("At rest")
    stage.say("The disk is idle. Both rings stand at the same number.")
    idle = gdb.do("virtq vdb")

    stage.scene("Built and published")
    stage.say("A program wants a block. We stop where the driver rings the bell.")
    head = publish(stage, machine, gdb)
    gdb.do("backtrace 4", only="^#")
    buffer = f"0xffffffc000000000 + $vq->desc[$vq->desc[{head}].next].addr"
    before = gdb.do(f"x/s {buffer}", shown="x/s the buffer")

    stage.scene("Used")
    stage.say("The device has read the chain, done its work, and interrupted.")
    gdb.run_to(f"virtq_pop_used {OURS}")
    gdb.do("backtrace 6", only="^#")
    used = gdb.do("virtq vdb", only="idx|in flight")
    at, ours = find(r"used: +idx (\d+)", used), find(r"we are at (\d+)", used)
    stage.fact(f"the device is ahead of the driver by {int(at) - int(ours)}")
    entry = "$vq->used->ring[$vq->used_idx % $vq->size]"
    gdb.do(f"print {entry}", shown="print vq->used->ring[vq->used_idx % vq->size]")
    stage.fact(f"its entry names the head: {yes(gdb.number(entry + '.id') == head)}; "
               f"{gdb.number(entry + '.len')} bytes were written")  # fmt: skip
    after = gdb.do(f"x/s {buffer}", shown="x/s the buffer")
    stage.fact(f"the block is in the buffer: {yes('the first' in after)}; "
               f"before, it was not: {yes('the first' not in before)}")  # fmt: skip

    stage.scene("Free again")
    gdb.ask("finish")
    done = gdb.do("virtq vdb", only="queue|idx|in flight")
    free = [re.search(r"(\d+) free", text)[1] for text in (idle, done)]
    stage.fact(f"descriptors free before and after: {free[0]} and {free[1]}")
    again = gdb.number("$vq->free_head")
    stage.fact(f"the head is the first to be taken again: {yes(again == head)}")


def demo(stage):
    """The same request on a device without indirect tables, and on one with them."""
    image, other = disk(stage), stage.path("other.img")
    with open(other, "wb") as file:
        file.write(b"This is the first block.\n\0".ljust(1 << 20, b"\0"))
    plain = harness.Disk(other, options="indirect_desc=off,event_idx=off")
    with Machine(stage, disks=[image, plain]) as machine:
        machine.boot()
        machine.hold(LINE)
        with machine.gdb() as gdb:
            life(stage, machine, gdb)

    stage.scene("With a table of its own")
    stage.say("""The same on a device with indirect descriptors: the chain lies in a table
        of its own, and takes one descriptor of the queue, however long it is.""")
    with Machine(stage, disks=[image, other]) as machine:
        machine.boot()
        machine.hold(LINE)
        with machine.gdb() as gdb:
            publish(stage, machine, gdb)
