"""How Sphinx makes a book of docs/: see tools/book."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

project = "Umbra"
release = os.environ.get("BOOK_RELEASE", "")
author = "the Umbra project"
html_title = "Umbra, the book"
root_doc = "index"
source_suffix = {".md": "markdown"}
exclude_patterns = ["book"]

extensions = ["myst_parser", "tree"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

highlight_language = "none"
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["book.css"]
html_show_sphinx = False
html_copy_source = False
html_show_copyright = False
# The paper book has no side bars, and no script would run on it.
if os.environ.get("BOOK_ON_PAPER"):
    html_theme = "basic"
    templates_path = ["templates"]
    html_css_files = []
    html_permalinks = False
