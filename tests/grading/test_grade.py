"""Grading from submission to report, on the toy lab."""

import collections
import dataclasses
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import toy
from grading import build, cli, console, effort, elf, machine, tree, unit
from grading.grade import cache
from grading.verdict import GuestTimeout

WRONG = """#include "lib/crc32c.h"
uint32_t
crc32c(uint32_t crc UNUSED, const void *bytes UNUSED, size_t n UNUSED)
{
    return 0;
}
"""


def test_trunk_scores_all(tmp):
    toy.needs_sandbox(harness)
    report = toy.graded("trunk", out=tmp)
    assert report["status"] == "graded", report
    assert report["score"] == report["max_score"] == 7, toy.verdicts(report)
    with open(os.path.join(tmp, "report.json"), encoding="utf-8") as file:
        assert json.load(file) == report
    with open(os.path.join(tmp, "tests.jsonl"), encoding="utf-8") as file:
        parts = [json.loads(line) for line in file]
    assert sorted(p["name"] for p in parts) == sorted(toy.verdicts(report))


def test_starter_scores_nothing_and_says_why():
    toy.needs_sandbox(harness)
    report = toy.graded("stub")
    assert report["score"] == 0
    assert set(toy.verdicts(report).values()) == {"crash"}, report
    for part in report["tests"]:
        assert part["message"] == "crc32c is not written yet", part
        assert any("crc32c" in frame for frame in part["backtrace"]), part


def test_terminal_says_once_what_is_missing(tmp):
    """What waits for one function is one line; no line is over 80 columns but commands,
    which are whole; and the firmware's page is left out."""
    missing = {"message": "crc32c is not written yet", "status": "crash", "points": 2,
               "score": 0, "step": "", "title": "It sums"}  # fmt: skip
    wrong = {**missing,
             "message": "what the function that this is about has said differs " * 3,
             "contract": "The sum. " * 20, "expected": "", "seen": "", "hint": "h", "section": "",
             "backtrace": [], "blames": "", "replay": "", "repeat": "again " * 30,
             "console": console.last_lines("Boot HART MEDELEG : 1\r\nours\r\n")}  # fmt: skip
    report = {"lab": {"number": 90, "title": "A toy"}, "score": 0, "max_score": 8, "seed": 1,
              "status": "graded", "notes": [], "build": {"ok": True},
              "steps": [{"number": 0, "name": "", "title": "Sums", "score": 0, "points": 8}],
              "tests": [{**missing, "name": n} for n in ("one", "two", "three")]
              + [{**wrong, "name": "four"}, {**wrong, "name": "five"}]}  # fmt: skip
    stream = io.StringIO()
    cli.Terminal(stream).summary(report)
    lines = stream.getvalue().splitlines()
    assert lines.count("crash: four") == 1 and "crash: five" not in lines
    assert "  likewise: five" in lines
    assert "crc32c is not written yet: 6 points wait for it" in lines, lines
    assert sum("crc32c" in line for line in lines) == 1
    assert ("again " * 30).strip() in stream.getvalue()
    assert all(len(line) <= 80 for line in lines if "again again" not in line)
    assert lines[:2] == ["Sums", f"crash    {'It sums':63}     0/2"], lines
    assert lines[-2] == "  Sums    0 of 8", lines
    assert "ours" in stream.getvalue() and "Boot HART" not in stream.getvalue()


def test_step_is_graded(tmp):
    """The name of a step stands for its tests; what is neither is refused."""
    toy.needs_sandbox(harness)
    report = toy.graded("stub", names=[toy.lab().steps[0].name])
    assert len(report["tests"]) > 1, report
    try:
        toy.graded("stub", names=["no_such"])
    except LookupError as error:
        assert "no test and no step no_such" in str(error)
    else:
        raise AssertionError("graded a test that is not there")


def test_starter_holds_nothing_of_the_trunk():
    """No file that a submission is built beside has the solution in it."""
    toy.needs_sandbox(harness)
    base = build.starter(toy.ROOT, toy.lab(), cache(toy.ROOT)).ready()
    inner = b"build_table"  # a static function of the solution's
    assert inner.decode() in toy.solution()
    found = []
    for folder in (base.build, base.under.build):
        for at, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(at, name), "rb") as file:
                    if inner in file.read():
                        found.append(os.path.relpath(at, folder))
        if folder == base.build:
            assert found == []
    assert "host" in found, "the name is not what is to be looked for"


