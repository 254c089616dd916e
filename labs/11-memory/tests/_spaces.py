"""Questions to guest/spaces.c: scripts of operations on address spaces."""

import dataclasses

from grading import check, check_equal, pack
from grading.errors import EACCES, EAGAIN, EFAULT, EIO, ENOMEM, ENXIO

PAGE, TABLE = 4096, 2 << 20
MIB = 1 << 20
USER_END = 1 << 38
STACK_TOP = USER_END - PAGE
NONE, READ, WRITE, EXEC = 0, 1, 2, 4
SHARED, READ_ONLY, STACK = 1, 2, 4
V, R, W, X, U, A, D, COW = 1, 2, 4, 8, 16, 64, 128, 256
OBJECTS, PAGES = 2, 16
UNMAP, CHANGE, REPLACE, ERROR, SHARE = 1, 2, 3, 4, 5  # events
NEVER = 1 << 60  # no limit


@dataclasses.dataclass(frozen=True)
class Done:
    """What came of an operation."""

    result: int
    revokes: int  # calls of space_revoke
    dropped: int  # frames that were let go of before the first of them
    revoked_from: int
    revoked_to: int


@dataclasses.dataclass(frozen=True)
class Area:
    """An area as the list has it."""

    start: int
    end: int
    prot: int
    flags: int = 0
    offset: int = 0  # pages
    object: int = 0  # 0: none, 1 or 2


@dataclasses.dataclass(frozen=True)
class Areas:
    """All areas of a space by address."""

    areas: list
    in_tree: bool
    size: int
    resident: int


@dataclasses.dataclass(frozen=True)
class Entry:
    """An entry of the lowest level, and the one that leads to its table."""

    value: int
    refs: int  # to its frame
    first: int  # word of the page
    last: int
    shared_table: bool
    table_refs: int

    @property
    def flags(self):
        """V, R, W, X, U and COW of it."""
        return self.value & (V | R | W | X | U | COW) if self.value & V else 0

    @property
    def frame(self):
        """The number of its frame."""
        return self.value >> 10 & (1 << 44) - 1


@dataclasses.dataclass(frozen=True)
class Object:
    """What was asked of an object."""

    asked: int
    for_writing: int
    last: int
    refs: int
    locked: bool


class Script:
    """Operations, and, when they have been carried out, what came of each."""

    def __init__(self, run, spaces=1):
        self.run, self.ops = run, []
        self.marks = [run.random.getrandbits(63) for _ in range(OBJECTS * PAGES)]
        for space in range(spaces):
            self.do("N", space)

    def do(self, letter, space=0, a=0, b=0, c=0, fails=0):
        """Add an operation; return its number among those that have a result."""
        self.ops.append((letter, space, a, b, c, fails))
        return len(self.ops) - 1

    def map(self, start, size, prot, flags=0, obj=0, page=0, space=0, letter="M", fails=0):
        """Map an area: of object obj (1, 2; 0: none) from a page of it on."""
        kind = prot | flags << 8 | obj << 16 | page << 24
        return self.do(letter, space, start, size, kind, fails)

    def add(self, area, space=0, fails=0):
        """Call area_add for an Area."""
        return self.map(area.start, area.end - area.start, area.prot, area.flags, area.object,
                        area.offset, space, "a", fails)  # fmt: skip

    def fault(self, va, access, space=0, fails=0):
        """Call space_fault."""
        return self.do("F", space, va, access, 0, fails)

    def write(self, va, value, space=0, fails=0):
        """Write 8 bytes as a system call does."""
        return self.do("W", space, va, value, 0, fails)

    def areas(self, space=0):
        """Look at the areas."""
        return self.do("X", space)

    def entry(self, va, space=0):
        """Look at an entry."""
        return self.do("E", space, va)

    def object(self, number=1):
        """Look at object 1 or 2."""
        return self.do("O", 0, number - 1)

    def event(self, event, va, space=0, number=1):
        """Say what happens when the next page of an object is fetched."""
        return self.do("V", space, number - 1, event, va)

    def mark(self, obj, page):
        """The first word of a page of an object; the others count on from it."""
        return self.marks[(obj - 1) * PAGES + page]

    def ask(self):
        """Return the request."""
        pieces = [x for m in self.marks for x in ("u64", m)]
        pieces += ["string", "".join(op[0] for op in self.ops)]
        for _, space, a, b, c, fails in self.ops:
            pieces += ["u8", space, "u64", a, "u64", b, "u64", c, "u32", fails]
        return self.run.ask("spaces", "script", pack(*pieces))

    def read(self, answer):
        """Return what came of each operation, by its number."""
        return [_read(answer, op[0]) for op in self.ops]


