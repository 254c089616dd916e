"""A machine that QEMU can make: what it is made of, and what Umbra should do on it."""

import dataclasses
import os

import stubs

# QEMU's names of devices for which the kernel has a driver, and the driver's.
DISK, RNG, CONSOLE = "virtio-blk-device", "virtio-rng-device", "virtio-serial-device"
DRIVERS = {DISK: "blk", RNG: "rng", CONSOLE: "console"}

# What QEMU needs beside the device itself; {n} is a number of its own.
DEVICES = {
    RNG: ([], ""),
    CONSOLE: (["-chardev", "null,id=c{n}"], ""),
    "virtio-net-device": (["-netdev", "hubport,id=n{n},hubid={n}"], "netdev=n{n}"),
    "virtio-gpu-device": ([], ""),
    "virtio-keyboard-device": ([], ""),
    "virtio-tablet-device": ([], ""),
    "virtio-balloon-device": ([], ""),
    "virtio-scsi-device": ([], ""),
    "virtio-9p-device": (
        ["-fsdev", "local,id=f{n},path={folder},security_model=none"],
        "fsdev=f{n},mount_tag=tag{n}",
    ),
    "virtio-crypto-device": (
        ["-object", "cryptodev-backend-builtin,id=k{n}"],
        "cryptodev=k{n}",
    ),
}
# What lsdev calls them.
KINDS = {
    "virtio-net-device": "network", DISK: "block", CONSOLE: "console", RNG: "entropy",
    "virtio-balloon-device": "balloon", "virtio-scsi-device": "scsi",
    "virtio-9p-device": "9p", "virtio-gpu-device": "gpu",
    "virtio-keyboard-device": "input", "virtio-tablet-device": "input",
    "virtio-crypto-device": "crypto",
}  # fmt: skip
# There is one of each of these in a machine, at most.
ONCE = {"virtio-balloon-device", "virtio-gpu-device"}

# What a choice of extensions says to -cpu, for QEMU before 8.0 and from then on.
EXTENSIONS = {
    "usual": ("", ""),
    "many": (
        ",v=on,svinval=on,svnapot=on,svpbmt=on,zbkb=on,zbkx=on",
        ",v=on,svinval=on,svnapot=on,svpbmt=on,zbkb=on,zicbom=on,zicboz=on",
    ),
    "few": (
        ",zba=off,zbb=off,zbc=off,zbs=off,h=off,Zihintpause=off",
        ",zba=off,zbb=off,zbc=off,zbs=off,h=off,zihintpause=off,svadu=off,zawrs=off",
    ),
    "no-pmp": (",pmp=off", ",pmp=off"),
    "no-fp": (",d=off,f=off", ",d=off,f=off,zfa=off"),
    "no-mmu": (",mmu=off", ",mmu=off"),
}
MODELS = ("sifive-u54", "shakti-c", "thead-c906", "rva22s64", "max")


@dataclasses.dataclass
class Machine:
    """One configuration.

    harts; memory: in MiB; nodes: of NUMA; aclint, legacy, sstc, initrd: whether;
    aia: as QEMU spells it; disks, others: numbers of devices; paging: the widest
    mode that the CPU has, "" for QEMU's choice; extensions: a name of EXTENSIONS
    or MODELS; boot: the hart that boots, -1 for whichever is first; firmware: what
    -bios says; tree: the names of the changes to the device tree (trees.CHANGES);
    slots: {slot: QEMU's device}; root: the root disk's slot; seed: of everything
    that is made at random for it.
    """

    harts: int = 1
    memory: int = 128
    nodes: int = 1
    aclint: bool = False
    aia: str = "none"
    legacy: bool = False
    disks: int = 1
    others: int = 0
    sstc: bool = True
    paging: str = ""
    extensions: str = "usual"
    boot: int = -1
    firmware: str = "default"
    tree: tuple = ()
    initrd: bool = False
    slots: dict = dataclasses.field(default_factory=dict)
    root: int = 0
    seed: int = 0

    def expected(self):
        """Return None if it boots to a program, else what the last line tells."""
        return {
            "no-fp": r"harts: programs need the F and D extensions",
            "no-mmu": r"umbra: this hart has no MMU",
        }.get(self.extensions)

    def loses_interrupts(self, version):
        """Say whether QEMU of that version never raises some of its interrupts: those
        of the second node's PLIC."""
        return self.nodes > 1 and version < (8, 0)

    def disk_names(self, absent=()):
        """Return {name: slot} of the disks; absent: slots that the tree hides. The
        kernel looks into slots from the highest on."""
        slots = [s for s in sorted(self.slots, reverse=True)
                 if self.slots[s] == DISK and s not in absent]  # fmt: skip
        return {f"vd{'abcdefgh'[n]}": slot for n, slot in enumerate(slots)}

    def cpu(self, version):
        """Return what -cpu says."""
        if self.extensions in MODELS:
            return self.extensions
        words = "rv64" + EXTENSIONS[self.extensions][version >= (8, 0)]
        if not self.sstc:
            words += ",sstc=off"
        return words + (f",{self.paging}=on" if self.paging else "")

    def board(self):
        """Return what -machine says."""
        words = "virt" + (",aclint=on" if self.aclint else "")
        return words + (f",aia={self.aia}" if self.aia != "none" else "")

    def numa(self):
        """Return the arguments for nodes: each has half of the memory and harts."""
        if self.nodes == 1:
            return []
        each, cpus = self.memory // 2, (self.harts + 1) // 2
        arguments = []
        for node, of in ((0, f"0-{cpus - 1}"), (1, f"{cpus}-{self.harts - 1}")):
            arguments += ["-object", f"memory-backend-ram,size={each}M,id=m{node}",
                          "-numa", f"node,memdev=m{node},cpus={of}"]  # fmt: skip
        return arguments

    def devices(self, folder):
        """Return the arguments for what is in the slots; folder: has disk{slot}.img."""
        arguments = []
        for slot, device in self.slots.items():
            if device == DISK:
                path = os.path.join(folder, f"disk{slot}.img")
                more = ["-drive", f"file={path},if=none,format=raw,cache=unsafe,id=d{slot}"]
                words = f"drive=d{slot}"
            else:
                more, words = DEVICES[device]
            words = f"{device},bus=virtio-mmio-bus.{slot}" + (f",{words}" if words else "")
            arguments += [w.format(n=slot, folder=folder) for w in (*more, "-device", words)]
            if device == CONSOLE:
                arguments += ["-device", f"virtconsole,chardev=c{slot}"]
        return arguments

    def starts(self, folder):
        """Return the arguments that decide which hart boots, none for a lottery."""
        if self.boot < 0:
            return []
        path = os.path.join(folder, "first.bin")
        with open(path, "wb") as file:
            file.write(stubs.first(self.boot))
        return stubs.arguments(path, self.harts)

    def __str__(self):
        cpu = self.extensions + ("" if self.sstc else ",no sstc")
        cpu += f",{self.paging}" if self.paging else ""
        kinds = sorted(d.split("-")[1] for d in self.slots.values())
        return (
            f"{self.harts} {self.memory:4} {self.nodes} "
            f"{'aclint' if self.aclint else 'clint ' if self.aia == 'none' else self.aia[-6:]:6} "
            f"{'legacy' if self.legacy else 'modern'} {cpu:18} "
            f"{'any' if self.boot < 0 else self.boot!s:3} "
            f"{os.path.basename(self.firmware)[:10]:10} {'initrd' if self.initrd else '-':6} "
            f"{'+'.join(self.tree) or '-':18} {','.join(kinds)}"
        )
