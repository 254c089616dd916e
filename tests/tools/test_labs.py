"""lab.toml files: those of the tree are right, and what is wrong is found."""

import contextlib
import dataclasses
import importlib.machinery
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

from labs.lib import course as courses  # noqa: E402
from labs.lib import labfile, proofs  # noqa: E402

READING = 1500  # lines that a student must read, at most

GOOD = """title = "A lab"
summary = "What it is about."
holes = ["kernel/x.c"]
minutes = 60
reading = ["kernel/x.h"]
milestone = "it works"

[[steps]]
name = "one"
title = "The first step"
"""


def lab_in(tmp, text, folder="labs/03-trial", stub=False):
    """Write a tree with one lab below tmp; return what load says of it."""
    os.makedirs(os.path.join(tmp, folder, "stub") if stub
                else os.path.join(tmp, folder), exist_ok=True)  # fmt: skip
    os.makedirs(os.path.join(tmp, "kernel"), exist_ok=True)
    for name in ("x.c", "x.h", "y.c"):
        with open(os.path.join(tmp, "kernel", name), "w", encoding="utf-8"):
            pass
    with open(os.path.join(tmp, folder, "lab.toml"), "w", encoding="utf-8") as file:
        file.write(text)
    try:
        return labfile.load(folder, tmp)
    except labfile.LabError as error:
        return str(error)


def test_all_load():
    """Every lab.toml is right, and asks for no more reading than fits a day."""
    labs = labfile.load_all(ROOT)
    assert [lab.number for lab in labs] == list(range(14))
    for lab in labs:
        lines = 0
        for path in lab.reading:
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                lines += file.read().count("\n")
        assert lines < READING, f"{lab.folder}: {lines} lines to read"
        assert set(lab.needs) <= set(range(14)), lab.folder
        for hole in lab.holes:
            assert not lab.starter or os.path.isfile(
                os.path.join(ROOT, lab.stub(hole))
            ), f"{lab.folder}: no stub for {hole}"


def test_a_good_one(tmp):
    """What a file says, and what it need not say."""
    lab = lab_in(tmp, GOOD)
    assert (lab.number, lab.name, lab.branch) == (3, "trial", "lab/03-trial"), lab
    assert lab.holes == ("kernel/x.c",) and lab.submit == () == lab.needs
    assert lab.steps == (labfile.Step("one", "The first step"),)
    assert lab.starter_score == 0 == lab.limits.instructions


def test_faults_have_lines(tmp):
    """Each fault is reported, with the line where it is."""
    faults = (
        ('title = "A lab"', "title = 7", "1: title is not a str"),
        ('title = "A lab"', 'title = " "', "1: title is empty"),
        ('title = "A lab"\n', "", "1: title is missing"),
        ("minutes = 60", "minutes = 6", "4: minutes is not in 30..3000"),
        ("minutes = 60", "minutes = true", "4: minutes is not a int"),
        ("minutes = 60", "minuets = 60", "4: minuets is no key of a lab.toml's top"),
        ('["kernel/x.c"]', '["kernel/z.c"]', "3: kernel/z.c is not in the tree"),
        ('["kernel/x.c"]', '["../x.c"]', "3: ../x.c is no plain path"),
        ('["kernel/x.c"]', '["kernel/x.h"]', "3: kernel/x.h does not end in .c"),
        ('["kernel/x.c"]', "[7]", "3: holes holds something that is no str"),
        ('["kernel/x.c"]', '["kernel/x.c", "kernel/x.c"]', "3: holes names kernel/x.c twice"),
        ('"it works"', '"it works"\nneeds = [3]', "7: needs names a lab that does not"),
        ('"it works"', '"it works"\nsubmit = ["/etc/passwd"]', "7: /etc/passwd is no plain"),
        ('name = "one"', 'name = "One"', "9: 'One' is no name of a step"),
        ('name = "one"\n', "", "8: name is missing"),
        ('step"', 'step"\n[[steps]]\nname = "one"\ntitle = "t"', "12: one is the name of two"),
        ("minutes = 60", "minutes = ", "4: Invalid value"),
        ("minutes = 60", "minutes = " + "9" * 5000, "11: Exceeds the limit"),
        ("minutes = 60", "minutes = " + "[" * 5000, "1: nested too deep"),
        ("minutes = 60", "minutes = " + "{a = " * 5000, "1: nested too deep"),
        ('"it works"', '"it works', "6: Illegal character"),
    )  # fmt: skip
    for old, new, wanted in faults:
        text = GOOD.replace(old, new, 1)
        assert text != GOOD, old
        seen = lab_in(tmp, text)
        assert isinstance(seen, str), new
        assert f"labs/03-trial/lab.toml:{wanted}" in seen, (wanted, seen)


