"""A disk that fails, and one that lies."""

from machine import Machine
from stage import find, harness, yes

RECORDED = True
BAD = 16  # a block that cannot be read
QUEUE = "((struct virtq *)$a0)"
ENTRY = f"{QUEUE}->used->ring[{QUEUE}->used_idx % {QUEUE}->size]"
# What the disk is made to say, where it says it, and what it would be.
LIES = (
    ("I am done with number 77", f"{ENTRY}.id = 77", "vq->used->ring[...].id = 77"),
    ("I wrote a million bytes", f"{ENTRY}.len = 1000000", "vq->used->ring[...].len = 1000000"),
    ("I have done fifty more", f"{QUEUE}->used->idx += 50", "vq->used->idx += 50"),
)

# For demos/site.
NO_TRACE = "gdb puts the lies into memory while the machine stands, and a trace has what the kernel does."


def failing(path, config):
    """Return QEMU's arguments for a disk with a block that cannot be read."""
    with open(config, "w", encoding="utf-8") as file:
        file.write('[inject-error]\nevent = "read_aio"\niotype = "read"\nerrno = "5"\n'
                   f'once = "off"\nsector = "{BAD * 8}"\n')  # fmt: skip
    return ["-blockdev", f"driver=file,node-name=base,filename={path}",
            "-blockdev", f"driver=blkdebug,node-name=bad,image=base,config={config}",
            "-blockdev", "driver=raw,node-name=top,file=bad",
            "-device", "virtio-blk-device,drive=top,rerror=report,serial=honest"]  # fmt: skip


def read(disk, block):
    """Return the command that reads a block of a disk."""
    return f"dd if=/dev/{disk} of=/dev/null bs=4096 count=1 skip={block}"


def lie(stage, machine, number):
    """Have a disk tell a lie about the next request; state what came of it."""
    name, device = f"vd{'bcd'[number]}", f"virtio{1 + number}"
    text, where, shown = LIES[number]
    stage.scene(text)
    line = f"{read(name, 60)}; echo status $?"
    machine.hold(line)
    with machine.gdb() as gdb:
        stage.prompt("umbra#", line)
        gdb.run_to(f'virtq_pop_used if $_streq({QUEUE}->transport->name, "{device}")',
                   enter=True)  # fmt: skip
        gdb.do(f"virtq {name}", only="used: |in flight|bytes")
        gdb.do(f"set var {where}", shown=f"set var {shown}")
    status = machine.expect(r"\nstatus (\d+)\n")[1]
    machine.boot()
    log = machine.do("dmesg | tail -n 3", only=f"{device}:|{name}:")
    stage.fact("the driver: " + find(r"is broken: (.*)", log))
    stage.fact(f"the program: status {status}, an error like any other")


def demo(stage):
    """An honest failure; then three lies, put into used rings with gdb."""
    path, other = stage.path("honest.img"), stage.path("liar.img")
    for name in (path, other):
        with open(name, "wb") as file:
            file.truncate(1 << 20)
    disks = [harness.built("root.img"), *[other] * len(LIES)]
    with Machine(stage, disks=disks, extra=failing(path, stage.path("config"))) as machine:
        report = machine.boot()
        honest = find(r"^\[.*\] (vd\w).*serial honest", report)
        stage.scene("A block that cannot be read")
        stage.say("The disk says so, and that is that: an error for whoever asked.")
        text = machine.do(f"{read(honest, BAD)}; echo status $?", only="error|status")
        stage.fact("the program gets: " + find(r"(Input/output error)", text))
        text = machine.do(f"{read(honest, BAD + 1)}; echo status $?", only="error|status")
        stage.fact(f"the next block can be read: {yes('status 0' in text)}")

        for number in range(len(LIES)):
            lie(stage, machine, number)

        stage.scene("And the machine?")
        text = machine.do("dmesg | grep 'given up'")
        stage.fact(f"no liar is asked again: {text.count('given up')} disks given up")
        text = machine.do(f"{read('vda', 900)}; echo status $?", only="error|status")
        stage.fact(f"the others work: {yes('status 0' in text)}")
