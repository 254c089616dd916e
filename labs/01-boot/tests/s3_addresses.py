"""Step 3: addresses, bus by bus [dtspec §2.3]."""

from _fdt import Node, cells, flatten, pairs
from _tree import EINVAL, ENOENT, ENXIO, EOVERFLOW, ask, opened

from grading import check_equal, test

SECTION = "Step 3: Addresses"


def bus(address, size, **props):
    """Return a bus's properties."""
    found = {"#address-cells": cells(address), "#size-cells": cells(size)}
    return found | {name: value for name, value in props.items()}


def regs(run, root, name="dev", entries=1):
    """Return, for each entry: (error, base, size) as the bus counts, and as a
    physical address."""
    answer = yield ask(run, "regs", flatten(root), "string", name, "u32", entries)
    opened(answer)
    return [
        ((answer.error(), answer.u64(), answer.u64()),
         (answer.error(), answer.u64(), answer.u64()))
        for _ in range(entries)
    ]  # fmt: skip


@test(points=2, step="addresses", section=SECTION, blames="take_cells,fdt_reg",
      evidence="answers",
      hint="The first cell is the highest; how many there are, the parent says.")
def numbers_of_several_cells(run):
    """Addresses and sizes of one or two cells."""
    for address in (1, 2):
        for size in (0, 1, 2):
            base = run.random.getrandbits(32 * address - 4)
            length = run.random.getrandbits(32 * size - 4) if size else 0
            reg = pairs(base)[8 - 4 * address :] + pairs(length)[8 - 4 * size :]
            root = Node("", bus(address, size))
            root.add("dev", {"reg": reg})
            ((got, _),) = yield from regs(run, root)
            check_equal(got, (0, base, length), f"reg of {address} and {size} cells")


@test(points=2, step="addresses", section=SECTION, blames="fdt_reg",
      evidence="answers",
      hint="-ENOENT behind the last entry; also when there is no `reg`.")
def entries_of_a_reg(run):
    """Several entries, and none behind the last."""
    ranges = [(run.random.getrandbits(40), run.random.getrandbits(20)) for _ in range(3)]
    root = Node("", bus(2, 2))
    root.add("dev", {"reg": pairs(*[x for r in ranges for x in r])})
    root.add("other")
    found = yield from regs(run, root, entries=4)
    check_equal([got for got, _ in found[:3]], [(0, *r) for r in ranges], "the entries")
    check_equal(found[3][0][0], ENOENT, "behind the last")
    ((got, _),) = yield from regs(run, root, "other")
    check_equal(got[0], ENOENT, "without a reg")


@test(points=2, step="addresses", section=SECTION, blames="fdt_reg",
      evidence="answers",
      hint="`reg` must be a whole number of entries, and cell counts at most 4.")
def reg_must_fit(run):
    """A reg that is no whole number of entries is malformed."""
    for props, reg in ((bus(2, 1), b"\0" * 16), (bus(1, 1), b"\0" * 7),
                       (bus(5, 1), b"\0" * 24), (bus(0, 0), b"\0" * 4)):  # fmt: skip
        root = Node("", props)
        root.add("dev", {"reg": reg})
        ((got, _),) = yield from regs(run, root)
        check_equal(got[0], EINVAL, f"a reg of {len(reg)} bytes")


@test(points=2, step="addresses", section=SECTION, blames="take_cells,fdt_reg",
      evidence="answers",
      hint="Three cells may hold a number that fits 64 bits, or one that does not; and "
           "where is the last byte?")  # fmt: skip
def large_numbers(run):
    """What needs over 64 bits is refused, and so is a range beyond the end."""
    big = run.random.getrandbits(60)
    for reg, wanted in ((cells(0) + pairs(big) + cells(9), 0),
                        (cells(1) + pairs(big) + cells(9), EOVERFLOW),
                        (cells(0) + pairs(2**64 - 8) + cells(8), 0),
                        (cells(0) + pairs(2**64 - 8) + cells(9), EOVERFLOW)):  # fmt: skip
        root = Node("", bus(3, 1))
        root.add("dev", {"reg": reg})
        ((got, _),) = yield from regs(run, root)
        check_equal(got[0], wanted, f"what fdt_reg returned for {reg.hex()}")


@test(points=2, step="addresses", section=SECTION, blames="fdt_reg",
      evidence="answers",
      hint="A node's own cell counts are for its children: two and one are the defaults "
           "[dtspec §2.3.5].")  # fmt: skip
