"""A page of HTML for a student: no script, nothing fetched, all text escaped."""

import html

from grading.formats import by_step, explanation, heading, overview

FILE = "report.html"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; color: #1a1a1a; background: #fff; }
pre { background: #f3f3f3; padding: .7rem; overflow-x: auto; font-size: .85rem;
  white-space: pre-wrap; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: .3rem .6rem; border-bottom: 1px solid #ddd; text-align: left; }
td.points, th.points { text-align: right; }
.pass { color: #116329; } .fail, .crash, .timeout, .build { color: #a40e26; }
.infra { color: #6639ba; } .skipped { color: #7d4e00; }
meter { width: 16rem; height: 1.2rem; }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #16181c; }
  pre { background: #23262c; } td, th { border-color: #444; }
  .pass { color: #5bd67b; } .fail, .crash, .timeout, .build { color: #ff8a94; }
  .infra { color: #c4a5ff; } .skipped { color: #e6b450; } }
"""


def _row(part):
    status = html.escape(part["status"])
    title = html.escape(part["title"])
    text = html.escape(explanation(part))
    if part["status"] in ("pass", "build") or not text:
        what = title
    else:
        what = f"<details><summary>{title}</summary><pre>{text}</pre></details>"
    return (f'<tr><td class="{status}">{status}</td><td>{what}</td>'
            f'<td class="points">{part["score"]}/{part["points"]}</td></tr>')  # fmt: skip


def _head(step):
    return (f'<tr><th colspan="2">{html.escape(heading(step))}</th>'
            f'<th class="points">{step["score"]}/{step["points"]}</th></tr>')  # fmt: skip


def render(report):
    """Return the page."""
    lab = report["lab"]
    title = html.escape(f"Lab {lab['number']}, {lab['title']}")
    rows = "\n".join(
        "\n".join([_head(step), *map(_row, parts)]) for step, parts in by_step(report))
    most = max(report["max_score"], 1)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{title}</h1>
<p><meter min="0" max="{most}" value="{report["score"]}"></meter>
<strong>{report["score"]} of {report["max_score"]} points</strong></p>
<pre>{html.escape(overview(report))}</pre>
<table>
<thead><tr><th>verdict</th><th>test</th><th>points</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""