def _read(answer, letter):
    if letter == "N":
        return None
    if letter == "X":
        areas, in_tree = [], True
        for _ in range(answer.u32()):
            start, end, kind = answer.u64(), answer.u64(), answer.u32()
            offset, number = answer.u64(), answer.u8()
            areas.append(Area(start, end, kind & 0xFF, kind >> 8, offset // PAGE, number))
            in_tree &= answer.u8() == 1
        return Areas(areas, in_tree, answer.u64(), answer.u64())
    if letter == "E":
        return Entry(answer.u64(), answer.u32(), answer.u64(), answer.u64(), answer.u8() != 0,
                     answer.u32())  # fmt: skip
    if letter == "O":
        return Object(answer.u32(), answer.u32(), answer.u64(), answer.error(), answer.u8() != 0)
    if letter == "Z":
        return answer.u64()
    return Done(answer.error(), answer.u32(), answer.u32(), answer.u64(), answer.u64())


def continues(a, b):
    """Is b what a would be if it were longer?"""
    return (a.end == b.start and (a.prot, a.flags, a.object) == (b.prot, b.flags, b.object)
            and (not a.object or a.offset + (a.end - a.start) // PAGE == b.offset))  # fmt: skip


def merged(areas):
    """Areas with those joined that can be."""
    out = []
    for area in sorted(areas, key=lambda a: a.start):
        if out and continues(out[-1], area):
            out[-1] = dataclasses.replace(out[-1], end=area.end)
        else:
            out.append(area)
    return out


def part(area, start, end):
    """The part of an area that lies in a range, or None."""
    start, end = max(start, area.start), min(end, area.end)
    if start >= end:
        return None
    shift = (start - area.start) // PAGE if area.object else 0
    return dataclasses.replace(area, start=start, end=end, offset=area.offset + shift)


def without(areas, start, end):
    """Areas with a hole."""
    parts = [p for a in areas for p in (part(a, 0, start), part(a, end, USER_END))]
    return [p for p in parts if p]


def same_areas(seen, want, what):
    """Compare what was seen of areas with what there should be."""
    check(seen.in_tree, f"list and tree differ {what}")
    check_equal([_say(a) for a in seen.areas], [_say(a) for a in want], f"areas {what}")
    check_equal(seen.size, sum(a.end - a.start for a in want), f"bytes in areas {what}")


def _say(area):
    shown = f" object {area.object} page {area.offset}" if area.object else ""
    return f"{area.start:x}-{area.end:x} prot {area.prot} flags {area.flags}{shown}"


def random_areas(random, count, base=0x100000, objects=True):
    """Return so many areas, some of them adjacent and some alike."""
    areas, at = [], base
    for _ in range(count):
        at += random.choice((0, 0, 1, 3)) * PAGE
        size = random.randint(1, 6) * PAGE
        obj = random.choice((0, 0, 1, 2)) if objects else 0
        area = Area(at, at + size, random.choice((1, 3, 3, 5)), SHARED if obj == 2 else 0,
                    random.randrange(6) if obj else 0, obj)  # fmt: skip
        if areas and areas[-1].end == at and random.random() < 0.5:
            last = areas[-1]
            offset = last.offset + (last.end - last.start) // PAGE if last.object else 0
            area = dataclasses.replace(last, start=at, end=at + size, offset=offset)
        areas.append(area)
        at += size
    return areas
