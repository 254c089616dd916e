"""Read labs/NN-name/lab.toml, the one file that describes a lab.

load() reads one lab, load_all() every lab of a tree. Both check all that a
file can be checked for by itself and raise LabError, whose text is one line for
each fault, "labs/07-virtqueue/lab.toml:12: text". What the fields mean is in
labs/AUTHORS.md.
"""

import dataclasses
import os
import re
import tomllib

FOLDER = re.compile(r"(\d\d)-([a-z][a-z0-9]*)$")
STEP_NAME = re.compile(r"[a-z][a-z0-9-]*$")
TABLE = re.compile(r"\s*\[\[?\s*([\w.]+)\s*\]\]?")
KEY = re.compile(r"\s*([\w-]+)\s*=")
NEEDED = object()


class LabError(Exception):
    """A lab.toml is not as it should be."""


@dataclasses.dataclass(frozen=True)
class Step:
    """A step of the task; the handout has a heading for each, in this order."""

    name: str
    title: str


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a boot of a graded kernel may use up."""

    instructions: int  # of all harts together; 0: the grader's own limit


@dataclasses.dataclass(frozen=True)
class Lab:
    """One lab; paths are relative to the root of the tree."""

    number: int
    name: str  # "virtqueue"
    folder: str  # "labs/07-virtqueue"
    title: str
    summary: str
    holes: tuple[str, ...]
    submit: tuple[str, ...]
    needs: tuple[int, ...]
    reading: tuple[str, ...]
    minutes: int
    milestone: str
    starter: str
    starter_score: int
    mkfs: str  # options for the images of its branch
    host_journal: str  # what stands for the journal in its host tools
    steps: tuple[Step, ...]
    limits: Limits

    @property
    def branch(self):
        """The name of its branch in a course."""
        return f"lab/{self.number:02}-{self.name}"

    @property
    def programs(self):
        """The folders of programs that holes are in, as a build names the programs."""
        return sorted({os.path.dirname(h) for h in self.holes if h.startswith("user/")})

    @property
    def host_settings(self):
        """What make is to be told, so that its starter can make images."""
        found = {"MKFSFLAGS": self.mkfs, "HOST_JOURNAL": self.host_journal}
        return {name: value for name, value in found.items() if value}

    @property
    def texts(self):
        """The files of the lab's own folder that are handed in: answers, not code."""
        return tuple(p for p in self.submit if p.startswith(self.folder + "/"))

    def stub(self, path):
        """The path of what a starter has in place of a hole or a text."""
        return f"{self.folder}/stub/{path.removeprefix(self.folder + '/')}"


def key_lines(text):
    """Map (table, its index, key) to the line where it stands.

    The key "" is the table's own header; the index counts tables of one name.
    """
    lines, table, counts = {}, "", {"": 0}
    quoted = False  # inside a text of several lines
    for number, line in enumerate(text.splitlines(), 1):
        if not quoted:
            header, key = TABLE.match(line), KEY.match(line)
            if header:
                table = header[1]
                counts[table] = counts.get(table, -1) + 1
                lines[table, counts[table], ""] = number
            elif key:
                lines.setdefault((table, counts[table], key[1]), number)
        if (line.count('"""') + line.count("'''")) % 2:
            quoted = not quoted
    return lines


class Reader:
    """Takes keys out of one table and collects what is wrong with them."""

    def __init__(self, table, name, index, lines, faults):
        self.table, self.name, self.index = dict(table), name, index
        self.lines, self.faults = lines, faults

    def fault(self, key, text):
        """Note a fault at the line of a key, or of its table."""
        line = self.lines.get((self.name, self.index, key))
        line = line or self.lines.get((self.name, self.index, ""), 1)
        self.faults.append((line, text))

    def take(self, key, kind, default=NEEDED):
        """Return the key's value, of that type, or its default."""
        value = self.table.pop(key, NEEDED)
        if value is NEEDED:
            if default is not NEEDED:
                return default
            self.fault("", f"{key} is missing")
            return kind()
        if type(value) is not kind:
            self.fault(key, f"{key} is not a {kind.__name__}")
            return kind()
        if kind is str and not value.strip() and default is NEEDED:
            self.fault(key, f"{key} is empty")
        return value

    def number(self, key, least, most, default=NEEDED):
        """Return a whole number within limits."""
        value = self.take(key, int, default)
        if self.lines.get((self.name, self.index, key)) and not (
            least <= value <= most
        ):
            self.fault(key, f"{key} is not in {least}..{most}")
        return value

    def items(self, key, kind, default=NEEDED):
        """Return a list of values of one type, each at most once."""
        values = self.take(key, list, default)
        if any(type(value) is not kind for value in values):
            self.fault(key, f"{key} holds something that is no {kind.__name__}")
            return ()
        twice = {str(v) for v in values if values.count(v) > 1}
        if twice:
            self.fault(key, f"{key} names {min(twice)} twice")
        return tuple(values)

    def end(self):
        """Nothing may be left."""
        for key in self.table:
            self.fault(key, f"{key} is no key of a lab.toml's {self.name or 'top'}")


