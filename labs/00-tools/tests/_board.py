"""What needs no run: QEMU's device tree of a machine, the kernel's file, and the
list of system calls."""

import os
import re
import struct

from grading.elf import Elf
from grading.machine import Machine

BEGIN, END_NODE, PROP, END = 1, 2, 3, 9  # [dtspec §5.4.1]
SYMTAB_NEXT = 0x400  # bytes: no routine of those asked about is longer


def nodes(blob):
    """Return [(path, {property: bytes})] of a device tree [dtspec §5]."""
    at, strings = struct.unpack_from(">II", blob, 8)
    path, found = [], []
    while True:
        token = struct.unpack_from(">I", blob, at)[0]
        at += 4
        if token == BEGIN:
            end = blob.index(b"\0", at)
            path.append(blob[at:end].decode())
            found.append(("/".join(path), {}))
            at = end + 4 & ~3
        elif token == END_NODE:
            path.pop()
        elif token == PROP:
            size, name = struct.unpack_from(">II", blob, at)
            end = blob.index(b"\0", strings + name)
            found[-1][1][blob[strings + name : end].decode()] = blob[at + 8 : at + 8 + size]
            at = at + 8 + size + 3 & ~3
        elif token == END:
            return found


def _numbers(cells):
    return struct.unpack(f">{len(cells) // 4}I", cells)


def board(run, student):
    """Return what the device tree of the student's machine, with all harts, says."""
    machine = Machine(harts=student.cpus, memory_mib=student.mebibytes, icount=False,
                      extra=tuple(student.devices))  # fmt: skip
    tree = nodes(run.dumpdtb(machine))

    def one(kind):
        return [p for path, p in tree if path.split("/")[-1].startswith(kind + "@")]

    ram = _numbers(one("memory")[0]["reg"])
    slots = sorted((_numbers(p["reg"])[1], _numbers(p["interrupts"])[0])
                   for p in one("virtio_mmio"))  # fmt: skip
    plic = (one("plic") or one("interrupt-controller"))[0]
    ticks = next(p["timebase-frequency"] for _, p in tree if "timebase-frequency" in p)
    return {
        "boot.contexts": len(plic["interrupts-extended"]) // 8,
        "boot.ram": ram[2] << 32 | ram[3],
        "boot.registers": slots[student.slot][0], "boot.irq": slots[student.slot][1],
        "boot.ticks": _numbers(ticks)[0],
    }  # fmt: skip


def call_name(source, number):
    """Return the name that the tree has for a system call's number."""
    with open(os.path.join(source, "kernel/abi/syscalls.def"), encoding="utf-8") as file:
        return re.search(rf"^SYSCALL\({number}, (\w+),", file.read(), re.MULTILINE)[1]


# ---- Instructions --------------------------------------------------------------


def image(run, student):
    """Return what the kernel's file holds of instructions."""
    elf = Elf(run.grading.kernel("kernel.elf"))
    start = elf.symbols[student.routine]
    after = min(a for a in elf.symbols.values() if a > start)
    at = elf.offset(start)
    code = elf.data[at : at + min(after - start, SYMTAB_NEXT)]
    at = elf.offset(elf.symbols["trap_entry"])
    first = int.from_bytes(elf.data[at : at + 4], "little")
    count = sum(name == student.instruction for name in map(_name, _instructions(code)))
    return {"asm.count": count, "asm.word": first, "asm.csr": first >> 20}


def _instructions(code):
    """Yield instructions as numbers, of 16 bits or of 32 [riscv-unpriv §1.5]."""
    at = 0
    while at + 2 <= len(code):
        size = 4 if code[at] & 3 == 3 else 2
        yield int.from_bytes(code[at : at + size], "little")
        at += size


def _name(word):
    """Return ld or sd for what loads or stores 64 bits, else "" [riscv-unpriv §24]."""
    if word & 3 == 3:
        return {0x3003: "ld", 0x3023: "sd"}.get(word & 0x707F, "")
    if word & 3 == 1:
        return ""
    return {3: "ld", 7: "sd"}.get(word >> 13, "")
