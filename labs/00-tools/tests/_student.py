"""What one student is asked: everything that varies is drawn from the name.

No answer is here. The same name gives the same machine and the same questions,
whatever Python draws them; another name, others.
"""

import dataclasses
import hashlib

PROGRAMS = ("uname", "pwd", "id", "whoami", "nproc")
FEWEST_CALLS = 4  # of any of them
BROKEN = ("test.panic", "test.text", "test.overflow")
ROUTINES = ("from_user", "trap_exit", "from_kernel", "cpu_switch", "trap_capture")
FULL_SLOTS = (7, 6)  # of the eight: the disk and the random numbers of every machine
DIRECT_MAP = 0xFFFFFFC000000000
RAM = 0x80000000
MIB = 1 << 20


@dataclasses.dataclass(frozen=True)
class Student:
    """The machine of a student, and what is looked at on it."""

    cpus: int
    mebibytes: int
    slot: int  # of one more device with random numbers
    legacy: bool
    indirect: bool
    program: str
    call: int
    recorded: str
    broken: str
    routine: str
    instruction: str
    page: int  # a physical address

    @property
    def devices(self):
        """Return QEMU's words that make the machine this student's."""
        words = ["-device", f"virtio-rng-device,bus=virtio-mmio-bus.{self.slot}",
                 "-global", f"virtio-blk-device.indirect_desc={_on(self.indirect)}"]  # fmt: skip
        if self.legacy:
            words += ["-global", "virtio-mmio.force-legacy=true"]
        return words

    @property
    def virtual(self):
        """Return where the direct map shows the page."""
        return DIRECT_MAP + self.page


def _on(flag):
    return "on" if flag else "off"


def named(name):
    """Return the Student of a name; case and blanks do not matter."""
    plain = " ".join(name.split()).casefold()

    def pick(what, choices):
        digest = hashlib.sha256(f"{plain}\0{what}".encode()).digest()
        return choices[int.from_bytes(digest[:8], "big") % len(choices)]

    mebibytes = 4 * pick("memory", range(33, 127))
    program = pick("program", PROGRAMS)
    others = [p for p in PROGRAMS if p != program]
    routine = pick("routine", ROUTINES)
    counted = {"trap_exit": ("ld",), "trap_capture": ("sd",)}
    return Student(
        cpus=pick("cpus", (2, 3, 5, 6, 7)), mebibytes=mebibytes,
        slot=pick("slot", range(6)), legacy=pick("legacy", (False, True)),
        indirect=pick("indirect", (False, True)), program=program,
        call=pick("call", range(1, FEWEST_CALLS + 1)),
        recorded=pick("recorded", others), broken=pick("broken", BROKEN),
        routine=routine, instruction=pick("instruction", counted.get(routine, ("sd", "ld"))),
        page=RAM + pick("page", range(64 * 256, mebibytes * 256 - 4096)) * 4096,
    )  # fmt: skip
