"""What the book draws: each draw_NAME() returns a picture as SVG text.

Nothing here is drawn by hand: what a figure says is read from the tree, from a disk
image that the tree's mkfs made, or from a boot of its kernel.
"""

import html
import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("UMBRA_BUILD", os.path.join(ROOT, "build"))


def read(path):
    """Return the text of a file of the tree."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def load_tool(name):
    """Return a program of tools/ as a module."""
    path = os.path.join(ROOT, "tools", name)
    loader = importlib.machinery.SourceFileLoader(name, path)
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def dot(text):
    """Return the picture of a graph in graphviz's language."""
    style = (
        'bgcolor=transparent; node [shape=box, style="rounded", fontname="sans-serif", '
        'fontsize=11, color="#888888", fontcolor="#888888"]; edge [color="#888888", '
        'arrowsize=0.6, fontname="sans-serif", fontsize=9, fontcolor="#888888"];'
    )
    drawn = subprocess.run(
        ["dot", "-Tsvg"],
        input=f"digraph {{ {style} {text} }}",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # Lines and letters are those of the page, light or dark.
    return drawn[drawn.index("<svg") :].replace("#888888", "currentColor")


def draw_layers():
    """The kernel's layers, and which includes which, from tools/layers and the sources."""
    layers = load_tool("layers").LAYERS
    uses = set()
    for here in sorted(set().union(*layers)):
        folder = os.path.join(ROOT, "kernel", here)
        for place, _, names in os.walk(folder):
            for name in names:
                if name.endswith((".c", ".h")):
                    text = read(os.path.join(place, name))
                    for there in re.findall(r'#include "(\w+)/', text):
                        uses.add((here, there))
    # An arrow to each layer that no other arrow leads to by the way.
    beyond = {a: {b for x, b in uses if x == a and b != a} for a, _ in uses}
    direct = {
        (a, b)
        for a in beyond
        for b in beyond[a]
        if not any(b in beyond.get(c, ()) for c in beyond[a] - {a, b})
    }
    rows = [
        "{rank=same; " + "; ".join(sorted(n for n in row if n in beyond or n == "abi")) + "}"
        for row in layers
    ]
    edges = [f"{a} -> {b}" for a, b in sorted(direct)]
    return dot("rankdir=TB; ranksep=0.3; " + "; ".join(rows + edges))


def ladder(rows, width=760):
    """Return (name, text) rows as boxes one below the other, an arrow beside them."""
    high = 22
    parts = [
        f'<svg viewBox="0 0 {width} {high * len(rows) + 4}" font-family="sans-serif" '
        'font-size="12" fill="currentColor" stroke="none">'
    ]
    for at, (name, text, kind) in enumerate(rows):
        y = high * at + 2
        parts.append(
            f'<rect x="20" y="{y}" width="180" height="{high - 3}" rx="3" class="{kind}" '
            'fill="currentColor" fill-opacity="%s"/>' % ("0.22" if kind == "sleep" else "0.09")
        )
        parts.append(f'<text x="28" y="{y + 14}">{html.escape(name)}</text>')
        parts.append(f'<text x="212" y="{y + 14}">{html.escape(text)}</text>')
    end = high * len(rows) - 4
    parts.append(
        f'<path d="M8 4 V{end} M4 {end - 8} L8 {end} L12 {end - 8}" fill="none" '
        'stroke="currentColor" stroke-width="1.5"/></svg>'
    )
    return "".join(parts)


def draw_ranks():
    """The order of locks, from sync/rank.h: sleep locks darker."""
    text = read("kernel/sync/rank.h")
    found = re.findall(r"^ +RANK_(\w+)(?: = [\w +]+)?, +/\* (.*?) \*/", text, re.M | re.S)
    spin = text.index("/* spin locks")
    rows = [
        (
            name.lower(),
            re.sub(r"\s*\n\s*\*\s*", " ", said),
            "sleep" if text.index(f"RANK_{name}") < spin else "spin",
        )
        for name, said in found
    ]
    return ladder(rows)


def draw_disk():
    """What lies where on a fresh image, from what `efs dump` says of build/root.img."""
    said = subprocess.run(
        [os.path.join(BUILD, "host", "efs"), "dump", os.path.join(BUILD, "root.img")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    value = {name: int(n) for name, n in re.findall(r"^ +\d+ (\w+) +(\d+)\b", said, re.M)}
    table = value["inode_table_offset"] // 4096
    behind = -(-(value["inode_table_offset"] + value["inode_table_size"]) // 4096)
    areas = [
        ("header", 0, 1),
        ("journal", value["journal_start"], value["journal_blocks"]),
        ("bitmap", value["bitmap_start"], value["bitmap_blocks"]),
        ("inode table", table, behind - table),
        ("records and content", behind, value["total_blocks"] - behind - value["free_blocks"]),
        ("free", value["total_blocks"] - value["free_blocks"], value["free_blocks"]),
    ]
    rows = [
        (name, f"from block {at}: {count} block{'s' * (count > 1)}", "spin")
        for name, at, count in areas
    ]
    return ladder(rows, 520)


def draw_boot():
    """How the system starts: the chart that the guest itself draws."""
    subprocess.run(
        [sys.executable, os.path.join(ROOT, "tools", "boot-chart"), BUILD],
        capture_output=True,
        check=True,
    )
    with open(os.path.join(BUILD, "boot-chart.svg"), encoding="utf-8") as file:
        return file.read()


def draw_chain():
    """The life of one chain, as the guest's own `trace` prints it while a program is read."""
    sys.path.insert(0, os.path.join(ROOT, "tests", "guest"))
    os.environ["UMBRA_BUILD"] = BUILD
    import harness

    with tempfile.TemporaryDirectory(prefix="umbra-") as folder:
        image = os.path.join(folder, "root.img")
        shutil.copyfile(os.path.join(BUILD, "root.img"), image)
        with harness.Guest(disks=[harness.Disk(image, write=True)], harts=1) as guest:
            guest.boot()
            said = guest.command("trace -e virtq,blk sha256sum /bin/svc").splitlines()
    # The device is the disk's, and the first chain of it that is seen to be built.
    begin = next(n for n, line in enumerate(said) if "virtq.add" in line)
    chain = re.search(r"dev=\d+ queue=\d+ head=\d+", said[begin])[0]
    end = next(
        n for n, line in enumerate(said) if n > begin and "virtq.free" in line and chain in line
    )
    first = begin
    while first and "blk.submit" not in said[first]:
        first -= 1
    text = "\n".join(said[first : end + 1])
    return f"<pre>{html.escape(text)}</pre>"
