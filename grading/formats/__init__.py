"""Reports for others, each derived from the native one and nothing else."""

import importlib
import os

# Each module has FILE, the name of what it writes, and render(report) -> text.
NAMES = ("gradescope", "prairielearn", "autolab", "classroom50", "summary", "junit",
         "tap", "table", "page")  # fmt: skip


def render(name, report):
    """Return (file name, text) of a report in a format."""
    module = importlib.import_module(f"grading.formats.{name}")
    return module.FILE, module.render(report)


def write_all(report, folder, names=NAMES):
    """Write a report in several formats; return the paths."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for name in names:
        file_name, text = render(name, report)
        path = os.path.join(folder, file_name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        paths.append(path)
    return paths


def explanation(part, published=False):
    """Return what a student is told about a test, as plain lines.

    Of a hidden test that is its title, until grades are published.
    """
    if part["hidden"] and not published:
        return ""
    lines = [part["message"]] if part["message"] else []
    for name in ("expected", "seen", "contract", "hint"):
        if part[name]:
            lines.append(f"{name}: {part[name]}")
    if part["section"]:
        lines.append(f"read: README.md#{part['section']}")
    if part["backtrace"]:
        lines.append("in: " + " < ".join(part["backtrace"]))
    if part["status"] in ("crash", "timeout") and part["console"]:
        lines += ["the console's last lines:", part["console"]]
    if part["status"] != "pass":
        lines.append(f"again: {part['repeat']}")
    if part["replay"]:
        lines.append(f"replay: {part['replay']}")
    return "\n".join(lines)


def steps(report, width=44):
    """Return a line for each step, as plain text: its title, and points of points."""
    names = [heading(step)[:width] for step in report["steps"]]
    width = max(map(len, names), default=0)
    return [f"  {name:{width}}  {step['score']:>3} of {step['points']}"
            for name, step in zip(names, report["steps"])]  # fmt: skip


def heading(step):
    """Return a step's heading, as the handout has it."""
    return f"Step {step['number']}: {step['title']}" if step["number"] else step["title"]


def by_step(report):
    """Return (step, its parts) in order."""
    known = {step["name"] for step in report["steps"]}
    return [(step, [part for part in report["tests"]
                    if (part["step"] if part["step"] in known else "") == step["name"]])
            for step in report["steps"]]  # fmt: skip


def overview(report):
    """Return what is said about the submission as a whole, as plain lines."""
    lab = report["lab"]
    lines = [f"Lab {lab['number']}, {lab['title']}: {report['score']} of "
             f"{report['max_score']} points ({report['status']}, "
             f"seed {report['seed']})"]  # fmt: skip
    lines += steps(report)
    lines += report["notes"]
    if report["build"].get("output"):
        lines.append(report["build"]["output"])
    return "\n".join(lines)
