"""Take in a submission: a folder, an archive or a git URL, hostile or not.

Nothing is unpacked but regular files whose names the lab asks for, each read
through a limit, so links, devices, `..`, bombs and holes of ten gigabytes cost
nothing. Files are looked for at their paths in the tree, or at the same paths
below the one folder that archives often wrap everything in.
"""

import bz2
import contextlib
import gzip
import lzma
import os
import stat
import struct
import subprocess
import tarfile
import tempfile
import zipfile
import zlib

MOST_FILE = 1 << 20  # bytes of one file: a solution is a thousand lines
MOST_FILES = 20_000  # entries looked at
MOST_ARCHIVE = 64 << 20  # bytes of the archive itself
MOST_UNPACKED = 256 << 20  # bytes read while looking through it
MOST_TAKEN = 32 << 20  # bytes of all files that a lab takes
SECONDS = 60  # for git to fetch


# What the standard library raises for archives that are damaged, or made to be:
# encrypted (RuntimeError), of another version, with lengths that lie, or a dictionary
# of gigabytes (MemoryError).
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, OSError,
          EOFError, ValueError, ArithmeticError, LookupError, RuntimeError,
          MemoryError, struct.error)  # fmt: skip


class Rejected(Exception):
    """The submission cannot be graded; the text says why, to its author.

    Names in it are the submission's: whoever shows it escapes them.
    """


def _damaged(error):
    """Return what is said of one of DAMAGE, some of which have no text."""
    return f"the archive is damaged: {str(error) or type(error).__name__}"


class _Folder:
    """Entries of a folder; symbolic links are not followed, in no component."""

    def __init__(self, path):
        self.root = os.path.abspath(path)

    def names(self):
        """Return the paths of regular files, and what was passed over."""
        found, odd = [], []
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(f for f in folders if f not in (".git", "build"))
            for name in sorted(files) + folders:
                path = os.path.join(folder, name)
                mode = os.lstat(path).st_mode
                inside = os.path.relpath(path, self.root)
                if stat.S_ISREG(mode):
                    found.append(inside)
                elif not stat.S_ISDIR(mode):
                    odd.append(inside)
            if len(found) > MOST_FILES:
                raise Rejected(f"there are more than {MOST_FILES} files in it")
        return found, odd

    def read(self, name):
        """Return a file's content, at most one byte more than is allowed."""
        path = os.path.join(self.root, name)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return file.read(MOST_FILE + 1)

    def close(self):
        """Nothing is held."""


class _Limited:
    """A stream that ends with an error after MOST_UNPACKED bytes."""

    def __init__(self, stream):
        self.stream, self.left = stream, MOST_UNPACKED

    def read(self, size):
        """Return up to size bytes."""
        data = self.stream.read(min(size, self.left + 1))
        self.left -= len(data)
        if self.left < 0:
            raise Rejected(f"it unpacks to more than {MOST_UNPACKED >> 20} MiB")
        return data


def _decompressed(path):
    """Open a file through what its first bytes say it was packed with."""
    with open(path, "rb") as file:
        magic = file.read(6)
    for start, opener in (
        (b"\x1f\x8b", gzip.open),
        (b"BZh", bz2.open),
        (b"\xfd7zXZ\0", lzma.open),
    ):
        if magic.startswith(start):
            return opener(path)
    return open(path, "rb")


class _Tar:
    """Entries of a tar archive, compressed or not, read from front to back."""

    def __init__(self, path):
        self.contents, self.odd = {}, []
        try:
            with (
                _decompressed(path) as stream,
                tarfile.open(fileobj=_Limited(stream), mode="r|") as archive,
            ):
                for count, entry in enumerate(archive):
                    if count > MOST_FILES:
                        raise Rejected(f"there are more than {MOST_FILES} files in it")
                    self._take(archive, entry)
        except DAMAGE as error:
            raise Rejected(_damaged(error)) from None

    def _take(self, archive, entry):
        name = _safe(entry.name)
        if entry.isdir():
            return
        if name is None or not entry.isreg() or entry.issparse():
            self.odd.append(entry.name)
            return
        self.contents[name] = archive.extractfile(entry).read(MOST_FILE + 1)

    def names(self):
        """Return the paths of regular files, and what was passed over."""
        return list(self.contents), self.odd

    def read(self, name):
        """Return a file's content, at most one byte more than is allowed."""
        return self.contents[name]

    def close(self):
        """Nothing is held."""


class _Zip:
    """Entries of a zip archive; sizes are counted, not believed."""

    def __init__(self, path):
        try:
            self.archive = zipfile.ZipFile(path)
        except DAMAGE as error:
            raise Rejected(_damaged(error)) from None
        if len(self.archive.infolist()) > MOST_FILES:
            raise Rejected(f"there are more than {MOST_FILES} files in it")
        self.entries, self.odd = {}, []
        for entry in self.archive.infolist():
            name, kind = _safe(entry.filename), stat.S_IFMT(entry.external_attr >> 16)
            if entry.filename.endswith("/"):
                continue
            if name is None or kind not in (0, stat.S_IFREG):
                self.odd.append(entry.filename)
            else:
                self.entries[name] = entry

    def names(self):
        """Return the paths of regular files, and what was passed over."""
        return list(self.entries), self.odd

    def read(self, name):
        """Return a file's content, at most one byte more than is allowed."""
        try:
            with self.archive.open(self.entries[name]) as file:
                return file.read(MOST_FILE + 1)
        except DAMAGE as error:
            raise Rejected(f"{name}: {_damaged(error)}") from None

    def close(self):
        """Let the archive go."""
        self.archive.close()


