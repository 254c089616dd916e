"""Two trees of names that are made up, scripts for guest/paths.c, and a model of
what paths lead to [posix §4.13]: a second implementation, by rewriting text."""

import dataclasses

from grading import check_equal, pack
from grading.errors import EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR

FOLLOW, MUST_BE_DIRECTORY = 1, 2  # enum path_flags
NAME, ROOT, DOT, DOT_DOT = range(4)  # enum path_last
DIR, REG, LNK = 0o040755, 0o100644, 0o120777
OTHER = 1000  # added to what is in the second tree
LINKS_MAX = 40


class Error(Exception):
    """A path leads nowhere; says why."""


@dataclasses.dataclass
class Node:
    """A name in a tree; parent: an inode."""

    parent: int
    mode: int
    name: str
    target: str = ""
    uid: int = 0


class Tree:
    """A tree; its root is inode 1."""

    def __init__(self):
        self.nodes = [Node(1, DIR, "")]

    def add(self, parent, name, mode=REG, target="", uid=0):
        """Add a name; return its inode."""
        self.nodes.append(Node(parent, mode, name, target, uid))
        return len(self.nodes)

    def dir(self, parent, name, mode=DIR):
        return self.add(parent, name, mode)

    def link(self, parent, name, target):
        return self.add(parent, name, LNK, target)

    @property
    def pieces(self):
        """What the guest is told."""
        found = ["u32", len(self.nodes)]
        for node in self.nodes:
            found += ["u32", node.parent, "u32", node.mode, "u32", node.uid,
                      "string", node.name, "string", node.target]  # fmt: skip
        return found


