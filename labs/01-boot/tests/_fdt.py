"""Flattened device trees [dtspec §5], written and read by other code than the
kernel's."""

import dataclasses
import struct

MAGIC = 0xD00DFEED
BEGIN, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
STANDARD = ("compatible", "device_type", "status", "reg", "ranges", "#address-cells",
            "#size-cells", "phandle", "interrupt-parent", "#interrupt-cells")  # fmt: skip


def cells(*numbers):
    """Return 32-bit numbers, big-endian."""
    return b"".join(struct.pack(">I", n) for n in numbers)


def pairs(*numbers):
    """Return 64-bit numbers, as two cells each."""
    return b"".join(struct.pack(">Q", n) for n in numbers)


def strings(*texts):
    """Return a list of strings."""
    return b"".join(t.encode() + b"\0" for t in texts)


@dataclasses.dataclass
class Node:
    """A node; offset is where its token begins, once it has been flattened."""

    name: str
    props: dict = dataclasses.field(default_factory=dict)
    children: list = dataclasses.field(default_factory=list)
    offset: int = -1

    def add(self, name, props=None, children=()):
        """Add a child; return it."""
        child = Node(name, dict(props or {}), list(children))
        self.children.append(child)
        return child

    def walk(self, parent=None):
        """Yield (node, parent) of all nodes, parents before children."""
        yield self, parent
        for child in self.children:
            yield from child.walk(self)

    def find(self, name):
        """Return the first node of that name."""
        return next(node for node, _ in self.walk() if node.name == name)


class Writer:
    """Writes a structure block token by token, right or wrong."""

    def __init__(self, nops=None):
        self.block, self.names, self.nops = b"", b"", nops
        self.known = {}

    def token(self, kind, data=b""):
        """Add a token, perhaps with NOPs before it; return its offset."""
        while self.nops and self.nops.random() < 0.3:
            self.block += cells(NOP)
        at = len(self.block)
        self.block += cells(kind) + data + b"\0" * (-len(data) % 4)
        return at

    def name(self, text):
        """Return the offset of a name in the strings block."""
        if text not in self.known:
            self.known[text] = len(self.names)
            self.names += text.encode() + b"\0"
        return self.known[text]

    def prop(self, name, value):
        """Add a property."""
        self.token(PROP, cells(len(value), self.name(name)) + value)

    def node(self, node):
        """Add a node with all that is in it."""
        node.offset = self.token(BEGIN, node.name.encode() + b"\0")
        for name, value in node.props.items():
            self.prop(name, value)
        for child in node.children:
            self.node(child)
        self.token(END_NODE)


def assemble(writer, reserved=(), version=17, compatible=16):
    """Return the blob of what was written."""
    reserve = pairs(*[x for r in reserved for x in r], 0, 0)
    at_reserve = 40
    at_struct = at_reserve + len(reserve)
    at_strings = at_struct + len(writer.block)
    total = at_strings + len(writer.names)
    header = cells(MAGIC, total, at_struct, at_strings, at_reserve, version, compatible,
                   0, len(writer.names), len(writer.block))  # fmt: skip
    return header + reserve + writer.block + writer.names


def flatten(root, nops=None, reserved=()):
    """Return the blob of a tree."""
    writer = Writer(nops)
    writer.node(root)
    writer.token(END)
    return assemble(writer, reserved)


def parse(blob):
    """Return the tree of a blob that can be trusted."""
    at, names = struct.unpack_from(">II", blob, 8)
    path, root = [], None
    while True:
        (kind,) = struct.unpack_from(">I", blob, at)
        at += 4
        if kind == BEGIN:
            end = blob.index(b"\0", at)
            node = Node(blob[at:end].decode())
            at = (end + 4) // 4 * 4
            if path:
                path[-1].children.append(node)
            root = root or node
            path.append(node)
        elif kind == END_NODE:
            path.pop()
        elif kind == PROP:
            length, name = struct.unpack_from(">II", blob, at)
            text = blob[names + name : blob.index(b"\0", names + name)].decode()
            path[-1].props[text] = blob[at + 8 : at + 8 + length]
            at = (at + 8 + length + 3) // 4 * 4
        elif kind == END:
            return root


def random_tree(random, most=40):
    """Return a tree of random shape and content."""
    root = Node("", {"#address-cells": cells(2), "#size-cells": cells(1)})
    nodes = [root]
    for i in range(random.randint(10, most)):
        parent = random.choice(nodes)
        address = f"@{random.getrandbits(28):x}" if random.random() < 0.5 else ""
        node = parent.add(f"n{i}{address}")
        for _ in range(random.randint(0, 4)):
            name = random.choice(STANDARD + ("x", "label", "linux,thing"))
            if name not in ("status", "#address-cells", "#size-cells"):
                node.props[name] = random.randbytes(random.choice((0, 1, 3, 4, 8, 13)))
        nodes.append(node)
    return root
