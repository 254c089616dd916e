"""Run jobs in processes of their own, several at a time.

A job is a function that runs in a fork of this process: what it does to itself
costs nobody else, and it ends when we do, even by SIGKILL. This process must
have one thread.
"""

import ctypes
import dataclasses
import os
import selectors
import signal
import sys
import time
import traceback

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


@dataclasses.dataclass
class Job:
    """A function without arguments; what it prints goes to the file `log`."""

    name: str
    function: object
    log: str = os.devnull
    limit: float = 3600.0  # seconds on the clock
    begun: float = 0.0
    pid: int = 0


def run(jobs, count, done):
    """Run jobs, count at a time; done(job, ok, seconds) is told of each end."""
    waiting, running = list(reversed(jobs)), {}
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < max(count, 1):
                    job = waiting.pop()
                    handle = _start(job)
                    running[handle] = job
                    selector.register(handle, selectors.EVENT_READ)
                ends = min(job.begun + job.limit for job in running.values())
                ready = selector.select(max(0.0, ends - time.monotonic()))
                late = [h for h, job in running.items() if not ready
                        and time.monotonic() >= job.begun + job.limit]  # fmt: skip
                for handle in [key.fd for key, _ in ready] + late:
                    selector.unregister(handle)
                    job = running.pop(handle)
                    ok = _end(job, handle)
                    done(job, ok, time.monotonic() - job.begun)
        finally:
            for handle, job in running.items():
                _end(job, handle)


def _start(job):
    """Fork; return a handle that is readable when the process has ended."""
    sys.stdout.flush()
    job.begun, parent = time.monotonic(), os.getpid()
    job.pid = os.fork()
    if job.pid == 0:
        _become(job, parent)
    return os.pidfd_open(job.pid)


def _become(job, parent):
    """Run the job in the child; never returns."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        for stream, handle in ((0, nothing), (1, log), (2, log)):
            os.dup2(handle, stream)
        job.function()
        status = 0
    except BaseException:  # whatever it is, this is the end of the process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _end(job, handle):
    """Wait for a job's process, which is killed if it has not ended."""
    os.close(handle)
    try:
        pid, status = os.waitpid(job.pid, os.WNOHANG)
        if not pid:
            os.killpg(job.pid, signal.SIGKILL)
            _, status = os.waitpid(job.pid, 0)
    except (ChildProcessError, ProcessLookupError):
        return False
    return status == 0
