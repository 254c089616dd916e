"""The Test Anything Protocol, version 14."""

import json

from grading.formats import explanation, steps

FILE = "report.tap"


def render(report):
    """Return the stream: a line for each test, its details indented below."""
    parts = report["tests"]
    lines = ["TAP version 14", f"1..{len(parts)}"]
    for number, part in enumerate(parts, 1):
        good = "ok" if part["status"] in ("pass", "skipped") else "not ok"
        why = "" if part["hidden"] else part["message"].replace("\n", " ")
        skip = f" # SKIP {why}".rstrip() if part["status"] == "skipped" else ""
        title = part["title"].replace("\\", "\\\\").replace("#", "\\#")
        lines.append(f"{good} {number} - {part['name']}: {title}{skip}")
        lines += ["  ---", f"  points: {part['points']}", f"  score: {part['score']}",
                  f"  verdict: {part['status']}"]  # fmt: skip
        if part["status"] != "pass":
            lines.append(f"  message: {json.dumps(explanation(part))}")
        lines.append("  ...")
    lines += [f"# {line.strip()}" for line in steps(report)]
    return "\n".join(lines) + "\n"
