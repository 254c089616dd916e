"""Workloads for tests that cut the power: operations, one after the other.

A workload is a generator function. It yields operations in the words of
user/tests/crash.c and is sent each one's result, so it can go by what
happened (a full disk, say). It is random, but the same for the same seed.
"""

import random


class Tree:
    """What a workload knows of the tree it has made.

    files: path -> size; folders: list of paths, "" for the root.
    """

    def __init__(self, seed, folders=()):
        self.random = random.Random(seed)
        self.files, self.folders, self.count = {}, [""], 0
        self.start = list(folders)

    def begin(self):
        """Make the folders that the workload starts with."""
        for name in self.start:
            yield f"mkdir {name}"
            self.folders.append(name)

    def fresh(self, width=1):
        """Return a path that was never used, in some folder."""
        self.count += 1
        folder = self.random.choice(self.folders)
        name = f"{self.random.choice('abcdef')}{self.count}" + "x" * (width - 1)
        return f"{folder}/{name}" if folder else name

    def tag(self):
        """Return a number that marks one write's bytes."""
        return self.random.getrandbits(40)

    def any_file(self):
        """Return some file's path, or None."""
        return self.random.choice(sorted(self.files)) if self.files else None

    def create(self, width=1):
        """Make an empty file; returns its path, or None if that failed."""
        path = self.fresh(width)
        if (yield f"create {path}") < 0:
            return None
        self.files[path] = 0
        return path

    def write(self, path, offset, length):
        """Write to a file; returns what the write returned."""
        n = yield f"write {path} {offset} {length} {self.tag()}"
        if n > 0:
            self.files[path] = max(self.files[path], offset + n)
        return n

    def remove(self, path):
        """Unlink a file."""
        result = yield f"unlink {path}"
        if result == 0:
            del self.files[path]
        return result


def storm(seed, count=120):
    """Names made, moved, linked and removed; small files; now and then fsync."""
    t = Tree(seed, ["one", "two", "one/three"])
    yield from t.begin()
    for _ in range(count):
        choice = t.random.random()
        path = t.any_file()
        if path is None or choice < 0.30:
            new = yield from t.create()
            if new and t.random.random() < 0.7:
                size = t.random.choice([10, 700, 3000, 9000])
                yield from t.write(new, 0, size)
        elif choice < 0.50:
            yield from t.remove(path)
        elif choice < 0.70:
            to = t.any_file() if t.random.random() < 0.4 else t.fresh()
            if (yield f"rename {path} {to}") == 0 and to != path:
                t.files[to] = t.files.pop(path)
        elif choice < 0.75:
            new = t.fresh()
            if (yield f"link {path} {new}") == 0:
                yield f"unlink {path}"
                t.files[new] = t.files.pop(path)
        elif choice < 0.80:
            other = t.any_file()
            if other != path and (yield f"exchange {path} {other}") == 0:
                t.files[path], t.files[other] = t.files[other], t.files[path]
        elif choice < 0.85:
            yield f"symlink to/{t.count} {t.fresh()}"
        elif choice < 0.88:
            yield f"chmod {t.random.choice(['0600', '0644', '0755'])} {path}"
        elif choice < 0.97:
            yield f"{t.random.choice(['fsync', 'fdatasync'])} {path}"
        else:
            yield "sync"
    yield from move_folders(t)


def move_folders(t):
    """Directories renamed, replaced and removed, with files in them."""
    yield "mkdir old"
    yield "mkdir old/in"
    yield "create old/in/file"
    yield "rename old/in new"
    yield "sync"
    yield "mkdir empty"
    yield "rename new empty"
    yield "exchange empty old"
    yield "rmdir empty"
    yield "sync"


def log(seed, count=60):
    """Files that grow by small and large records, each synced."""
    t = Tree(seed)
    paths = []
    for _ in range(3):
        paths.append((yield from t.create()))
    for _ in range(count):
        path = t.random.choice(paths)
        length = t.random.choice([60, 500, 2000, 5000, 20000])
        yield from t.write(path, t.files[path], length)
        if t.random.random() < 0.6:
            yield f"{t.random.choice(['fsync', 'fdatasync'])} {path}"


