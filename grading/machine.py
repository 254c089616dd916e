"""The shape of a machine, drawn from a seed so that no two runs are alike."""

import dataclasses

SLOTS = 8


@dataclasses.dataclass(frozen=True)
class Machine:
    """What QEMU is to be; equal machines can share a boot.

    slots: the virtio-mmio slot of each disk, in their order; icount: whether
    time is counted in instructions, None: on one hart. extra: more arguments.
    """

    harts: int = 1
    memory_mib: int = 128
    legacy: bool = False
    slots: tuple = ()
    bootargs: str = ""
    cpu: str | None = None
    dtb: str | None = None
    icount: bool | None = None
    extra: tuple = ()

    @property
    def counted(self):
        """Is time counted in instructions?

        Several harts under -icount take turns of 100 ms each, in which one may
        do nothing but wait for another: a boot then takes half a minute.
        """
        return self.harts == 1 if self.icount is None else self.icount

    def arguments(self):
        """Return QEMU's arguments for it, but for kernel, disks and console."""
        words = [
            "-machine", "virt", "-bios", "default",
            "-smp", str(self.harts), "-m", f"{self.memory_mib}M",
            "-global", f"virtio-mmio.force-legacy={str(self.legacy).lower()}",
        ]  # fmt: skip
        if self.counted:
            words += ["-icount", "shift=0,sleep=on"]
        if self.cpu:
            words += ["-cpu", self.cpu]
        return words + list(self.extra)


def draw(random):
    """Return a machine as the random generator has it."""
    return Machine(
        harts=random.randint(1, 4),
        memory_mib=4 * random.randint(16, 96),
        legacy=random.random() < 0.5,
        slots=tuple(random.sample(range(SLOTS), SLOTS)),
    )
