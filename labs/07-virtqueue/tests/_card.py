"""A network card in a slot of its own, drawn from the run's seed."""

import dataclasses
import random

from grading import pack

MAC, MRG_RXBUF, STATUS, CTRL_VQ = 1 << 5, 1 << 15, 1 << 16, 1 << 17
VERSION_1 = 1 << 32
# Features that QEMU's card offers when they are not switched off
# [virtio §5.1.3].
SWITCHES = {"ctrl_rx": 1 << 18, "ctrl_vlan": 1 << 19, "guest_announce": 1 << 21,
            "mrg_rxbuf": MRG_RXBUF, "ctrl_mac_addr": 1 << 23,
            "indirect_desc": 1 << 28, "event_idx": 1 << 29}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Card:
    """What the device is, which no guest can know beforehand."""

    machine: object
    mac: bytes
    on: int  # features switched on
    off: int  # features switched off


def card(run, legacy):
    """Return the card of this run; all tests share it, and so its boots."""
    draw = random.Random(f"{run.seed}:card:{legacy}")
    mac = bytes([0x52, 0x54, 0x00, *draw.randbytes(3)])
    on = off = 0
    words = f"mac={mac.hex(':')}"
    for name, bit in SWITCHES.items():
        state = draw.random() < 0.5 or name == "ctrl_rx"
        on, off = (on | bit, off) if state else (on, off | bit)
        words += f",{name}={'on' if state else 'off'}"
    slot = draw.randrange(8)
    extra = ("-device", f"virtio-net-device,bus=virtio-mmio-bus.{slot},{words}")
    machine = run.machine(harts=1, legacy=legacy, slots=(), extra=extra)
    return Card(machine, mac, on, off)


def ask(run, the_card, case, *pieces):
    """Return a request to guest/transport.c."""
    return run.ask("transport", case, pack(*pieces), machine=the_card.machine)
