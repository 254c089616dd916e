"""Classroom 50's result.json; what is not ours to know comes from the run's
environment, as its workflow sets it."""

import datetime
import json
import os

FILE = "result.json"
FROM = {
    "classroom": "CLASSROOM50_CLASSROOM",
    "assignment": "CLASSROOM50_ASSIGNMENT",
    "submission": "CLASSROOM50_SUBMISSION",
    "commit": "GITHUB_SHA",
    "release": "CLASSROOM50_RELEASE",
    "review": "CLASSROOM50_REVIEW",
}


def render(report):
    """Return the file's text."""
    about = {name: os.environ.get(variable, "") for name, variable in FROM.items()}
    about["assignment"] = about["assignment"] or report["lab"]["name"]
    now = datetime.datetime.now(datetime.timezone.utc)
    made = {
        "schema": "classroom50/result/v1",
        **about,
        "datetime": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "score": report["score"],
        "max-score": report["max_score"],
        "tests": [
            {
                "test-name": part["name"],
                "passed": part["status"] == "pass",
                "score": part["score"],
                "max-score": part["points"],
            }
            for part in report["tests"]
        ],
    }
    return json.dumps(made, indent=2) + "\n"
