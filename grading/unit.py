"""Ask questions of a kernel that is linked with a lab's test program.

All questions for one program and machine go into one image and are answered in
one boot. One that ends it, by a panic, a hang or an unwritten function, gets
that as its verdict, and the machine is booted again for those behind it.
"""

import dataclasses
import os
import struct

from grading import record
from grading.elf import Elf
from grading.guest import Guest
from grading.machine import Machine
from grading.verdict import GuestCrash, GuestTimeout, Infra
from grading.wire import Answer, AnswerError, pack

__all__ = ["Answer", "AnswerError", "Ask", "answer_all"]

QUESTIONS_SIZE = 1 << 20  # grading/guest/grade.c
ANSWERS_SIZE = 1 << 20
HEADER = 16
BOOT_BUDGET = 1_000_000_000  # firmware, and the kernel where it is to boot
BUDGET = 200_000_000  # for a question
MOST_HANGS = 8  # of a case
WFI = struct.pack("<I", 0x10500073)  # [riscv-priv §3.3.3], where NOP is said to be a
NOP = struct.pack("<I", 0x00000013)  # legal way of it


@dataclasses.dataclass(frozen=True)
class Ask:
    """A question: for which case of which program, on which machine."""

    program: str
    case: str
    question: bytes
    machine: Machine
    disks: tuple = ()
    budget: int = BUDGET

    @property
    def group(self):
        """Questions of one group share a boot."""
        return (self.program, self.machine, self.disks)

    @property
    def asked(self):
        """Return the pieces of the question, the case's name first."""
        return pack("string", self.case) + self.question

    @property
    def packed(self):
        """Return what goes into the image."""
        return struct.pack("<Q", len(self.asked)) + self.asked


def answer_all(folder, asks, keep, hung):
    """Return for each question of a group an Answer or the exception it earned.

    folder: where PROGRAM.elf is; keep: a folder for what the runs leave. hung
    counts how often a case took all its time, in all rounds of a grading: after
    MOST_HANGS the machine is not made to wait for it again.
    """
    elf = Elf(os.path.join(folder, f"{asks[0].program}.elf"))
    answers, left = {}, list(range(len(asks)))
    while left:
        left = _give_up(asks, left, answers, hung)
        batch = _fitting([asks[i] for i in left]) if left else []
        found = _boot(elf, batch, f"{keep}/{len(answers)}") if batch else []
        answers.update(zip(left, found))
        if found and isinstance(found[-1], GuestTimeout):
            ask = batch[len(found) - 1]
            hung[ask.group, ask.case] += 1
        left = left[len(found) :]
    return [answers[i] for i in range(len(asks))]


def _give_up(asks, left, answers, hung):
    """Answer for the cases that hung too often; return what is left to be asked."""
    kept = []
    for i in left:
        if hung[asks[i].group, asks[i].case] < MOST_HANGS:
            kept.append(i)
        else:
            answers[i] = GuestTimeout(
                f"not tried: {MOST_HANGS} questions of this kind took all their time")
    return kept


def _fitting(asks):
    """Return the first asks that fit into one image; at least one."""
    size, count = 8, 0
    for ask in asks:
        size += len(ask.packed)
        if size > QUESTIONS_SIZE:
            break
        count += 1
    if count == 0:
        raise Infra(f"a question of {asks[0].case} is over {QUESTIONS_SIZE} bytes")
    return asks[:count]


def _boot(elf, asks, keep):
    """Boot once; return the answers up to the first question without one."""
    os.makedirs(keep, exist_ok=True)
    image = os.path.join(keep, "kernel.elf")
    blob = struct.pack("<Q", len(asks)) + b"".join(a.packed for a in asks)
    elf.patched(image, {elf.address("grade_questions"): blob, **_restless(elf, asks[0])})
    os.chmod(image, 0o644)
    os.chmod(keep, 0o755)
    words = "root=vda" if asks[0].disks else ""
    with Guest(image, asks[0].machine, asks[0].disks, words) as guest:
        problem, end = _run(guest, asks)
        begun, answers = _answers(guest, len(asks))
        kept = record.take(guest, keep, end, str(problem or ""))
    if not problem and len(answers) == len(asks):
        os.unlink(image)
        return answers
    problem = problem or GuestCrash("the answers were overwritten")
    problem.record = kept
    if not begun:  # it did not come to any question, and never will
        return [problem] * len(asks)
    return [*answers[: len(asks) - 1], problem]


def _restless(elf, ask):
    """Return changes to a kernel, {address: bytes}, that let it count its instructions.

    Where QEMU counts them, the host's time that passes in wfi is counted as if it were
    instructions: a host that has much else to do would take them from the budget.
    """
    if not ask.machine.counted or ask.disks:
        return {}
    return {address: NOP for address in elf.find(WFI, "_text", "_etext")}


def _run(guest, asks):
    """Run to the end; return (exception or None, how it ended)."""
    try:
        guest.break_at("grade_next")
        stop = guest.run(BOOT_BUDGET)
        for ask in asks:
            if stop.symbol == "grade_next":
                stop = guest.run(ask.budget)
        if stop.end == "done":
            return None, "done"
        return GuestCrash(guest.explain(stop)), stop.end
    except GuestTimeout as problem:
        return problem, "timeout"
    except GuestCrash as problem:
        return problem, "crash"


def _answers(guest, count):
    """Return (whether any question was begun, answers) as memory has them."""
    if guest.process.poll() is not None:
        return guest.instructions > 0, []
    begun, done, end = struct.unpack("<IIQ", guest.image("grade_answers", HEADER))
    if done > count or end > ANSWERS_SIZE:
        return bool(begun), []
    data = guest.image("grade_answers", HEADER + end)[HEADER:]
    answers, at = [], 0
    for _ in range(done):
        length = int.from_bytes(data[at : at + 8], "little")
        answers.append(Answer(data[at + 8 : at + 8 + length]))
        at += 8 + length
    return bool(begun), answers
