"""The page of a class: one file of HTML, no script, nothing fetched."""

import collections
import html
import os
import urllib.parse

from grading.console import escape
from grading.formats.page import STYLE

BINS = 10
SLOWEST = 10
NAMED = 60  # names shown for a test that failed
MORE = """
.bars { display: flex; align-items: flex-end; height: 12rem; gap: .3rem; }
.bars div { flex: 1; text-align: center; font-size: .8rem; }
.bars i { display: block; background: #4a78c0; }
table meter { width: 10rem; }
"""


def _link(name):
    target = urllib.parse.quote(os.fsencode(name), safe="")
    return f'<a href="students/{target}/report.html">{html.escape(escape(name))}</a>'


def _table(head, rows):
    """Return a table; cells are HTML."""
    top = "".join(f"<th>{name}</th>" for name in head)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (f"<table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody>\n"
            "</table>")  # fmt: skip


def _histogram(scores, most):
    """Return bars of how many scored how much."""
    counts = [0] * BINS
    for score in scores:
        counts[min(score * BINS // max(most, 1), BINS - 1)] += 1
    tallest = max(counts + [1])
    bars = []
    for number, count in enumerate(counts):
        low, high = most * number // BINS, most * (number + 1) // BINS
        bars.append(f'<div>{count or ""}<i style="height:{9 * count / tallest:.2f}rem">'
                    f"</i>{low}–{high}</div>")  # fmt: skip
    return f'<div class="bars">{"".join(bars)}</div>'


def _rates(book, graded):
    """Return a row for each test: the share that passes."""
    rows = []
    for test in book["tests"]:
        passed = sum(one["tests"][test["name"]] == "pass" for one in graded)
        share = passed / len(graded) if graded else 0.0
        rows.append([
            html.escape(test["title"]), str(test["points"]),
            f'<meter min="0" max="1" value="{share:.3f}"></meter>',
            f"{100 * share:.0f} % ({passed})",
        ])  # fmt: skip
    return _table(["test", "points", "pass", ""], rows)


def _failures(book, names):
    """Return for each test who did not pass it, by verdict."""
    parts = []
    for test in book["tests"]:
        by = collections.defaultdict(list)
        for one in book["submissions"]:
            if one["status"] == "graded" and one["tests"][test["name"]] != "pass":
                by[one["tests"][test["name"]]].append(names[one["name"]])
        if not by:
            continue
        count = sum(map(len, by.values()))
        lines = "".join(
            f'<p><span class="{verdict}">{verdict}</span>: '
            + ", ".join(_link(n) for n in who[:NAMED])
            + (f" and {len(who) - NAMED} more" if len(who) > NAMED else "")
            + "</p>"
            for verdict, who in sorted(by.items())
        )
        parts.append(f"<details><summary>{html.escape(test['title'])}: {count}"
                     f"</summary>{lines}</details>")  # fmt: skip
    return "\n".join(parts) or "<p>None.</p>"


def _slowest(told):
    rows = sorted(told, key=lambda pair: -pair[1].get("core_seconds", 0))[:SLOWEST]
    return _table(["submission", "core-seconds", "score"], [
        [_link(student["name"]), f"{one.get('core_seconds', 0):.1f}", str(one["score"])]
        for student, one in rows
    ])  # fmt: skip


def _others(book, names):
    """Return who was not graded, and why."""
    rows = [
        [_link(names[one["name"]]), f'<span class="{one["status"]}">{one["status"]}</span>']
        for one in book["submissions"]
        if one["status"] != "graded"
    ]
    return _table(["submission", "status"], rows) if rows else "<p>Everybody was.</p>"


def _similar(pairs, note, book, names):
    same = collections.defaultdict(list)
    for one in book["submissions"]:
        if one["same_as"]:
            same[one["same_as"]].append(one["name"])
    text = ""
    if same:
        text += "<p>The same files, to the byte:</p>" + _table(["", "and"], [
            [_link(names[first]), ", ".join(_link(names[n]) for n in others)]
            for first, others in same.items()
        ])  # fmt: skip
    if pairs:
        text += "<p>Alike, but for what the starter and the solution have:</p>" + _table(
            ["", "", "similar", "longest passage, tokens"],
            [[_link(p["left"]), _link(p["right"]), f"{100 * p['similarity']:.0f} %",
              str(p["longest"])] for p in pairs],
        )  # fmt: skip
    return text + f"<p>{html.escape(note)}</p>"


def render(book, told, pairs, note):
    """Return the page. told: [(student, report)]; pairs: of similar.pairs, with
    note saying how they were found, or why not."""
    names = {escape(student["name"]): student["name"] for student, _ in told}
    graded = [one for one in book["submissions"] if one["status"] == "graded"]
    scores = sorted(one["score"] for one in book["submissions"] if one["status"] != "infra")
    middle = scores[len(scores) // 2] if scores else 0
    pieces = {s["digest"]: one.get("core_seconds", 0) for s, one in told if s["digest"]}
    cost = sum(pieces.values())
    title = html.escape(f"Lab {book['lab']['number']}, {book['lab']['title']}")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}: the class</title>
<style>{STYLE}{MORE}</style>
</head>
<body>
<h1>{title}</h1>
<p>{len(told)} submissions, {len(graded)} graded, median {middle} of
{book["max_score"]} points; seed {book["seed"]}. {len(pieces)} different ones took
{cost:.0f} core-seconds, {cost / max(len(pieces), 1):.1f} each.</p>
<h2>Scores</h2>
{_histogram(scores, book["max_score"])}
<h2>Tests</h2>
{_rates(book, graded)}
<h2>Who did not pass what</h2>
{_failures(book, names)}
<h2>Not graded</h2>
{_others(book, names)}
<h2>Slowest</h2>
{_slowest(told)}
<h2>Similar</h2>
{_similar(pairs, note, book, names)}
</body>
</html>
"""
