"""What is known of a run of a machine after it has stopped."""

import dataclasses

from grading import console, trace


@dataclasses.dataclass
class Record:
    """Evidence of one run.

    end: how it ended (guest.ENDS), or "timeout", "crash"; status: of a
    power-off, else None; images: the disks as they were left, one disk.Image
    each; backtrace: named frames, innermost first; start: what the machine was
    started with, for replay.save; () if it cannot be played again.
    """

    end: str = ""
    why: str = ""
    status: int | None = None
    console: str = ""
    instructions: int = 0
    trace: list = dataclasses.field(default_factory=list)
    images: list = dataclasses.field(default_factory=list)
    backtrace: list = dataclasses.field(default_factory=list)
    start: tuple = ()

    def image(self, number=0):
        """Return a disk as the run left it."""
        return self.images[number]

    def events(self, *names):
        """Return the trace's events of these names, in order."""
        return [e for e in self.trace if e.name in names]


FRAMES = 24


def backtrace(guest):
    """Walk the frame pointers of the stopped hart [psabi §2.1]."""
    names = []
    try:
        registers = guest.registers()
        names = [guest.elf.name(registers["pc"]) or hex(registers["pc"])]
        if registers["pc"] in guest.breaks or _at_entry(guest, registers["pc"]):
            caller = registers["ra"] - 1
            names.append(guest.elf.name(caller) or hex(registers["ra"]))
        pointer = registers["s0"]
        while len(names) < FRAMES and pointer > 1 << 63:
            caller, ra = guest.u64(pointer - 16), guest.u64(pointer - 8)
            name = guest.elf.name(ra - 1)
            if not name:
                break
            if name != names[-1]:
                names.append(name)
            if caller <= pointer:
                break
            pointer = caller
    except Exception:  # whatever the guest has made of its stack
        pass
    return names


def _at_entry(guest, pc):
    name = guest.elf.name(pc)
    return bool(name) and "+" not in name


def take(guest, keep, end, why=""):
    """Return the record of a stopped guest; its disks are copied to keep."""
    record = Record(end=end, why=why, instructions=guest.instructions)
    record.start = (guest.elf.path, guest.machine, guest.disks, guest.bootargs)
    if guest.process.poll() is None and end not in ("done", "poweroff"):
        record.backtrace = backtrace(guest)
    if end == "poweroff":
        record.status = guest.stub.register("a0") & 0xFFFFFFFF
    if guest.process.poll() is None:
        guest.finish()
    record.console = console.with_names(guest.console.text(), guest.elf)
    record.trace = trace.parse(guest.trace())
    for number, disk in enumerate(guest.disks):
        record.images.append(disk.after(guest.folder, number, keep))
    return record
