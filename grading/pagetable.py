"""Walk Sv39 page tables from outside the machine [riscv-priv §4.4]."""

import dataclasses

PAGE = 4096
LEVELS = 3
V, R, W, X, U, G, A, D = (1 << bit for bit in range(8))


@dataclasses.dataclass(frozen=True)
class Mapping:
    """A leaf: size bytes at virtual, from physical, with flags as in a PTE."""

    virtual: int
    physical: int
    size: int
    flags: int

    @property
    def rights(self):
        """Return the rights as text, "r-x" or "rw-u"."""
        text = "".join(c if self.flags & bit else "-"
                       for c, bit in (("r", R), ("w", W), ("x", X)))  # fmt: skip
        return text + ("u" if self.flags & U else "")


def root(guest):
    """Return the physical address of the stopped hart's root table."""
    return (guest.stub.register("satp") & (1 << 44) - 1) * PAGE


def entries(guest, table):
    """Return the 512 entries of the table at a physical address."""
    data = guest.physical(table, PAGE)
    return [int.from_bytes(data[i : i + 8], "little") for i in range(0, PAGE, 8)]


def walk(guest, table=None, most=100_000):
    """Return all mappings of a table, the stopped hart's if none is given.

    A table that is reached twice, or more than `most` mappings, ends the walk.
    """
    found, seen = [], set()
    _walk(guest, table if table is not None else root(guest), LEVELS - 1, 0,
          found, seen, most)  # fmt: skip
    return found


def _walk(guest, table, level, virtual, found, seen, most):
    if (table, level) in seen or len(found) >= most:
        return
    seen.add((table, level))
    span = PAGE << 9 * level
    for index, entry in enumerate(entries(guest, table)):
        if not entry & V:
            continue
        at = virtual + index * span
        physical = (entry >> 10 & (1 << 44) - 1) * PAGE
        if entry & (R | W | X):
            extended = at | (-1 << 39 & (1 << 64) - 1) if at >> 38 else at
            found.append(Mapping(extended, physical, span, entry & 0xFF))
        elif level:
            _walk(guest, physical, level - 1, at, found, seen, most)


def find(mappings, address):
    """Return the mapping that holds a virtual address, or None."""
    for one in mappings:
        if one.virtual <= address < one.virtual + one.size:
            return one
    return None
