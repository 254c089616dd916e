"""What a handout says that can be looked up without running anything: targets and
settings of make, files, tests, functions."""

import re

from labs.lib import handout

HELP = "labs/common/tools/help"  # which targets a course has all for
TOOLS = ("tools/debug", "tools/record", "tools/setup")  # read settings, too
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
MAKE = re.compile(r"(?:^|&& )make( [^&|;]*)?")
WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?$")
UNWRITTEN = re.compile(r"lab \d+: (\w+) is yours to write \(([\w./-]+)\)")
TEST = re.compile(r"\bT=(\w+)")
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*$")


class Trunk:
    """What handouts may name: read once, for all labs."""

    def __init__(self, tree):
        self.tree = tree
        makefiles = [path for path in tree if path == "Makefile" or path.endswith(".mk")]
        rules = "".join(self.text(path) for path in makefiles)
        tools = "".join(self.text(path) for path in TOOLS)
        works = re.search(r"^WORKS='(.*?)'", self.text(HELP), re.M | re.S)[1]
        self.targets = set(works.split())
        self.settings = set(re.findall(r"\$[({](\w+)[):]", rules))
        self.settings |= set(re.findall(r'environ\.get\("(\w+)"', tools))
        self.words = set()
        for path in tree:
            if path.startswith(("kernel/", "user/")) and path.endswith((".c", ".h", ".S")):
                self.words |= set(re.findall(r"\w+", self.text(path)))

    def text(self, path):
        """A file's text; of none, nothing."""
        return self.tree[path].data.decode() if path in self.tree else ""


def faults(trunk, lab, branch, tests):
    """Return what a lab's handout says and is not so, a line of text each.

    branch: the tree of the lab's branch; tests: the names of its tests.
    """
    where = f"{lab.folder}/README.md"
    page = trunk.text(where)
    typed = {t.line: t.text for t in handout.commands(page) if t.where == "shell"}
    looks = _Looks(trunk, lab, branch, set(tests))
    found = []
    for number, line in enumerate(page.splitlines(), 1):
        codes = CODE.findall(line)
        said = [typed[number]] if number in typed else [c for c in codes if MAKE.match(c)]
        found += [(number, what) for one in said for what in looks.make(one)]
        found += [(number, what) for what in looks.paths(codes)]
        found += [(number, what) for what in looks.names(line)]
        if line.startswith("| ") and line.count(" | ") >= 2:
            found += [(number, what) for what in looks.blamed(line)]
    found += [(1, what) for what in looks.steps(page)]
    return [f"{where}:{number}: {what}" for number, what in found]


class _Looks:
    """Looks things up in a lab's branch; each function yields what is not so."""

    def __init__(self, trunk, lab, branch, tests):
        self.trunk, self.lab, self.tests = trunk, lab, tests
        self.paths_there = set(branch)
        for path in branch:
            while "/" in path:
                path = path.rpartition("/")[0]
                self.paths_there.add(path)

    def make(self, command):
        """Targets and settings of a command."""
        for call in MAKE.finditer(command):
            for word in WORD.findall(call[1] or ""):
                name, equals, _ = word.partition("=")
                if equals and name not in self.trunk.settings:
                    yield f"make has no setting {name}"
                known = name in self.trunk.targets or name.startswith("build/")
                if not equals and not known:
                    yield f"make has no target {name}"

    def paths(self, codes):
        """Files and folders."""
        for code in codes:
            path = code.partition(":")[0]
            if not PATH.match(path) or path.startswith("build/"):
                continue
            if path.partition("/")[0] not in self.paths_there:
                continue  # a path on the machine, or of another kind
            if path.rstrip("/") not in self.paths_there:
                yield f"{path} is not in the branch"

    def names(self, line):
        """Tests, and functions that are to be written."""
        for name in TEST.findall(line):
            if name not in self.tests:
                yield f"there is no test {name}"
        for function, hole in UNWRITTEN.findall(line):
            stub = self.trunk.text(self.lab.stub(hole))
            body = re.search(rf"^{function}\(.*?^}}", stub, re.M | re.S)
            if hole not in self.lab.holes or not body or "LAB_TODO" not in body[0]:
                yield f"{function} is not for the student to write in {hole}"

    def blamed(self, row):
        """The functions in the last cell of a table."""
        for name in CODE.findall(row.rstrip(" |").rpartition(" | ")[2]):
            if IDENTIFIER.match(name) and name not in self.trunk.words:
                yield f"there is no function {name}"

    def steps(self, page):
        """A heading for each step."""
        for number, step in enumerate(self.lab.steps, 1):
            wanted = f"### Step {number}: {step.title}"
            if f"\n{wanted}\n" not in page:
                yield f"has no heading {wanted}"
