"""Gradescope's results.json, which its autograder leaves in /autograder/results."""

import json

from grading.formats import explanation, overview

FILE = "gradescope.json"


def render(report):
    """Return the file's text. A hidden test is shown with the grades."""
    tests = [
        {
            "name": part["title"],
            "number": str(number),
            "score": part["score"],
            "max_score": part["points"],
            "status": "passed" if part["status"] == "pass" else "failed",
            "output": explanation(part, published=True),
            "output_format": "text",
            "visibility": "after_published" if part["hidden"] else "visible",
            "tags": [tag for tag in (part["step"], part["blames"]) if tag],
            "extra_data": {"test": part["name"], "verdict": part["status"]},
        }
        for number, part in enumerate(report["tests"], 1)
    ]
    made = {
        "score": report["score"],
        "execution_time": round(report["seconds"]),
        "output": overview(report),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"seed": report["seed"], "status": report["status"]},
        "tests": tests,
    }
    return json.dumps(made, indent=2) + "\n"
