"""Each fuzzer's corpus, and some inputs made of it, always the same; `make fuzz-smoke`
and `make fuzz-long` look for new ones."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUZZ = ROOT / "tests" / "host" / "fuzz"
BUILD = ROOT / os.environ.get("UMBRA_BUILD", "build")
RUNS = 2000
SLOW = {"efs": 300, "journal": 500}  # at some hundred a second
NAMES = sorted(path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c"))


def run(command, folder):
    """Runs a command in a folder; raises AssertionError with its output if it fails,
    subprocess.TimeoutExpired after minutes."""
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=240, check=False,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1"})
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def test_corpus(name):
    """No input fails; what does is kept beside the program."""
    program = BUILD / "host" / "fuzz" / f"fuzz_{name}"
    seeds = [FUZZ / "corpus" / name, BUILD / "fuzz" / "made" / name]
    said = run([program, str(SLOW.get(name, RUNS)), "1",
                *(s for s in seeds if s.is_dir())], program.parent)
    assert " inputs" in said, said


test_corpus.cases = {name: {"name": name} for name in NAMES}


def test_grader(tmp):
    """What is handed in, and what describes a lab, is read or refused."""
    said = run([sys.executable, FUZZ / "fuzz_grader.py", "-runs=300", "-seed=1"], tmp)
    assert "executed_units: 300" in said, said
