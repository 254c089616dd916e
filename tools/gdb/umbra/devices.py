"""virtio devices: their queues, as driver and device see them."""

import gdb

from . import kernel
from .command import command

NEXT, WRITE, INDIRECT = 1, 2, 4  # [virtio §2.7.5]


def find_device(name):
    """Return (struct virtio_device, "virtioN") of "vda" or "virtio0"."""
    disks = kernel.entries(kernel.variable("blockdev.c", "registry"), "blockdev", "node")
    drivers = {kernel.string(d["name"]): int(d["driver"]) for d in disks}
    listed = kernel.variable("driver.c", "devices")
    names = list(drivers)
    for i, device in enumerate(kernel.entries(listed, "virtio_device", "node")):
        wanted = drivers.get(name)
        if name == f"virtio{i}" or wanted and int(device["driver_data"]) == wanted:
            return device, f"virtio{i}"
        names.append(f"virtio{i}")
    raise gdb.GdbError(f"no device {name}; there are: {', '.join(names)}")


def chain(vq, head):
    """Yield the descriptors of a chain, those of an indirect table for it."""
    table, at = vq["desc"], head
    for _ in range(2 * int(vq["size"])):
        desc = table[at]
        flags = int(desc["flags"])
        if flags & INDIRECT:
            where = kernel.physical(int(desc["addr"]))
            table, at = gdb.Value(where).cast(table.type), 0
            continue
        yield desc
        if not flags & NEXT:
            return
        at = int(desc["next"])
    raise gdb.GdbError(f"the chain from {head} has no end")


@command("virtq DEVICE")
def virtq(words):
    """The queues of vda or virtio0: indices, and the chains that the device has."""
    if not words:
        raise gdb.GdbError("which device? vda, or virtio0")
    device, name = find_device(words[0])
    print(f"{name}: features {int(device['features']):#x} of "
          f"{int(device['features_offered']):#x} offered")  # fmt: skip
    for i in range(int(device["nqueues"])):
        vq = device["queues"][i].dereference()
        print(f"queue {i}: {int(vq['size'])} descriptors, {int(vq['free_count'])} free"
              f"{', indirect' if int(vq['tables']) else ''}"
              f"{', event index' if vq['event_idx'] else ''}"
              f"{', BROKEN' if vq['broken'] else ''}")  # fmt: skip
        print(f"  available: idx {int(vq['avail']['idx'])}, "
              f"flags {int(vq['avail']['flags'])}, "
              f"used_event {int(vq['used_event'].dereference())}")  # fmt: skip
        print(f"  used:      idx {int(vq['used']['idx'])}, "
              f"flags {int(vq['used']['flags'])}, "
              f"avail_event {int(vq['avail_event'].dereference())}, "
              f"we are at {int(vq['used_idx'])}")  # fmt: skip
        print(f"  in flight: {int(vq['in_flight'])}")
        for head in range(int(vq["size"])):
            if not int(vq["slots"][head]["token"]):
                continue
            parts = [
                f"{int(d['len'])} bytes {'to' if int(d['flags']) & WRITE else 'from'} "
                f"{int(d['addr']):#x}" for d in chain(vq, head)
            ]  # fmt: skip
            print(f"    {head}: {', '.join(parts)}")
