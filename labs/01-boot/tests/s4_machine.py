"""Step 4: what the machine is: struct platform."""

from _fdt import Node, cells, pairs, strings
from _tree import ENODEV, ask_platform, platform

from grading import check, check_equal, test

SECTION = "Step 4: What machine is this?"
TIMEBASE = 10_000_000
SSTC = 1 << 26


def bit(letters):
    """Return the isa bits of letters."""
    return sum(1 << ord(c) - ord("a") for c in letters)


def board(memory=((0x80000000, 0x10000000),), harts=(0,), virtio=(), timebase="cpus"):
    """Return a board's tree."""
    root = Node("", {"#address-cells": cells(2), "#size-cells": cells(2),
                     "model": strings("test,board")})  # fmt: skip
    cpus = root.add("cpus", {"#address-cells": cells(1), "#size-cells": cells(0)})
    if timebase == "cpus":
        cpus.props["timebase-frequency"] = cells(TIMEBASE)
    for i in harts:
        hart = cpus.add(f"cpu@{i:x}", {
            "device_type": strings("cpu"), "reg": cells(i), "status": strings("okay"),
            "riscv,isa": strings("rv64imafdc_sstc"), "mmu-type": strings("riscv,sv48"),
        })  # fmt: skip
        if timebase == "hart":
            hart.props["timebase-frequency"] = cells(TIMEBASE)
        hart.add("interrupt-controller", {
            "compatible": strings("riscv,cpu-intc"), "phandle": cells(100 + i),
            "#interrupt-cells": cells(1),
        })  # fmt: skip
    for i, (base, size) in enumerate(memory):
        root.add(f"memory@{base:x}.{i}", {"device_type": strings("memory"),
                                          "reg": pairs(base, size)})  # fmt: skip
    soc = root.add("soc", {"#address-cells": cells(2), "#size-cells": cells(2),
                           "ranges": b"", "interrupt-parent": cells(7)})  # fmt: skip
    soc.add("plic@c000000", {
        "compatible": strings("sifive,plic-1.0.0", "riscv,plic0"),
        "reg": pairs(0xC000000, 0x600000), "riscv,ndev": cells(96), "phandle": cells(7),
        "#interrupt-cells": cells(1),
        "interrupts-extended": b"".join(cells(100 + i, 11, 100 + i, 9) for i in harts),
    })  # fmt: skip
    for base, irq in virtio:
        soc.add(f"virtio_mmio@{base:x}", {
            "compatible": strings("virtio,mmio"), "reg": pairs(base, 0x1000),
            "interrupts": cells(irq),
        })  # fmt: skip
    return root


def read(run, root, **options):
    """Ask for the platform of a tree."""
    return platform((yield ask_platform(run, root, **options)))


@test(points=2, step="machine", section=SECTION, blames="read_memory,add_memory",
      evidence="answers",
      hint='RAM is in nodes whose device_type is "memory", one entry of `reg` each '
           "[dtspec §3.4].")  # fmt: skip
def ram_is_found(run):
    """One range of memory, wherever it is."""
    for _ in range(3):
        base = run.random.getrandbits(20) << 21
        size = run.random.randint(1, 4000) << 20
        seen = yield from read(run, board(memory=[(base, size)]), nops=run.random)
        check_equal(seen.error, 0, "what platform_init returned")
        check_equal(seen.ram, [(base, size)], "map.ram")
        check_equal(seen.memory, size, "memory_size")


@test(points=2, step="machine", section=SECTION, blames="add_memory",
      evidence="answers",
      hint="Insert in order; what overlaps or touches becomes one.")
