"""Attacks aimed at labs with tests: starters in which every function that is to
be written returns at once, with the same value everywhere.

Whoever asks only that bad input be refused, or only that good input be taken,
gives points to one of them. What is not written ends nothing here: no crash, no
message, just a wrong answer.
"""

import os
import re

from grading import tree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VALUES = {"nothing": 0, "one": 1, "refusal": -22, "trouble": -5}
UNWRITTEN = re.compile(r'#include ("lib/todo.h"|<todo.h>)\n')
BODY = """#pragma GCC diagnostic ignored "-Wreturn-type"
#undef LAB_TODO
#define LAB_TODO(lab) __asm__ volatile("li a0, %d" ::: "a0")
"""


def makers():
    """Return {name: (lab, function that makes it, as archives.py has them)}."""
    made = {}
    for lab in tree.labfile(ROOT).load_all(ROOT):
        if lab.holes and lab.starter and os.path.isdir(os.path.join(ROOT, lab.folder, "tests")):
            for word, value in VALUES.items():
                made[f"lab{lab.number}_returns_{word}"] = lab, _maker(lab, value)
    return made


def _maker(lab, value):
    def make(top):
        for path, content in tree.stub(ROOT, lab).items():
            target = f"{top}/submission/{path}"
            os.makedirs(os.path.dirname(target), exist_ok=True)
            text = UNWRITTEN.sub(lambda line: line[0] + BODY % value, content.decode())
            with open(target, "w", encoding="utf-8") as file:
                file.write(text)
        return f"{top}/submission"

    make.__doc__ = f"Returns {value} from all that is to be written."
    return make
