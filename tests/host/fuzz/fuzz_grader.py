#!/usr/bin/env python3
"""Give the grader what anybody may hand in: archives, and lab.toml files.

Usage: tests/host/fuzz/fuzz_grader.py [-runs=N] [-seed=N] [-max_total_time=S]
                                      [-artifact_prefix=PATH] [FILE...]

Inputs are archives and lab.toml files, made here and then damaged. Each must give a
result, or the error that the readers document (archive.Rejected, labfile.LabError):
any other exception is a finding, as is a name that leads out of the submission, a file
that it had no business with, or more bytes than a lab takes. What fails is kept in a
file named with the prefix; FILE... are tried again, one by one. The options, and the
lines at the end, are libFuzzer's, so that tests/host/fuzz/run knows them.
"""

import bz2
import gzip
import io
import lzma
import os
import random
import resource
import sys
import tarfile
import tempfile
import time
import traceback
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))  # fmt: skip
sys.path.insert(0, ROOT)
from grading import archive  # noqa: E402
from labs.lib import labfile  # noqa: E402

HOLES = ["kernel/a.c", "kernel/b.c"]
ALLOWED = [*HOLES, "answers.md", "user/init/"]
NAMES = ["kernel/a.c", "kernel/b.c", "sub/kernel/a.c", "sub/kernel/b.c", "answers.md",
         "user/init/x.c", "../kernel/a.c", "/kernel/a.c", "kernel/../kernel/b.c",
         "./kernel/a.c", "kernel\\a.c", "", ".", "a" * 300, "kernel/a.c/b", "é/\x1b[1m",
         "user/init/../../x.c"]  # fmt: skip
FRESH = "labs/99-fuzz"
KEYS = ["title", "summary", "holes", "submit", "needs", "reading", "minutes", "steps",
        "limits", "starter", "starter_score", "mkfs", "host_journal", "milestone"]
WORDS = [*KEYS, "name", "instructions", "=", "[", "]", "[[", "]]",
         '"', "'", '"""', "{", "}", ",", ".", "1", "-1", "1e9", "nan", "inf", "true",
         "1979-05-27", "0x7f", "\n", "\r\n", "#", "\\u0000", "\\", "kernel/lib/fdt.c",
         "../x.c", "\x00", "\ud7ff", "99999999999999999999999", "a.", "{a="]  # fmt: skip
VALUES = ["1", "-1", "true", "nan", "''", "'x'", "[]", "{}", "[1]", "[[1]]", "[{}]",
          "['a', 1]", "[[]]", "{a = 1}", "1979-05-27", "['x', 'x']", "[true, 1]",
          "'kernel/lib/fdt.c'", "['kernel/lib/../lib/fdt.c']", "[1.0]",
          "[" * 5000, "{a = " * 5000, "9" * 5000, "0x" + "f" * 5000]  # fmt: skip
MEMORY = 1 << 31  # bytes that an input may want


class Finding(Exception):
    """What a reader did that it must not do."""


# ---- Inputs ----


def make_tar(rng):
    """Return a tar archive, packed or not, of entries of all kinds."""
    out = io.BytesIO()
    form = rng.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=out, mode="w", format=form) as made:
        for _ in range(rng.randrange(1, 7)):
            entry = tarfile.TarInfo(rng.choice(NAMES))
            entry.type = rng.choice((tarfile.REGTYPE, tarfile.REGTYPE, tarfile.DIRTYPE,
                                     tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE,
                                     tarfile.FIFOTYPE))  # fmt: skip
            entry.linkname = rng.choice(("", "/etc/passwd", "kernel/b.c", "../../x"))
            content = rng.randbytes(rng.randrange(600)) if entry.isreg() else b""
            entry.size = len(content)
            try:
                made.addfile(entry, io.BytesIO(content))
            except ValueError:  # the format has no room for the name
                pass
    pack = rng.choice((bytes, bytes, gzip.compress, bz2.compress, lzma.compress))
    return pack(out.getvalue())


def make_zip(rng):
    """Return a zip archive of entries of all kinds."""
    out = io.BytesIO()
    how = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2,
                      zipfile.ZIP_LZMA))  # fmt: skip
    with zipfile.ZipFile(out, "w", how) as made:
        for name in rng.sample(NAMES, rng.randrange(1, 7)):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = how
            entry.external_attr = rng.choice((0, 0o100644, 0o120777, 0o20666)) << 16
            made.writestr(entry, rng.randbytes(rng.randrange(600)))
    return out.getvalue()


def make_lab(rng):
    """Return the text of a lab.toml: one of the tree's, or keys with any values."""
    if rng.randrange(2):
        folder = rng.choice(labfile.folders(ROOT))
        with open(os.path.join(ROOT, folder, "lab.toml"), "rb") as file:
            text = file.read()
    else:
        lines = [f"{key} = {rng.choice(VALUES)}"
                 for key in rng.sample(KEYS, rng.randrange(len(KEYS)))]  # fmt: skip
        text = "\n".join(lines).encode()
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(text) + 1)
        word = rng.choice(WORDS) * rng.choice((1, 1, 1, 2, 5000))
        text = text[:at] + word.encode("utf-8", "replace") + text[at:]
    for _ in range(rng.randrange(3)):  # a key gets another value
        lines = text.split(b"\n")
        at = rng.randrange(len(lines))
        key, equals, _ = lines[at].partition(b"=")
        lines[at] = (key if equals else rng.choice(WORDS).encode("utf-8", "replace"))
        lines[at] += b" = " + rng.choice(VALUES).encode()
        text = b"\n".join(lines)
    return text


