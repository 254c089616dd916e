"""Handouts: what is typed in them is found, and what they name is there."""

import os
import signal
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

from grading import discover  # noqa: E402
from labs.lib import claims, handout, labfile  # noqa: E402
from labs.lib import course as courses  # noqa: E402
from labs.lib.terminal import Terminal, clean  # noqa: E402

PAGE = """# A page

    a picture
      of something

Text, and `make run`, and
    what is indented but belongs to the text: $ make nonsense

    $ make run
    [0.016] machine   … harts, 256 MiB

    umbra# cat > /x
    one
    ^D
    umbra# sleep 100
    ^Z
    stopped

1. In a list:

       $ make grade T=a_test

```sh
$ make submit
```
"""


def test_what_is_typed():
    """Prompts make commands, with what is shown and which keys are pressed."""
    found = [(t.line, t.where, t.lines, t.keys, t.printed) for t in handout.commands(PAGE)]
    assert found == [
        (9, "shell", ["make run"], [], ["[0.016] machine   … harts, 256 MiB"]),
        (12, "guest", ["cat > /x", "one"], ["^D"], []),
        (15, "guest", ["sleep 100"], ["^Z"], ["stopped"]),
        (21, "shell", ["make grade T=a_test"], [], []),
        (24, "shell", ["make submit"], [], []),
    ], found
    assert [len(b) for b in handout.blocks(PAGE)] == [3, 10, 2, 1]


def test_what_is_printed():
    """Lines come in their order; times and what is left out may be anything."""
    log = "[    1.5] a  b\nnoise\n[1.7] c 12 d\n"
    assert handout.missing(["[0.001] a b", "[9.99] c … d"], log) is None
    assert handout.missing(["[0.001] c 12 d", "[0.001] a b"], log) == "[0.001] a b"
    for wrong in ("a b", "[0.001] a", "[0.001] c 13 d", "[0.001] c 1…2", "nois", "x…"):
        assert handout.missing([wrong], log) == wrong, wrong


def test_terminal(tmp):
    """What is typed is answered; colours and lines written over are not seen."""
    # Also if whoever runs the tests ignores it: a key must end a program.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        terminal = Terminal(tmp, {**os.environ, "X": "y z"})
    finally:
        signal.signal(signal.SIGINT, before)
    with terminal:
        terminal.send('echo "$X"; printf "1 of 2\\r\\033[K2 of 2\\n"; false\n')
        kind, said, status = terminal.wait(echo=True)
        assert (kind, status) == ("shell", 1) and said.startswith("y z\n2 of 2\n"), said
        terminal.send("cat\n")
        terminal.press(b"\x03", lambda text: True)
    assert clean("\x1b[1mbold\x1b[0m\r\nold\r\x1b[Knew\r\n") == "bold\nnew\n"


def branches():
    """Yield (what handouts may name, lab, its branch, the names of its tests)."""
    labs = [lab for lab in labfile.load_all(ROOT) if lab.starter]
    tree = courses.working(ROOT)
    trunk, course = claims.Trunk(tree), courses.Course(tuple(labs), False, False)
    main = courses.main_tree(tree, course, {})
    for lab in labs:
        names = [test.name for test in discover.tests(ROOT, lab)]
        yield trunk, lab, courses.lab_tree(tree, course, main, lab), names


def test_what_they_name():
    """Targets, settings, files, tests and functions in handouts are there, and each
    can be followed: `labs/check handout` does."""
    for trunk, lab, branch, names in branches():
        found = claims.faults(trunk, lab, branch, names)
        assert not found, "\n".join(found)
        page = trunk.text(f"{lab.folder}/README.md")
        typed = [t.text for t in handout.commands(page)]
        assert "make submit" in typed and "make grade" in typed, lab.folder
        assert any(text.startswith("make run") for text in typed), lab.folder
    wrong = page.replace("### Step 1: ", "### Step one: ") + """
`make nothing X=1` and `make grade T=nobody` of `kernel/nothing.c`, until
`lab 13: main is yours to write (user/init/graph.c)`

| all is well | it is not | `no_function` |
"""
    trunk.tree[f"{lab.folder}/README.md"] = courses.File(wrong.encode())
    found = claims.faults(trunk, lab, branch, names)
    said = ("no target nothing", "no setting X", "no test nobody",
            "kernel/nothing.c is not in", "main is not for", "no function no_function",
            "no heading ### Step 1")  # fmt: skip
    assert len(found) == len(said), found
    for fault in said:
        assert any(fault in each for each in found), (fault, found)
