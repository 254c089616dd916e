"""Each fuzzer's corpus, and some inputs made of it, always the same; `make fuzz-smoke`
and `make fuzz-long` look for new ones."""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUZZ = ROOT / "tests" / "host" / "fuzz"
BUILD = ROOT / os.environ.get("UMBRA_BUILD", "build")
RUNS = 2000
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
    said = run([program, str(RUNS), "1",
                *(s for s in seeds if s.is_dir())], program.parent)
    assert " inputs" in said, said


test_corpus.cases = {name: {"name": name} for name in NAMES}


def test_grader(tmp):
    """What is handed in, and what describes a lab, is read or refused."""
    said = run([sys.executable, FUZZ / "fuzz_grader.py", "-runs=3000", "-seed=1"], tmp)
    assert "executed_units: 3000" in said, said


# ---- Going on where a run stopped ----

# Stands in for a fuzzer: up to 300 inputs in its time; says with what it was started.
FAKE = """\
    #!/usr/bin/env python3
    import os, signal, sys, time
    options = dict(w[1:].split("=") for w in sys.argv[1:] if w.startswith("-"))
    with open({said!r}, "a") as file:
        print(options["runs"], file=file)
    def end(count, status):
        print("stat::number_of_executed_units:", count, flush=True)
        os._exit(status)
    if {how!r} == "waits":
        signal.signal(signal.SIGINT, lambda *_: end(45, 72))
        open({said!r} + ".ready", "w").close()
        while True:
            signal.pause()
    if {how!r} == "fails":
        open(options["artifact_prefix"] + "crash-1", "w").close()
        end(7, 77)
    if {how!r} == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    end(min(int(options["runs"]), 300), 0)
"""


class Fake:
    """A build folder in which the fuzzer of paths does as it is told."""

    def __init__(self, tmp):
        self.build = pathlib.Path(tmp) / "build"
        self.program = self.build / "fuzz" / "fuzz_path"
        self.count = self.build / "fuzz" / "counts" / "path"
        self.said = pathlib.Path(tmp) / "said"
        self.program.parent.mkdir(parents=True)

    def start(self, how, runs):
        """Begins a run until there were that many inputs; returns its process."""
        text = textwrap.dedent(FAKE).format(said=str(self.said), how=how)
        self.program.write_text(text, encoding="utf-8")
        self.program.chmod(0o755)
        self.said.write_text("", encoding="utf-8")
        return subprocess.Popen(
            [sys.executable, FUZZ / "run", "--build", self.build, "--runs", str(runs), "^path$"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)

    def run(self, how, runs, status=0):
        """A whole run; returns (its output, what the fuzzer was asked for each time)."""
        child = self.start(how, runs)
        output = child.communicate(timeout=120)[0]
        assert child.returncode == status, output
        return output, self.said.read_text(encoding="utf-8").split()

    def done(self):
        """How many inputs are counted."""
        return int(self.count.read_text(encoding="utf-8").split()[0])


def test_counts_go_on(tmp):
    """A run takes up what earlier ones have done, and does no more than is missing."""
    fake = Fake(tmp)
    said, asked = fake.run("works", 700)
    assert asked == ["700", "400", "100"] and "700 inputs," in said, (said, asked)
    said, asked = fake.run("works", 1000)
    assert asked == ["300"] and "1000 inputs,       300 now" in said, (said, asked)
    said, asked = fake.run("works", 1000)
    assert asked == [] and "1000 inputs,         0 now" in said, (said, asked)


def test_interrupted_run_counts(tmp):
    """Ctrl-C, and an end from outside, keep what has been done."""
    for number, word in enumerate((signal.SIGINT, signal.SIGTERM), 1):
        fake = fake if number > 1 else Fake(tmp)
        ready = pathlib.Path(f"{fake.said}.ready")
        child = fake.start("waits", 1000)
        until = time.monotonic() + 120
        while not ready.exists():
            assert child.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        child.send_signal(word)
        said = child.communicate(timeout=120)[0]
        assert child.returncode == 130 and fake.done() == number * 45, said
        ready.unlink()


def test_finding_begins_anew(tmp):
    """The count is of inputs without a finding; what ends otherwise takes nothing away."""
    fake = Fake(tmp)
    fake.run("works", 300)
    said, _ = fake.run("is killed", 1000, status=1)
    assert fake.done() == 300 and "ended with status -9" in said, said
    said, _ = fake.run("fails", 1000, status=1)
    assert fake.done() == 0 and "crash-1" in said and "1 findings" in said, said


def test_bad_count_is_refused(tmp):
    """A count that is none is not taken for the beginning."""
    fake = Fake(tmp)
    fake.count.parent.mkdir(parents=True)
    fake.count.write_text("many\n", encoding="utf-8")
    said, asked = fake.run("works", 10, status=1)
    assert "is not two numbers" in said and asked == [], said


def test_grader_gets_other_inputs(tmp):
    """What a later run of it is given is not what an earlier one was."""
    command = [sys.executable, FUZZ / "run", "--build", tmp, "^grader$", "--runs"]
    for runs in ("100", "150"):
        run([*command, runs], tmp)
    said = (pathlib.Path(tmp) / "fuzz" / "grader.log").read_text(encoding="utf-8")
    assert "executed_units: 50" in said, said
