"""Questions to guest/tree.c, and what the right answers are."""

import dataclasses

from _fdt import STANDARD, flatten

from grading import check_equal, pack
from grading.errors import EINVAL, ENODEV, ENOENT, ENXIO, EOVERFLOW

NONE = 0xFFFFFFFF


def ask(run, case, blob, *pieces, shift=0, less=0):
    """Return a request about a blob that begins `shift` bytes late."""
    return run.ask("tree", case, pack("u32", shift, "u32", less, "bytes",
                                      b"\xaa" * shift + blob, *pieces))  # fmt: skip


def opened(answer, what="fdt_open"):
    """The blob was accepted."""
    check_equal(answer.error(), 0, f"what {what} returned")


@dataclasses.dataclass
class Seen:
    """A node as the walk met it."""

    name: str
    offset: int
    parent: int
    enabled: int
    phandle: int
    interrupt_parent: int
    props: dict


def nodes(answer):
    """Return the nodes of a walk."""
    found = []
    while answer.more():
        seen = Seen(answer.string(), answer.u32(), answer.u32(), answer.u8(),
                    answer.u32(), answer.u32(), {})  # fmt: skip
        for name in STANDARD:
            if answer.u8():
                seen.props[name] = answer.bytes()
        found.append(seen)
    return found


def walk(run, root, **options):
    """Return the request of a walk over a tree."""
    return ask(run, "nodes", flatten(root, options.pop("nops", None)), **options)


# ---- The platform ----


@dataclasses.dataclass
class Platform:
    """struct platform, as far as tests look at it."""

    error: int
    timebase: int
    memory: int
    ram: list
    harts: list
    plics: list
    virtio: list
    uart: tuple


def device(answer):
    """Return (present, base, size, irq)."""
    return answer.u8(), answer.u64(), answer.u64(), answer.u32()


def platform(answer):
    """Return what platform_init has found."""
    return Platform(
        answer.error(), answer.u64(), answer.u64(),
        [(answer.u64(), answer.u64()) for _ in range(answer.u32())],
        [(answer.u64(), answer.u32(), answer.string(), answer.error(), answer.u32())
         for _ in range(answer.u32())],
        [(answer.u64(), answer.u64(), answer.u32(), answer.u32(), answer.u32())
         for _ in range(answer.u32())],
        [device(answer) for _ in range(answer.u32())],
        device(answer),
    )  # fmt: skip


def ask_platform(run, root, shift=0, nops=None):
    """Return the request to read a machine."""
    blob = flatten(root, nops)
    return run.ask("tree", "platform",
                   pack("u32", shift, "bytes", b"\xaa" * shift + blob))  # fmt: skip
