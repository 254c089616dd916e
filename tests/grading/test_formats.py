"""Every format of report against its schema, with a hostile student's text."""

import csv
import html.parser
import io
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import toy
from grading import console, formats

SCHEMAS = os.path.join(toy.ROOT, "grading", "schema")
HOSTILE = console.escape(
    "<script>alert(1)</script> ]]> </pre> & \"'\n::error::x\n  ::set-output name=a::b\n"
    "```\n````\n# title\nnot ok 9 - x\n1..0\n=cmd()\n##[error]\x1b[2J\x07\0\ufffe\u2028| a"
)


def part(name, status, points=2, **more):
    """Return a test's part of a report."""
    made = {
        "name": name, "title": f"Test {name} | of <things> #1", "step": "first",
        "section": "reading", "blames": "crc32c", "evidence": ["answers"],
        "hidden": False, "points": points, "score": points if status == "pass" else 0,
        "contract": "", "status": status, "seconds": 0.25, "message": "", "expected": None,
        "seen": None, "hint": "", "console": "", "backtrace": [], "repeat": "again",
        "replay": "",
    }  # fmt: skip
    return {**made, **more}


def sample():
    """Return a report with a test of each status and hostile text everywhere."""
    bad = {"message": HOSTILE, "expected": HOSTILE, "seen": HOSTILE,
           "console": HOSTILE, "backtrace": ["a+0x1", "b"], "hint": "Look.",
           "contract": HOSTILE}  # fmt: skip
    tests = [
        part("good", "pass"), part("bad", "fail", **bad), part("dead", "crash", **bad),
        part("slow", "timeout", hidden=True, **bad),
        part("left", "skipped", message="no disk"),
        part("ours", "infra", step="second", **bad),
    ]  # fmt: skip
    return {
        "schema": "umbra-grade/1",
        "lab": {"number": 7, "name": "virtqueue", "title": "Virtqueues"},
        "status": "graded", "score": 2, "max_score": 12,
        "submission": {"name": "x.zip"}, "files": {"kernel/a.c": "0" * 64},
        "seed": 5, "notes": [HOSTILE], "seconds": 3.5,
        "build": {"ok": True, "output": HOSTILE, "seconds": 1.0}, "tests": tests,
        "steps": [
            {"number": 1, "name": "first", "title": "Sums | of <things> &", "score": 2, "points": 10},
            {"number": 3, "name": "second", "title": "Rings", "score": 0, "points": 2}],
    }  # fmt: skip


def validate(document, schema):
    """Hold a JSON document to a schema; return what is wrong with it."""
    code = (
        "import json, sys, jsonschema\n"
        "schema, document = json.load(sys.stdin)\n"
        "jsonschema.Draft202012Validator.check_schema(schema)\n"
        "for e in jsonschema.Draft202012Validator(schema).iter_errors(document):\n"
        "    print(e.json_path, e.message[:200])\n"
    )
    with open(os.path.join(SCHEMAS, schema), encoding="utf-8") as file:
        both = json.dumps([json.load(file), document])
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([python, "-c", code], input=both, text=True,
                              capture_output=True, check=False)  # fmt: skip
        if done.returncode == 0:
            return done.stdout
        if "No module named 'jsonschema'" not in done.stderr:
            return done.stderr
    raise harness.Skip("python3-jsonschema is not installed")


def text_of(name):
    """Return the sample in a format."""
    return formats.render(name, sample())[1]


def test_native(tmp):
    assert validate(sample(), "report.json") == ""
    broken = sample()
    broken["tests"][0]["status"] = "passed"
    assert "passed" in validate(broken, "report.json")
    toy.needs_sandbox(harness)
    report = toy.graded("stub", names=["sum_of_nothing"])
    assert validate(report, "report.json") == ""
    report = toy.graded(os.path.join(tmp, "nothing"))
    assert validate(report, "report.json") == ""


def test_json_formats():
    for name in ("gradescope", "prairielearn", "classroom50"):
        assert validate(json.loads(text_of(name)), f"{name}.json") == "", name
    last = text_of("autolab").splitlines()[-1]
    assert validate(json.loads(last), "autolab.json") == ""
    made = json.loads(text_of("gradescope"))
    assert made["score"] == sum(t["score"] for t in made["tests"]) == 2
    assert [t["visibility"] for t in made["tests"]].count("after_published") == 1


