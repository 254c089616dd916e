"""A class graded by a cluster comes to the same gradebook as on one machine."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crowd
import harness
import slurm
import toy

COUNT = 6  # of several kinds
FEW = 3  # are two tasks' work


def graded(folder, out, environment, *more):
    """Grade a class; return its gradebook's text."""
    done = subprocess.run(
        [os.path.join(toy.ROOT, "grading", "class"), "--lab", "tests/grading/90-toy",
         folder, "--out", out, "-j1", "--seed=4", "--test=sum_of_random_bytes", *more],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with open(f"{out}/gradebook.csv", encoding="utf-8") as file:
        return file.read()


def prepared(tmp, count):
    """Make submissions and a place for them; return (folder, environment)."""
    os.chmod(tmp, 0o755)
    os.makedirs(f"{tmp}/subs")
    os.makedirs(f"{tmp}/tmp")
    crowd.make(toy.ROOT, toy.lab(), f"{tmp}/subs", count)
    return f"{tmp}/subs", {"TMPDIR": f"{tmp}/tmp"}


def test_slurm_comes_to_the_same(tmp):
    """An array job of two tasks, by a real slurmctld and slurmd."""
    toy.needs_sandbox(harness)
    if slurm.missing():
        raise harness.Skip(f"not installed: {', '.join(slurm.missing())} "
                           "(Debian's slurm-wlm and munge)")  # fmt: skip
    if os.getuid() != 0:
        raise harness.Skip("slurmd wants root")
    folder, place = prepared(tmp, FEW)
    here = graded(folder, f"{tmp}/here", {**os.environ, **place})
    os.mkdir(f"{tmp}/slurm")
    with slurm.Cluster(f"{tmp}/slurm") as cluster:
        there = graded(folder, f"{tmp}/there", {**cluster.environment, **place},
                       "--slurm=2")  # fmt: skip
        jobs = cluster.ask("squeue", "-h")
    assert jobs == "", jobs
    assert here == there and here.count("\n") == FEW + 1, there
    for task in (0, 1):
        with open(f"{tmp}/there/logs/task-{task}.log", encoding="utf-8") as file:
            assert "submissions to grade" in file.read(), cluster.logs()


def test_tasks_share_the_work(tmp):
    """Plan, two tasks one after the other, collect: what any cluster does."""
    toy.needs_sandbox(harness)
    folder, place = prepared(tmp, COUNT)
    environment = {**os.environ, **place}
    out, command = f"{tmp}/out", os.path.join(toy.ROOT, "grading", "class")
    subprocess.run([command, "--lab", "tests/grading/90-toy", folder, "--out", out,
                    "--test=sum_of_nothing", "--plan"], env=environment, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    done = []
    for task in ("0/2", "1/2"):
        subprocess.run([command, "--out", out, "--task", task], env=environment,
                       check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        done.append(len(os.listdir(f"{out}/graded")))
    assert 0 < done[0] < done[1], done
    subprocess.run([command, "--out", out, "--collect"], env=environment, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    with open(f"{out}/gradebook.csv", encoding="utf-8") as file:
        assert ",graded,1,1," in file.read()
