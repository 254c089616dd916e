"""Step 7: the whole kernel."""

import random

from grading import check, check_equal, test

SECTION = "Step 7: All of it"
PROMPT = r"umbra# $"


@test(points=1, step="machine", section=SECTION, blames="waitq_sleep_until",
      evidence=("answers", "status"),
      hint="What the log says last is how far it came.")  # fmt: skip
def eight_harts_share_a_shell(run):
    """On eight harts the shell runs a pipeline over a file that only the disk knows."""
    secret = random.Random(f"{run.seed}:secret").randbytes(20).hex()
    lines = "".join(f"{i} {secret if i == 77 else 'x'}\n" for i in range(200))
    record = yield run.boot(
        machine=run.machine(harts=8, icount=False), files={"/etc/secret": lines.encode()},
        prompt=PROMPT, input=("cat /etc/secret | cat | grep 77 | cat",),
    )  # fmt: skip
    check(f"77 {secret}" in record.console, "the line that only the disk knows")


@test(points=1, step="machine", section=SECTION, evidence=("answers", "disk"),
      blames="completion_wait",
      hint="make gdb, and break where the threads sleep.")  # fmt: skip
def one_hart_does_too(run):
    """On one hart, too, and what is written is on the disk."""
    secret = random.Random(f"{run.seed}:other").randbytes(20).hex()
    record = yield run.boot(
        machine=run.machine(harts=1, icount=False), prompt=PROMPT,
        input=(f"echo {secret} | cat > /kept", "sync"),
    )  # fmt: skip
    check_equal(record.image().read("/kept"), (secret + "\n").encode(), "the file")