def growth(seed, count=260):
    """A directory that grows past one block, and shrinks again."""
    t = Tree(seed, ["big"])
    yield from t.begin()
    t.folders = ["big"]
    for i in range(count):
        yield from t.create(width=t.random.choice([1, 20, 60]))
        if i % 25 == 24:
            yield "sync"
    for i, path in enumerate(sorted(t.files)):
        if i % 40 == 39:
            yield "sync"
        if t.random.random() < 0.9:
            yield from t.remove(path)


def resize(seed, count=90):
    """Files cut and extended, overwritten in the middle, with holes."""
    t = Tree(seed)
    for _ in range(4):
        yield from t.create()
    for _ in range(count):
        path = t.any_file()
        choice = t.random.random()
        if choice < 0.35:
            size = t.random.choice([0, 1, 100, 3969, 4096, 9000, 40000, 65536])
            old = t.files[path]
            if (yield f"truncate {path} {size}") == 0:
                t.files[path] = size
            if size < old and t.random.random() < 0.6:
                # The block that was cut is written before that is durable.
                yield from t.write(path, size, 50)
                yield f"fsync {path}"
        elif choice < 0.80:
            offset = t.random.randrange(0, 60000)
            yield from t.write(path, offset, t.random.choice([1, 300, 9000]))
        else:
            yield f"fsync {path}"


def replace(seed, count=70):
    """Files saved as editors do it, under another name that then becomes
    theirs; on a disk whose journal is full again and again."""
    t = Tree(seed, ["one", "two"])
    yield from t.begin()
    names = [f"{folder}/file{i}" for folder in ("one", "two") for i in range(3)]
    for i in range(count):
        name = names[i] if i < len(names) else t.random.choice(names)
        new = yield from t.create(width=30)
        if not new:
            continue
        yield from t.write(new, 0, t.random.choice([20, 3000, 9000, 30000]))
        if t.random.random() < 0.7:
            yield f"fsync {new}"
        if (yield f"rename {new} {name}") == 0:
            t.files[name] = t.files.pop(new)
        if t.random.random() < 0.4:
            yield f"fsync {name}"
        if i % 10 == 9:
            yield from t.write(name, t.files[name] // 2, 100)
            other = t.random.choice(names[: i + 1])
            if other != name:
                yield f"exchange {name} {other}"
                t.files[name], t.files[other] = t.files[other], t.files[name]
            yield f"fsync {name}"


def rewrite(seed, count=30):
    """Files that are written over in the middle and then take another's name,
    without a sync between the two."""
    t = Tree(seed)
    names = []
    for _ in range(2):
        names.append((yield from t.create()))
        yield from t.write(names[-1], 0, 30000)
    yield "sync"
    for i in range(count):
        yield from t.write(names[0], 15000, 100)
        yield from t.write(names[1], 9000, 5000)
        yield f"exchange {names[0]} {names[1]}"
        t.files[names[0]], t.files[names[1]] = t.files[names[1]], t.files[names[0]]
        yield f"fsync {names[i % 2]}"


def noise(seed):
    """Files written and cut while another process commits all the time."""
    yield "noise"
    yield from resize(seed, 60)
    yield "quiet"


def full(seed, count=3):
    """A disk that is filled, emptied by half, and filled again."""
    t = Tree(seed)
    for _ in range(count):
        failures = 0
        while failures < 4:
            path = yield from t.create()
            if path is None:
                failures += 1
                continue
            size = t.random.choice([3000, 60000, 250000])
            n = yield from t.write(path, 0, size)
            failures += n < size
            if t.random.random() < 0.1:
                yield f"fsync {path}"
        yield "sync"
        for path in sorted(t.files):
            if t.random.random() < 0.6:
                yield from t.remove(path)
        yield "sync"


def orphans(seed, count=40):
    """Files that are removed while they are open, and written on."""
    t = Tree(seed)
    used = set()
    for i in range(count):
        slot = t.random.randrange(16)
        if slot in used:
            yield f"fwrite {slot} {t.random.randrange(30000)} 9000 {t.tag()}"
            if t.random.random() < 0.5:
                yield f"close {slot}"
                used.discard(slot)
        else:
            path = yield from t.create()
            yield from t.write(path, 0, t.random.choice([100, 20000]))
            yield f"open {slot} {path}"
            used.add(slot)
            yield from t.remove(path)
        if i % 8 == 7:
            yield "sync"


ALL = {
    "storm": storm,
    "log": log,
    "growth": growth,
    "resize": resize,
    "full": full,
    "noise": noise,
    "replace": replace,
    "rewrite": rewrite,
    "orphans": orphans,
}
