"""Every lab's starter builds without a warning and boots to its line, and the
trunk solves it."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

import harness  # noqa: E402
from labs.lib import course as courses  # noqa: E402
from labs.lib import labfile, proofs  # noqa: E402


def test_starters(tmp):
    """Each in turn; only what a lab replaces is compiled anew."""
    labs = labfile.load_all(ROOT)
    workshop = proofs.Workshop(tmp, labs)
    complete = [lab for lab in labs if lab.starter]
    assert complete
    for lab in complete:
        kernel = workshop.starter(lab)
        proofs.boots_to_its_line(lab, kernel, harness.built("test.img"))


def test_trunk_has_all_points():
    """The trunk solves every lab that has tests."""
    from grading import sandbox

    if sandbox.why_not():
        raise harness.Skip(sandbox.why_not())
    graded = [
        lab
        for lab in labfile.load_all(ROOT)
        if os.path.isdir(os.path.join(ROOT, lab.folder, "tests"))
    ]
    assert graded
    for lab in graded:
        proofs.trunk_has_all_points(ROOT, lab)


def test_a_lab_of_ones_own(tmp):
    """The example of labs/README.md: followed, it gives a lab that boots to its
    line."""
    with open(os.path.join(ROOT, "labs", "README.md"), encoding="utf-8") as file:
        page = file.read()
    example = page[page.index("1. Make `labs/20-random/lab.toml`") :]
    lines = example[: example.index("\n2. ")].splitlines()[2:]
    trunk = courses.working(ROOT)
    hole = "kernel/dev/random.c"
    text = trunk[hole].data.decode().replace(
        '#include "lib/string.h"\n', '#include "lib/string.h"\n#include "lib/todo.h"\n'
    )
    text = re.sub(r"^(random_(?:add|fill)\(.*?\)\n)\{\n.*?^\}", r"\1{\n    LAB_TODO(20);\n}",
                  text, flags=re.M | re.S)  # fmt: skip
    assert text.count("LAB_TODO(20)") == 2
    folder = "labs/20-random"
    trunk[f"{folder}/lab.toml"] = courses.File("\n".join(lines).encode())
    trunk[f"{folder}/stub/{hole}"] = courses.File(text.encode())
    tree = os.path.join(tmp, "tree")
    courses.write(trunk, tree)
    lab = labfile.load(folder, tree)
    workshop = proofs.Workshop(os.path.join(tmp, "shop"), [lab], trunk)
    proofs.boots_to_its_line(lab, workshop.starter(lab), harness.built("test.img"))
