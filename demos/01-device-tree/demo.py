"""A kernel that knows nothing but what the device tree says."""

import subprocess

import devicetree
from machine import Machine
from stage import find, harness, yes

RECORDED = True
CLOCK = b"google,goldfish-rtc"

# For demos/site: what a trace of it shows.
TRACE, VIEW = "all", "boot"
TRACED = ()


def dump(stage):
    """Have QEMU write the tree of its machine; return the bytes."""
    path = stage.path("virt.dtb")
    words = [harness.QEMU, "-machine", f"virt,dumpdtb={path}", "-m", "128M", "-nographic"]
    stage.prompt("host$", "qemu-system-riscv64 -machine virt,dumpdtb=virt.dtb -m 128M")
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(path, "rb") as file:
        return file.read()


def demo(stage):
    """The tree, where the kernel gets it, what it makes of it; and a changed one."""
    stage.scene("The machine describes itself")
    stage.say("""The board is QEMU's virt. It hands whoever boots on it a description:
        a tree of nodes, each with the driver that would fit.""")
    tree = dump(stage)
    stage.output(devicetree.summary(tree), drop="flash|pci|fw_cfg|poweroff|reboot|pmu")
    uart = next(path for path, _ in devicetree.nodes(tree) if "serial@" in path)
    slots = sum("virtio_mmio@" in path for path, _ in devicetree.nodes(tree))
    stage.fact(f"it has {uart.split('/')[-1]} and {slots} slots for virtio devices")

    stage.scene("One register points to it")
    with Machine(stage, extra=("-S",)) as machine:
        with machine.gdb() as gdb:
            gdb.ask("break *0x80200000")
            gdb.do("continue", shown="break *0x80200000, continue", only="Breakpoint")
            gdb.do("x/3i $pc")
            gdb.do("info registers a0 a1")
            text = gdb.do("x/4xb $a1")
            magic = "".join(word[2:] for word in text.split(":")[1].split())
        stage.fact(f"a0 is the hart, a1 the tree's address: there is {magic}")

        stage.scene("What the kernel makes of it")
        report = machine.power_on("make run", only=r"machine|memory|uart|rtc|plic|virtio0")
        address = find(r"uart .* at 0x(\w+)", report)
        stage.fact(f"the console is where the tree says: {yes(uart.endswith(address))}")
        stage.fact("the kernel counts as many slots: "
                   + yes(find(r"(\d+) virtio slots", report) == str(slots)))  # fmt: skip

    stage.scene("Another tree, another machine")
    stage.say("""Some bytes of the tree are changed: the clock is no longer one that
        anybody has a driver for. The machine is as it was.""")
    path = stage.path("noclock.dtb")
    with open(path, "wb") as file:
        file.write(tree.replace(CLOCK, b"nobody" + CLOCK[6:]))
    with Machine(stage, extra=("-dtb", path)) as machine:
        report = machine.power_on("qemu-system-riscv64 -dtb noclock.dtb ...",
                                  only=r"machine|rtc|plic|virtio0")  # fmt: skip
        stage.fact(f"the kernel still finds a clock: {yes('rtc       none' not in report)}")
        machine.do("date")
