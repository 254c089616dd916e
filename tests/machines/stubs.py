"""What harts run before the firmware, so that one of them comes to it first.

QEMU's board lets all harts begin at its reset vector at once, and tells OpenSBI to prefer
hart 0. On real boards another may be preferred, and some harts come late: with the code
here, when somebody starts them. It lies in the board's ROM, where no kernel changes it
under their feet, and each hart begins there.
"""

import struct

PLACE = 0x8000  # the ROM ends at 0x10000
RESET_VECTOR = 0x1000
# What QEMU leaves behind the instructions there: where firmware and device tree are.
FIRMWARE, TREE = 24, 32
# A struct fw_dynamic_info behind our code: magic number, version, where the kernel is,
# S-mode, no options; the hart to boot comes last.
INFO = 256
INFO_FIELDS = (0x4942534F, 2, 0x80200000, 1, 0)

T0, T1, T2, A0, A1, A2 = 5, 6, 7, 10, 11, 12
MIE, MIP, MHARTID = 0x304, 0x344, 0xF14
MSI = 1 << 3  # machine software interrupt: enabled, pending [riscv-priv §3.1.9]
WFI = 0x10500073


def _lui(rd, value):
    return (value & 0xFFFFF000) | rd << 7 | 0x37


def _addi(rd, rs, value):
    return (value & 0xFFF) << 20 | rs << 15 | rd << 7 | 0x13


def _andi(rd, rs, value):
    return (value & 0xFFF) << 20 | rs << 15 | 7 << 12 | rd << 7 | 0x13


def _csr(operation, rd, csr, rs):
    """operation: 1 to write, 2 to set bits; rs 0 with the latter only reads."""
    return csr << 20 | rs << 15 | operation << 12 | rd << 7 | 0x73


def _beq(rs1, rs2, offset):
    """offset: in bytes, within 2 KiB."""
    imm = offset & 0x1FFF
    return (
        (imm >> 12) << 31 | (imm >> 5 & 0x3F) << 25 | rs2 << 20 | rs1 << 15
        | (imm >> 1 & 0xF) << 8 | (imm >> 11 & 1) << 7 | 0x63
    )  # fmt: skip


def _ld(rd, rs, offset):
    return offset << 20 | rs << 15 | 3 << 12 | rd << 7 | 0x03


def _auipc(rd):
    return rd << 7 | 0x17


def _jr(rs):
    return rs << 15 | 0x67


def first(hart):
    """Return code that lets this hart pass, and each of the others once the firmware
    interrupts it, as it does to start a hart."""
    code = [
        _auipc(A2),
        _csr(2, A0, MHARTID, 0),
        _addi(T2, 0, hart),
        _beq(A0, T2, 28),  # to the lui
        _addi(T1, 0, MSI),
        _csr(2, 0, MIE, T1),
        WFI,
        _csr(2, T1, MIP, 0),
        _andi(T1, T1, MSI),
        _beq(T1, 0, -12),  # to the wfi
        _lui(T0, RESET_VECTOR),
        _addi(A2, A2, INFO),
        _ld(A1, T0, TREE),
        _ld(T0, T0, FIRMWARE),
        _jr(T0),
    ]
    data = struct.pack(f"<{len(code)}I", *code).ljust(INFO, b"\0")
    return data + struct.pack("<6Q", *INFO_FIELDS, hart)


def arguments(path, harts):
    """Return QEMU's arguments that let the harts begin with the code in a file."""
    words = ["-device", f"loader,file={path},addr={PLACE:#x},force-raw=on"]
    for hart in range(harts):
        words += ["-device", f"loader,addr={PLACE:#x},cpu-num={hart}"]
    return words
