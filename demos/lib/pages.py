"""The demos as pages of HTML: what is said, what was seen, and the code."""

import html
import os
import re
import shutil
import tempfile

import demos
import traces
from markdown_it import MarkdownIt
from stage import HERE, ROOT, harness

REFERENCE = re.compile(r"<li><code>([\w./-]+\.(?:c|h|S|def)):(\w+)</code>(.*?)</li>", re.S)
MOST_LINES = 60  # of a function that is shown
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def escaped(text):
    """Return text for HTML."""
    return html.escape(text, quote=False)


def terminal(events):
    """Return what a scene's events looked like."""
    parts = []
    for kind, text in events:
        if kind == "prompt":
            who, _, words = text.partition(" ")
            parts.append(f'<span class="prompt"><span class="who">{escaped(who)}</span> '
                         f"<b>{escaped(words)}</b></span>")  # fmt: skip
        elif kind == "fact":
            parts.append(f'<span class="fact">✓ {escaped(text)}</span>')
        else:
            parts.append(f'<span class="{kind}">{escaped(text)}</span>')
    return f"<pre>{''.join(parts)}</pre>" if parts else ""


def scenes_of(events):
    """Return [(title, events)]: what comes before the first scene has no title."""
    scenes = [("", [])]
    for kind, text in events:
        if kind == "scene":
            scenes.append((text, []))
        else:
            scenes[-1][1].append((kind, text))
    return scenes


def parts_of(text):
    """Return (what comes first, {scene: Markdown}, what comes last) of a narration."""
    first, rest = text.split("\n## Scenes\n")
    told, last = rest.split("\n## Questions\n")
    pieces = re.split(r"^### (.*)$", told, flags=re.M)
    return (first.split("\n", 1)[1], dict(zip(pieces[1::2], pieces[2::2])),
            "## Questions\n" + last)  # fmt: skip


def function(path, symbol):
    """Return (line, text) of what a file calls by that name, as far as it goes."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        lines = file.read().split("\n")
    at = next((n for n, line in enumerate(lines) if re.match(rf"\**{symbol}\b", line)), None)
    if at is None:  # a label, a macro, a structure, or a value
        at = next(n for n, line in enumerate(lines) if re.search(rf"\b{symbol}\b", line))
        return at + 1, "\n".join(lines[at : at + 12])
    begin = at - 1 if at and lines[at - 1] and lines[at - 1][0].isalpha() else at
    end = next((n for n in range(at, len(lines)) if lines[n].startswith("}")), at + 12)
    return at + 1, "\n".join(lines[begin : min(end + 1, at + MOST_LINES)])


def with_code(text):
    """Return HTML in which each item that is about some code can show it."""

    def put(found):
        path = found[1] if os.path.exists(os.path.join(ROOT, found[1])) else f"kernel/{found[1]}"
        line, code = function(path, found[2])
        return (f"<li><details><summary><code>{escaped(path)}:{line}</code> <b>{escaped(found[2])}</b>"
                f"{found[3]}</summary><pre>{escaped(code)}</pre></details></li>")  # fmt: skip

    return REFERENCE.sub(put, text)


def frame(title, body, links):
    """Return a whole page."""
    menu = " ".join(f'<a href="{where}">{escaped(text)}</a>' for where, text in links)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'">
<title>{escaped(title)}</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<nav>{menu}</nav>
{body}
</body>
</html>
"""


def page(name, names, trace):
    """Return the page of a demo; trace: the address of its trace's page, or None."""
    first, told, last = parts_of(demos.narration(name))
    body = [f'<h1><span class="number">{name[:2]}</span> {escaped(demos.title(name))}</h1>',
            f'<div class="intro">{MARKDOWN.render(first)}</div>']  # fmt: skip
    if hasattr(demos.load(name), "NO_TRACE"):
        body.append(f"<p>There is no trace of it: {escaped(demos.load(name).NO_TRACE)}</p>")
    if trace:
        body.append(f'<p><a href="{trace}">The same as a trace, step by step →</a></p>')
    for title, events in scenes_of(demos.kept(name)):
        text = MARKDOWN.render(told.get(title, ""))
        head = f"<h2>{escaped(title)}</h2>" if title else ""
        if head or events:
            body.append(f'<section><div class="told">{head}{text}</div>'
                        f'<div class="seen">{terminal(events)}</div></section>')  # fmt: skip
    body.append(f'<div class="last">{with_code(MARKDOWN.render(last))}</div>')
    at = names.index(name)
    links = [("index.html", "All demos")]
    links += [(f"{names[at - 1]}.html", "← " + demos.title(names[at - 1]))] if at else []
    links += [(f"{n}.html", demos.title(n) + " →") for n in names[at + 1 : at + 2]]
    return frame(demos.title(name), "\n".join(body), links)


def index(names):
    """Return the page that lists the demos."""
    rows = []
    for name in names:
        first = parts_of(demos.narration(name))[0].split("\n\n*")[0]  # all but how it is recorded
        rows.append(f'<li><a href="{name}.html"><span class="number">{name[:2]}</span> '
                    f"{escaped(demos.title(name))}</a>{MARKDOWN.render(first)}</li>")  # fmt: skip
    body = ("<h1>Umbra: demos for the lecture hall</h1>\n"
            "<p>What each shows is from a run of it. <code>make demo D=NUMBER</code> shows it "
            f'live.</p>\n<ul class="demos">{"".join(rows)}</ul>')  # fmt: skip
    return frame("Umbra: demos", body, [])


def write():
    """Write all pages; return where the first is."""
    folder = harness.built(os.path.join("demos", "site"))
    os.makedirs(folder, exist_ok=True)
    names = demos.names()
    for name in names:
        with tempfile.TemporaryDirectory(prefix="umbra-demo-") as tmp:
            trace = traces.page(name, tmp, folder)
        with open(os.path.join(folder, f"{name}.html"), "w", encoding="utf-8") as file:
            file.write(page(name, names, trace))
    first = os.path.join(folder, "index.html")
    with open(first, "w", encoding="utf-8") as file:
        file.write(index(names))
    shutil.copy(os.path.join(HERE, "style.css"), folder)
    return first