def _safe(name):
    """Return an entry's name as a relative path, or None if it leaves."""
    name = name.replace("\\", "/")
    parts = [p for p in name.split("/") if p not in ("", ".")]
    if name.startswith("/") or ".." in parts or "\0" in name or not parts:
        return None
    return "/".join(parts)


@contextlib.contextmanager
def _cloned(url):
    """Fetch a git repository's newest state; nothing of it is run."""
    with tempfile.TemporaryDirectory(prefix="umbra-git-") as folder:
        command = [
            "git", "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false",
            "-c", "protocol.ext.allow=never", "-c", "protocol.file.allow=user",
            "clone", "--quiet", "--depth", "1", "--no-recurse-submodules",
            "--", url, os.path.join(folder, "tree"),
        ]  # fmt: skip
        quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS,
                check=False, env=quiet,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Rejected(f"git could not fetch it within {SECONDS} s") from None
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["git failed"])[-1]
            raise Rejected(f"git could not fetch it: {said}")
        yield os.path.join(folder, "tree")


def is_url(text):
    """Is this a git URL, not a path?"""
    return "://" in text or (text.startswith("git@") and ":" in text)


@contextlib.contextmanager
def opened(path):
    """Open a submission, whatever it is; raises Rejected."""
    with contextlib.ExitStack() as stack:
        if is_url(path):
            path = stack.enter_context(_cloned(path))
        if not os.path.exists(path):
            raise Rejected(f"there is no {path}")
        if os.path.isdir(path):
            source = _Folder(path)
        elif not os.path.isfile(path):
            raise Rejected("it is neither a folder nor an archive")
        elif os.path.getsize(path) > MOST_ARCHIVE:
            raise Rejected(f"the archive is over {MOST_ARCHIVE >> 20} MiB")
        elif zipfile.is_zipfile(path):
            source = _Zip(path)
        else:
            source = _Tar(path)
        stack.callback(source.close)
        yield source


def _wanted(name, allowed):
    """Is a path one of those allowed? "dir/" allows C files below it."""
    for entry in allowed:
        if entry.endswith("/"):
            if name.startswith(entry) and name.endswith((".c", ".h", ".S")):
                return True
        elif name == entry:
            return True
    return False


def _prefixes(names, allowed):
    """Return the folders below which an allowed file is found, best first."""
    found = {""}
    for name in names:
        parts = name.split("/")
        for cut in range(1, len(parts)):
            if _wanted("/".join(parts[cut:]), allowed):
                found.add("/".join(parts[:cut]) + "/")
    return sorted(found, key=lambda p: (p.count("/"), p))


def collect(source, required, allowed):
    """Return ({path: bytes}, notes) of what a lab takes from a submission.

    required: paths that must be there. allowed: those and more. Raises
    Rejected if it is empty, in the wrong place, or lacks a file.
    """
    names, odd = source.names()
    notes = [f"passed over, not a plain file: {n}" for n in odd[:10]]
    if not names:
        raise Rejected("it is empty: there is no plain file in it")
    def score(prefix):
        return sum(prefix + r in names for r in required)
    prefixes = _prefixes(names, allowed)
    prefix = max(prefixes, key=lambda p: (score(p), -p.count("/")))
    tied = [p for p in prefixes if score(p) == score(prefix)]
    if score(prefix) and prefix and len(tied) > 1 and tied[0] != prefix:
        notes.append(f"several folders hold the lab's files; {prefix} was taken")
    missing = [r for r in required if prefix + r not in names]
    if missing and len(missing) == len(required):
        shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
        raise Rejected(f"it holds none of the lab's files ({', '.join(required)}); "
                       f"it holds {shown}")  # fmt: skip
    if missing:
        raise Rejected("it lacks " + ", ".join(missing))
    files, total = {}, 0
    for name in names:
        inside = name[len(prefix) :] if name.startswith(prefix) else None
        if inside is None or not _wanted(inside, allowed):
            continue
        content = source.read(name)
        if len(content) > MOST_FILE:
            raise Rejected(f"{inside} is over {MOST_FILE >> 20} MiB")
        total += len(content)
        if total > MOST_TAKEN:
            raise Rejected(f"its files are over {MOST_TAKEN >> 20} MiB")
        files[inside] = content
    if prefix:
        notes.append(f"taken from its folder {prefix}")
    return files, notes


def unpack(path, required, allowed):
    """Open and collect in one step."""
    with opened(path) as source:
        return collect(source, required, allowed)
