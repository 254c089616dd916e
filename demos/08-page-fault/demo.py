"""The way of a page fault: from an instruction and back to the same one."""

import re

from machine import Machine, disk
from stage import find, yes

RECORDED = True
# For demos/site: what a trace of it shows.
TRACE, VIEW = "page,fault,syscall", "timeline"
TRACED = ("cat /etc/motd >/dev/null",)


def demo(stage):
    """Stop at each station of a store to a page that is not there."""
    with Machine(stage, disks=[disk(stage, "actor")]) as machine:
        machine.boot()
        stage.scene("Memory that is not there")
        pid = find(r"(\d+) is on stage", machine.actor())
        page = re.search(r"0x\w+", machine.cue("map 1"))[0]
        with machine.gdb() as gdb:
            text = gdb.do(f"vmas {pid}", only=f"{int(page, 16):x}-")
            area = f"{int(page, 16):x}-" in text
            stage.fact(f"the address space has an area for the page: {yes(area)}")
            text = gdb.do(f"pt {pid} {page}")
            stage.fact("the page table has nothing there: "
                       f"{yes('nothing is mapped' in text)}")  # fmt: skip

        stage.scene("The store traps")
        stage.say("The program writes a byte. The hart finds no entry, and calls the kernel.")
        machine.hold(f"write {page} 42")
        with machine.gdb() as gdb:
            stage.prompt("actor:", f"write {page} 42")
            gdb.run_to(f"trap_entry if $stval == {page} && $scause == 15", enter=True)
            gdb.do("info registers scause stval sepc")
            pc = gdb.number("$sepc")
            stage.fact(f"scause is {gdb.number('$scause')}: a store page fault")
            stage.fact("stval is the address: "
                       f"{yes(gdb.number('$stval') == int(page, 16))}")  # fmt: skip
            with_program = gdb.ask(f"user {pid}")
            assert "no process" not in with_program, with_program
            text = gdb.do(f"x/i {pc:#x}", shown="x/i $sepc")
            stage.fact("sepc is the instruction: " + find(r":\s+(s[bhwd])", text))

            stage.scene("Who has to find out")
            gdb.run_to("fault_locked")
            thread = gdb.number("$tp")
            text = gdb.do("backtrace", only="^#")
            names = re.findall(r"^#\d+ +(?:0x\w+ in )?(\w+) \(", text, re.M)
            stage.fact("the way: " + " > ".join(reversed(names)))

            stage.scene("A frame, and a page table entry")
            gdb.run_to(f"trap_exit if $tp == {thread}")
            text = gdb.do(f"pt {pid} {page}", only="level|physical")
            rights = find(r"level 0 .* (\S+)  0x\w+$", text)
            stage.fact(f"now there is an entry: {rights}")

            stage.scene("The same instruction once more")
            same = gdb.number("((struct trapframe *)$sp)->sepc") == pc
            stage.fact(f"the kernel returns to the same instruction: {yes(same)}")
        machine.answer()
        seen = find(r"reads (\d+)", machine.cue(f"read {page}"))
        stage.fact(f"the program reads {seen}, and knows of nothing")