def test_only_what_was_handed_in_is_compiled(tmp):
    """What the starter compiled to serves a submission, but for its own files."""
    toy.needs_sandbox(harness)
    os.chmod(tmp, 0o755)
    base = build.starter(toy.ROOT, toy.lab(), cache(toy.ROOT)).ready()
    built = build.submission(base, {toy.HOLE: toy.solution().encode()}, tmp)
    assert built.ok, built.errors
    compiled = []
    for at, _, names in os.walk(os.path.join(built.folder, "obj", "kernel")):
        for path in (os.path.join(at, name) for name in names if name.endswith(".o")):
            kept = os.path.join(base.build, os.path.relpath(path, built.folder))
            if int(os.path.getmtime(path)) != int(os.path.getmtime(kept)):
                compiled.append(os.path.relpath(path, built.folder))
    assert compiled == [f"obj/{toy.HOLE[:-2]}.o"], compiled


def test_tests_are_compiled_once(tmp):
    """For all submissions; and nobody else may look at what they compile to."""
    toy.needs_sandbox(harness)
    os.chmod(tmp, 0o755)
    base = build.starter(toy.ROOT, toy.lab(), cache(toy.ROOT)).ready()
    built = build.submission(base, {toy.HOLE: toy.solution().encode()}, tmp)
    tests = os.path.join(tmp, "tests")
    shutil.copytree(os.path.join(toy.ROOT, toy.lab().folder, "tests"), tests)
    with open(os.path.join(tests, "guest", "sums.c"), "a", encoding="ascii") as file:
        file.write(f"/* hidden {secrets.token_hex()} */\n")
    tree.age(tests)
    with mock.patch.object(build, "run", wraps=build.run) as runs:
        for number in (1, 2):
            linked = build.graders(base, built, tests, f"{tmp}/{number}")
            assert linked.ok and os.path.isfile(f"{linked.folder}/grade/sums.elf"), linked
    assert [one.kwargs["wanted"] for one in runs.mock_calls] == ["obj/grade", "grade", "grade"]
    made = runs.mock_calls[-1].kwargs["made"]
    again = build.run(base.source, f"{tmp}/again", ["graders"], base=built.folder, tests=tests,
                      made=made, wanted="obj/grade")  # fmt: skip
    assert again.ok, again.errors
    for name in ("guest/sums.o", "grade.o", "user/copy.o"):
        times = [os.path.getmtime(f"{at}/obj/grade/{name}") for at in (made, again.folder)]
        assert times[0] == times[1], (name, times)
    kept = [e for e in os.scandir(base.folder) if e.name.startswith("tests-")]
    assert 0 < len(kept) <= build.TESTS_KEPT
    assert all(one.stat().st_mode & 0o777 == 0o700 and one.stat().st_uid == os.getuid()
               for one in kept)  # fmt: skip


def test_sandbox_that_fails_is_no_build_that_fails(tmp):
    """Where the sandbox cannot come to its files, nobody's code is to blame."""
    toy.needs_sandbox(harness)
    if os.getuid() != 0:
        raise harness.Skip("only root's folders are out of the sandbox's reach")
    closed = os.path.join(tmp, "closed")
    os.mkdir(closed, 0o700)
    with mock.patch.object(tempfile, "tempdir", closed):
        report = toy.graded("trunk", names=["sum_of_nothing"])
    assert report["status"] == "infra", report
    assert toy.verdicts(report) == {"sum_of_nothing": "infra"}


def test_wrong_answer_is_shown(tmp):
    toy.needs_sandbox(harness)
    report = toy.graded(toy.submission(tmp, WRONG))
    seen = toy.verdicts(report)
    assert seen["sum_of_random_bytes"] == "fail", report
    assert seen["sum_of_nothing"] == "pass", "0 is the sum of nothing"
    part = report["tests"][0]
    assert part["seen"] == "0" and part["expected"] != "0", part
    assert "--test sum_of_random_bytes" in part["repeat"], part
    assert f"--seed {toy.SEED}" in part["repeat"], part


def test_error_of_the_compiler_is_shown_at_its_line(tmp):
    toy.needs_sandbox(harness)
    report = toy.graded(toy.submission(tmp, WRONG.replace("return 0", "return x")))
    assert report["status"] == "build"
    assert set(toy.verdicts(report).values()) == {"build"}
    assert f"{toy.HOLE}:5:12: error: 'x' undeclared" in report["build"]["output"]


def test_tree_that_does_not_compile(tmp):
    """Who grades a tree of his own is told of his errors; nobody answers for others'."""
    toy.needs_sandbox(harness)
    errors = build.Built(tmp, False, "kernel/main.c:1:1: error: expected ';'")
    cached = mock.patch.dict(os.environ, UMBRA_GRADING_CACHE=os.path.join(tmp, "cache"))
    with cached, mock.patch.object(build, "run", return_value=errors):
        own, others = toy.graded("trunk"), toy.graded(toy.submission(tmp, WRONG))
    assert own["status"] == "build" and errors.errors in own["build"]["output"], own
    assert set(toy.verdicts(own).values()) == {"build"}, own
    assert others["status"] == "infra", others


