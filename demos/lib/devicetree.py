"""A device tree as the firmware hands it over [dtspec §5.1], for people to look at."""

import struct

BEGIN_NODE, END_NODE, PROP, END = 1, 2, 3, 9


def string(blob, at):
    """Return the string at an offset."""
    return blob[at : blob.index(b"\0", at)].decode()


def nodes(blob):
    """Return [(path, {name of property: bytes})] of each node of a blob. Properties
    come before the nodes within [dtspec §5.4.2], so each is the last node's."""
    _, _, at, strings = struct.unpack_from(">4I", blob)
    path, found = [], []
    while True:
        (token,) = struct.unpack_from(">I", blob, at)
        at += 4
        if token == BEGIN_NODE:
            name = string(blob, at)
            path.append(name)
            found.append(("/".join(path) or "/", {}))
            at = (at + len(name) + 4) & ~3
        elif token == PROP:
            size, name = struct.unpack_from(">2I", blob, at)
            found[-1][1][string(blob, strings + name)] = blob[at + 8 : at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == END_NODE:
            path.pop()
        elif token == END:
            return found


def summary(blob):
    """Return lines of text: path and what each node is compatible with."""
    lines = []
    for path, values in nodes(blob):
        kind = values.get("compatible", values.get("device_type", b""))
        if kind:
            lines.append(f"{path:34} {kind.split(bytes(1))[0].decode()}")
    return "\n".join(lines)
