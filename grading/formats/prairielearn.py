"""PrairieLearn's results.json, in /grade/results; a megabyte at most."""

import json

from grading.formats import explanation, overview

FILE = "prairielearn.json"
MOST = 1_000_000


def render(report):
    """Return the file's text; explanations get shorter until it is small enough."""
    room = 8000
    while True:
        text = json.dumps(_made(report, room), indent=2) + "\n"
        if len(text.encode()) <= MOST or room == 0:
            return text
        room //= 2


def _made(report, room):
    most = report["max_score"]
    return {
        "gradable": report["status"] in ("graded", "build"),
        "score": report["score"] / most if most else 0.0,
        "message": overview(report)[:20_000],
        "output": report["build"].get("output", "")[:20_000],
        "images": [],
        "tests": [
            {
                "name": part["name"],
                "description": part["title"],
                "points": part["score"],
                "max_points": part["points"],
                "message": part["status"],
                "output": explanation(part)[:room],
            }
            for part in report["tests"]
        ],
    }
