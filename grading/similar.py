"""Which submissions of a class are alike, though not the same.

Dolos compares fingerprints of token streams: names, numbers, comments and layout
do not count. What starter and solution have does not count either, since
everybody may have that. A tool of npm's that is optional, and sees nothing but
tokens; a pair that is found is a reason to talk, and no proof.
"""

import json
import os
import re
import shutil
import subprocess

PACKAGE = "@dodona/dolos-core"
LEAST = 0.5  # share of fingerprints
PASSAGE = 4  # fingerprints in a row: some fifty tokens
MOST = 50  # pairs shown
SECONDS = 600

TOKEN = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|(?P<text>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)|(?P<sign>[^\s\w])", re.DOTALL
)  # fmt: skip
KEYWORDS = frozenset(
    "break case char const continue default do double else enum extern float for goto "
    "if inline int long register return short signed sizeof static struct switch "
    "typedef union unsigned void volatile while".split()
)


def tokens(text):
    """Return C's tokens, with one name for all names and one for all values."""
    found = []
    for match in TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "word":
            found.append(token if token in KEYWORDS else "name")
        elif kind == "sign":
            found.append(token)
        elif kind:
            found.append(kind)
    return found


def _tokens_of(files):
    return [t for name in sorted(files) if name.endswith((".c", ".h"))
            for t in tokens(files[name].decode("utf-8", "replace"))]  # fmt: skip


def tool(root):
    """Return the folder of Dolos, or None: tools/setup similar installs it."""
    folder = os.path.join(root, "build", "dolos", "node_modules", PACKAGE)
    return folder if os.path.isdir(folder) and shutil.which("node") else None


def pairs(root, submissions, ignored):
    """Return (pairs, note): the most similar first, and how that was found.

    submissions: {name: {path: bytes}}, each other than all others; ignored: list
    of {path: bytes} that everybody may have. A pair is {"left", "right",
    "similarity": 0..1, "longest": fingerprints in a row}.
    """
    folder = tool(root)
    if not folder:
        return [], ("Submissions that are alike were not looked for: Dolos is not "
                    "installed (tools/setup similar).")  # fmt: skip
    names = sorted(submissions)
    request = {"ignored": [_tokens_of(files) for files in ignored],
               "files": [_tokens_of(submissions[n]) for n in names]}  # fmt: skip
    script = os.path.join(root, "grading", "similar.mjs")
    try:
        done = subprocess.run(["node", script, folder], input=json.dumps(request),
                              text=True, capture_output=True, timeout=SECONDS,
                              check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        return [], f"Dolos took more than {SECONDS} seconds."
    if done.returncode:
        return [], f"Dolos failed: {done.stderr.strip()[-400:]}"
    found = [
        {"left": names[left], "right": names[right], "similarity": similarity,
         "longest": longest}
        for left, right, similarity, longest in json.loads(done.stdout)
        if similarity >= LEAST and longest >= PASSAGE
    ]  # fmt: skip
    found.sort(key=lambda p: (-p["similarity"], -p["longest"], p["left"], p["right"]))
    return found[:MOST], (
        f"{len(names)} different submissions were compared by Dolos; shown are "
        f"at most {MOST} pairs that share {LEAST:.0%} of their fingerprints.")  # fmt: skip
