"""A class that was never there: submissions of every kind, from one seed."""

import io
import os
import random
import re
import shutil
import tarfile

from grading.redteam import archives
from labs.lib import proofs

KINDS = ("correct", "mutant", "mutant", "breaks", "twin", "hostile", "empty", "copied")


def make(root, lab, folder, count, seed=1):
    """Write count submissions for a lab below folder; return {name: kind}.

    All kinds come up, as often as KINDS has them: correct ones, mutants, some
    that do not compile, twins of others (the same bytes in an archive), hostile
    archives, empty ones, and correct ones with other names for things.
    """
    dice, made = random.Random(seed), {}
    hostile = [a for a in archives.ALL if a.__name__ not in ("folder_link", "sparse_file")]
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        name = f"student{number:03}_{number + 10000}_assignsubmission_file_"
        path = os.path.join(folder, name)
        if kind == "twin":
            other = dice.choice([n for n, k in made.items() if k in ("correct", "mutant")])
            _pack(os.path.join(folder, other), f"{path}.tar.gz")
        elif kind == "hostile":
            place = f"{folder}.hostile"
            os.makedirs(place)
            archive = hostile[number // len(KINDS) % len(hostile)](place)
            shutil.move(archive, path + _ending(archive))
            shutil.rmtree(place)
        else:
            _write(root, lab, path, kind, number, dice)
        made[name] = kind
    return made


def _ending(path):
    name = os.path.basename(path)
    return "" if os.path.isdir(path) else name[name.index(".") :]


def _write(root, lab, path, kind, number, dice):
    os.makedirs(path)
    if kind == "empty":
        return
    mutants = proofs.mutants(root, lab)
    if kind == "mutant" and mutants:
        proofs.mutated(root, lab, dice.choice(mutants), path)
    for hole in lab.holes:
        target = os.path.join(path, hole)
        if os.path.exists(target):
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(os.path.join(root, hole), encoding="utf-8") as file:
            text = file.read()
        with open(target, "w", encoding="utf-8") as file:
            file.write(_changed(text, kind, number, dice))


def _changed(text, kind, number, dice):
    """Return a solution as one of a kind has it."""
    if kind == "breaks":
        return f"{text}\nint broken{number} = ;\n"
    if kind == "copied":
        return re.sub(r"\bbytes\b", f"data{number}", text)
    if kind == "mutant":  # where the lab has none
        at = dice.choice([m.start() for m in re.finditer(r"\b\d+(?=[\];) ])", text)])
        return f"{text[:at]}{number} + {text[at:]}"
    return text


def _pack(folder, path):
    """Write a folder's files into an archive, below one more folder."""
    with tarfile.open(path, "w:gz") as made:
        for at, _, names in os.walk(folder):
            for name in sorted(names):
                with open(os.path.join(at, name), "rb") as file:
                    data = file.read()
                inside = os.path.relpath(os.path.join(at, name), folder)
                entry = tarfile.TarInfo(f"work/{inside}")
                entry.size = len(data)
                made.addfile(entry, io.BytesIO(data))
