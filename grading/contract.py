"""What the function that a test blames has promised: the comment on its prototype.

A student who fails a test is shown the sentences that his code does not keep, and where
they stand: in a header of the kernel's, or, for a function that no header knows, in the
starter.
"""

import functools
import os
import re

MOST, LEAST = 700, 20  # characters; less than that, "trap.S", promises nothing
FOLDERS = ("kernel", "user")
# A comment, and the declarations right below it.
NOTED = re.compile(r"/\*([^*]*\*+(?:[^/*][^*]*\*+)*)/\n((?:[ \t]*[^\s#/}][^\n]*\n)+)")
DECLARED = re.compile(r"\(\*(\w+)\)\(|\b(\w+)\(")


def _sentences(comment):
    """Return a comment as one line."""
    return " ".join(re.sub(r"\n[ \t]*\*", "\n", comment.rstrip("*")).split())


def noted(text):
    """Return {function: the comment that stands on its declarations}, operations among
    them, `int (*reset)(...)`."""
    found = {}
    for comment, below in NOTED.findall(text):
        for operation, function in DECLARED.findall(below.split("{")[0]):
            found.setdefault(operation or function, _sentences(comment))
    return found


@functools.lru_cache(maxsize=None)
def _text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@functools.lru_cache(maxsize=None)
def _noted(path):
    return noted(_text(path))


def _headers(root):
    """Return the paths of all headers below the root."""
    found = []
    for folder in FOLDERS:
        for at, folders, names in os.walk(os.path.join(root, folder)):
            folders.sort()
            found += [os.path.relpath(os.path.join(at, name), root)
                      for name in sorted(names) if name.endswith(".h")]  # fmt: skip
    return found


class Contracts:
    """The contracts of a lab's functions."""

    def __init__(self, root, lab):
        self.root = root
        near = {os.path.dirname(hole) for hole in lab.holes}
        headers = _headers(root)
        first = [h for h in headers if h in lab.reading or os.path.dirname(h) in near]
        starters = [(hole, lab.stub(hole)) for hole in lab.holes]
        # In a course the stub stands where the student has to write.
        starters = [(hole, path if os.path.exists(os.path.join(root, path)) else hole)
                    for hole, path in starters]  # fmt: skip
        self.places = [*((h, h) for h in first), *starters, *((h, h) for h in headers)]

    def of(self, blames):
        """Return the contract of the first of these functions that has one, and where it
        stands; or nothing."""
        for name in filter(None, (word.strip() for word in blames.split(","))):
            for shown, path in self.places:
                full = os.path.join(self.root, path)
                if not os.path.exists(full) or name not in _text(full):
                    continue
                text = _noted(full).get(name, "")
                if len(text) >= LEAST:
                    if len(text) > MOST:
                        text = text[:MOST].rsplit(" ", 1)[0] + " ..."
                    return f"{text} ({shown}:{name})"
        return ""
