"""The book can be made, and a chapter that speaks of what is not there cannot."""

import os
import re
import shutil
import subprocess
import sys

import harness

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("UMBRA_BUILD", "build"))
sys.path.insert(0, os.path.join(ROOT, "docs", "book"))

import sources  # noqa: E402

WRONG = """# Wrong

`kernel/main.c:no_such_function`, [nobody](nobody.md).

```{excerpt} kernel/main.c:no_such_function
```

```{drawn} nothing
```

`kernel/main.c:kmain` is there.

```{excerpt} kernel/mm/frame.h:frame_alloc
```
"""


def test_book(tmp):
    """All chapters are free of faults, and each fault of a wrong one is found. Most of the
    time would go to pages of source; `make book` writes them all."""
    if subprocess.run(["tools/setup", "--quick", "has", "sphinx"], cwd=ROOT).returncode:
        raise harness.Skip("Sphinx is not installed (tools/setup book)")
    docs = os.path.join(tmp, "docs")
    shutil.copytree(os.path.join(ROOT, "docs"), docs)
    with open(os.path.join(docs, "wrong.md"), "w", encoding="utf-8") as file:
        file.write(WRONG)
    with open(os.path.join(docs, "index.md"), encoding="utf-8") as file:
        index = file.read()
    with open(os.path.join(docs, "index.md"), "w", encoding="utf-8") as file:
        file.write(index.replace("\nspecs\n", "\nspecs\nwrong\n"))

    # The image is asked for its layout, and booted for the chart.
    build = os.path.join(tmp, "build")
    os.makedirs(build)
    for name in ("host", "root.img", "kernel.elf"):
        os.symlink(os.path.join(BUILD, name), os.path.join(build, name))
    made = subprocess.run(
        [os.path.join(ROOT, "tools", "book"), build, "--docs", docs, "html"],
        capture_output=True,
        text=True,
        env={**os.environ, "BOOK_SOURCES": "kernel/main.c kernel/arch/trap.S"},
    )
    said = [line for line in made.stderr.splitlines() if re.search("WARNING|ERROR", line)]
    assert made.returncode != 0
    assert len(said) == 4 and all("wrong.md" in line for line in said), made.stderr
    assert sum("no_such_function" in line for line in said) == 2, made.stderr
    assert any("nobody" in line for line in said), made.stderr
    assert any("figures.py draws no nothing" in line for line in said), made.stderr

    html = os.path.join(build, "book", "html")
    with open(os.path.join(html, "wrong.html"), encoding="utf-8") as file:
        page = file.read()
    link = re.search(r'href="(source/kernel/main.c.html)#(l-\d+)"', page)
    with open(os.path.join(html, link[1]), encoding="utf-8") as file:
        line = re.search(rf'name="{link[2]}".*', file.read())[0]
    assert "kmain" in line, line
    assert "frame_alloc</span>" in page and "undefined content" in page
    for name, drawn in (("services", "<svg"), ("virtio", "virtq.publish dev=")):
        with open(os.path.join(html, name + ".html"), encoding="utf-8") as file:
            assert drawn in file.read(), name


def test_excerpts():
    """A symbol's definition is found, whole, with its comment, and not its use."""
    lines = """/* What is twice. */
int twice(int n);

static int
other(void)
{
    return twice(2); /* twice */
}

/* One
 * and two. */
struct pair {
    int a;
};

int
twice(int n)
{
    return 2 * n;
}
int after;
int thrice(int n,
           int m);
struct pair p;
""".splitlines()
    cut = lambda symbol: sources.excerpt(lines, symbol)  # noqa: E731
    assert cut("twice") == (15, 20), cut("twice")
    assert cut("other") == (3, 8), cut("other")
    assert cut("pair") == (9, 14), cut("pair")
    assert cut("thrice") == (21, 23), cut("thrice")
    assert cut("nothing") is None
    assert sources.excerpt(lines[:3], "twice") == (0, 2)
    assert sources.find_file("mm/frame.c") == "kernel/mm/frame.c"
    assert sources.find_file("mm/no.c") is None
