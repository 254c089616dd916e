"""Markdown for the summary of a GitHub Actions step."""

import re

from grading.formats import by_step, explanation, heading, overview

FILE = "summary.md"
SIGNS = {"pass": "✅", "skipped": "⏭️", "infra": "⚠️"}


def _fenced(text):
    """Put text into a block that nothing in it can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"


def _cell(text):
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~-])", r"\\\1", text.replace("\n", " "))


def render(report):
    """Return the summary: a table of all tests, then why some failed."""
    lab = report["lab"]
    lines = [
        f"## Lab {lab['number']}, {_cell(lab['title'])}: "
        f"{report['score']} of {report['max_score']} points",
        "",
        "| | test | points |",
        "|---|---|---:|",
    ]
    for step, parts in by_step(report):
        lines.append(f"| | **{_cell(heading(step))}** | **{step['score']}/{step['points']}** |")
        for part in parts:
            sign = SIGNS.get(part["status"], "❌")
            title = _cell(part["title"])
            lines.append(f"| {sign} | {title} | {part['score']}/{part['points']} |")
    lines += ["", _fenced(overview(report))]
    for part in report["tests"]:
        if part["status"] not in ("pass", "build") and not part["hidden"]:
            lines += [f"### {_cell(part['title'])}: {part['status']}", "",
                      _fenced(explanation(part))]  # fmt: skip
    return "\n".join(lines) + "\n"