def ranges_are_sorted_and_joined(run):
    """Several ranges: sorted, disjoint, and not adjacent."""
    mib = 1 << 20
    cases = (
        ([(8, 1), (2, 1), (5, 1)], [(2, 1), (5, 1), (8, 1)]),
        ([(2, 2), (4, 2)], [(2, 4)]),
        ([(4, 2), (2, 2)], [(2, 4)]),
        ([(2, 8), (4, 1)], [(2, 8)]),
        ([(4, 1), (2, 8)], [(2, 8)]),
        ([(2, 1), (6, 1), (10, 1), (3, 7)], [(2, 9)]),
        ([(2, 3), (4, 3), (9, 1)], [(2, 5), (9, 1)]),
    )
    for given, wanted in cases:
        memory = [(b * mib, s * mib) for b, s in given]
        seen = yield from read(run, board(memory=memory))
        check_equal(seen.ram, [(b * mib, s * mib) for b, s in wanted],
                    f"map.ram of {given} MiB")  # fmt: skip
        check_equal(seen.memory, sum(s for _, s in wanted) * mib, "memory_size")


@test(points=2, step="machine", section=SECTION, blames="read_memory",
      evidence="answers",
      hint="A node's reg may have several entries; an empty one is no memory.")
def a_node_has_several_ranges(run):
    """All entries of one memory node, but for empty ones."""
    root = board(memory=())
    mib = 1 << 20
    root.add("memory@0", {"device_type": strings("memory"),
                          "reg": pairs(8 * mib, mib, 0, 0, 2 * mib, mib, 5 * mib, 0)})  # fmt: skip
    seen = yield from read(run, root)
    check_equal(seen.ram, [(2 * mib, mib), (8 * mib, mib)], "map.ram")
    seen = yield from read(run, board(memory=()))
    check_equal(seen.error, ENODEV, "platform_init of a machine without memory")


@test(points=2, step="machine", section=SECTION, blames="add_hart",
      evidence="answers",
      hint="/cpus has addresses of its own kind: `reg` is the hart's id, and there is no "
           "size [dtspec §3.8.1].")  # fmt: skip
def harts_have_their_ids(run):
    """Harts in the tree's order, with their ids."""
    harts = run.random.sample(range(60), 5)
    seen = yield from read(run, board(harts=harts))
    check_equal([h[0] for h in seen.harts], harts, "ids of the harts")


@test(points=2, step="machine", section=SECTION, blames="add_hart",
      evidence="answers",
      hint="isa.c turns strings into bits; the list of extensions goes before the "
           "string.")  # fmt: skip
def harts_say_what_they_can(run):
    """A hart's extensions and its kind of page tables."""
    root = board(harts=(0, 1, 2))
    one, two = root.find("cpu@1"), root.find("cpu@2")
    one.props |= {"riscv,isa": strings("rv64ima"), "mmu-type": strings("riscv,none")}
    two.props["riscv,isa-extensions"] = strings("i", "m", "sstc")
    del two.props["mmu-type"]
    seen = yield from read(run, root)
    isas = [bit("imafdc") | SSTC, bit("ima"), bit("im") | SSTC]
    check_equal([h[1] & (SSTC * 2 - 1) for h in seen.harts], isas, "isa")
    check_equal([h[2] for h in seen.harts], ["sv48", "none", "none"], "mmu")


@test(points=2, step="machine", section=SECTION, blames="add_hart",
      evidence="answers",
      hint="timebase-frequency stands in /cpus, or in each hart's node.")
def the_timebase_is_found(run):
    """The timebase, in either place; without one there is no clock."""
    for place, error in (("cpus", 0), ("hart", 0), ("nowhere", ENODEV)):
        seen = yield from read(run, board(timebase=place))
        check_equal(seen.error, error, f"platform_init, timebase in {place}")
        if not error:
            check_equal(seen.timebase, TIMEBASE, "timebase_hz")


@test(points=2, step="machine", section=SECTION, blames="add_hart",
      evidence="answers",
      hint="platform_hart knows whether an id has been seen.")
def a_hart_counts_once(run):
    """Two nodes of one id are one hart, and disabled ones none."""
    root = board(harts=(3, 5, 4))
    root.find("cpu@5").props["reg"] = cells(3)
    root.find("cpu@4").props["status"] = strings("disabled")
    seen = yield from read(run, root)
    check_equal([h[0] for h in seen.harts], [3], "ids of the harts")