def test_question_that_kills_costs_only_itself(tmp):
    """A fault in one question, and a hang, leave the others their verdict."""
    toy.needs_sandbox(harness)
    fault = toy.solution().replace(
        "    crc = ~crc;\n", "    if (n == 0)\n        *(volatile int *)8 = 1;\n"
        "    crc = ~crc;\n", 1)  # fmt: skip
    report = toy.graded(
        toy.submission(tmp, fault), out=os.path.join(tmp, "out"),
        names=["sum_of_random_bytes", "sum_of_nothing"],
    )  # fmt: skip
    assert toy.verdicts(report) == {
        "sum_of_random_bytes": "pass",
        "sum_of_nothing": "crash",
    }, report
    part = report["tests"][1]
    assert "store page fault" in part["message"], part
    assert any("sum" in frame for frame in part["backtrace"]), part
    assert panics_again(part["replay"], part["message"].split(": ", 1)[1]), part


def panics_again(command, message):
    """Run a kept machine; return whether its console shows the same panic."""
    words = command.split()
    words[0] = os.path.join(toy.ROOT, words[0])
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)  # fmt: skip
    try:
        for line in process.stdout:
            if f"panic: {message}" in line:
                return True
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return False


def test_counted_kernels_do_not_rest(tmp):
    """In wfi the host's time would be counted as the guest's instructions."""
    kernel = elf.Elf(harness.built("kernel.elf"))
    rest = list(kernel.find(unit.WFI, "_text", "_etext"))
    assert "sched_idle" in {kernel.name(at).split("+")[0] for at in rest}
    ask = unit.Ask("p", "c", b"", machine.Machine(harts=1))
    kernel.patched(f"{tmp}/kernel", unit._restless(kernel, ask))
    patched = elf.Elf(f"{tmp}/kernel")
    assert not list(patched.find(unit.WFI, "_text", "_etext"))
    assert set(rest) <= set(patched.find(unit.NOP, "_text", "_etext"))
    for other in ({"machine": machine.Machine(harts=2)}, {"disks": ("vda",)}):
        assert not unit._restless(kernel, dataclasses.replace(ask, **other)), other


def test_case_that_hangs_is_given_up():
    """So many hangs of a case are enough, in all rounds; other cases are still asked."""
    ask = unit.Ask("p", "hangs", b"", machine.Machine())
    asks = [ask] * 3 + [dataclasses.replace(ask, case="works")] + [ask] * 3
    booted, hung = [], collections.Counter()

    def boot(_elf, batch, _keep):
        booted.append([one.case for one in batch])
        answers = []
        for one in batch:
            answers.append("right" if one.case == "works" else GuestTimeout("long"))
            if one.case == "hangs":
                break
        return answers

    with (mock.patch.object(unit, "_boot", boot), mock.patch.object(unit, "Elf"),
          mock.patch.object(unit, "MOST_HANGS", 4)):  # fmt: skip
        answers = unit.answer_all("", asks, "", hung)
        again = unit.answer_all("", [ask, asks[3]], "", hung)
    assert len(booted) == 5 and booted[4] == ["works"], booted
    assert [str(a)[:9] for a in answers] == ["long"] * 3 + ["right"] + ["long"] + \
        ["not tried"] * 2  # fmt: skip
    assert all(isinstance(a, GuestTimeout) for a in answers if a != "right")
    assert str(again[0]).startswith("not tried") and again[1] == "right"


def test_hang_is_a_timeout(tmp):
    toy.needs_sandbox(harness)
    hang = toy.solution().replace(
        "    crc = ~crc;\n", "    while (n == 0)\n        ;\n    crc = ~crc;\n", 1
    )
    assert hang != toy.solution()
    ran = []  # seconds that the machine was seen to have worked

    def spent(pid, look=effort.spent):
        found = look(pid)
        ran.append(found[0])
        return found

    with mock.patch.object(effort, "spent", spent):
        report = toy.graded(
            toy.submission(tmp, hang), names=["sum_of_random_bytes", "sum_of_nothing"]
        )
    assert toy.verdicts(report) == {
        "sum_of_random_bytes": "pass",
        "sum_of_nothing": "timeout",
    }, report
    # The machine, which is killed in the end, is most of what it cost.
    assert report["core_seconds"] > max(ran) > 0.1, (report["core_seconds"], ran)


def test_seed_repeats_a_run(tmp):
    toy.needs_sandbox(harness)
    where = toy.submission(tmp, WRONG)
    name = ["sum_of_random_bytes"]
    first, again, other = (
        toy.graded(where, names=name, seed=seed)["tests"][0] for seed in (7, 7, 8)
    )
    assert first["expected"] == again["expected"] != other["expected"]
