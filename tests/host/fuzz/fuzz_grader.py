#!/usr/bin/env python3
"""Give the grader what anybody may hand in: archives, and lab.toml files.

Usage: tests/host/fuzz/fuzz_grader.py [-runs=N] [-seed=N] [-max_total_time=S]
                                      [-artifact_prefix=PATH] [FILE...]

Inputs are archives and lab.toml files, made here and then damaged. Each must give a
result, or the error that the readers document (archive.Rejected, labfile.LabError):
any other exception is a finding, as is a name that leads out of the submission, a file
that it had no business with, or more bytes than a lab takes. What fails is kept in a
file named with the prefix; FILE... are tried again, one by one. The options, the line at
the end, which SIGINT brings about too, and what that does are libFuzzer's, so that
tests/host/fuzz/run knows them.
"""

import bz2
import gzip
import io
import lzma
import os
import random
import resource
import signal
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
          "'kernel/lib/fdt.c'", "['kernel/lib/../lib/fdt.c']", "[1.0]"]  # fmt: skip
LONG = 5000  # of something: rarely, since it takes as long as a hundred other inputs
LONG_VALUES = ["[" * LONG, "{a = " * LONG, "9" * LONG, "0x" + "f" * LONG]
MEMORY = 1 << 31  # bytes that an input may want
REUSES = 64  # inputs made of one that is sound: making one takes longer than reading many
# A folder in memory, where there is one: each input is a file for a moment.
WHERE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


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


def make_value(rng):
    """Return what may stand for a value."""
    return rng.choice(VALUES if rng.randrange(200) else LONG_VALUES)


def make_lab(rng):
    """Return the text of a lab.toml: one of the tree's, or keys with any values."""
    if rng.randrange(4) == 0:
        folder = rng.choice(labfile.folders(ROOT))
        with open(os.path.join(ROOT, folder, "lab.toml"), "rb") as file:
            text = file.read()
    else:
        lines = [f"{key} = {make_value(rng)}"
                 for key in rng.sample(KEYS, rng.randrange(len(KEYS)))]  # fmt: skip
        text = "\n".join(lines).encode()
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(text) + 1)
        word = rng.choice(WORDS) * (rng.choice((1, 1, 1, 2)) if rng.randrange(50) else LONG)
        text = text[:at] + word.encode("utf-8", "replace") + text[at:]
    for _ in range(rng.randrange(3)):  # a key gets another value
        lines = text.split(b"\n")
        at = rng.randrange(len(lines))
        key, equals, _ = lines[at].partition(b"=")
        lines[at] = (key if equals else rng.choice(WORDS).encode("utf-8", "replace"))
        lines[at] += b" = " + make_value(rng).encode()
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


def make_sound(rng):
    """Return (b"A" or b"L", and bytes): an archive, or a lab.toml more or less."""
    kind = rng.randrange(3)
    if kind == 0:
        return b"L", make_lab(rng)
    return b"A", make_tar(rng) if kind == 1 else make_zip(rng)


class Maker:
    """Makes input after input, each the same for the same seed and number."""

    def __init__(self, seed):
        self.seed, self.sound, self.number = seed, None, None

    def make(self, count):
        """Return input number count: its kind, and bytes that are damaged or not."""
        number = count // REUSES
        if number != self.number:
            self.number = number
            self.sound = make_sound(random.Random(f"{self.seed} {number}"))
        kind, data = self.sound
        return kind + damage(random.Random(f"{self.seed} {number} {count}"), data)


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
    maker = Maker(options["seed"])
    stopping = []
    signal.signal(signal.SIGINT, lambda *_: stopping.append(True))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory(prefix="umbra-fuzz-", dir=WHERE) as tree:
        make_tree(tree)
        while files or (most != count and not stopping and
                        (not limit or time.monotonic() - began < limit)):
            if files:
                with open(files.pop(), "rb") as file:
                    data = file.read()
                most = most if files or most > 0 else count + 1
            else:
                data = maker.make(count)
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
