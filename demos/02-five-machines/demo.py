"""One kernel, five machines."""

import hashlib

from machine import Machine, disk
from stage import find, harness, yes

# What the audience sees of each, and what it is.
MACHINES = (
    ("-smp 1 -m 64M", {"harts": 1, "memory": "64M"}),
    ("-smp 4 -m 512M", {"harts": 4, "memory": "512M"}),
    ("-cpu rv64,sstc=off", {"cpu": "rv64,sstc=off"}),
    ("-global virtio-mmio.force-legacy=true", {"legacy": True}),
    ("-device virtio-blk-device,bus=virtio-mmio-bus.5", {"slot": 5}),
)

# For demos/site.
NO_TRACE = "what a boot does is traced where one machine boots: the device tree."


def digest():
    """Return a fingerprint of the kernel."""
    with open(harness.built("kernel.elf"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


def demo(stage):
    """Boot the same file on machines that differ in all that a kernel could assume."""
    before, image = digest(), disk(stage)
    stage.say(f"The kernel is one file; sha256 begins with {before}.")
    for number, (shown, options) in enumerate(MACHINES, 1):
        stage.scene(f"Machine {number}: {shown}")
        options = dict(options)
        drive = harness.Disk(image, slot=options.pop("slot", None))
        with Machine(stage, disks=[drive], **options) as machine:
            report = machine.power_on(
                f"qemu-system-riscv64 -kernel kernel.elf {shown}",
                only=r"machine|clock|memory|smp|virtio\d|vda|root",
            )
            harts = find(r"(\d+ of \d+) harts running", report)
            timer = find(r"deadlines by (\S+)", report)
            memory = find(r"(\d+ MiB), \d+ virtio", report)
            disk_is = find(r"virtio\d +(.*irq \d+)", report)
            stage.fact(f"{harts} harts, {memory}, timer: {timer}; disk: {disk_is}")
            machine.do("uname -a")
    stage.scene("The same file")
    stage.prompt("host$", "sha256sum build/kernel.elf")
    stage.output(digest() + "...")
    stage.fact(f"nothing was built in between: {yes(digest() == before)}")
