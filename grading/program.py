"""Ask questions of a program that is linked with a submission's user land.

All questions for one program and machine lie in one file of a disk; the program
runs in init's place and answers each in a process of its own
(grading/guest/program.c), which may crash or hang without harm to the others.
"""

import signal
import struct

from grading import boot, console
from grading.disk import Disk
from grading.verdict import GuestCrash, GuestTimeout, Verdict
from grading.wire import Answer

QUESTIONS, ANSWERS = "/grade/questions", "/grade/answers"
HEADER = struct.Struct("<IIQ")
NOT_TRIED = 0xFFFFFFFF
OUT_OF_TIME = (signal.SIGPROF, signal.SIGALRM)
BUDGET = 4_000_000_000
MOST_HANGS = 3  # of the whole machine
UNWRITTEN = "is not written yet"


def answer_all(grading, asks, keep):
    """Return for each question of a group an Answer or the exception it earned.

    grading: of whose submission; asks: unit.Ask with the same group; keep: a
    folder for what the run leaves.
    """
    answers, left, hangs = [None] * len(asks), list(range(len(asks))), 0
    while left:
        found = _boot(grading, [asks[i] for i in left], f"{keep}/{len(left)}")
        for i, answer in zip(left, found):
            answers[i] = answer
        rest = left[len(found) :]
        hangs += isinstance(found[-1], GuestTimeout) and bool(rest)
        if hangs == MOST_HANGS:
            return [found[-1] if answer is None else answer for answer in answers]
        if rest and isinstance(found[-1], Verdict) and UNWRITTEN in found[-1].text:
            case = asks[left[len(found) - 1]].case  # the kernel's: each would end there
            for i in [i for i in rest if asks[i].case == case]:
                answers[i] = found[-1]
        left = [i for i in rest if answers[i] is None]
    return answers


def _boot(grading, asks, keep):
    """Boot once; return the answers up to the first question that ends the machine."""
    name = asks[0].program
    with open(grading.program(name), "rb") as file:
        files = {f"/grade/{name}": file.read()}
    files[QUESTIONS] = b"".join(
        struct.pack("<Q", len(ask.asked)) + ask.asked for ask in asks
    )
    disk = Disk(grading.image(files, "16M", False), grading.tools)
    words = f"init=/grade/{name} init.exit=poweroff"
    wish = boot.Boot(asks[0].machine, (disk,), words, budget=BUDGET)
    try:
        record = boot.run(grading.kernel("kernel.elf"), wish, keep)
    except Verdict as problem:
        if not problem.record or not problem.record.images:
            return [problem] * len(asks)
        found = _answers(problem.record, len(asks) - 1)
        return [*found, problem] if found or UNWRITTEN in problem.text else [problem] * len(asks)
    found = _answers(record, len(asks))
    lost = GuestCrash("the answers were overwritten", record=record)
    return found + [lost] * (len(asks) - len(found))


def _answers(record, count):
    """Read the file of answers, as far as it goes."""
    try:
        data, at, found = record.image().read(ANSWERS), 0, []
    except Verdict:
        return []
    while len(found) < count and at + HEADER.size <= len(data):
        status, said, length = HEADER.unpack_from(data, at)
        at += HEADER.size
        text = data[at : at + said].decode("utf-8", "replace")
        at += said
        found.append(_verdict(status, text, data[at : at + length], record))
        at += length
    return found


def _verdict(status, said, content, record):
    """Return what a process's end means: an Answer, or an exception."""
    said = console.escape(said.strip())
    if status == NOT_TRIED:
        return GuestTimeout("not tried: others of this kind took all their time")
    if status & 0x7F in OUT_OF_TIME:
        return GuestTimeout("it does not come to an end", record=record)
    if status & 0x7F:
        name = signal.Signals(status & 0x7F).name
        return GuestCrash(f"it was ended by {name}", seen=said or None, record=record)
    todo = console.UNWRITTEN.search(said)
    if todo:
        return GuestCrash(f"{todo[1]} {UNWRITTEN}", record=record)
    if status:
        return GuestCrash(f"it exits with status {status >> 8}", seen=said or None,
                          record=record)  # fmt: skip
    return Answer(content)
