"""Answers to a lab that asks instead of having holes: right ones, which the lab's
own `solve` finds, and such with a mistake.

A mistake is a line of a mutant: KEY = what is answered there instead, being

    boot.irq                 the right answer to another question
    boot.irq - 1             a number beside it: + - * / and a whole number
    boot.irq of Grace Hopper the right answer of somebody else
    bare memory.entry        hexadecimal digits without 0x
    0x boot.irq              decimal digits behind 0x
    "five"                   this text
"""

import functools
import os
import re
import subprocess
import sys

NAME = "Ada Lovelace"  # whose answers are right
MISTAKE = re.compile(
    r"""([\w.]+) = (?:"(.*)"|(?:(bare|0x) )?([a-z]\w*\.\w+)(?: ([-+*/]) (\d+))?(?: of (.+))?)$"""
)
ARITHMETIC = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b,
    "*": lambda a, b: a * b, "/": lambda a, b: a // b,
}  # fmt: skip


@functools.cache
def solved(root, lab, name=NAME):
    """Return {key: answer} of a name, as the lab's `solve` finds them."""
    build = os.environ.get("UMBRA_BUILD", os.path.join(root, "build"))
    done = subprocess.run(
        [sys.executable, os.path.join(root, lab.folder, "solve"), name, build],
        check=True, text=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return dict(line.split(" = ", 1) for line in done.stdout.splitlines())


def write(root, lab, folder, mutant=""):
    """Write right answers below a folder, but for the mistakes of a mutant.

    Raises ValueError if a line of the mutant is no mistake.
    """
    answers = dict(solved(root, lab))
    body = mutant.partition("\n\n")[2].split("\n")
    for line in filter(None, body):
        key, answer = _mistake(root, lab, line)
        if answer == answers[key]:
            raise ValueError(f"{line!r} is no mistake: it is right")
        answers[key] = answer
    path = os.path.join(folder, lab.texts[0])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{key} = {answer}\n" for key, answer in answers.items())


def _mistake(root, lab, line):
    """Return (key, wrong answer) of a mutant's line."""
    found = MISTAKE.match(line)
    if not found:
        raise ValueError(f"{line!r} is no mistake")
    key, text, kind, source, sign, number, name = found.groups()
    if text is not None:
        return key, text
    answer = solved(root, lab, name or NAME)[source]
    if sign:
        answer = str(ARITHMETIC[sign](int(answer, 0), int(number)))
    if kind:
        answer = f"{int(answer, 0):x}" if kind == "bare" else f"0x{int(answer, 0)}"
    return key, answer
