"""Configurations by seed, such that few of them cover many pairs of choices."""

import itertools
import random

import board
from board import DISK, Machine

SLOTS = 8
TRIES = 30  # candidates of which each configuration is the one that covers most

# What there is to choose of; a value that is there twice is chosen twice as often.
CHOICES = {
    "harts": (1, 2, 3, 4, 5, 6, 7, 8),
    "memory": (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192),
    "nodes": (1, 1, 2),
    "aclint": (False, True),
    "aia": ("none",) * 20 + ("aplic", "aplic-imsic"),
    "legacy": (False, True),
    "disks": (1, 2, 3, 4, 5),
    "others": (0, 1, 2, 3, 4),
    "sstc": (True, False),
    "paging": ("", "sv39", "sv48", "sv57"),
    "extensions": ("usual", "many", "few", "no-pmp") * 5 + ("no-fp", "no-mmu"),
    "boot": (-1, 0, 1, 3),
    "firmware": ("default",),
    "tree": ((), ("shuffle",), ("rename",), ("phandles",), ("bus",), ("hide",), ("strip",),
             ("seedless",), ("split",), ("hole",), ("lame",), ("mute",),
             ("rename", "split", "hole", "shuffle"),
             ("hide", "bus", "phandles", "shuffle")),
    "initrd": (False, True),
}  # fmt: skip


def choices(version, models, firmware):
    """Return CHOICES as this host has them.

    version: of QEMU, as (major, minor); models: the CPUs that it knows; firmware: paths
    of what OpenSBI there is.
    """
    more = {"firmware": ("default", *firmware)}
    if version < (8, 0):  # it has no names for what a CPU's translation can do
        more["paging"] = ("",)
    if version < (7, 2):  # nor for these
        more["sstc"], more["aia"] = (True,), ("none",)
        more["extensions"] = ("usual",)
    known = tuple(m for m in board.MODELS if m in models)
    more["extensions"] = more.get("extensions", CHOICES["extensions"]) + known
    return {**CHOICES, **more}


def settle(one):
    """Change what cannot be, as little as possible."""
    one.boot = min(one.boot, one.harts - 1)
    if one.extensions in board.MODELS:
        one.paging, one.sstc = "", True
    if one.nodes > 1 and one.memory < 64:
        one.nodes = 1
    if one.nodes > 1:
        one.harts += one.harts % 2  # QEMU 7.2 makes no nodes of different sizes
        # A node's memory is one range, and the slots interrupt only one node's harts.
        one.tree = tuple(t for t in one.tree if t not in ("split", "hole", "lame"))
    if "lame" in one.tree:
        one.boot = max(one.boot, 0)  # none that the tree knows to be lame may boot
    if one.aia != "none":
        one.aclint, one.tree, one.boot = False, (), -1
    if one.extensions == "no-mmu":
        one.tree = ()
    if one.extensions in ("no-mmu", "no-fp"):
        one.aia = "none"  # one reason to stop is enough
    if "jump" in one.firmware and one.memory < 64:
        one.firmware = "default"  # it moves the tree to where no memory is
    one.disks = min(one.disks, SLOTS - one.others)
    return one


def fill(one, chance):
    """Put its devices into slots."""
    kinds = list(board.DEVICES)
    wanted = []
    while len(wanted) < one.others:
        kind = chance.choice(kinds)
        if kind not in board.ONCE or kind not in wanted:
            wanted.append(kind)
    free = chance.sample(range(SLOTS), SLOTS)
    devices = [DISK] * one.disks + wanted
    one.slots = dict(sorted(zip(free, devices)))
    one.root = free[0]
    return one


def pairs(one, offered):
    """Return the pairs of values, and the values alone, that a machine tries. One that
    stops tries little else."""
    values = [(name, getattr(one, name)) for name in offered]
    if one.expected():
        return {(v,) for v in values if v[0] in ("aia", "extensions")}
    return {(v,) for v in values} | set(itertools.combinations(values, 2))


def generate(seed, count, offered):
    """Return `count` machines; the same seed, the same machines.

    offered: what there is to choose of, as of choices().
    """
    chance = random.Random(seed)
    covered, made = set(), []
    for number in range(count):
        best = None
        for _ in range(TRIES):
            one = settle(Machine(**{n: chance.choice(v) for n, v in offered.items()}))
            gain = pairs(one, offered) - covered
            # A value that was never tried counts for more than all its pairs.
            worth = len(gain) + 200 * sum(len(g) == 1 for g in gain)
            if best is None or worth > best[0]:
                best = worth, one
        one = fill(best[1], chance)
        one.seed = seed * 1000 + number
        covered |= pairs(one, offered)
        made.append(one)
    return made


def coverage(machines, offered):
    """Return in words how much of what is offered the machines try."""
    tried = set().union(*(pairs(one, offered) for one in machines))
    values = {(name, value) for name, of in offered.items() for value in of}
    single = sum((value,) in tried for value in values)
    two = sum(len(g) == 2 and g[0] in values and g[1] in values for g in tried)
    every = sum(a[0] != b[0] for a, b in itertools.combinations(values, 2))
    return f"{len(machines)} machines: {single} of {len(values)} choices, {two} of {every} pairs"