class World:
    """Two trees, the second mounted on an inode of the first (0: nowhere)."""

    def __init__(self, first, second=None, mounted=0):
        self.trees = first, second or Tree()
        self.mounted, self.root, self.cwd, self.uid = mounted, 1, 1, 0

    def node(self, at):
        """Return what is at a place: inode, and OTHER for the second tree."""
        return self.trees[at // OTHER].nodes[at % OTHER - 1]

    def enter(self, at):
        """Return what is seen at a place: the root that is mounted there."""
        return OTHER + 1 if at == self.mounted else at

    def up(self, at):
        """Return the place above, no higher than the root."""
        if at == OTHER + 1 and at != self.root and self.mounted:
            at = self.mounted
        if at == self.root:
            return self.enter(at)
        return self.enter(self.node(at).parent + at // OTHER * OTHER)

    def search(self, at):
        """May names be looked up there?"""
        mode = self.node(at).mode
        if mode & 0o170000 != 0o040000:
            raise Error(ENOTDIR)
        if self.uid and not mode >> (6 if self.node(at).uid == self.uid else 0) & 1:
            raise Error(EACCES)

    def find(self, at, name):
        """Return what a name leads to, or None."""
        if len(name) > 255:
            raise Error(ENAMETOOLONG)
        for inode, node in enumerate(self.trees[at // OTHER].nodes[1:], 2):
            if node.parent == at % OTHER and node.name == name:
                return self.enter(inode + at // OTHER * OTHER)
        return None

    def target(self, at):
        """Return a link's target, or None: it is no link."""
        node = self.node(at)
        return node.target if node.mode == LNK else None

    def walk(self, base, path, flags, parent=False):
        """Return where a path leads; with parent, (directory, kind, slash, name)."""
        if not path:
            raise Error(ENOENT)
        at = self.enter(self.root) if path[0] == "/" else base or self.cwd
        links, last = 0, (ROOT, False, "")
        while path.lstrip("/"):
            name, slash, rest = path.lstrip("/").partition("/")
            is_last = not rest.strip("/")
            self.search(at)
            if is_last and slash and not parent:
                flags |= FOLLOW | MUST_BE_DIRECTORY
            if is_last and parent:
                if len(name) > 255:
                    raise Error(ENAMETOOLONG)
                last = {".": DOT, "..": DOT_DOT}.get(name, NAME), bool(slash), name
                if last[0] != NAME or slash or not flags & FOLLOW:
                    break
                found = self.find(at, name)
                if found is None or self.target(found) is None:
                    break
                last = ROOT, False, name
            elif name == "." or name == "..":
                at, path = at if name == "." else self.up(at), rest
                continue
            else:
                found = self.find(at, name)
                if found is None:
                    raise Error(ENOENT)
                if self.target(found) is None or is_last and not flags & FOLLOW:
                    at, path = found, rest
                    continue
            links += 1
            if links > LINKS_MAX:
                raise Error(ELOOP)
            target = self.target(found)
            if target == "@root":
                at, path = self.enter(1), rest
                continue
            if not target:
                raise Error(ENOENT)
            if len(target) > 4095:
                raise Error(ENAMETOOLONG)
            at = self.enter(self.root) if target[0] == "/" else at
            path = target + (slash + rest if slash else "")
        if parent:
            return (at, *last)
        if flags & MUST_BE_DIRECTORY and self.node(at).mode & 0o170000 != 0o040000:
            raise Error(ENOTDIR)
        return at


@dataclasses.dataclass
class Seen:
    """What the kernel found. references, memory: what it has kept of each."""

    error: int
    place: int
    references: int
    memory: int
    last: tuple = ()


class Script:
    """Paths to be resolved in a world, and what they are to lead to."""

    def __init__(self, world):
        self.world, self.ops, self.pieces, self.expected = world, "", [], []
        self.start = [*world.trees[0].pieces, *world.trees[1].pieces, "u32", world.mounted]

    @property
    def question(self):
        """What the guest is asked."""
        return pack(*self.start, "string", self.ops, *self.pieces)

    def _set(self, op, number):
        self.ops += op
        self.pieces += ["u32", number]
        return self

    def cwd(self, place):
        self.world.cwd = place
        return self._set("w", place)

    def root(self, place):
        self.world.root = place
        return self._set("R", place)

    def user(self, uid):
        self.world.uid = uid
        return self._set("U", uid)

    def _ask(self, op, path, flags, base):
        self.ops += op
        self.pieces += ["u32", base, "u32", flags, "string", path]
        try:
            found = self.world.walk(base, path, flags, op == "P")
        except Error as error:
            found = error.args[0]
        shown = path if len(path) < 90 else f"{path[:60]}... ({len(path)} bytes)"
        about = f"{'path_lookup_parent' if op == 'P' else 'path_lookup'} of {shown!r}"
        self.expected.append((op, found, about + f", flags {flags}" * bool(flags)))
        return self

    def find(self, *paths, flags=0, base=0):
        """Resolve paths."""
        for path in paths:
            self._ask("p", path, flags, base)
        return self

    def parents(self, *paths, flags=0, base=0):
        """Resolve paths up to their last components."""
        for path in paths:
            self._ask("P", path, flags, base)
        return self

    def results(self, answer):
        """Return a Seen for each path."""
        seen = []
        for op, _, _ in self.expected:
            error, place, last = answer.error(), answer.u32(), ()
            if op == "P":
                kind, slash, name = answer.u32(), bool(answer.u8()), answer.bytes()
                last = kind, slash, name.decode("latin-1") if kind == NAME else ""
            seen.append(Seen(error, place, answer.i64(), answer.i64(), last))
        answer.done()
        return seen

    def check(self, seen):
        """Each path has led to where it was to."""
        for (op, expected, about), one in zip(self.expected, seen, strict=True):
            if isinstance(expected, int) and expected < 0:
                check_equal(one.error, expected, f"error of {about}")
                continue
            check_equal(one.error, 0, f"error of {about}")
            place = expected if op == "p" else expected[0]
            check_equal(one.place, place, f"the inode ({OTHER} more in the second tree), {about}")
            if op == "P":
                kind, slash, name = expected[1:]
                if kind == ROOT:
                    check_equal(one.last[0], ROOT, f"kind, {about}")
                else:
                    check_equal(one.last, (kind, slash, name if kind == NAME else ""),
                                f"kind, slash and name, {about}")


def resolve(run, *scripts):
    """Have all paths of the scripts resolved, and checked; return what was seen. Use
    yield from."""
    answers = yield [run.ask("paths", "script", s.question) for s in scripts]
    seen = [script.results(answer) for script, answer in zip(scripts, answers)]
    for script, found in zip(scripts, seen):
        script.check(found)
    return seen


__all__ = [name for name in dir() if not name.startswith("_")]