def test_prairielearn_stays_small():
    large = sample()
    large["tests"] = [part(f"t{n}", "fail", message="x" * 4000) for n in range(900)]
    text = formats.render("prairielearn", large)[1]
    assert len(text) <= 1_000_000
    assert validate(json.loads(text), "prairielearn.json") == ""


def test_junit():
    top = xml.fromstring(text_of("junit"))
    suite = top.find("testsuite")
    cases = suite.findall("testcase")
    assert suite.get("tests") == str(len(cases)) == "6"
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "3", "1", "1")  # fmt: skip
    assert len(suite.findall("testcase/failure")) == 3
    points = [p.get("value") for p in suite.iter("property") if p.get("name") == "points"]
    assert points == ["2"] * 6


def test_tap_is_read_by_prove(tmp):
    lines = text_of("tap").splitlines()
    assert lines[:2] == ["TAP version 14", "1..6"]
    results = [line for line in lines if re.match(r"(not )?ok \d", line)]
    assert [r.split(" - ")[0] for r in results] == [
        "ok 1", "not ok 2", "not ok 3", "not ok 4", "ok 5", "not ok 6"]  # fmt: skip
    if not shutil.which("prove"):
        raise harness.Skip("prove is not installed")
    path = os.path.join(tmp, "report.tap")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text_of("tap").replace("TAP version 14", "TAP version 13"))
    done = subprocess.run(["prove", "--exec", "cat", path], capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert "Failed 4/6 subtests" in done.stdout, done.stdout
    assert "Failed tests:  2-4, 6" in done.stdout, done.stdout
    assert "Parse errors" not in done.stdout, done.stdout


def test_csv():
    rows = list(csv.reader(io.StringIO(text_of("table"))))
    assert len(rows) == 7 and all(len(row) == len(rows[0]) for row in rows)
    assert sum(int(row[rows[0].index("score")]) for row in rows[1:]) == 2
    formula = sample()
    formula["tests"][0]["message"] = "=HYPERLINK(1)"
    assert "'=HYPERLINK" in formats.render("table", formula)[1]


class Tags(html.parser.HTMLParser):
    """Notes the tags of a page, and that each is closed where it should be."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_holds_no_markup_of_a_students():
    tags = Tags()
    tags.feed(text_of("page"))
    assert not tags.open and "script" not in tags.seen
    assert "&lt;script&gt;" in text_of("page")


def test_summary_cannot_be_broken_out_of():
    lines = text_of("summary").splitlines()
    fence = None
    for line in lines:
        if fence is None and re.match(r"`{3,}text$", line):
            fence = line[: -len("text")]
        elif fence and line == fence:
            fence = None
        elif fence is None:
            assert "script" not in line and not line.startswith("not ok"), line
    assert fence is None


def test_no_line_commands_a_workflow():
    """GitHub runs "::command::" at a line's start and "##[command]" anywhere."""
    for name in formats.NAMES:
        for line in text_of(name).splitlines():
            assert not line.lstrip().startswith("::"), (name, line)
            assert "##[" not in line, (name, line)


def test_hidden_test_tells_nothing_before_grades_are_published():
    """Not in what a student sees at once; Gradescope shows it with the grades."""
    report = sample()
    told = {n: "kept-back" for n in ("message", "expected", "seen", "hint", "console", "contract")}
    for part_ in report["tests"]:
        part_.update(told, hidden=True, backtrace=["kept-back"])
    for name in formats.NAMES:
        text = formats.render(name, report)[1]
        assert ("kept-back" in text) == (name == "gradescope"), name


def test_steps_are_told_in_order():
    """A line for each step, its points of points, wherever a person reads."""
    for name in ("page", "summary", "tap", "gradescope", "prairielearn", "autolab", "junit"):
        text = text_of(name)
        at = [text.find(f"Step {n}: ") for n in (1, 3)]
        assert -1 < at[0] < at[1], name
        assert re.search(r"Rings.*0( of |/)2", text), name


def test_all_are_written(tmp):
    paths = formats.write_all(sample(), os.path.join(tmp, "out"))
    assert len(paths) == len(formats.NAMES) and all(map(os.path.getsize, paths))
