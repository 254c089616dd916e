"""The layout of an eclipsefs image, as the viewer takes it: from `efs dump`."""

import re
import subprocess

BLOCK = 4096
NODE_TYPE = re.compile(r"\s+\d+ 0x[0-9a-f]{4} (\w+), \d+ bytes:\s*(.*)")


def layout(efs, image):
    """Return {"blocks", "regions", "files"} of an image, or None if it is not extended.

    Regions are {"name", "from", "count"}; files {"path", "record", "extents"},
    all in blocks, extents [first, count].
    """
    done = subprocess.run([efs, "dump", image], capture_output=True, text=True, check=False)
    head = dict(re.findall(r"^ +\d+ (\w+) +(\d+)\b", done.stdout, re.M))
    if "total_blocks" not in head:
        return None
    number = {name: int(value) for name, value in head.items()}
    regions = [
        {"name": "header", "from": 0, "count": number["journal_start"]},
        {"name": "journal", "from": number["journal_start"], "count": number["journal_blocks"]},
        {"name": "bitmap", "from": number["bitmap_start"], "count": number["bitmap_blocks"]},
        {"name": "inodes", "from": number["inode_table_offset"] // BLOCK,
         "count": -(-number["inode_table_size"] // BLOCK)},
    ]  # fmt: skip
    return {"blocks": number["total_blocks"], "regions": regions, "files": _files(done.stdout)}


def _files(dump):
    """Return the files of a dump, with their paths."""
    inodes, names = {}, {1: (None, "")}
    for part in re.split(r"^(?=inode \d+: slot)", dump, flags=re.M)[1:]:
        found = re.match(r"inode (\d+): slot at \d+, record at (\d+)", part)
        if not found:
            continue
        number = int(found[1])
        row = re.search(r"EXTENTS, \d+ bytes: ([\d ]+)$", part, re.M)
        numbers = [int(n) for n in row[1].split()] if row else []
        inodes[number] = {
            "record": int(found[2]) // BLOCK,
            "extents": [[numbers[k + 2], numbers[k + 1]] for k in range(0, len(numbers) - 2, 3)],
        }
        for child, name in re.findall(r'^\s+hash [0-9a-f]+ inode (\d+) "(.*)"$', part, re.M):
            names.setdefault(int(child), (number, name))
    return [{"path": _path(number, names), **inode} for number, inode in inodes.items()]


def _path(number, names):
    """Return an inode's path: its first name, below those of its directories."""
    parts = []
    while number in names and names[number][0] is not None:
        number, name = names[number]
        parts.append(name)
    return "/" + "/".join(reversed(parts))
