"""labs/publish makes the course's repository, and brings it up to date."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

from labs.lib import course as courses  # noqa: E402
from labs.lib import labfile, proofs  # noqa: E402

GIT = ["git", "-c", "safe.directory=*", "-c", "user.name=x", "-c", "user.email=x@x"]


def git(folder, *words):
    done = subprocess.run([*GIT, "-C", folder, *words], text=True, check=True,
                          stdout=subprocess.PIPE)  # fmt: skip
    return done.stdout.strip()


def publish(root, *words):
    """Run labs/publish of a tree; return (status, what it printed)."""
    done = subprocess.run(
        [os.path.join(root, "labs", "publish"), *words], text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")},
    )  # fmt: skip
    return done.returncode, done.stdout


def refs(repository):
    return git(repository, "for-each-ref", "--format=%(refname:short) %(objectname)")


def complete():
    return [lab for lab in labfile.load_all(ROOT) if lab.starter]


def test_same_hashes(tmp):
    """The same commit gives the same course, and publishing again changes nothing."""
    one, two = os.path.join(tmp, "one"), os.path.join(tmp, "two")
    for dest in (one, two):
        status, said = publish(ROOT, dest)
        assert status == 0, said
    assert refs(one) == refs(two)
    before = refs(one)
    status, said = publish(ROOT, one)
    assert status == 0 and "changed" not in said, said
    assert refs(one) == before
    branches = [line.split()[0] for line in before.splitlines()]
    assert branches == [lab.branch for lab in complete()] + ["main"]
    proofs.merges(one, branches)


def test_updates_fast_forward(tmp):
    """A later commit adds commits, only where something is different; here to a
    course of three labs."""
    root, dest = os.path.join(tmp, "root"), os.path.join(tmp, "dest")
    subprocess.run([*GIT, "clone", "-q", "--no-hardlinks", ROOT, root], check=True)
    labs = complete()[:3]
    chosen = ["--labs", ",".join(str(lab.number) for lab in labs)]
    status, said = publish(root, dest, *chosen)
    assert status == 0, said
    before = dict(line.split() for line in refs(dest).splitlines())
    lab = labs[0]
    # What only this lab's branch has; then what all have.
    for path, changed in ((f"{lab.folder}/lab.toml", {lab.branch}),
                          ("docs/boot.md", set(before))):  # fmt: skip
        with open(os.path.join(root, path), "a", encoding="utf-8") as file:
            file.write("\n# later\n")
        git(root, "commit", "-qam", "later")
        status, said = publish(root, dest, *chosen)
        assert status == 0, said
        after = dict(line.split() for line in refs(dest).splitlines())
        assert {b for b in after if after[b] != before[b]} == changed, said
        for branch in before:
            git(dest, "merge-base", "--is-ancestor", before[branch], after[branch])
            assert "# later" in git(dest, "show", f"{branch}:docs/boot.md") or (
                path != "docs/boot.md"
            )
        before = after
    proofs.merges(dest, list(before))


def test_shows_no_solution():
    """No branch has a line of what somebody is to write in it."""
    labs, trunk = complete(), courses.committed(ROOT)
    assert labs and any(name.startswith(proofs.SOLUTIONS) for name in trunk)
    solutions = proofs.solution_lines(trunk, labs)
    assert all(solutions[lab.number] for lab in labs if lab.holes)
    for sealed in (False, True):
        course = courses.Course(tuple(labs), False, sealed)
        main = courses.main_tree(trunk, course, {})
        for lab in labs:
            tree = courses.lab_tree(trunk, course, main, lab)
            proofs.shows_no_solution(solutions, course, lab, tree)
            for name in tree:
                assert "mutants/" not in name and "/stub/" not in name, name
                assert not name.startswith(
                    ("tests/", "grading/redteam/", proofs.SOLUTIONS)
                ), name
    # The proof would notice one.
    tree[lab.holes[0]] = trunk[lab.holes[0]]
    try:
        proofs.shows_no_solution(solutions, course, lab, tree)
    except proofs.Wrong as error:
        assert lab.holes[0] in str(error)
    else:
        raise AssertionError("the solution itself shows no solution")


def makes_a_disk(course):
    """Whether a course's own mkfs makes a disk that can be written to."""
    tool, image = (os.path.join(course, "build", n) for n in ("host/mkfs.eclipsefs", "x.img"))
    words = [tool, "-s", "16M", "-d", os.path.join(course, "docs"), image]
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0