def the_parent_counts(run):
    """The parent's cell counts apply, not the node's own."""
    base = run.random.getrandbits(30)
    root = Node("")
    root.add("dev", bus(1, 2) | {"reg": pairs(base) + cells(16)})
    ((got, _),) = yield from regs(run, root)
    check_equal(got, (0, base, 16), "an entry of two cells and one")


@test(points=1, step="addresses", section=SECTION, blames="fdt_reg,fdt_reg_physical",
      evidence="answers",
      hint="node->parent is NULL for the root: nobody counts its addresses; and what its "
           "children's addresses are, no `ranges` of its own can change.")  # fmt: skip
def the_root_is_on_no_bus(run):
    """A reg of the root is no address, and its ranges translate nothing."""
    base, elsewhere = run.random.getrandbits(28) << 12, run.random.getrandbits(28) << 12
    reg = pairs(base, 0x1000)
    windows = pairs(base, elsewhere, 0x1000)
    root = Node("", bus(2, 2, ranges=windows) | {"reg": reg})
    root.add("dev", {"reg": reg})
    ((got, physical),) = yield from regs(run, root, "")
    check_equal(got[0], ENOENT, "what fdt_reg returned for the root, which has a reg,")
    check_equal(physical[0], ENOENT,
                "what fdt_reg_physical returned for the root, which has a reg,")  # fmt: skip
    ((got, physical),) = yield from regs(run, root)
    check_equal(got, (0, base, 0x1000), "a child's address on the root's bus")
    check_equal(physical, (0, base, 0x1000),
                "its physical address, the root having ranges that lead elsewhere,")  # fmt: skip


@test(points=2, step="addresses", section=SECTION, blames="translate",
      evidence="answers",
      hint="Empty `ranges` map one to one; no `ranges` at all cut the bus off.")
def buses_without_windows(run):
    """Empty ranges translate nothing; without ranges there is no way."""
    for ranges, wanted in (({"ranges": b""}, 0), ({}, ENXIO)):
        root = Node("", bus(2, 2))
        soc = root.add("soc", bus(1, 1) | ranges)
        soc.add("dev", {"reg": cells(0x1000, 0x100)})
        ((got, physical),) = yield from regs(run, root)
        check_equal(got, (0, 0x1000, 0x100), "on the bus")
        check_equal(physical[0], wanted, "what fdt_reg_physical returned")
        if not wanted:
            check_equal(physical[1:], (0x1000, 0x100), "the physical address")


@test(points=2, step="addresses", section=SECTION, blames="translate",
      evidence="answers",
      hint="(child address, parent address, size): the offset into the child's window is "
           "the offset into the parent's.")  # fmt: skip
def windows_move_addresses(run):
    """Addresses go through the window that holds them, bus by bus."""
    to1, to2 = run.random.getrandbits(30) << 12, run.random.getrandbits(30) << 12
    root = Node("", bus(2, 2))
    windows = cells(0x0) + pairs(to1) + cells(0x1000)
    windows += cells(0x8000) + pairs(to2) + cells(0x1000)
    soc = root.add("soc", bus(1, 1, ranges=windows))
    inner = soc.add("inner", bus(1, 1, ranges=cells(0x10, 0x8100, 0x100)))
    inner.add("dev", {"reg": cells(0x18, 0x20)})
    soc.add("dev2", {"reg": cells(0x340, 0x10)})
    ((_, got),) = yield from regs(run, root)
    check_equal(got, (0, to2 + 0x108, 0x20), "through two buses")
    ((_, got),) = yield from regs(run, root, "dev2")
    check_equal(got, (0, to1 + 0x340, 0x10), "through the first window")


@test(points=2, step="addresses", section=SECTION, blames="translate",
      evidence="answers",
      hint="A window must hold the whole range, its last byte included.")
def windows_have_ends(run):
    """What is not wholly inside a window cannot be reached."""
    root = Node("", bus(2, 2))
    soc = root.add("soc", bus(1, 1, ranges=cells(0x1000) + pairs(0x50000) + cells(0x100)))
    soc.add("dev", {"reg": cells(0x1000, 0x100, 0x10F0, 0x10, 0x10F0, 0x11, 0xFFF, 2,
                                 0x1100, 1, 0x10FF, 0, 0x1100, 0)})  # fmt: skip
    found = yield from regs(run, root, entries=7)
    errors = [physical[0] for _, physical in found]
    check_equal(errors, [0, 0, ENXIO, ENXIO, ENXIO, 0, ENXIO], "at and around the ends")
