"""A hostile program: what it may ask for, and what it gets."""

from machine import Machine, disk
from stage import find, yes

RECORDED = True
WRITE = 64
KERNEL = 0xFFFFFFFF80200000
ERRORS = {-1: "EPERM", -14: "EFAULT", -38: "ENOSYS", -9: "EBADF", -22: "EINVAL"}

# For demos/site: what a trace of it shows.
TRACE, VIEW = "syscall,fault,proc", "timeline"
TRACED = (f"printf 'call {WRITE} 1 {KERNEL:#x} 64\\nread {KERNEL:#x}\\n' | actor",)


def demo(stage):
    """Calls that lie about addresses and numbers; then jumps into the kernel."""
    with Machine(stage, disks=[disk(stage, "actor")]) as machine:
        machine.boot()

        def call(text, *words):
            result = int(find(r"returns (-?\d+)", machine.cue(
                "call " + " ".join(str(w) if w < 4096 else hex(w) for w in words))))
            stage.fact(f"{text}: {ERRORS.get(result, result)}")

        stage.scene("Print the kernel, please")
        stage.say("""A program may call write with any number for an address. This one takes
            the kernel's own: where its code is, then where all of memory is mapped.""")
        machine.actor()
        call("write from the kernel's code", WRITE, 1, KERNEL, 64)
        call("write from the direct map", WRITE, 1, 0xFFFFFFC080200000, 64)

        stage.scene("Ranges that look right")
        stage.say("""The first byte is the program's own, or nearly so; the last is not. And
            the end of a range is a sum, which can come out small.""")
        page = int(find(r"(0x\w+)", machine.cue("map 1")), 16)
        call("a range that begins in the program and ends behind all of it",
             WRITE, 1, 0x3FFFFFFFF8, 64)  # fmt: skip
        call("an address that is almost right", WRITE, 1, page + 4096 * 64, 8)
        call("a length that goes round", WRITE, 1, page, (1 << 64) - 1)

        stage.scene("Numbers that nobody has")
        call("system call 9999", 9999)
        call("system call 2^63", 1 << 63)
        call("descriptor 77", WRITE, 77, page, 1)

        stage.scene("Without asking")
        stage.say("""A program can also just touch what it wants. The page table has the
            kernel's pages, but without the U: they are not for user mode.""")
        child = find(r"child (\d+)", machine.cue("fork"))
        text = machine.cue(f"child read {KERNEL:#x}")
        stage.fact(f"a load from the kernel: signal {find(r'by signal ([0-9]+)', text)}")
        machine.cue("fork")
        text = machine.cue(f"child jump {KERNEL:#x}")
        stage.fact(f"a jump into the kernel: signal {find(r'by signal ([0-9]+)', text)}")
        machine.type("\x04")
        machine.boot()

        stage.scene("The others have not noticed")
        log = machine.do("dmesg | grep actor")
        stage.fact(f"the kernel has said who it was: {yes(f'actor[{child}]' in log)}")
        machine.do("ps")
        stage.fact(f"the machine goes on: {machine.command('echo yes')}")
