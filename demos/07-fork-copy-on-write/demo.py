"""fork copies nothing: a page is shared until somebody writes to it."""

from machine import Machine, disk
from stage import find, yes

RECORDED = True
# For demos/site: what a trace of it shows.
TRACE, VIEW = "page,fault,proc", "pages"
TRACED = ('sh -c "(x=1; echo $x); echo done"',)


def entry(gdb, pid, address):
    """Show how a process sees an address; return (physical address, rights)."""
    text = gdb.do(f"pt {pid} {address}", only="level [01]|physical")
    return find(r"is physical (0x\w+)", text), find(r"level 0 .* (\S+)  0x\w+$", text)


def table(gdb, pid, address):
    """Return where the last table on the way to an address is."""
    return find(r"level 1 .* (0x\w+)$", gdb.ask(f"pt {pid} {address}"))


def demo(stage):
    """A parent and a child, and the frames behind one page of theirs."""
    with Machine(stage, disks=[disk(stage, "actor")]) as machine:
        machine.boot()
        stage.scene("A page with something in it")
        stage.say("A program asks for a page of memory, and writes a byte to it.")
        parent = find(r"(\d+) is on stage", machine.actor())
        page = find(r"(0x\w+)", machine.cue("map 1"))
        machine.cue(f"write {page} 1")
        stage.say("Which frame of the machine's memory is that? The page table knows.")
        with machine.gdb() as gdb:
            first, rights = entry(gdb, parent, page)
        stage.fact(f"before fork the page's entry says {rights}: it may be written")

        stage.scene("fork: two processes, one frame")
        child = find(r"child (\d+)", machine.cue("fork"))
        with machine.gdb() as gdb:
            ours, rights = entry(gdb, parent, page)
            theirs, their_rights = entry(gdb, child, page)
            shared = table(gdb, parent, page) == table(gdb, child, page)
        stage.fact(f"the parent's page is in the frame it was in: {yes(ours == first)}")
        stage.fact(f"parent and child share it: {yes(ours == theirs)}")
        stage.fact(f"the entries say {rights} and {their_rights}: neither may write")
        stage.fact(f"even the table that the entry is in is shared: {yes(shared)}")

        stage.scene("The first write makes a copy")
        machine.cue(f"child write {page} 2")
        with machine.gdb() as gdb:
            theirs, their_rights = entry(gdb, child, page)
            ours, rights = entry(gdb, parent, page)
        stage.fact(f"the child has another frame now: {yes(ours != theirs)}, {their_rights}")
        stage.fact(f"the parent has the old one: {yes(ours == first)}, and still {rights}")
        seen = find(r"reads (\d+)", machine.cue(f"read {page}"))
        stage.fact(f"the parent still reads {seen}")

        stage.scene("The last one needs no copy")
        stage.say("Now the parent writes. Nobody shares the frame any more.")
        machine.cue(f"write {page} 3")
        with machine.gdb() as gdb:
            ours, rights = entry(gdb, parent, page)
        stage.fact(f"the frame is the same: {yes(ours == first)}; "
                   f"only the entry changed, to {rights}")  # fmt: skip
        seen = find(r"reads (\d+)", machine.cue(f"child read {page}"))
        stage.fact(f"the child still reads {seen}")
