"""What operations cost, in guest instructions, which no host's load changes: no row is
more than 2 % worse than bench/baseline.json, or beyond bench/goals.json. And which of them
several harts make at once without waiting for each other."""

import os
import re
import sys

import harness
from harness import Skip

FEW = 50  # waits for a lock, of a thousand operations


def bench():
    """Return tools/bench as a module."""
    return harness.script("tools/bench")


def test_rows():
    """Each row is as good as its baseline; one that is better ought to become it."""
    tool = bench()
    baseline = tool.read_json(tool.BASELINE, None)
    used = tool.compiler(harness.BUILD)
    if baseline["compiler"] != used:
        raise Skip(f"the baseline is {baseline['compiler']}'s, this is {used}'s")
    rows = tool.measure_sizes(harness) | tool.measure_guest(harness)
    rows |= tool.measure_entry(harness)
    goals = tool.read_json(tool.GOALS, None)
    missing = [name for name in goals if name not in rows]
    assert not missing, f"not measured: {missing}"
    # How often the disk interrupts a boot depends on the host: that row has a goal only.
    known = {name: row for name, row in baseline["rows"].items() if name != "entry_to_init"}
    verdicts = tool.judge(rows, known, goals).values()
    for verdict, text in verdicts:
        if verdict == "better":
            print(f"make bench SAVE=1 is due: {text}", file=sys.stderr)
    worse = [text for verdict, text in verdicts if verdict != "better"]
    assert not worse, "\n".join(worse)


def test_judgement():
    """More than 2 % either way is said, by name, and so is a goal that is missed."""
    judge = bench().judge
    rows = {"a": (102.0, "instructions"), "b": (103.0, "instructions"),
            "c": (97.0, "bytes"), "d": (500.0, "ns"), "e": (100.0, "bytes")}  # fmt: skip
    baseline = {name: {"value": 100.0} for name in rows}
    said = judge(rows, baseline, {"a": 102, "d": 1, "e": 99})
    assert {name: verdict for name, (verdict, _) in said.items()} == {
        "b": "worse", "c": "better", "e": "beyond"}  # fmt: skip
    assert said["b"][1] == "b: was 100, is 103 instructions, +3.0 %"
    assert said["e"][1] == "e: 100 bytes, its goal is 99"
    assert judge(rows, {}, {}) == {}


def test_counted_outside(tmp):
    """On one hart the plugin counts what the machine does, and no hart that is idle; one
    percent is for blocks of instructions that a page fault ends before their end."""
    if not harness.has_plugins():
        raise Skip("this QEMU takes no plugins")
    counts = os.path.join(tmp, "counts")
    plugin = ("-plugin", f"{harness.built('host/count.so')},out={counts}")
    status, output = harness.run_program(
        "/tests/marked", harts=1, extra=(*bench().ICOUNT, *plugin), bootargs="quiet"
    )
    assert status == 0, harness.printable(output)[-1500:]
    inside = [int(count) for count in re.findall(r"^(\d+) instructions", output, re.M)]
    with open(counts, encoding="ascii") as file:
        outside = [int(line) for line in file]
    assert len(inside) == len(outside) == 4, (inside, outside)
    for one, other in zip(inside, outside):
        assert one <= other <= 1.01 * one, (inside, outside)
    assert outside[0] - inside[0] < 20, "a loop that nothing interrupts is counted exactly"


def test_counted_by_hart(tmp):
    """On two harts each has a count of its own, and a call takes what it does on one: in
    the best of three runs, for a host that lets one hart stand still has others spin."""
    if not harness.has_plugins():
        raise Skip("this QEMU takes no plugins")
    counts, row = os.path.join(tmp, "counts"), "getpid_{}_instructions"
    one = bench().run_scaling(harness, 1, counts)[row.format(1)][0]
    two = [bench().run_scaling(harness, 2, counts)[row.format(2)][0] for _ in range(3)]
    with open(counts, encoding="ascii") as file:
        harts = [[int(count) for count in line.split()] for line in file]
    assert all(len(line) == 2 and max(line) > 0 for line in harts), harts
    assert 0.99 * one <= min(two) < 1.2 * one, (one, two)


def test_no_common_lock():
    """Processes that use nothing together wait for no lock of each other's."""
    status, output = harness.run_program("/tests/scaling", harts=4, bootargs="quiet")
    assert status == 0, harness.printable(output)[-1500:]
    waits = {name: int(count) for name, count in re.findall(r"^(\w+)_4_waits (\d+) ", output, re.M)}
    assert waits["fsync"] > 0, waits  # they are counted: there is one journal
    for name in ("getpid", "read_files", "pipes"):
        assert waits[name] < FEW, waits
