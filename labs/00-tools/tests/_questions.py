"""The questions of the tour, in the order of the handout's steps."""

import dataclasses

import _answers


@dataclasses.dataclass(frozen=True)
class Question:
    """A question. ask may name what is the student's, {s.slot}; evidence is what
    the grader's own answer rests on; part is the run of _look.py that has it."""

    key: str
    points: int
    evidence: str
    part: str
    title: str
    ask: str
    hint: str
    read: object = _answers.number

    @property
    def step(self):
        """Return the step of the handout that it belongs to."""
        return self.key.split(".")[0]


def _number(*fields):
    return Question(*fields)


def _word(*fields):
    return Question(*fields, read=_answers.word)


QUESTIONS = (
    _number("boot.contexts", 3, "memory", "board", "The interrupt controller's contexts",
            "with CPUS={s.cpus}: how many contexts has the PLIC?",
            "The line 'plic' of the boot log, of the machine with your CPUS."),
    _number("boot.ram", 3, "memory", "board", "RAM in bytes",
            "how many bytes of RAM has the machine?",
            "A MiB is 1024 * 1024 bytes."),
    _number("boot.irq", 3, "memory", "board", "An interrupt's number",
            "which interrupt does the last virtio device of the boot log use?",
            "The line of the highest virtioN; of its numbers, the one after irq."),
    _number("boot.registers", 3, "memory", "board", "Where a device's registers are",
            "at which physical address do the registers of slot {s.slot} begin (virtio-mmio-bus.{s.slot})?",
            "Ctrl-A c, then info qtree: the line mmio below the device; or info mtree."),
    _number("boot.ticks", 2, "memory", "board", "The clock's speed",
            "how many ticks a second does the clock have?",
            "The log says it in kHz."),
    _number("boot.status", 2, "status", "false", "What a machine ends with",
            "with ARGS='init=/bin/false init.exit=poweroff': which status does QEMU end with?",
            "make tells it as 'Error N'."),
    _number("gdb.reset", 2, "memory", "program", "The first instruction of all",
            "where is the pc when make gdb begins?",
            "print/x $pc, before the first continue."),
    _number("gdb.entry", 2, "memory", "program", "The kernel's first instruction",
            "at which address does the firmware jump to the kernel?",
            "OpenSBI prints it as Next Address; stop there, and look at $pc."),
    _number("gdb.mode", 2, "memory", "program", "The mode of address translation",
            "at kmain: what is in the uppermost four bits of satp?",
            "print/x $satp >> 60"),
    _number("calls.total", 3, "memory", "program", "How many calls a program makes",
            "with init=/bin/{s.program}: how often is sys_dispatch entered until power_off?",
            "ignore 1 100000, continue, info breakpoints. CPUS=1?"),
    _number("calls.nth", 3, "memory", "program", "One call's number",
            "... which number has call {s.call}, counted from 1?",
            "At the breakpoint, a0 is the frame: print frame->a[7]."),
    _word("calls.name", 3, "memory", "program", "One call's name",
          "... and which name?",
          "kernel/abi/syscalls.def has a line for each number."),
    _number("calls.length", 3, "memory", "program", "How much a program writes",
            "... how many bytes does its first write (call 64) ask for?",
            "break sys_dispatch if frame->a[7] == 64; the count is a[2]."),
    _number("calls.byte", 2, "memory", "program", "What a program writes",
            "... and which byte comes first?",
            "x/1xb frame->a[1], or its character's code."),
    _number("memory.index2", 3, "memory", "program", "An index into the root table",
            "at the first sys_dispatch: which entry of the root table is for address {s.virtual:#x}?",
            "Bits 38 to 30 of the virtual address [riscv-priv §4.4.1]."),
    _number("memory.index1", 3, "memory", "program", "An index into the next table",
            "... and which entry of the table below?",
            "Bits 29 to 21 of the virtual address."),
    _number("memory.entry", 3, "memory", "program", "A page-table entry",
            "... what is in that entry (64 bits)?",
            "x/gx of the table's address in the direct map, plus 8 times the index."),
    _number("memory.span", 2, "memory", "program", "How much one entry maps",
            "... how many bytes does the entry map?",
            "R, W or X is set in it, so it is a leaf: at which level?"),
    _number("memory.device", 3, "memory", "program", "A device's page",
            "at the first sys_dispatch: what is in the entry for the page of registers of slot {s.slot}?",
            "Three levels this time: the direct map shows the registers, too."),
    _number("memory.text", 2, "memory", "program", "What code allows",
            "at the first sys_dispatch: the low 8 bits of the entry for kmain's page?",
            "D A G U X W R V, from bit 7 to bit 0 [riscv-priv §4.4.1]."),
    _number("memory.data", 2, "memory", "program", "What data allow",
            "... and of the entry for the page of trap_hooks?",
            "info address trap_hooks, then as before."),
    _number("device.version", 2, "memory", "program", "Which generation a device is",
            "what is in the register Version of slot 7?",
            "At offset 4 of the registers [virtio §4.2.2]; monitor xp /1xw ADDRESS."),
    _number("device.id", 2, "memory", "program", "Which kind a device is",
            "what is in the register DeviceID of slot {s.slot}?",
            "At offset 8 of the registers [virtio §4.2.2]."),
    _number("device.flags", 3, "memory", "program", "A descriptor's flags",
            "when the disk is first told of a request: the flags of descriptor 0 of its queue?",
            "At *virtq_end_batch, a0 is the queue; print ((struct virtq *)$a0)->desc[0] [virtio §2.7.5]."),
    _number("device.length", 3, "memory", "program", "A descriptor's length",
            "... and its length?",
            "It is decimal there, and in bytes."),
    _number("trace.size", 2, "trace", "program", "A queue's size",
            "how many descriptors does the driver want in the disk's queue (offset 0x38)?",
            "QueueNum [virtio §4.2.2]; the first write to it."),
    _number("trace.features", 3, "trace", "program", "What a driver accepts",
            "which value does the driver write first to offset 0x20?",
            "DriverFeatures, the low word [virtio §4.2.2]."),
    _number("trace.statuses", 3, "trace", "program", "How often a driver says where it is",
            "how many writes are there to offset 0x70, until power_off?",
            "grep 'offset 0x70', and count; all devices together."),
    _number("trace.last", 2, "trace", "program", "The last word of a driver",
            "which value is the last one written to offset 0x70?",
            "DRIVER_OK is one of its bits."),
    _number("trace.bytes", 2, "trace", "program", "The first read of a disk",
            "how many bytes does the first virtio_blk_handle_read ask for?",
            "nsectors; a sector has 512 bytes."),
    _word("panic.function", 3, "memory", "broken", "Where it happened",
          "with ARGS={s.broken}: which function of kernel/sys/selftest.c is nearest to the panic?",
          "The backtrace's first frame that is no part of panicking or of a trap."),
    _number("panic.cause", 2, "memory", "text", "What a fault is called",
            "with ARGS=test.text: which number is in scause?",
            "The registers are hexadecimal."),
    _word("panic.target", 2, "memory", "text", "What was to be overwritten",
          "... which function begins at the address in stval?",
          "make asm and look for it, or info symbol in gdb."),
    _number("panic.status", 2, "status", "text", "What a panic ends with",
            "... which status does QEMU end with?",
            "make tells it as 'Error N'."),
    _number("asm.count", 3, "memory", "image", "Counting instructions",
            "how many {s.instruction} instructions are between <{s.routine}> and the next label?",
            "build/kernel.asm; the third column is the instruction."),
    _number("asm.word", 2, "memory", "image", "An instruction's bits",
            "the first instruction of trap_entry, as a number?",
            "The second column of the listing is hexadecimal."),
    _number("asm.csr", 2, "memory", "image", "The register in an instruction",
            "... and the number of the CSR in it?",
            "Bits 31 to 20 of the instruction [riscv-unpriv §9.1]."),
    _number("replay.total", 3, "memory", "recorded", "A run, once more",
            "record a run with init=/bin/{s.recorded}; how often is sys_dispatch entered in the replay?",
            "make replay GDB=1, and as in the step about calls."),
    _number("replay.length", 3, "memory", "recorded", "What a recorded program writes",
            "... how many bytes does its first write ask for?",
            "break sys_dispatch if frame->a[7] == 64"),
    _number("replay.harts", 2, "memory", "recorded", "A recorded machine",
            "... and how many harts has the machine that is replayed?",
            "info threads in gdb, or the console's log."),
)  # fmt: skip

# The handout's headings.
STEPS = {
    "boot": "Step 1: Boot", "gdb": "Step 2: Stop it", "calls": "Step 3: Count calls",
    "memory": "Step 4: Walk a page table", "device": "Step 5: Look at a device",
    "trace": "Step 6: What the devices saw", "panic": "Step 7: Break it",
    "asm": "Step 8: Read instructions", "replay": "Step 9: The same run again",
}  # fmt: skip
