"""What the machine of a student shows, seen from outside: by QEMU's gdb stub, its
trace, its device tree, and the kernel's own file. No answer is stored; each is
looked up on a pristine kernel in the sandbox, once for all tests of a grading."""

import re
import struct
import subprocess
import threading
import weakref

import _board
import _student
from grading import disk, pagetable, trace
from grading.guest import Guest
from grading.machine import Machine
from grading.verdict import Infra

PAGE = 4096
SLOTS, SLOT_SIZE = 0x10001000, 0x1000  # virtio-mmio in QEMU's virt board
VERSION, DEVICE_ID = 4, 8  # [virtio §4.2.2]
DRIVER_FEATURES, QUEUE_NUM, QUEUE_PFN, STATUS, QUEUE_DESC = 0x20, 0x38, 0x40, 0x70, 0x80
WRITE = 64  # kernel/abi/syscalls.def
A0 = 9  # where struct trapframe has a[0]
PANICKING = ("panic", "trap_kernel", "from_kernel", "trap_stack_overflow")
FRAME = re.compile(r"^\[[ \d.]+\] +[0-9a-f]{16} (\w+)\+0x", re.MULTILINE)

_known = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def answers(run, student, part):
    """Return {key: answer} of one part, looked up when first asked for."""
    with _lock:
        parts = _known.setdefault(run.grading, {})
        lock, found = parts.setdefault((student, part), (threading.Lock(), {}))
    with lock:
        if not found:
            found.update(PARTS[part](run, student))
    return found


def machine(student):
    """Return the student's machine, with one hart: what it does can be repeated."""
    return Machine(
        harts=1, memory_mib=student.mebibytes, legacy=student.legacy,
        slots=_student.FULL_SLOTS[:1],
        extra=("-device", f"virtio-rng-device,bus=virtio-mmio-bus.{_student.FULL_SLOTS[1]}",
               *student.devices),
    )  # fmt: skip


def _guest(run, student, words, events=()):
    image = run.image(userland=True, size="64M")
    one = disk.Disk(image.path, image.tools)
    return Guest(run.grading.kernel("kernel.elf"), machine(student), [one],
                 f"root=vda {words}", events)  # fmt: skip


def _status(guest):
    """Let a machine go to its very end; return what QEMU ends with."""
    for address in list(guest.stub.breaks):
        guest.stub.clear(address)
    guest.stub.go()
    try:
        return guest.process.wait(120)
    except subprocess.TimeoutExpired:
        raise Infra("QEMU does not end") from None


# ---- The parts -----------------------------------------------------------------


def _program(run, student):
    """The run of the student's program, from reset to power_off."""
    events = ("virtio_mmio_write_offset", "virtio_blk_handle_read")
    found = {}
    with _guest(run, student, f"init=/bin/{student.program} init.exit=poweroff",
                events) as guest:  # fmt: skip
        found["gdb.reset"] = guest.stub.register("pc")
        found["gdb.entry"] = guest.elf.physical(guest.symbol("_start"))
        guest.run_to("kmain")
        found["gdb.mode"] = guest.stub.register("satp") >> 60
        found |= _device(guest, student)
        calls = _calls(guest, lambda: found.update(_memory(guest, student)))
        found["calls.total"] = len(calls)
        found["calls.nth"] = calls[student.call - 1]["number"]
        found["calls.name"] = _board.call_name(run.grading.base.source, found["calls.nth"])
        wrote = next(c for c in calls if c["number"] == WRITE)
        found["calls.length"], found["calls.byte"] = wrote["length"], wrote["byte"]
        found |= _trace(trace.parse(guest.trace()))
    return found


def _memory(guest, student):
    root = pagetable.root(guest)
    level, entry = _leaf(guest, root, student.virtual)
    registers = _student.DIRECT_MAP + SLOTS + SLOT_SIZE * student.slot
    return {
        "memory.index2": student.virtual >> 30 & 511,
        "memory.index1": student.virtual >> 21 & 511,
        "memory.entry": entry, "memory.span": PAGE << 9 * level,
        "memory.device": _leaf(guest, root, registers)[1],
        "memory.text": _leaf(guest, root, guest.symbol("kmain"))[1] & 0xFF,
        "memory.data": _leaf(guest, root, guest.symbol("trap_hooks"))[1] & 0xFF,
    }  # fmt: skip


