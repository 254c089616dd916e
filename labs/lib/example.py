"""The instructor's page, labs/README.md, followed: it publishes a course, grades a
submission, and makes a lab of one's own."""

import os
import re
import subprocess
import tarfile

from labs.lib import course as courses
from labs.lib import handout, labfile
from labs.lib.following import Branch, page_followed
from labs.lib.sealing import environment

PAGE = "labs/README.md"
FOLDER = "labs/20-random"
HOLE = "kernel/dev/random.c"
SUBMITTED = ("labs/07-virtqueue", "submit-07-virtqueue.tar.gz")


def lab_toml(page):
    """Return the lab.toml that the page shows."""
    block = next(b for b in handout.blocks(page) if b[0][1].startswith("title = "))
    return "\n".join(line for _, line in block)


def emptied(code):
    """Return the hole as the page says that its stub is to be."""
    code, included = re.subn(r'(#include "lib/string.h"\n)', r'\1#include "lib/todo.h"\n', code)
    code, bodies = re.subn(r"^(random_(?:add|fill)\(.*?\)\n)\{\n.*?^\}",
                           r"\1{\n    LAB_TODO(20);\n}", code, flags=re.M | re.S)  # fmt: skip
    assert (included, bodies) == (1, 2), (included, bodies)
    return code


class Trunk(Branch):
    """A copy of the trunk, committed; what its reader does by hand is done when
    the page has come that far."""

    def __init__(self, root, folder):
        self.folder, self.environment = folder, environment()
        tree = courses.working(root)
        self.page = tree[PAGE].data.decode()
        courses.write(tree, folder)
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", folder]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "The trunk"]):
            subprocess.run([*git, *words], check=True)
        lab = labfile.load(SUBMITTED[0], folder)
        with tarfile.open(os.path.join(folder, SUBMITTED[1]), "w:gz") as archive:
            for hole in lab.holes:
                archive.add(os.path.join(folder, hole), hole)

    def become(self, started):
        """It stays the trunk, with as much of the new lab as there is."""
        stub = os.path.join(self.folder, FOLDER, "stub", HOLE)
        if os.path.exists(stub):
            with open(stub, encoding="utf-8") as file:
                code = file.read()
            if "LAB_TODO" not in code:
                with open(stub, "w", encoding="utf-8") as file:
                    file.write(emptied(code))
            with open(os.path.join(self.folder, FOLDER, "lab.toml"), "w", encoding="utf-8") as f:
                f.write(lab_toml(self.page))

    def ends_at(self, shown):
        """There is no starter here."""
        return False


def follow(root, folder):
    """Follow the instructor's page in a folder; return what was done, in words."""
    trunk = Trunk(root, os.path.join(folder, "trunk"))
    return page_followed(trunk, PAGE, handout.commands(trunk.page))
