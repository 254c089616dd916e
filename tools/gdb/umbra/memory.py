"""Address spaces: the way through a page table, and the areas of a process."""

import collections

import gdb

from . import kernel
from .command import command

BITS = "VRWXUGADC"  # PTE_V is bit 0; bit 8 is ours, copy-on-write: kernel/arch/pte.h
LEVELS = 3  # Sv39 [riscv-priv §10.4]
LEAF = 0b1110  # R, W or X


def rights(entry):
    """Return the flags of a page table entry as letters."""
    return "".join(b if entry >> i & 1 else "-" for i, b in enumerate(BITS))


@command("pt [PID] VA")
def pt(words):
    """The way of an address through a page table, level by level.

    Without a process, the kernel's own mappings, which are in every table. C is the
    bit of the kernel that means copy on write.
    """
    pid = kernel.number(words, 0, "process") if len(words) > 1 else 1
    va = kernel.number(words, len(words) - 1, "address") & (1 << 64) - 1
    process = kernel.process(pid)
    if not int(process["space"]):
        print(f"process {pid} has no address space any more")
        return
    table = int(process["space"]["root"])
    for level in reversed(range(LEVELS)):
        shift = 12 + 9 * level
        index = va >> shift & 511
        entry = kernel.read64(table + 8 * index)
        pa = entry >> 10 << 12 & (1 << 56) - 1
        print(f"level {level}  [{index:3}]  {entry:#018x}  {rights(entry)}  {pa:#x}")
        if not entry & 1:
            print("nothing is mapped there")
            return
        if entry & LEAF:
            print(f"{va:#x} is physical {pa | va & (1 << shift) - 1:#x}, "
                  f"in a page of {(1 << shift) // 1024} KiB")  # fmt: skip
            return
        table = kernel.physical(pa)
    print("the last level points to yet another table: it is broken")


@command("vmas PID")
def vmas(words):
    """The areas of a process's address space."""
    process = kernel.process(kernel.number(words, 0, "process"))
    if not int(process["space"]):
        print("it has no address space any more")
        return
    space = process["space"].dereference()
    for area in kernel.entries(space["areas"], "area", "node"):
        prot, flags = int(area["prot"]), int(area["flags"])
        letters = "".join(c if prot >> i & 1 else "-" for i, c in enumerate("rwx"))
        kind = "shared" if flags & 1 else "private"
        what = "fresh memory" if not int(area["object"]) else (
            f"object {int(area['object']):#x} from {int(area['offset']):#x}")  # fmt: skip
        print(f"{int(area['start']):#012x}-{int(area['end']):#012x} {letters} "
              f"{kind:7} {what}{', grows down' if flags & 4 else ''}")  # fmt: skip
    print(f"{int(space['size']) // 1024} KiB in areas, "
          f"{int(space['resident']) // 1024} KiB there")  # fmt: skip


@command("slabs")
def slabs(_words):
    """How many objects of each slab cache are in use.

    Full slabs are on no list, so all frames are looked at: those that are the first of
    a slab's block (kernel/mm/frame.c).
    """
    frame = gdb.lookup_type("struct frame")
    first = int(kernel.variable("kernel/mm/frame.c", "first_pfn"))
    count = int(kernel.variable("kernel/mm/frame.c", "end_pfn")) - first
    table = gdb.selected_inferior().read_memory(
        int(kernel.variable("kernel/mm/frame.c", "frames")), count * frame.sizeof
    ).tobytes()  # fmt: skip
    kind, head = (field(frame, name) for name in ("kind", "head"))
    is_slab = int(gdb.parse_and_eval("FRAME_SLAB"))
    used = collections.Counter()
    for i in range(count):
        at = i * frame.sizeof
        if table[at + kind] != is_slab or table[at + head] or table[at + head + 1]:
            continue
        block = kernel.physical(first + i << 12)
        slab = gdb.Value(block).cast(gdb.lookup_type("struct slab").pointer())
        cache = slab["cache"]
        name = kernel.string(cache["lock"]["name"])
        used[name, int(cache["size"])] += int(slab["used"])
    print("CACHE            SIZE     USED")
    for (name, size), objects in sorted(used.items()):
        print(f"{name:14} {size:6} {objects:8}")


def field(structure, name):
    """Return the offset of a structure's field, in bytes."""
    return next(f.bitpos for f in structure.fields() if f.name == name) // 8
