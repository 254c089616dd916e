"""Finds in the tree what a chapter names."""

import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REFERENCE = re.compile(r"([\w./-]+\.(?:c|h|S|ld|def|py)):([A-Za-z_]\w*)(?:\(\))?$")


def find_file(name):
    """Return the path, from the root, of a file named with or without kernel/; None if there is none."""
    for path in (name, os.path.join("kernel", name)):
        if os.path.isfile(os.path.join(ROOT, path)):
            return path
    return None


def read_lines(path):
    """Return the lines of a file of the tree."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read().splitlines()


def find_symbol(lines, symbol):
    """Return the index of the line that defines symbol, or else first names it; None if none does."""
    word = re.escape(symbol)
    for pattern in (
        rf"{word}\(",  # a function's name is in column 0
        rf"\w[\w *]*\b{word}\(",  # a prototype's is not
        rf"(?:struct|enum|union)(?: \w+\(.*\))? {word} \{{",
        rf"#\s*define {word}\b",
        rf"(?:[\w ]+[ *])?{word}(?:\[.*\])? = ",
        rf"{word}:",
        rf".*\b{word}\b",
    ):
        for number, line in enumerate(lines):
            if re.match(pattern, line):
                return number
    return None


def excerpt(lines, symbol):
    """Return (first, end) of the definition of symbol with the comment above it."""
    at = find_symbol(lines, symbol)
    if at is None:
        return None
    first = at
    if lines[at].startswith(symbol):  # its type stands in the line above
        first -= 1
    if first and lines[first - 1].rstrip().endswith("*/"):
        first -= 1
        while not lines[first].lstrip().startswith("/*"):
            first -= 1
    # A declaration ends with its semicolon, a definition with a brace in column 0.
    end, open_brace = at, False
    while end + 1 < len(lines):
        open_brace = open_brace or "{" in lines[end]
        if lines[end].startswith("}") or (not open_brace and lines[end].endswith(";")):
            break
        end += 1
    return first, end + 1
