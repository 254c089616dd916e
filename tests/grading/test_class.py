"""A class's run: killed and resumed, and what it tells."""

import html.parser
import json
import os
import signal
import subprocess
import sys
import tempfile
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import test_formats
import toy
from grading import classcli, classpage, classroom, gradebook, similar, workers

TESTS = ("sum_of_random_bytes", "sum_of_nothing")


def test_killed_run_goes_on_to_the_same_gradebook(tmp):
    """Eight submissions, one of each kind; make class-check has two hundred."""
    toy.needs_sandbox(harness)
    os.chmod(tmp, 0o755)
    words = [f"--test={name}" for name in TESTS]
    done = subprocess.run(
        [os.path.join(toy.ROOT, "tests", "class-check"), "--count=8", "--kills=2",
         *words, os.path.join(tmp, "check")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "same gradebook" in done.stdout
    out = os.path.join(tmp, "check", "whole")
    book = classroom.read(f"{out}/gradebook.json")
    assert test_formats.validate(book, "gradebook.json") == ""
    assert sum(one["status"] == "graded" for one in book["submissions"]) >= 4, book
    with open(f"{out}/class.html", encoding="utf-8") as file:
        assert "8 submissions" in file.read()
    for name in os.listdir(f"{out}/students"):
        with open(f"{out}/students/{name}/report.json", encoding="utf-8") as file:
            text = file.read()
        assert test_formats.validate(json.loads(text), "report.json") == "", name
        assert tmp not in text, f"{name} is told where the grader keeps its files"
    assert os.path.isfile(f"{out}/moodle.csv")


def test_what_a_killed_run_has_left_goes(tmp):
    """Also if it was killed when all was graded, and there is nothing more to do."""
    os.chmod(tmp, 0o755)
    run = classroom.Class(toy.ROOT, toy.lab(), tmp, f"{tmp}/out", 1)
    classroom.write(run.piece("d"), "{}")
    with mock.patch.object(tempfile, "tempdir", f"{tmp}/t"):
        os.mkdir(f"{tmp}/t", 0o755)
        os.mkdir(os.path.join(run.scratch("task0"), "half"))
        plan = {"students": [{"name": "ann", "entry": "ann", "digest": "d"}]}
        classroom.work(run, plan, 1, classroom.Progress())
    assert os.listdir(f"{tmp}/t") == []


def report(name, verdicts, seconds=1.0):
    """Return (student, report) with these verdicts of tests t0, t1, ..."""
    tests = [test_formats.part(f"t{n}", verdict) for n, verdict in enumerate(verdicts)]
    made = {**test_formats.sample(), "tests": tests, "core_seconds": seconds,
            "score": sum(t["score"] for t in tests)}  # fmt: skip
    return {"name": name, "entry": name, "digest": name[:1], "notes": []}, made


def told():
    """Return a small class; one of its names is hostile."""
    return [
        report('<script>"x"</script>', ["pass", "fail"]),
        report("=1+1", ["pass", "pass"], 9.0), report("=twin", ["pass", "pass"], 9.0),
    ]  # fmt: skip


class Run:
    """As much of a Class as a gradebook needs."""

    lab, seed = toy.lab(), 3


def test_gradebook_holds_names_that_are_formulas():
    made = gradebook.book(Run, told())
    assert test_formats.validate(made, "gradebook.json") == ""
    lines = gradebook.as_csv(made).splitlines()
    assert lines[0] == "name,status,score,max_score,same_as,t0,t1"
    assert lines[2] == "'=1+1,graded,4,4,,2,2", lines
    assert lines[3] == "'=twin,graded,4,4,'=1+1,2,2", lines


def test_platforms_get_the_grades_of_their_submissions():
    canvas, moodle = "doeann_LATE_123_4567_work", "Ann Doe_77_assignsubmission_file_"
    made = gradebook.book(Run, [report(n, ["pass"]) for n in (canvas, moodle)])
    files = gradebook.for_platforms(made)
    assert files["canvas.csv"].splitlines()[1] == "doeann,123,,,2"
    assert files["moodle.csv"].splitlines()[1] == "Participant 77,Ann Doe,2"
    made["submissions"][0]["status"] = "infra"
    assert list(gradebook.for_platforms(made)) == ["moodle.csv"], "trouble is no grade"


def test_page_of_a_class():
    made = gradebook.book(Run, told())
    pair = {"left": "=1+1", "right": '<script>"x"</script>', "similarity": 0.9, "longest": 7}
    page = classpage.render(made, told(), [pair], "compared")
    tags = test_formats.Tags()
    tags.feed(page)
    assert not tags.open and "script" not in tags.seen
    assert "2 different ones took\n10 core-seconds" in page, page
    assert "100 % (3)" in page and "67 % (2)" in page
    assert "students/%3Cscript%3E%22x%22%3C/script%3E/" not in page, "a path inside a name"
    assert "90 %" in page


def test_names_of_entries(tmp):
    for name in ("ann.zip", "bob", "bob.tar.gz", ".hidden", "Cäsar x.TGZ", "d.c"):
        with open(os.path.join(tmp, name), "w", encoding="ascii"):
            pass
    assert classroom.entries(tmp) == {
        "ann": "ann.zip", "bob": "bob", "bob.tar.gz": "bob.tar.gz", "Cäsar x":
        "Cäsar x.TGZ", "d.c": "d.c"}  # fmt: skip


def test_time_that_is_left_is_guessed_from_this_run():
    now = 100.0
    progress = classcli.Display(open(os.devnull, "w", encoding="ascii"), lambda: now)
    progress.working(10, 4)
    assert progress.left() is None
    now = 130.0
    for _ in range(3):
        progress.graded("d", {"score": 1, "max_score": 2}, 5.0)
    assert progress.left() == 30.0
    progress.graded("d", None, 5.0)
    assert progress.left() == 30.0, "what made trouble is still to be done"
    progress.stream.close()


def test_job_is_ended_at_its_limit_and_with_its_starter(tmp):
    """A job that hangs costs its limit, one that crashes nothing; the others end."""
    ends = {}
    jobs = [
        workers.Job("hangs", signal.pause, limit=0.3),
        workers.Job("crashes", lambda: os.kill(os.getpid(), signal.SIGSEGV)),
        workers.Job("raises", lambda: 1 // 0, log=f"{tmp}/log"),
        workers.Job("ends", lambda: None),
    ]
    workers.run(jobs, 2, lambda job, ok, seconds: ends.update({job.name: ok}))
    assert ends == {"hangs": False, "crashes": False, "raises": False, "ends": True}
    with open(f"{tmp}/log", encoding="utf-8") as file:
        assert "ZeroDivisionError" in file.read()


def test_run_of_something_else_is_refused(tmp):
    toy.needs_sandbox(harness)
    os.chmod(tmp, 0o755)
    os.makedirs(f"{tmp}/subs/ann")
    command = [os.path.join(toy.ROOT, "grading", "class"), "--lab", "tests/grading/90-toy",
               f"{tmp}/subs", "--out", f"{tmp}/out", "--plan", "--seed"]  # fmt: skip
    for seed, status in (("1", 0), ("1", 0), ("2", 2)):
        done = subprocess.run([*command, seed], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
    assert "holds grades of another lab, seed" in done.stderr


def test_alike_but_for_names_is_found():
    """Dolos finds a renamed copy, and not what starter and solution have."""
    own = "int f%d(int a) { int s = 0; for (int i = 0; i < a; i++) { %s } return s; }\n"
    steps = ["if (i & 3) s += i * 7;", "while (s > 9) s -= 4;", "s ^= a << 2; s = s ? s : i;",
             "switch (s) { case 1: s++; break; default: s--; }", "do s += g[i]; while (s < a);"]  # fmt: skip
    work = "".join(own % (n, " ".join(steps[n:] + steps[:n])) for n in range(5))
    other = "".join(own % (n, " ".join(steps[::-1][n:] + [steps[n]] * 3)) for n in range(5))
    copy = work.replace("s", "sum").replace(";", ";  /* mine */")
    copy = copy.replace("sumwitch", "switch").replace("casume", "case")
    files = {n: {"a.c": t.encode()} for n, t in (("ann", work), ("bob", copy), ("eve", other))}
    found, note = similar.pairs(toy.ROOT, files, [])
    if not similar.tool(toy.ROOT):
        assert not found and "tools/setup similar" in note
        raise harness.Skip("Dolos is not installed (tools/setup similar)")
    assert [(p["left"], p["right"]) for p in found][:1] == [("ann", "bob")], (found, note)
    assert found[0]["similarity"] > 0.9, found
    assert similar.pairs(toy.ROOT, files, [{"a.c": work.encode()}])[0] == []
