"""Grade a class on a cluster: tasks that share a folder, and nothing else."""

import os
import shlex
import shutil
import subprocess


class ClusterError(Exception):
    """The cluster did not take the work."""


def slurm(run, tasks, jobs, progress):
    """Have the plan worked off by an array job of Slurm's; return when it ended.

    Where --out, the submissions and this tree are must be the same on all nodes.
    A task that failed leaves its part undone: that shows when all is collected.
    """
    if not shutil.which("sbatch"):
        raise ClusterError("sbatch is not installed here")
    command = shlex.join([
        os.path.join(run.root, "grading", "class"), "--out", run.out, "-j", str(jobs),
        "--task",
    ])  # fmt: skip
    logs = os.path.join(run.out, "logs")
    os.makedirs(logs, exist_ok=True)
    words = [
        "sbatch", "--wait", "--parsable", f"--array=0-{tasks - 1}",
        f"--job-name=umbra-lab{run.lab.number}", f"--output={logs}/task-%a.log",
        f"--wrap={command} $SLURM_ARRAY_TASK_ID/{tasks}",
    ]  # fmt: skip
    progress.step(f"waiting for {tasks} tasks of Slurm's")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        raise ClusterError(f"sbatch: {done.stderr.strip() or 'no job was made'}")