def test_steps_are_tables(tmp):
    """Steps of another kind are a fault like others."""
    top = GOOD[: GOOD.index("[[steps]]")]
    for value in ("[1]", "[[1]]", "['x']"):
        seen = lab_in(tmp, top + f"steps = {value}\n")
        assert "lab.toml:8: steps is no row of tables" in seen, seen


def test_a_stub_needs_its_line(tmp):
    """A lab with a stub says where its starter ends."""
    seen = lab_in(tmp, GOOD, stub=True)
    assert "starter, the line that the stub ends at, is missing" in seen, seen


def test_a_hole_of_two(tmp):
    """No file is a hole of two labs, and no number that of two."""
    assert lab_in(tmp, GOOD).number == 3
    lab_in(tmp, GOOD, "labs/04-other")
    try:
        labfile.load_all(tmp)
    except labfile.LabError as error:
        assert "kernel/x.c is a hole of labs/03-trial, too" in str(error)
    else:
        raise AssertionError("both have it")
    lab_in(tmp, GOOD.replace("kernel/x.c", "kernel/y.c"), "labs/04-other")
    lab_in(tmp, GOOD.replace('["kernel/x.c"]', "[]"), "labs/04-another")
    try:
        labfile.load_all(tmp)
    except labfile.LabError as error:
        assert "labs/04-another/lab.toml:1: there are two labs 4" in str(error)
    else:
        raise AssertionError("both are there")


def test_table_of_mutants():
    """What each loses where, and why some live."""
    lab = labfile.load("labs/07-virtqueue", ROOT)
    mutants = proofs.mutants(ROOT, lab)
    known = dataclasses.replace(mutants[1], lives="QEMU does not reorder.")
    text = proofs.mutation_table([
        proofs.Trial(lab, mutants[0], {"a_test": 2, "another": 1}, 9),
        proofs.Trial(lab, known, {}, 4, known.lives),
    ])  # fmt: skip
    assert "1 of 2 mutants lose points" in text
    assert f"| 7 | {mutants[0].name} | " in text
    assert "| 3 of 9 | `a_test`, `another` |" in text and "| 0 of 4 | lives |" in text
    assert f"- lab 7, {known.name}: QEMU does not reorder." in text


def removed(patch):
    """Return [(file, the lines that a hunk has to find there)] of a patch."""
    found, path, hunk = [], None, None
    for line in patch.splitlines():
        if line.startswith("+++ b/"):
            path = line[6:]
        elif line.startswith("@@ "):
            hunk = []
            found.append((path, hunk))
        elif line.startswith("--- a/"):
            hunk = None
        elif hunk is not None and line[:1] in (" ", "-"):
            hunk.append(line[1:])
    return found


def test_mutants_fit():
    """Every mistake is one in the tree as it is: what it changes is there."""
    count = 0
    for lab in labfile.load_all(ROOT):
        for mutant in proofs.mutants(ROOT, lab):
            for path, lines in removed(mutant.patch):
                with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                    assert "\n".join(lines) in file.read(), (lab.folder, mutant.name, path)
                count += 1
    assert count > 500, count


def test_mutant_may_say_why_it_lives(tmp):
    folder = os.path.join(tmp, "labs", "07-virtqueue", "mutants")
    os.makedirs(folder)
    with open(f"{folder}/01-x.patch", "w", encoding="utf-8") as file:
        file.write("No fence.\nblames: f, g\nlives: One hart.\n\n--- a/x.c\n")
    (mutant,) = proofs.mutants(tmp, labfile.load("labs/07-virtqueue", ROOT))
    assert (mutant.about, mutant.lives) == ("No fence.", "One hart.")
    assert mutant.blames == {"f", "g"}


def test_solutions_belong_to_labs():
    """Every other solution is one of a lab's holes, and says what its idea is."""
    labs = labfile.load_all(ROOT)
    folders = set(os.listdir(os.path.join(ROOT, proofs.SOLUTIONS)))
    assert folders <= {os.path.basename(lab.folder) for lab in labs}, folders
    for lab in labs:
        for solution in proofs.solutions(ROOT, lab):
            for path, idea in solution.ideas.items():
                assert len(idea) > proofs.TELLING, (solution.folder, path)
                with open(os.path.join(solution.folder, path), encoding="utf-8") as file:
                    assert "LAB_TODO" not in file.read(), (solution.folder, path)