def damage(rng, data):
    """Return the bytes with a few changed, put in, taken away, or repeated."""
    data = bytearray(data)
    for _ in range(rng.choice((0, 1, 1, 2, 4, 8))):
        at = rng.randrange(len(data) + 1)
        n = rng.randrange(1, 9)
        how = rng.randrange(6)
        if how == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at : at + n] = rng.choice((b"\0", b"\xff", b"\x80", b"7")) * n
        elif how == 2:
            data[at:at] = rng.randbytes(n)
        elif how == 3:
            del data[at : at + n]
        elif how == 4:
            del data[at:]
        else:
            start = rng.randrange(len(data) + 1)
            data[at:at] = data[start : start + 64]
    return bytes(data)


def make_input(rng):
    """Return (b"A" or b"L", and the bytes): an archive or a lab.toml."""
    kind = rng.randrange(3)
    if kind == 0:
        return b"L" + damage(rng, make_lab(rng))
    return b"A" + damage(rng, make_tar(rng) if kind == 1 else make_zip(rng))


# ---- What is done with them ----


def take_archive(path, data):
    """Hand an archive in; raises Finding, or what the reader must not raise."""
    with open(path, "wb") as file:
        file.write(data)
    try:
        files, notes = archive.unpack(path, HOLES, ALLOWED)
    except archive.Rejected as why:
        if not str(why):
            raise Finding("it is refused without a reason") from None
        return
    if not set(HOLES) <= set(files):
        raise Finding(f"taken without all its files: {sorted(files)}")
    for name, content in files.items():
        if name != os.path.normpath(name) or name.startswith(("/", "..")):
            raise Finding(f"{name!r} leads out of the submission")
        if name not in ALLOWED and not name.startswith("user/init/"):
            raise Finding(f"{name!r} was not asked for")
        if not isinstance(content, bytes) or len(content) > archive.MOST_FILE:
            raise Finding(f"{name!r} has too much in it")
    if not all(isinstance(note, str) for note in notes):
        raise Finding("a note is no text")


def read_lab(tree, data):
    """Read a lab.toml; raises Finding, or what the reader must not raise."""
    with open(os.path.join(tree, FRESH, "lab.toml"), "wb") as file:
        file.write(data)
    try:
        lab = labfile.load(FRESH, tree)
    except labfile.LabError as why:
        if not all(line.startswith(FRESH) for line in str(why).split("\n")):
            raise Finding(f"a fault does not say where: {why}") from None
        return
    for path in (*lab.holes, *lab.submit, *lab.reading):
        if path.startswith("/") or ".." in path.split("/"):
            raise Finding(f"{path!r} leads out of the tree")


def try_input(tree, data):
    """Give an input to its reader."""
    if data[:1] == b"L":
        read_lab(tree, data[1:])
    else:
        take_archive(os.path.join(tree, "submission"), data[1:])
    left = sorted(os.listdir(tree))
    if left != ["kernel", "labs"] and left != ["kernel", "labs", "submission"]:
        raise Finding(f"there is more than was handed in: {left}")


def make_tree(folder):
    """Make a tree with the files that a lab.toml of the real one names, all empty."""
    os.makedirs(os.path.join(folder, FRESH, "stub"))
    for lab in labfile.load_all(ROOT):
        for path in (*lab.holes, *lab.reading):
            if path.startswith("kernel/"):
                os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
                with open(os.path.join(folder, path), "wb"):
                    pass


def main():
    options = {"runs": "-1", "seed": "1", "max_total_time": "0", "artifact_prefix": "./"}
    files = []
    for word in sys.argv[1:]:
        key, _, value = word.lstrip("-").partition("=")
        if word.startswith("-") and key in options:
            options[key] = value
        else:
            files.append(word)
    most, limit = int(options["runs"]), float(options["max_total_time"])
    began, count, failed = time.monotonic(), 0, 0
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory(prefix="umbra-fuzz-") as tree:
        make_tree(tree)
        while files or (most != count and (not limit or time.monotonic() - began < limit)):
            if files:
                with open(files.pop(), "rb") as file:
                    data = file.read()
                most = most if files or most > 0 else count + 1
            else:
                data = make_input(random.Random(f"{options['seed']} {count}"))
            count += 1
            try:
                try_input(tree, data)
            except Exception:  # whatever it is, it is a finding
                failed += 1
                path = f"{options['artifact_prefix']}crash-{options['seed']}-{count}"
                with open(path, "wb") as file:
                    file.write(data)
                traceback.print_exc()
                print(f"the input is in {path}: {sys.argv[0]} {path}", file=sys.stderr)
    print(f"stat::number_of_executed_units: {count}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
