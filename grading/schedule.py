"""Run tests, several at a time, and share the boots they ask for.

A test that is a generator yields requests. All that wait at the same time are
sorted into groups that one boot can answer; groups and plain tests run in
threads, each of which mostly waits for its QEMU.
"""

import concurrent.futures
import inspect
import os
import time
import traceback

from grading import boot, program, unit, verdict
from grading.run import Run


class Outcome:
    """What a test has come to."""

    def __init__(self, test):
        self.test, self.status = test, verdict.PASS
        self.text, self.expected, self.seen, self.record = "", None, None, None
        self.begun, self.seconds = time.monotonic(), 0.0

    def settle(self, error=None):
        """Note how the test ended: None, or an exception."""
        self.seconds = time.monotonic() - self.begun
        if error is None:
            return self
        if isinstance(error, verdict.Verdict):
            self.status, self.text = error.status, error.text
            self.expected, self.seen = error.expected, error.seen
            self.record = error.record
        elif isinstance(error, unit.AnswerError):
            self.status, self.text = verdict.FAIL, str(error)
        else:
            self.status = verdict.INFRA
            frame = traceback.extract_tb(error.__traceback__)[-1]
            self.text = (
                f"{type(error).__name__}: {error} "
                f"({os.path.basename(frame.filename)}:{frame.lineno})"
            )
        return self


class _Waiting:
    """A test that waits for answers to what it yielded."""

    def __init__(self, outcome, generator):
        self.outcome, self.generator = outcome, generator
        self.requests, self.single = [], False

    def advance(self, value=None, error=None):
        """Run to the next yield; True when it has ended."""
        try:
            if error is not None:
                asked = self.generator.throw(error)
            else:
                asked = self.generator.send(value)
        except StopIteration:
            self.outcome.settle()
            return True
        except Exception as raised:
            self.outcome.settle(raised)
            return True
        self.single = not isinstance(asked, (list, tuple))
        self.requests = [asked] if self.single else list(asked)
        return False

    def resume(self, results):
        """Give it what it asked for; the first exception is raised in it."""
        mine = [results[id(request)] for request in self.requests]
        for result in mine:
            if isinstance(result, Exception):
                return self.advance(error=result)
        return self.advance(mine[0] if self.single else mine)


def run_all(grading, tests, folder, jobs, report):
    """Run tests; report(outcome) is called as each ends, in this thread."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        waiting, plain = [], {}
        for test in tests:
            outcome = Outcome(test)
            view = Run(grading, test.name, os.path.join(folder, test.name))
            if inspect.isgeneratorfunction(test.function):
                one = _Waiting(outcome, test.function(view))
                if one.advance():
                    report(outcome)
                else:
                    waiting.append(one)
            else:
                plain[pool.submit(test.function, view)] = outcome
        while waiting or plain:
            plain = _report_done(plain, report, wait=not waiting)
            waiting = _round(grading, waiting, folder, pool, report)


def _report_done(plain, report, wait):
    """Report the plain tests that have ended; return those that have not."""
    if wait:
        concurrent.futures.wait(plain, return_when="FIRST_COMPLETED")
    for future in [f for f in plain if f.done()]:
        report(plain.pop(future).settle(future.exception()))
    return plain


def _round(grading, waiting, folder, pool, report):
    """Answer all that is waited for; return the tests that then ask again."""
    results, groups = {}, {}
    for one in waiting:
        for request in one.requests:
            key = request.group if isinstance(request, unit.Ask) else request
            groups.setdefault(key, []).append(request)
    futures = {}
    for number, requests in enumerate(groups.values()):
        keep = os.path.join(folder, "shared", f"{grading.next_number()}")
        futures[pool.submit(_answer, grading, requests, keep)] = requests
    left = list(waiting)
    for future in concurrent.futures.as_completed(futures):
        for request, answer in zip(futures[future], _answers(future, futures[future])):
            results[id(request)] = answer
        for one in [w for w in left if all(id(r) in results for r in w.requests)]:
            left.remove(one)
            if one.resume(results):
                report(one.outcome)
    return [one for one in waiting if not _over(one)]


def _over(one):
    return one.generator.gi_frame is None


def _answers(future, requests):
    error = future.exception()
    return [error] * len(requests) if error else future.result()


def _answer(grading, requests, keep):
    """Do what a group of requests asks for; return answers or exceptions."""
    if isinstance(requests[0], unit.Ask):
        if grading.has_program(requests[0].program):
            return program.answer_all(grading, requests, keep)
        return unit.answer_all(grading.graders(), requests, keep, grading.hung)
    try:
        result = boot.run(grading.kernel("kernel.elf"), requests[0], keep)
    except verdict.Verdict as error:
        result = error
    return [result] * len(requests)
