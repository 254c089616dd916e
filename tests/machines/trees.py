"""QEMU's device tree told otherwise: changes of its text that leave it true.

A tree is what `dtc` prints of a blob: nodes, and properties as text. Each change is a
function of a Tree and a random.Random; CHANGES names them. What a change hides is noted
in the Tree, so that a test knows what the kernel can find.
"""

import re
import subprocess

PAGE = 4096
KEPT = 0x80800000  # the firmware and the kernel lie below


class Node:
    """A node: name, {property: text or None}, and children, in their order."""

    def __init__(self, name):
        self.name, self.props, self.children = name, {}, []

    def walk(self):
        """Yield the node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def text(self):
        """Return it in the language of dtc."""
        lines = [f"{self.name} {{"]
        for name, value in self.props.items():
            lines.append(f"{name};" if value is None else f"{name} = {value};")
        lines += [child.text() for child in self.children]
        return "\n".join([*lines, "};"])

    def kind(self, word):
        """Say whether a word is in its `compatible`."""
        return re.search(rf'["0]{word}[\\"]', self.props.get("compatible") or "") is not None

    def cells(self, name):
        """Return a property's numbers."""
        return [int(cell, 0) for cell in self.props[name].strip("<>").split()]

    def set_cells(self, name, cells):
        """Give a property these numbers."""
        self.props[name] = f"<{' '.join(map(hex, cells))}>"


class Tree:
    """A device tree, and what changes have hidden in it.

    kept, awake: the slot's address and the hart's id that nothing may happen to; hidden:
    addresses of virtio slots; memory: MiB left; asleep: ids of harts that the kernel is
    not to use.
    """

    def __init__(self, blob, memory, kept, awake):
        text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", blob],
                              check=True, capture_output=True, text=True).stdout  # fmt: skip
        self.root, self.memory = parse(text), memory
        self.kept, self.awake = kept, awake
        self.hidden, self.asleep = set(), set()

    def write(self, path):
        """Write it as a blob."""
        text = "/dts-v1/;\n" + self.root.text()
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path],
                       check=True, input=text, text=True, capture_output=True)  # fmt: skip

    def nodes(self, word):
        """Return the nodes with that word in `compatible`."""
        return [node for node in self.root.walk() if node.kind(word)]

    def find(self, start):
        """Return the first node whose name starts so."""
        return next(node for node in self.root.walk() if node.name.startswith(start))

    def parent(self, node):
        """Return a node's parent."""
        return next(one for one in self.root.walk() if node in one.children)


def parse(text):
    """Return the root of what dtc prints."""
    path, root = [], None
    for line in (line.strip() for line in text.splitlines()):
        if line.endswith("{"):
            node = Node(line[:-1].strip())
            if path:
                path[-1].children.append(node)
            root = root or node
            path.append(node)
        elif line == "};":
            path.pop()
        elif path and line:
            name, _, value = line.rstrip(";").partition(" = ")
            path[-1].props[name] = value or None
    return root


# ---- Changes ---------------------------------------------------------------------


def shuffle(tree, random):
    """Nodes and properties in another order."""
    for node in list(tree.root.walk()):
        random.shuffle(node.children)
        names = list(node.props)
        random.shuffle(names)
        node.props = {name: node.props[name] for name in names}


def rename(tree, random):
    """Other names for nodes that are known by what they say of themselves."""
    names = {"plic": "interrupt-controller", "virtio_mmio": "virtio", "serial": "uart",
             "rtc": "clock", "soc": "bus", "test": "finisher", "memory": "ram"}  # fmt: skip
    for node in tree.root.walk():
        name, at, address = node.name.partition("@")
        node.name = names.get(name, name) + at + address
    path = '"/bus/uart@10000000"'
    aliases = next((n for n in tree.root.children if n.name == "aliases"), None)
    if aliases is None:
        aliases = Node("aliases")
        tree.root.children.insert(0, aliases)
    aliases.props = {"console": path}
    tree.find("chosen").props["stdout-path"] = random.choice((path, '"console:115200n8"'))


def phandles(tree, random):
    """Other phandles."""
    old = [node.cells("phandle")[0] for node in tree.root.walk() if "phandle" in node.props]
    new = dict(zip(old, random.sample(range(1, 0x7FFFFFFF), len(old))))
    # How many cells apart phandles are in a property, and where the first one is.
    where = {"phandle": (1, 0), "interrupt-parent": (1, 0), "cpu": (1, 0),
             "regmap": (1, 0), "interrupts-extended": (2, 0), "interrupt-map": (6, 4)}  # fmt: skip
    for node in tree.root.walk():
        for name, (step, first) in where.items():
            if name in node.props:
                cells = node.cells(name)
                cells[first::step] = [new[cell] for cell in cells[first::step]]
                node.set_cells(name, cells)


