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
    waiting, others = _begun(grading, tests, folder, report)
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        plain = {pool.submit(function, view): outcome for outcome, function, view in others}
        while waiting or plain:
            plain = _report_done(plain, report, wait=not waiting)
            waiting = _round(grading, waiting, folder, pool, report)


def run_until(grading, tests, folder, report, enough):
    """Run tests one after the other, what costs little first, until one comes to an
    end that is enough(outcome); those that have not come to theirs are not reported."""
    ends = []

    def told(outcome):
        report(outcome)
        ends.append(enough(outcome))

    waiting, others = _begun(grading, tests, folder, told)
    while waiting and not any(ends):
        results, left = {}, _resume(waiting, {}, told)
        for requests in sorted(_groups(left), key=lambda g: not isinstance(g[0], unit.Ask)):
            if not any(ends):
                answers = _answered(grading, requests, _place(grading, folder))
                results |= zip(map(id, requests), answers)
                left = _resume(left, results, told)
        waiting = [one for one in waiting if not _over(one)]
    for outcome, function, view in others:
        if any(ends):
            break
        error = None
        try:
            function(view)
        except Exception as raised:
            error = raised
        told(outcome.settle(error))


def _begun(grading, tests, folder, report):
    """Return the tests that wait for what they asked for, and (Outcome, function,
    Run) of those that ask for nothing."""
    waiting, others = [], []
    for test in tests:
        outcome = Outcome(test)
        view = Run(grading, test.name, os.path.join(folder, test.name))
        if not inspect.isgeneratorfunction(test.function):
            others.append((outcome, test.function, view))
            continue
        one = _Waiting(outcome, test.function(view))
        if one.advance():
            report(outcome)
        else:
            waiting.append(one)
    return waiting, others


def _report_done(plain, report, wait):
    """Report the plain tests that have ended; return those that have not."""
    if wait:
        concurrent.futures.wait(plain, return_when="FIRST_COMPLETED")
    for future in [f for f in plain if f.done()]:
        report(plain.pop(future).settle(future.exception()))
    return plain


def _round(grading, waiting, folder, pool, report):
    """Answer all that is waited for; return the tests that then ask again."""
    futures, results, left = {}, {}, _resume(waiting, {}, report)
    for requests in _groups(left):
        keep = _place(grading, folder)
        futures[pool.submit(_answered, grading, requests, keep)] = requests
    for future in concurrent.futures.as_completed(futures):
        results |= zip(map(id, futures[future]), future.result())
        left = _resume(left, results, report)
    return [one for one in waiting if not _over(one)]


def _groups(waiting):
    """Return what is waited for, as lists of what one boot can answer."""
    groups = {}
    for one in waiting:
        for request in one.requests:
            key = request.group if isinstance(request, unit.Ask) else request
            groups.setdefault(key, []).append(request)
    return list(groups.values())


def _place(grading, folder):
    """Return a new folder for what a boot leaves."""
    return os.path.join(folder, "shared", f"{grading.next_number()}")


def _resume(waiting, results, report):
    """Let the tests go on that have all they asked for, which may be nothing; return
    the others."""
    left = []
    for one in waiting:
        if not all(id(request) in results for request in one.requests):
            left.append(one)
        elif one.resume(results):
            report(one.outcome)
    return left


def _over(one):
    return one.generator.gi_frame is None


def _answered(grading, requests, keep):
    """Do what a group of requests asks for; return for each an answer or an exception."""
    try:
        return _answer(grading, requests, keep)
    except Exception as error:
        return [error] * len(requests)


def _answer(grading, requests, keep):
    """Do what a group of requests asks for; return answers or exceptions."""
    if isinstance(requests[0], unit.Ask):
        if grading.has_program(requests[0].program):
            return program.answer_all(grading, requests, keep)
        folder = grading.graders(requests[0].program)
        return unit.answer_all(folder, requests, keep, grading.hung)
    try:
        result = boot.run(grading.kernel("kernel.elf"), requests[0], keep)
    except verdict.Verdict as error:
        result = error
    return [result] * len(requests)
