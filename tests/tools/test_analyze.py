"""What tools/analyze makes of what the tools find, and its list."""

import os

import harness


def analyze():
    """Return tools/analyze as a module."""
    return harness.script("tools/analyze")


def test_findings():
    """What is found is held against the list; an entry that fits nothing is stale."""
    tool = analyze()
    wrong = tool.Finding("check", "kernel/a.c", 3, "is wrong", "x = y;")
    other = tool.Finding("other", "kernel/b.c", 4, "is wrong", "x = y;")
    entry = tool.Known("check", "kernel/a.c", "x =", "because")
    assert tool.judge({wrong, other}, [entry]) == ([other], [])
    assert tool.judge({other}, [entry]) == ([other], [entry])
    assert tool.judge({wrong}, [entry._replace(code="z")]) == ([wrong], [entry._replace(code="z")])


def test_what_tools_print():
    """The three tools' lines are understood; notes are none."""
    path = os.path.join(harness.ROOT, "kernel", "main.c")
    found = analyze().findings_in(
        f"{path}:1:9: warning: one [bugprone-a,cert-b]\n{path}:1:9: note: two [bugprone-a]\n"
        f"{path}:1: warning: three [nullPointer]\n"
        f"{path}:1:2: warning: four [CWE-476] [-Wanalyzer-null-dereference]\n"
    )
    checks = {f.check for f in found}
    assert checks == {"bugprone-a", "nullPointer", "analyzer-null-dereference"}, found
    assert all(f.code.startswith("/* Boot") for f in found), found


def test_list():
    """Each entry has a reason, and tells of a line that is still there."""
    for entry in analyze().read_known(os.path.join(harness.ROOT, "tools", "analyze.known")):
        assert entry.reason and entry.code, entry
        with open(os.path.join(harness.ROOT, entry.path), encoding="utf-8") as file:
            assert entry.code in file.read(), entry