def test_solution_is_refused(tmp):
    """What is no hole, or does not say its idea, is no solution."""
    lab = labfile.load("labs/07-virtqueue", ROOT)
    folder = os.path.join(tmp, proofs.SOLUTIONS, "07-virtqueue", "other")
    for path, text, wanted in (
        ("kernel/virtio/virtq.h", "/* Its idea. */", "is no hole"),
        (lab.holes[0], '#include "virtio/driver.h"', "does not begin with its idea"),
        (lab.holes[0], "/* Its\n * idea. */", None),
    ):
        file = os.path.join(folder, path)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "w", encoding="utf-8") as out:
            out.write(text)
        try:
            (found,) = proofs.solutions(tmp, lab)
        except proofs.Wrong as error:
            assert wanted and wanted in str(error), error
            os.unlink(file)
        else:
            assert not wanted and found.ideas == {lab.holes[0]: "Its idea."}, found


def test_grade_of_a_lab_that_asks():
    """The trunk has no answers to lab 0, and that is said in a line."""
    done = subprocess.run([os.path.join(ROOT, "grading", "grade"), "--lab", "0"], text=True,
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    assert done.returncode == 2 and done.stdout.count("\n") == 1, done.stdout
    assert "no holes" in done.stdout and "answers.txt" in done.stdout, done.stdout


def test_hint(tmp):
    """It is about what was graded last; then about the first that did not pass."""
    def report(folder, seconds, **statuses):
        tests = [{"name": name, "status": status, "title": name, "message": "", "blames": "f",
                  "hint": "", "section": ""} for name, status in statuses.items()]  # fmt: skip
        path = os.path.join(tmp, "graded", folder, "report.json")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"tests": tests}, file)
        os.utime(path, (seconds, seconds))

    def hint(*words):
        tool = os.path.join(ROOT, "labs", "common", "tools", "hint")
        done = subprocess.run([tool, "07-virtqueue", tmp, *words], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        return done.stdout.splitlines()[0]

    assert "nothing was graded" in hint()
    report("c", 1, c="fail")
    assert hint() == "c (c, fail)"
    report("", 2, a="pass", b="fail", c="fail")
    assert hint() == "b (b, fail)"
    report("c", 3, c="fail")
    assert hint() == "c (c, fail)" and hint("a") == "a (a, pass)"
    report("c", 4, c="pass")
    assert hint() == "b (b, fail)" and hint("d") == "hint: d was not graded yet; make grade T=d"
    report("b", 5, b="pass")
    assert "All that was graded last passes" in hint()


def test_starters_want_a_disk(tmp):
    """What they boot from is built; if that fails, labs/check says so."""
    for name in ("docs", "grading", "kernel", "labs", "mkfs", "tests", "tools", "user"):
        os.symlink(os.path.join(ROOT, name), os.path.join(tmp, name))
    maker = os.path.join(tmp, "bin", "make")
    os.mkdir(os.path.dirname(maker))
    with open(maker, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\necho no compiler, says $PWD\nexit 2\n")
    os.chmod(maker, 0o755)
    path = f"{os.path.dirname(maker)}:{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, os.path.join(tmp, "labs", "check"), "3", "stub"],
        capture_output=True, text=True, check=False, env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert done.returncode == 1, done
    assert f"make all build/test.img\nno compiler, says {tmp}" in done.stderr, done


def test_proofs_in_processes(tmp):
    """A proof that fails is told, one whose process dies as well; nothing is left."""
    path = os.path.join(ROOT, "labs", "check")
    loader = importlib.machinery.SourceFileLoader("labs_check", path)
    check = importlib.util.module_from_spec(importlib.util.spec_from_loader("labs_check", loader))
    loader.exec_module(check)

    def wrong():
        raise proofs.Wrong("it is not so")

    def dies():
        os.write(1, b"what was said last")
        os._exit(0)

    def leaves():
        return os.path.dirname(tempfile.mkdtemp())

    board = check.Board(tmp)
    board.add("one", [check.proof("right", leaves), check.proof("wrong", wrong)])
    board.add("two", [dies])
    lines = io.StringIO()
    with contextlib.redirect_stdout(lines):
        board.run(2)
    said = sorted(re.sub(r"  [0-9.]+s$", "", s) for s in lines.getvalue().splitlines() if s)
    assert board.wrong == 2, said
    assert said == ["FAIL two: what was said last", "FAIL wrong: it is not so",
                    f"ok   right: {tmp}/0"], said  # fmt: skip


def test_folders_keep_their_age(tmp):
    """A folder's time tells make that a file has come, and nothing else."""
    folder, old = os.path.join(tmp, "kernel"), 10**18
    courses.write({"kernel/x.c": courses.File(b"one")}, tmp)
    for path, content, kept in (("kernel/x.c", b"two", True), ("kernel/y.c", b"", False)):
        os.utime(folder, ns=(old, old))
        courses.write({path: courses.File(content)}, tmp)
        assert (os.stat(folder).st_mtime_ns == old) == kept, path
        with open(os.path.join(tmp, path), "rb") as file:
            assert file.read() == content