def test_sealed_builds(tmp):
    """A sealed course, here of six labs, is built from objects but for what is the
    student's in a branch; and what counts there can be packed."""
    dest, mine = os.path.join(tmp, "dest"), os.path.join(tmp, "mine")
    first, lab, *_, last = [each for each in complete() if each.holes]
    labs = [complete()[0], first, lab]
    tools = [each for each in complete() if each.host_settings]  # are built on these
    numbers = ",".join(str(each.number) for each in (*labs, *tools, last))
    status, said = publish(ROOT, dest, "--mode", "cumulative", "--labs", numbers)
    assert status == 0, said
    subprocess.run([*GIT, "clone", "-q", dest, mine], check=True)
    git(mine, "switch", "-q", lab.branch)
    # What is built of sources here need not be fast.
    with open(os.path.join(mine, "lab.mk"), "a", encoding="utf-8") as file:
        file.write("QUICK := -O0\nFAST := -O0\nSMALL := -O0\nTINY := -O0\n")
    helped = proofs.make(mine, "help")
    assert "submit" in helped and "warning" not in helped, helped
    proofs.make(mine, "build/host/mkfs.eclipsefs")
    assert makes_a_disk(mine)
    assert "still to be written" in proofs.make(mine, "submit")
    proofs.boots_to_its_line(first, os.path.join(mine, "build/kernel.elf"), None)
    name = os.path.basename(lab.folder)
    packed = subprocess.run(
        ["tar", "tzf", os.path.join(mine, f"build/submit-{name}.tar.gz")],
        text=True, check=True, stdout=subprocess.PIPE,
    ).stdout.split()  # fmt: skip
    assert packed == [path for each in labs for path in (*each.holes, *each.texts)], packed
    # Refused, with a reason: a link, and what does not compile.
    hole = os.path.join(mine, lab.holes[0])
    os.rename(hole, hole + ".mine")
    os.symlink("/etc/passwd", hole)
    for wanted in ("is no plain file", "does not build"):
        try:
            proofs.make(mine, "submit")
        except proofs.Wrong as error:
            assert wanted in str(error), error
        else:
            raise AssertionError(wanted)
        os.unlink(hole)
        with open(hole, "w", encoding="utf-8") as file:
            file.write("this is not C\n")
    # What the tools are built on is one's own, and not done: SEAL helps.
    git(mine, "switch", "-qf", tools[-1].branch)
    proofs.make(mine, "build/host/mkfs.eclipsefs")
    assert not makes_a_disk(mine)
    seal = " ".join(os.path.basename(each.folder) for each in tools)
    proofs.make(mine, f"SEAL={seal}", "build/host/mkfs.eclipsefs")
    assert makes_a_disk(mine)


def test_refusals(tmp):
    """What cannot be published is said in a line, and nothing is written."""
    lab = next((x for x in labfile.load_all(ROOT) if x.holes and not x.starter), None)
    full = os.path.join(tmp, "full")
    os.mkdir(full)
    with open(os.path.join(full, "file"), "w", encoding="utf-8"):
        pass
    cases = [([full], "no bare repository"),
             ([tmp + "/d", "--labs", "99"], "there is no lab 99"),
             ([tmp + "/d", "--labs", "7,7"], "lab 7 is named twice"),
             ([tmp + "/d", "--labs", ""], "there is no lab (nothing)")]  # fmt: skip
    if lab:
        cases.append(([tmp + "/d", "--labs", str(lab.number)], "has no stub yet"))
    for words, wanted in cases:
        status, said = publish(ROOT, *words)
        assert status == 1 and wanted in said, (words, said)
        assert not os.path.exists(tmp + "/d")
    assert os.listdir(full) == ["file"]