def bus(tree, random):
    """Slots behind buses with windows and counts of cells of their own, one in another;
    interrupts as phandle and number, or by the bus's parent."""
    soc = tree.find("soc")
    slots = [slot for slot in tree.nodes("virtio,mmio") if slot in soc.children]
    parent = slots[0].props["interrupt-parent"]
    outer, inner = Node("bus@10000000"), Node("bus@4000")
    soc.children.insert(random.randrange(len(soc.children)), outer)
    outer.children.append(inner)
    for one in (outer, inner):
        one.props.update({"compatible": '"simple-bus"', "#address-cells": "<1>",
                          "#size-cells": "<1>"})  # fmt: skip
    outer.props["ranges"] = "<0x0 0x0 0x10000000 0x10000>"
    inner.props["ranges"] = "<0x70004000 0x4000 0x5000>"
    outer.props["interrupt-parent"] = parent
    for slot in slots:
        soc.children.remove(slot)
        base = slot.cells("reg")[1] & 0xFFFF
        deep = base >= 0x4000
        slot.name = f"virtio@{base + (0x70000000 if deep else 0):x}"
        slot.set_cells("reg", [base + (0x70000000 if deep else 0), 0x1000])
        del slot.props["interrupt-parent"]
        if random.random() < 0.5:
            number = slot.cells("interrupts")[0]
            slot.props["interrupts-extended"] = f"{parent[:-1]} {number}>"
            slot.props["interrupts"] = "<0x3f>"  # goes behind the other [dtspec §2.4.1.3]
        (inner if deep else outer).children.append(slot)


def hide(tree, random):
    """Slots that are disabled, on a bus that is, or not there at all."""
    slots = sorted(tree.nodes("virtio,mmio"), key=lambda slot: slot.name)
    slots = [slot for slot in slots if slot.cells("reg")[1] != tree.kept]
    for slot in random.sample(slots, 3):
        tree.hidden.add(slot.cells("reg")[1])
        way = random.randrange(3)
        home = tree.parent(slot)
        if way == 0:
            slot.props["status"] = random.choice(('"disabled"', '"fail"', '"reserved"'))
            continue
        home.children.remove(slot)
        if way == 1:
            off = Node(f"off@{slot.cells('reg')[1]:x}")
            off.props.update({"compatible": '"simple-bus"', "#address-cells": "<2>",
                              "#size-cells": "<2>", "ranges": None,
                              "status": '"disabled"'})  # fmt: skip
            off.children.append(slot)
            home.children.append(off)


def strip(tree, _random):
    """No more than a kernel needs: neither seed nor clock, no model, no names of
    harts' clusters."""
    gone = ("flash", "pci", "fw-cfg", "rtc", "cpu-map", "platform-bus", "pmu")
    tree.find("chosen").props.pop("rng-seed", None)
    tree.root.props.pop("model", None)
    for node in list(tree.root.walk()):
        node.children = [c for c in node.children if c.name.split("@")[0] not in gone]
    for node in tree.nodes("riscv"):
        node.props.pop("status", None)


def seedless(tree, _random):
    """No randomness from whoever made the tree."""
    tree.find("chosen").props.pop("rng-seed", None)


def take_memory(tree):
    """Remove the nodes of memory; return [[base, size]] of what they tell."""
    ranges = []
    for node in [n for n in tree.root.children if n.props.get("device_type") == '"memory"']:
        tree.root.children.remove(node)
        cells = node.cells("reg")
        for i in range(0, len(cells), 4):
            ranges.append([cells[i] << 32 | cells[i + 1], cells[i + 2] << 32 | cells[i + 3]])
    return ranges


def add_memory(tree, ranges):
    """Add one node for all these ranges."""
    node = Node(f"memory@{ranges[0][0]:x}")
    node.props["device_type"] = '"memory"'
    node.set_cells("reg", [half for pair in ranges for number in pair
                           for half in (number >> 32, number & 0xFFFFFFFF)])  # fmt: skip
    tree.root.children.append(node)


def hole(tree, _random):
    """Less memory than there is: the device tree itself lies behind its end."""
    ranges = take_memory(tree)
    last = max(ranges)
    last[1] -= min(last[1] - PAGE, tree.memory << 17)
    tree.memory = sum(size for _, size in ranges) >> 20
    add_memory(tree, ranges)


def split(tree, random):
    """Memory in several nodes of several ranges, which touch."""
    ((start, size),) = take_memory(tree)
    pages = (start + size - KEPT) // PAGE
    cuts = {KEPT + random.randrange(1, pages) * PAGE for _ in range(random.randint(2, 5))}
    cuts = sorted({start, *cuts, start + size})
    ranges = [[low, high - low] for low, high in zip(cuts, cuts[1:])]
    random.shuffle(ranges)
    while ranges:
        many = random.randint(1, len(ranges))
        add_memory(tree, ranges[:many])
        ranges = ranges[many:]


def lame(tree, random):
    """Harts that no kernel can use: disabled, without an MMU, or silent about one."""
    harts = sorted((n for n in tree.nodes("riscv") if "mmu-type" in n.props),
                   key=lambda hart: hart.cells("reg"))  # fmt: skip
    harts = [hart for hart in harts if hart.cells("reg")[-1] != tree.awake]
    for number, hart in enumerate(random.sample(harts, (len(harts) + 1) // 2)):
        tree.asleep.add(hart.cells("reg")[-1])
        if number % 3 == 0:
            hart.props["mmu-type"] = '"riscv,none"'
        elif number % 3 == 1:
            hart.props["status"] = '"disabled"'
        else:
            del hart.props["mmu-type"]


def mute(tree, _random):
    """A serial port by a name that the firmware knows, as it is no ns16550a of ours:
    the firmware's console must do."""
    tree.nodes("ns16550a")[0].props["compatible"] = '"snps,dw-apb-uart"'


CHANGES = {function.__name__: function for function in
           (shuffle, rename, phandles, bus, hide, strip, seedless, split, hole, lame, mute)}  # fmt: skip
# In this order they do not get into each other's way.
ORDER = ("lame", "mute", "hide", "bus", "split", "hole", "strip", "seedless", "rename", "phandles",
         "shuffle")  # fmt: skip


def change(tree, names, random):
    """Do all changes of those names."""
    for name in ORDER:
        if name in names:
            CHANGES[name](tree, random)