@test(points=2, step="machine", section=SECTION, blames="add_plic",
      evidence="answers",
      hint="A context for each pair of cells in `interrupts-extended`.")
def the_plic_is_described(run):
    """Registers, sources and contexts of the interrupt controller."""
    count = run.random.randint(1, 6)
    root = board(harts=range(count))
    for choice in ([53, 96, 1023], [1024, 5000]):
        sources = run.random.choice(choice)
        root.find("plic@c000000").props["riscv,ndev"] = cells(sources)
        seen = yield from read(run, root)
        check_equal(seen.plics, [(0xC000000, 0x600000, min(sources, 1023), 1, 2 * count)],
                    "registers, sources, first, contexts")  # fmt: skip


@test(points=2, step="machine", section=SECTION, blames="wire_contexts",
      evidence="answers",
      hint="Contexts are numbered as the pairs are; S-mode's have interrupt 9, M-mode's "
           "11.")  # fmt: skip
def contexts_belong_to_harts(run):
    """Each hart knows its context for S-mode, whatever their order."""
    harts = run.random.sample(range(8), 4)
    root = board(harts=harts)
    pairs_ = [(100 + h, irq) for h in harts for irq in (9, 11)] + [(555, 9)]
    run.random.shuffle(pairs_)
    root.find("plic@c000000").props["interrupts-extended"] = b"".join(
        cells(*p) for p in pairs_
    )
    seen = yield from read(run, root)
    wanted = [(h, 0, pairs_.index((100 + h, 9))) for h in harts]
    check_equal([(h[0], h[3], h[4]) for h in seen.harts], wanted, "id, PLIC, context")


@test(points=3, step="machine", section=SECTION, blames="add_virtio",
      evidence="answers",
      hint="Sorted by address, whatever the order in the tree: an insertion does it.")
def slots_are_sorted(run):
    """Virtio slots by address, each with its interrupt."""
    slots = [(0x10000000 + 0x1000 * i, 1 + i) for i in range(1, 9)]
    run.random.shuffle(slots)
    seen = yield from read(run, board(virtio=slots))
    wanted = [(1, base, 0x1000, irq) for base, irq in sorted(slots)]
    check_equal(seen.virtio, wanted, "present, base, size and irq of the slots")


@test(points=2, step="machine", section=SECTION, blames="add_virtio",
      evidence="answers",
      hint="read_device says why a node is no use; a disabled one is not met at all.")
def useless_slots_are_left_out(run):
    """Slots that are disabled, or have no registers, are left out."""
    root = board(virtio=[(0x10001000, 1), (0x10002000, 2), (0x10003000, 3)])
    root.find("virtio_mmio@10001000").props["status"] = strings("disabled")
    del root.find("virtio_mmio@10002000").props["reg"]
    seen = yield from read(run, root)
    check_equal(seen.virtio, [(1, 0x10003000, 0x1000, 3)], "the slots")
    check_equal(seen.error, 0, "what platform_init returned")


@test(points=2, step="machine", section=SECTION, blames="add_virtio,add_hart,add_memory",
      evidence="answers",
      hint="A table that is full is full: count before you write.")
def too_many_of_everything(run):
    """More harts, slots and ranges of memory than there is room for."""
    many = [(0x10000000 + 0x1000 * i, 1) for i in range(80)]
    root = board(virtio=many, harts=range(70))
    seen = yield from read(run, root)
    check_equal((len(seen.virtio), len(seen.harts)), (64, 64), "slots and harts")
    check_equal([h[0] for h in seen.harts], list(range(64)), "ids of the harts")
    memory = [(i << 30, 1 << 20) for i in range(1, 41)]
    seen = yield from read(run, board(memory=memory))
    check_equal(len(seen.ram), 32, "ranges of memory")
    check(all(r in memory for r in seen.ram), "a range that was not given")
