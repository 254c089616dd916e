"""The native report of a grading: a dict that grading/schema/report.json describes."""

import reprlib

from grading import console, verdict
from grading.errors import Returned

SCHEMA = "umbra-grade/1"
LINES = 20


def _short(value):
    """Show a value to a student: bounded, escaped; None stays None."""
    if value is None:
        return None
    if isinstance(value, (bytes, bytearray)):
        text = bytes(value[:256]).hex(" ") + (" ..." if len(value) > 256 else "")
    elif isinstance(value, str):
        text = value
    elif isinstance(value, Returned):
        text = value.explained
    else:
        short = reprlib.Repr()
        short.maxlist = short.maxtuple = short.maxdict = short.maxset = 40
        short.maxlong = short.maxother = 400
        text = short.repr(value)
    return console.escape(text)[:4000]


def of_test(outcome, repeat):
    """Return a test's part of the report."""
    test, record = outcome.test, outcome.record
    passed = outcome.status == verdict.PASS
    return {
        "name": test.name, "title": test.title, "step": test.step,
        "section": test.section, "blames": test.blames,
        "evidence": list(test.evidence), "hidden": test.hidden,
        "points": test.points, "score": test.points if passed else 0,
        "contract": "" if passed else console.escape(test.contract),
        "status": outcome.status, "seconds": round(outcome.seconds, 3),
        "message": console.escape(outcome.text)[:4000],
        "expected": _short(outcome.expected), "seen": _short(outcome.seen),
        "hint": "" if passed else test.hint,
        "console": console.last_lines(record.console, LINES) if record else "",
        "backtrace": list(record.backtrace) if record else [],
        "repeat": repeat, "replay": "",
    }  # fmt: skip


def unrun(test, status, text, repeat):
    """Return the part of a test that could not be run at all."""
    return {
        "name": test.name, "title": test.title, "step": test.step,
        "section": test.section, "blames": test.blames,
        "evidence": list(test.evidence), "hidden": test.hidden,
        "points": test.points, "score": 0, "contract": "", "status": status, "seconds": 0.0,
        "message": text, "expected": None, "seen": None, "hint": test.hint,
        "console": "", "backtrace": [], "repeat": repeat, "replay": "",
    }  # fmt: skip


def of_steps(lab, tests):
    """Return what each step of the handout came to, in its order: those that have tests
    here, and behind them, under no name, what belongs to none."""
    named = [(step.name, step.title) for step in lab.steps]
    known = {name for name, _ in named}
    steps = []
    for number, (name, title) in enumerate([*named, ("", "Other tests")], 1):
        mine = [t for t in tests if (t["step"] if t["step"] in known else "") == name]
        if mine:
            steps.append({
                "number": number if name else 0, "name": name, "title": title,
                "score": sum(t["score"] for t in mine),
                "points": sum(t["points"] for t in mine),
            })  # fmt: skip
    return steps


def whole(lab, status, tests, **more):
    """Return the report; infra anywhere makes the whole one infra."""
    if status == "graded" and any(t["status"] == verdict.INFRA for t in tests):
        status = "infra"
    return {
        "schema": SCHEMA,
        "lab": {"number": lab.number, "name": lab.name, "title": lab.title},
        "status": status,
        "score": sum(t["score"] for t in tests),
        "max_score": sum(t["points"] for t in tests),
        **more,
        "steps": of_steps(lab, tests),
        "tests": tests,
    }
