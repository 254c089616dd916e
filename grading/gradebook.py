"""The gradebook of a class: what each has scored in which test.

It is made of verdicts alone, no times: the same submissions and seed give the
same bytes. grading/schema/gradebook.json describes the JSON.
"""

import csv
import io
import json
import re

from grading.console import escape

SCHEMA = "umbra-gradebook/1"

# What learning platforms call the files that they let an instructor download.
CANVAS = re.compile(r"(?P<name>[^_]+)(_LATE)?_(?P<id>\d+)_\d+_.*", re.IGNORECASE)
MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_\w+?_?")


def book(run, told):
    """Return the gradebook; told: [(student, report)] of the whole class."""
    first = told[0][1]["tests"] if told else []
    owners = {}
    for student, _ in told:
        owners.setdefault(student["digest"], escape(student["name"]))
    return {
        "schema": SCHEMA,
        "lab": {"number": run.lab.number, "name": run.lab.name, "title": run.lab.title},
        "seed": run.seed,
        "max_score": sum(t["points"] for t in first),
        "tests": [{n: t[n] for n in ("name", "title", "points", "hidden")} for t in first],
        "submissions": [
            {
                "name": escape(student["name"]),
                "status": one["status"],
                "score": one["score"],
                "same_as": _same(student, owners),
                "tests": {t["name"]: t["status"] for t in one["tests"]},
            }
            for student, one in told
        ],
    }  # fmt: skip


def _same(student, owners):
    """Return who handed in exactly the same files before, in the order of names."""
    owner = owners[student["digest"]] if student["digest"] else None
    return owner if owner != escape(student["name"]) else None


def as_json(made):
    """Return the gradebook's text."""
    return json.dumps(made, indent=1) + "\n"


def safe(value):
    """Keep a spreadsheet from taking text for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return value


def _csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [[safe(value) for value in row] for row in rows]
    )
    return text.getvalue()


def as_csv(made):
    """Return a row for each submission, a column for each test's points."""
    names = [t["name"] for t in made["tests"]]
    points = {t["name"]: t["points"] for t in made["tests"]}
    rows = [["name", "status", "score", "max_score", "same_as", *names]]
    for one in made["submissions"]:
        scores = [points[n] if one["tests"][n] == "pass" else 0 for n in names]
        rows.append([one["name"], one["status"], one["score"], made["max_score"],
                     one["same_as"] or "", *scores])  # fmt: skip
    return _csv(rows)


def for_platforms(made):
    """Return {file: text} for the platforms that the submissions' names are of.

    A grader's own trouble is no grade: such rows are left out.
    """
    title = f"Lab {made['lab']['number']} {made['lab']['title']}"
    kinds = {
        "canvas.csv": (CANVAS, ["Student", "ID", "SIS Login ID", "Section", title],
                       lambda m, s: [m["name"], m["id"], "", "", s]),
        "moodle.csv": (MOODLE, ["Identifier", "Full name", "Grade"],
                       lambda m, s: [f"Participant {m['id']}", m["name"], s]),
    }  # fmt: skip
    files = {}
    for file, (pattern, head, row) in kinds.items():
        rows = [
            row(found, one["score"])
            for one in made["submissions"]
            if one["status"] != "infra" and (found := pattern.fullmatch(one["name"]))
        ]
        if rows:
            files[file] = _csv([head, *rows])
    return files
