"""Every lab's starter builds without a warning and boots to its line, and the
trunk solves it."""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

import harness  # noqa: E402
from grading import build, grade, sandbox, trial  # noqa: E402
from harness import Skip, cases  # noqa: E402
from labs.lib import course as courses  # noqa: E402
from labs.lib import example, following, labfile, mistakes, proofs  # noqa: E402


LABS = {os.path.basename(lab.folder): {"lab": lab} for lab in labfile.load_all(ROOT)}
COMPLETE = {name: case for name, case in LABS.items() if case["lab"].starter}
CHEAPEST = "01-boot"
# Half the time to compile a kernel; where it is tested with its own flags, it is by others.
QUICKLY = {"QUICK": "-O0"}
# (lab, test, seed) with which a grader once failed the trunk.
UNJUST = (
    (1, "noise_is_refused_or_read", 401714284),
    (4, "calls_are_made", 8),
    (3, "a_large_page_is_no_table", 73),
)
GRADED = {
    name: case
    for name, case in LABS.items()
    if os.path.isdir(os.path.join(ROOT, case["lab"].folder, "tests"))
}


def test_images_of_starters(tmp):
    """Where mkfs is built on code that a starter does not have, it makes an image
    all the same, here of a few programs; tools that need the code say what is yours
    to write. What the starters share is built once."""
    labs = labfile.load_all(ROOT)
    workshop = proofs.Workshop(tmp, labs)
    tried = [lab for lab in labs if lab.starter and lab.host_settings]
    assert len(tried) > 1, tried
    for lab in tried:
        courses.write(courses.with_stubs(workshop.trunk, [lab]), tmp)
        makes_an_image(lab, tmp, workshop.holes)


def makes_an_image(lab, tree, holes):
    """A lab's starter makes an image that is sound; its tools do what they can."""
    build_folder = f"build/{proofs.TOOLCHAINS[0]}"
    settings = [f"{name}={value}" for name, value in lab.host_settings.items()]
    few = ["BINS=passwd sh su", "DAEMONS=", "QUICK=-O0"]
    image = os.path.join(tree, build_folder, "root.img")
    if os.path.exists(image):
        os.unlink(image)
    proofs.make(tree, f"BUILD={build_folder}", f"HOLES={holes}", *settings, *few,
                f"{build_folder}/root.img", f"{build_folder}/host/efs")  # fmt: skip
    check = [harness.built("host/fsck.eclipsefs"), "-n", image]
    assert subprocess.run(check, stdout=subprocess.PIPE, check=False).returncode == 0
    looked = subprocess.run([os.path.join(tree, build_folder, "host", "efs"), "ls", image, "/"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            check=False)  # fmt: skip
    assert "etc" in looked.stdout or lab.starter in looked.stderr, looked


def test_handout(tmp):
    """Lab 9's handout, followed with few programs: its commands do and print what it
    says. (The others: labs/check handout. What it has graded, the trunk gets below.)"""
    lab = LABS["09-eclipsefs"]["lab"]
    labs = [case["lab"] for case in COMPLETE.values()]
    few = {"BINS": "cat ls passwd sh su", "DAEMONS": "", **QUICKLY}
    following.follow(ROOT, tmp, labs, lab, graded=False, settings=few)


def test_mixture(tmp):
    """Some holes solved and others not: it links; and what does not compile is found
    where it is in the mixture. (More of them, as they are compiled for students:
    labs/check stub.)"""
    workshop = proofs.Workshop(tmp, [case["lab"] for case in COMPLETE.values()], QUICKLY)
    hole = "kernel/fs/pipe.c"
    number = next(n for n in range(1, 99) if hole in proofs.mixture(workshop.labs, n))
    assert "holes are solved" in proofs.mixture_links(workshop, number)
    wrong = dict(workshop.trunk)
    wrong[hole] = courses.File(wrong[hole].data + b"\nvoid *of_nobody(void) { return other(); }\n")
    workshop.trunk = wrong
    try:
        proofs.mixture_links(workshop, number)
    except proofs.Wrong as error:
        assert hole in str(error), error
    else:
        raise AssertionError("what does not compile is told of no mixture")


@cases(**COMPLETE)
def test_starter(lab, tmp):
    """It is the one that the grader keeps, where the grader can work."""
    if sandbox.why_not():
        kernel = proofs.Workshop(tmp, [lab]).starter(lab)
    else:
        base = build.starter(ROOT, lab, grade.cache(ROOT)).ready()
        kernel = os.path.join(base.build, "kernel.elf")
    proofs.boots_to_its_line(lab, kernel, harness.built("test.img"))


def lost(lab, seed, names=None):
    """Return what the tests of a lab say that the trunk does not pass."""
    if sandbox.why_not():
        raise Skip(sandbox.why_not())
    with tempfile.TemporaryDirectory() as answers:
        if not lab.holes:
            mistakes.write(ROOT, lab, answers)
        with trial.of(trial.Court(ROOT, lab), "trunk" if lab.holes else answers) as built:
            found = built.outcomes(seed, names)
    assert found
    return {o.test.name: (o.status, o.text) for o in found if o.status != "pass"}


@cases(**GRADED)
def test_trunk_has_all_points(lab):
    """The trunk solves the lab."""
    assert not lost(lab, proofs.SEED)


@cases(**{f"{lab}.{test}.{seed}": {"number": lab, "test": test, "seed": seed}
          for lab, test, seed in UNJUST})  # fmt: skip
def test_seed_that_was_unjust(number, test, seed):
    """A seed that once took points from the trunk takes none."""
    assert not lost(next(c["lab"] for c in LABS.values() if c["lab"].number == number), seed, [test])


def test_another_solution():
    """The tests of one lab, whose grading costs least, take another solution for
    right, too; `labs/check solutions` grades them all."""
    if sandbox.why_not():
        raise Skip(sandbox.why_not())
    lab = LABS[CHEAPEST]["lab"]
    proofs.solution_has_all_points(ROOT, lab, proofs.solutions(ROOT, lab)[0])


def test_a_lab_of_ones_own(tmp):
    """The example of labs/README.md: followed, it gives a lab that boots to its
    line."""
    trunk = courses.working(ROOT)
    page = trunk[example.PAGE].data.decode()
    text = example.emptied(trunk[example.HOLE].data.decode())
    folder = example.FOLDER
    trunk[f"{folder}/lab.toml"] = courses.File(example.lab_toml(page).encode())
    trunk[f"{folder}/stub/{example.HOLE}"] = courses.File(text.encode())
    tree = os.path.join(tmp, "tree")
    courses.write(trunk, tree)
    lab = labfile.load(folder, tree)
    courses.write(courses.with_stubs(trunk, [lab]), tree)
    words = [f"{name}={value}" for name, value in QUICKLY.items()]
    proofs.make(tree, f"TOOLCHAIN={proofs.TOOLCHAINS[0]}", f"HOLES={lab.holes[0]}", *words,
                "kernel")  # fmt: skip
    kernel = os.path.join(tree, "build", "kernel.elf")
    proofs.boots_to_its_line(lab, kernel, harness.built("test.img"))