def check_paths(reader, key, paths, root, suffixes):
    """Each path is plain and names a file of the tree."""
    for path in paths:
        if path != os.path.normpath(path) or path.startswith(("/", "..")):
            reader.fault(key, f"{path} is no plain path inside the tree")
        elif not path.endswith(suffixes):
            reader.fault(key, f"{path} does not end in {' or '.join(suffixes)}")
        elif not os.path.isfile(os.path.join(root, path)):
            reader.fault(key, f"{path} is not in the tree")


def read_steps(data, lines, faults):
    """Return the steps."""
    steps = []
    if not all(isinstance(table, dict) for table in data):
        faults.append((lines.get(("", 0, "steps"), 1), "steps is no row of tables"))
        return ()
    for index, table in enumerate(data):
        reader = Reader(table, "steps", index, lines, faults)
        step = Step(reader.take("name", str), reader.take("title", str))
        if not STEP_NAME.match(step.name):
            reader.fault("name", f"{step.name!r} is no name of a step")
        if step.name in [s.name for s in steps]:
            reader.fault("name", f"{step.name} is the name of two steps")
        steps.append(step)
        reader.end()
    return tuple(steps)


def read_limits(data, lines, faults):
    """Return the limits."""
    reader = Reader(data, "limits", 0, lines, faults)
    limits = Limits(reader.number("instructions", 10**6, 10**12, 0))
    reader.end()
    return limits


def read_lab(data, lines, faults, folder, root):
    """Return the lab that a parsed file describes."""
    number, name = FOLDER.search(folder).groups()
    top = Reader(data, "", 0, lines, faults)
    lab = Lab(
        number=int(number),
        name=name,
        folder=folder,
        title=top.take("title", str),
        summary=top.take("summary", str),
        holes=top.items("holes", str),
        submit=top.items("submit", str, []),
        needs=top.items("needs", int, []),
        reading=top.items("reading", str, []),
        minutes=top.number("minutes", 30, 3000),
        milestone=top.take("milestone", str, ""),
        starter=top.take("starter", str, ""),
        starter_score=top.number("starter_score", 0, 1000, 0),
        mkfs=top.take("mkfs", str, ""),
        host_journal=top.take("host_journal", str, ""),
        steps=read_steps(top.take("steps", list, []), lines, faults),
        limits=read_limits(top.take("limits", dict, {}), lines, faults),
    )
    check_paths(top, "holes", lab.holes, root, (".c",))
    check_paths(top, "reading", lab.reading, root, (".h", ".c", ".S", ".def", ".md"))
    for path in lab.submit:
        plain = os.path.normpath(path) + ("/" if path.endswith("/") else "")
        if path != plain or path.startswith(("/", "..")):
            top.fault("submit", f"{path} is no plain path inside the tree")
        if path in lab.holes:
            top.fault("submit", f"{path} is a hole, which is submitted anyway")
    if any(not 0 <= need < lab.number for need in lab.needs):
        top.fault("needs", "needs names a lab that does not come before")
    stubs = os.path.isdir(os.path.join(root, folder, "stub"))
    if stubs and not lab.starter:
        top.fault("starter", "starter, the line that the stub ends at, is missing")
    top.end()
    return lab


def load(folder, root="."):
    """Read labs/NN-name/lab.toml of the tree at root; return a Lab."""
    path = os.path.join(folder, "lab.toml")
    if not FOLDER.search(folder):
        raise LabError(f"{folder}: not a folder NN-name of a lab")
    try:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        data = tomllib.loads(text)
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabError(f"{path}: not UTF-8") from error
    except RecursionError as error:
        raise LabError(f"{path}:1: nested too deep") from error
    except ValueError as error:  # not only TOMLDecodeError: a number of 5000 digits
        where = re.search(r"line (\d+)", str(error))
        line = where[1] if where else text.count("\n") + 1
        what = re.sub(r" \(at .*\)$", "", str(error))
        raise LabError(f"{path}:{line}: {what}") from error
    faults = []
    lab = read_lab(data, key_lines(text), faults, folder, root)
    if faults:
        raise LabError("\n".join(f"{path}:{n}: {t}" for n, t in sorted(set(faults))))
    return lab


def folders(root="."):
    """Return the folders of all labs, in their order."""
    labs = os.path.join(root, "labs")
    names = sorted(os.listdir(labs)) if os.path.isdir(labs) else []
    return [f"labs/{n}" for n in names if FOLDER.match(n)]


def load_all(root="."):
    """Return all labs of the tree; no file is a hole of two."""
    labs = [load(folder, root) for folder in folders(root)]
    owner = {}
    for lab in labs:
        for hole in lab.holes:
            if hole in owner:
                raise LabError(
                    f"{lab.folder}/lab.toml:1: {hole} is a hole of "
                    f"{owner[hole].folder}, too"
                )
            owner[hole] = lab
    numbers = [lab.number for lab in labs]
    for lab in labs:
        if numbers.count(lab.number) > 1:
            raise LabError(f"{lab.folder}/lab.toml:1: there are two labs {lab.number}")
    return labs
