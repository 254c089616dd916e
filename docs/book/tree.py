"""Sphinx extension: what the book quotes, links to and draws is the tree.

    `kernel/mm/frame.c:frame_alloc`     links to that line of the source
    ```{excerpt} kernel/mm/frame.c:frame_alloc
    ```                                 shows the function, or the type
    ```{drawn} layers
    ```                                 shows what figures.py draws of that name

What is not there is a warning, and tools/book makes warnings errors.
"""

import functools
import os

import figures
from docutils import nodes
from docutils.parsers.rst import Directive
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from sources import REFERENCE, excerpt, find_file, find_symbol, read_lines
from sphinx.util import logging

LEXERS = {".def": "c", ".ld": "c", ".h": "c"}

log = logging.getLogger(__name__)


class Excerpt(Directive):
    """A function or type out of the tree, as it is."""

    required_arguments = 1

    def run(self):
        """Return the listing, under the name of its place."""
        found = REFERENCE.match(self.arguments[0])
        path = found and find_file(found[1])
        lines = read_lines(path) if path else []
        span = excerpt(lines, found[2]) if path else None
        if span is None:
            raise self.error(f"there is no {self.arguments[0]}")
        text = "\n".join(lines[span[0] : span[1]])
        code = nodes.literal_block(text, text, language="c")
        caption = nodes.caption("", "", nodes.literal(text=f"{path}:{found[2]}"))
        return [nodes.container("", caption, code, literal_block=True, classes=["literal-block-wrapper"])]


class Drawn(Directive):
    """A figure that figures.py draws from the tree, or from a run of it."""

    required_arguments = 1
    has_content = True

    def run(self):
        """Return the picture, and the content as what it says below."""
        draw = getattr(figures, "draw_" + self.arguments[0].replace("-", "_"), None)
        if not draw:
            raise self.error(f"figures.py draws no {self.arguments[0]}")
        figure = nodes.container("", nodes.raw("", draw(), format="html"), classes=["drawn"])
        if self.content:
            said = nodes.paragraph("", " ".join(self.content), classes=["caption"])
            figure += said
        return [figure]


def name_chapters(app, doctree, name):
    """Call another chapter by its title, where the text has but its file's name."""
    for link in doctree.findall(nodes.reference):
        chapter = link.astext().removesuffix(".md")
        if link.get("internal") and link.astext() != chapter and chapter in app.env.titles:
            title = app.env.titles[chapter].astext()
            link.children = [nodes.Text(title.split(":")[0])]


def link_references(app, doctree, name):
    """Make a link of each `file:symbol`, to the page of its file."""
    for literal in list(doctree.findall(nodes.literal)):
        found = REFERENCE.match(literal.astext())
        if not found or isinstance(literal.parent, nodes.reference):
            continue
        path = find_file(found[1])
        line = find_symbol(read_lines(path), found[2]) if path else None
        if line is None:
            log.warning("there is no %s", literal.astext(), location=(name, literal.line))
            continue
        app.env.umbra_sources.setdefault(path, set())
        if app.builder.name == "html":
            up = "../" * name.count("/")
            link = nodes.reference(
                "", "", refuri=f"{up}source/{path}.html#l-{line + 1}", classes=["source"]
            )
            literal.replace_self(link)
            link += literal


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{path}</title>
<link rel="stylesheet" href="{up}_static/source.css"><body><h1>{path}</h1>
{code}</body></html>
"""


@functools.cache
def lexer(kind):
    """Return what reads files whose names end so; to look for it takes a while."""
    return get_lexer_for_filename("x" + ("." + LEXERS[kind] if kind in LEXERS else kind))


def write_sources(app, error):
    """Write a page for each file that the book refers to; of those in BOOK_SOURCES, if set."""
    if error or app.builder.name != "html":
        return
    few = os.environ.get("BOOK_SOURCES", "").split()
    for path in few or app.env.umbra_sources:
        target = os.path.join(app.outdir, "source", path + ".html")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        form = HtmlFormatter(linenos="inline", lineanchors="l", anchorlinenos=True)
        code = highlight("\n".join(read_lines(path)), lexer(os.path.splitext(path)[1]), form)
        with open(target, "w", encoding="utf-8") as file:
            file.write(PAGE.format(path=path, up="../" * (path.count("/") + 1), code=code))


def start(app):
    """Forget the files of an earlier build."""
    app.env.umbra_sources = {}


def setup(app):
    """Tell Sphinx what is here."""
    app.add_directive("excerpt", Excerpt)
    app.add_directive("drawn", Drawn)
    app.connect("builder-inited", start)
    app.connect("doctree-resolved", name_chapters)
    app.connect("doctree-resolved", link_references)
    app.connect("build-finished", write_sources)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
