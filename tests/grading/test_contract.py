"""What a failed test quotes, errors by their names, and the order of tests."""

import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import toy
from grading import contract, discover, report, tree
from grading.errors import EINVAL, EIO, Returned
from grading.verdict import Fail, check_equal
from grading.wire import Answer, pack

HEADER = """#pragma once
/* Adds; the
 * sum wraps. */
int sums_add(int a, int b) MUST_CHECK;
void sums_forget(void);

void sums_bare(void);
struct ops {
    /* Opens it, once. */
    int (*open)(struct it *it);
};
/* Of a struct. */
struct sums {
    int (*hidden)(void);
};
"""


def test_comments_are_contracts():
    """Of all declarations below a comment, operations among them, but for what stands
    behind an empty line or in a block of its own."""
    found = contract.noted(HEADER)
    assert found == {"sums_add": "Adds; the sum wraps.", "sums_forget": "Adds; the sum wraps.",
                     "open": "Opens it, once."}, found  # fmt: skip


def test_each_test_has_a_contract_and_a_place():
    """A test blames what somebody has described, in a header or in the starter; tests
    come in the order of the handout's steps."""
    labs = [lab for lab in tree.labfile(toy.ROOT).load_all(toy.ROOT) if lab.holes]
    assert len(labs) > 5
    for lab in labs:
        tests = discover.tests(toy.ROOT, lab)
        bare = [t.name for t in tests if f":{t.blames.split(',')[0]})" not in t.contract]
        assert len(bare) <= len(tests) // 5, (lab.name, bare)
        names = [step.name for step in lab.steps]
        places = [names.index(t.step) for t in tests if t.step in names]
        assert places == sorted(places), lab.name


def test_errors_are_shown_by_name():
    """On their own with the number, in lists by the name alone; others are numbers."""
    answer = Answer(pack("u32", -22, "u64", -5, "u32", 7, "u32", -4000))
    seen = [answer.error() for _ in range(4)]
    assert seen == [-22, -5, 7, -4000] and EINVAL == seen[0] and EIO == seen[1]
    assert report._short(seen) == "[-EINVAL, -EIO, 7, -4000]"
    assert report._short(seen[0]) == "-EINVAL (-22)" and report._short(seen[2]) == "7"
    assert f"{Returned(-28)}" == "-ENOSPC" and struct.pack("<i", EIO) == struct.pack("<i", -5)
    try:
        check_equal((0, seen[1]), (0, EINVAL), "what it returned")
    except Fail as error:
        assert (repr(error.expected), repr(error.seen)) == ("(0, -EINVAL)", "(0, -EIO)")
    else:
        raise AssertionError("-EIO is -EINVAL")