def _leaf(guest, table, virtual):
    """Return (level, entry) of the leaf that maps an address [riscv-priv §4.4]."""
    for level in reversed(range(pagetable.LEVELS)):
        entry = pagetable.entries(guest, table)[virtual >> 12 + 9 * level & 511]
        if entry & (pagetable.R | pagetable.W | pagetable.X):
            return level, entry
        table = (entry >> 10 & (1 << 44) - 1) * PAGE
    raise Infra(f"{virtual:#x} is not mapped")


def _calls(guest, at_first=lambda: None):
    """Run to power_off; return each system call's number, and what it writes.

    at_first: called at the first of them.
    """
    guest.break_at("sys_dispatch")
    calls = []
    while guest.run().end == "break":
        if not calls:
            at_first()
        frame = guest.stub.register("a0")
        a = struct.unpack("<8Q", guest.read(frame + 8 * A0, 64))
        call = {"number": a[7], "length": a[2]}
        if a[7] == WRITE:
            call["byte"] = guest.read(a[1], 1)[0]
        calls.append(call)
    return calls


def _trace(events):
    """What the devices saw."""
    writes = _writes(events)
    statuses = [value for offset, value in writes if offset == STATUS]
    first = next(e for e in events if e.name == "virtio_blk_handle_read")
    return {
        "trace.size": next(v for o, v in writes if o == QUEUE_NUM),
        "trace.features": next(v for o, v in writes if o == DRIVER_FEATURES),
        "trace.statuses": len(statuses), "trace.last": statuses[-1],
        "trace.bytes": first.fields["nsectors"] * 512,
    }  # fmt: skip


def _writes(events):
    """Return (offset, value) of each write to a device's registers."""
    return [(e.fields["offset"], e.fields["value"]) for e in events
            if e.name == "virtio_mmio_write_offset"]  # fmt: skip


def _device(guest, student):
    """Registers of devices, and the first descriptor that the disk is shown."""
    length = 0
    while not length:  # others publish chains, too
        guest.run_to("virtq_end_batch")
        writes = _writes(trace.parse(guest.trace()))
        if student.legacy:
            table = next(v for o, v in writes if o == QUEUE_PFN and v) * PAGE
        else:
            table = next(v for o, v in writes if o == QUEUE_DESC and v)
        _, length, flags, _ = struct.unpack("<QIHH", guest.physical(table, 16))
    full, own = (SLOTS + SLOT_SIZE * n for n in (_student.FULL_SLOTS[0], student.slot))
    return {
        "device.version": int.from_bytes(guest.physical(full + VERSION, 4), "little"),
        "device.id": int.from_bytes(guest.physical(own + DEVICE_ID, 4), "little"),
        "device.flags": flags, "device.length": length,
    }  # fmt: skip


def _recorded(run, student):
    words = f"init=/bin/{student.recorded} init.exit=poweroff"
    with _guest(run, student, words) as guest:
        calls = _calls(guest)
    wrote = next(c for c in calls if c["number"] == WRITE)
    return {"replay.total": len(calls), "replay.length": wrote["length"], "replay.harts": 1}


def _false(run, student):
    with _guest(run, student, "init=/bin/false init.exit=poweroff") as guest:
        guest.run()
        return {"boot.status": _status(guest)}


def _panicked(run, student, word):
    with _guest(run, student, word) as guest:
        guest.run()
        status = _status(guest)
        guest.console.join()
        text = guest.console.text()
        names = [n for n in FRAME.findall(text) if n not in PANICKING]
        if not names:
            raise Infra(f"{word} shows no backtrace")
        return text, names[0], status, guest.elf


def _broken(run, student):
    return {"panic.function": _panicked(run, student, student.broken)[1]}


def _text(run, student):
    text, _, status, elf = _panicked(run, student, "test.text")
    cause, address = re.findall(r"scause ([0-9a-f]+) .*stval ([0-9a-f]+)", text)[-1]
    return {"panic.cause": int(cause, 16), "panic.target": elf.name(int(address, 16)),
            "panic.status": status}  # fmt: skip


PARTS = {
    "board": _board.board, "program": _program, "recorded": _recorded, "false": _false,
    "broken": _broken, "text": _text, "image": _board.image,
}  # fmt: skip
