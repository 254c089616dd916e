"""ELF files made byte by byte, each in init's place."""

import os
import struct
import subprocess

import harness
from harness import RECOVERY, Guest, cases

EXEC, DYN = 2, 3
LOAD, INTERP = 1, 3
RX, RW = 5, 6

EXIT_42 = struct.pack("<3I", 0x02A00513, 0x05D00893, 0x00000073)
# auipc a0, 0; srli a0, a0, 32; li a7, 93; ecall
EXIT_WITH_PC_HIGH = struct.pack("<4I", 0x517, 0x02055513, 0x05D00893, 0x73)


def elf(kind, segments, entry, code=EXIT_42, **header):
    """Return an ELF file; segments: (type, flags, offset, vaddr, filesz, memsz).

    The code stands at file offset 0x1000. header overrides fields by name.
    """
    field = dict(
        magic=b"\x7fELF", clas=2, data=1, version=1, machine=243,
        phoff=64, phentsize=56, phnum=len(segments),
    )  # fmt: skip
    field.update(header)
    ident = field["magic"] + bytes([field["clas"], field["data"], field["version"]])
    head = ident.ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", kind, field["machine"], 1, entry, field["phoff"], 0, 5, 64,
        field["phentsize"], field["phnum"], 0, 0, 0,
    )  # fmt: skip
    for type_, flags, offset, vaddr, filesz, memsz in segments:
        head += struct.pack(
            "<IIQQQQQQ", type_, flags, offset, vaddr, vaddr, filesz, memsz, 4096
        )
    return head.ljust(0x1000, b"\0") + code.ljust(0x1000, b"\0")


def boot(program, folder):
    """Return a guest whose /sbin/init is the program."""
    tree = os.path.join(folder, "tree")
    for name in ("dev", "proc", "sys", "sbin"):
        os.makedirs(os.path.join(tree, name))
    path = os.path.join(tree, "sbin", "init")
    with open(path, "wb") as f:
        f.write(program)
    os.chmod(path, 0o755)
    image = os.path.join(folder, "root.img")
    mkfs = harness.built("host/mkfs.eclipsefs")
    subprocess.run([mkfs, "--plain", "-d", tree, image], check=True)
    return Guest(disks=[image], bootargs="init.exit=poweroff")


TEXT = (LOAD, RX, 0x1000, 0x10000, 0x1000, 0x1000)
TEXT_AT_0 = (LOAD, RX, 0x1000, 0x1000, 0x1000, 0x1000)


def status_of(program, tmp):
    with boot(program, tmp) as guest:
        return guest.wait()


def test_static(tmp):
    """A program linked to a fixed address runs there."""
    assert status_of(elf(EXEC, [TEXT], 0x10000), tmp) == 42


def test_static_pie(tmp):
    """One that can be anywhere is put above 4 GiB, out of null's way."""
    program = elf(DYN, [TEXT_AT_0], 0x1000, EXIT_WITH_PC_HIGH)
    assert status_of(program, tmp) == 0x20


def test_bss_only_segment(tmp):
    """A segment without bytes in the file is memory all the same."""
    bss = (LOAD, RW, 0x2000, 0x20000, 0, 0x100000)
    assert status_of(elf(EXEC, [TEXT, bss], 0x10000), tmp) == 42


HOSTILE = {
    "magic": dict(magic=b"\x7fELG"),
    "32-bit": dict(clas=1),
    "big-endian": dict(data=2),
    "another-machine": dict(machine=62),
    "no-segments": dict(phnum=0),
    "many-segments": dict(phnum=0xFFFF),
    "odd-entries": dict(phentsize=55),
    "entries-outside": dict(phoff=0x7FFFFFFFFFFFFFC0),
    "dynamic": dict(segments=[(INTERP, 4, 0x1000, 0x10000, 16, 16), TEXT]),
    "file-over-memory": dict(segments=[(LOAD, RX, 0x1000, 0x10000, 0x1000, 1)]),
    "past-the-file": dict(segments=[(LOAD, RX, 0x1000, 0x10000, 1 << 20, 1 << 20)]),
    "in-the-kernel": dict(
        segments=[(LOAD, RX, 0x1000, 0xFFFFFFC000000000, 0x1000, 0x1000)]
    ),
    "wraps": dict(segments=[(LOAD, RX, 0x1000, 0x10000, 0x1000, (1 << 64) - 1)]),
    "huge": dict(segments=[(LOAD, RW, 0x1000, 0x3FFFFFF000, 0x1000, 1 << 40)]),
    "overlap": dict(segments=[TEXT, (LOAD, RW, 0x1800, 0x10800, 0x100, 0x100)]),
    "misaligned": dict(segments=[(LOAD, RX, 0x1001, 0x10000, 0x100, 0x100)]),
}


@cases(**{name: {"change": change} for name, change in HOSTILE.items()})
def test_hostile(tmp, change):
    """What is no sound program is refused with a reason, and nothing else."""
    words = dict(change)
    segments = words.pop("segments", [TEXT])
    with boot(elf(EXEC, segments, 0x10000, **words), tmp) as guest:
        output = guest.boot(RECOVERY)
        assert "/sbin/init cannot be run: not a program" in output
