"""Run a command that must not be trusted, in a view of its own.

bubblewrap gives it new namespaces: no network, no other processes, no /proc,
an empty /etc but for what compilers need, a read-only system, a /tmp in memory.
What else it sees is bound by name. Nothing on the host can be written but the
one folder given as `work`. Limits hold for each process (prlimit),
the clock and the output for all of them; when bubblewrap ends, all have ended.

    done = run(["make", "kernel"], read={"/umbra": tree}, scratch="/umbra/build")
    done.status, done.output, done.reason
"""

import contextlib
import ctypes
import dataclasses
import functools
import json
import os
import selectors
import shutil
import signal
import subprocess
import time

from grading import effort

MIB = 1 << 20

# What a Debian, Fedora or Arch system keeps its programs in; the rest of the
# root stays out. /etc/alternatives is where /usr/bin/cc points to.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
ETC = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf.d")
HIDDEN = ("/usr/local", "/usr/src", "/usr/share/doc")
NOBODY = 65534
GRACE = 10  # seconds that a sandbox is left to who started it
PR_SET_CHILD_SUBREAPER = 36  # [prctl(2)]
REAPING = 0.5  # seconds that the command's processes are given to wait for each other's ends
GLANCE = 0.001  # seconds
ENDING = 5.0  # seconds that bubblewrap is given to see that the command has ended
# Ends its group when nobody holds the other end of its input any more.
KEEPER = ["sh", "-c", "read -r _; kill -s KILL 0"]
PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


class SandboxMissing(Exception):
    """This machine cannot isolate a process; the text says what to do."""


@dataclasses.dataclass
class Limits:
    """What a command may use. Bytes and seconds; memory is for each process.

    processes counts those of the sandbox's user, in all sandboxes and outside: it
    is a last stop and no share. QEMU may start none (-sandbox spawn=deny), and
    what is compiled cannot run.
    """

    wall: float = 120.0
    cpu: int = 120
    memory: int = 2048 * MIB
    processes: int = 4096
    file: int = 256 * MIB
    scratch: int = 512 * MIB
    output: int = 64 * MIB


@dataclasses.dataclass
class Done:
    """How a command ended: reason is "" unless a limit ended it."""

    status: int
    output: bytes
    errors: bytes
    reason: str
    seconds: float
    cpu: float


@functools.cache
def why_not():
    """Return why there can be no sandbox here, or "" if there can."""
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed; `make setup` installs it"
    done = subprocess.run(
        _prefix() + ["bwrap", *_base(), "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return (
        f"bubblewrap cannot make a sandbox here ({said}). In a container allow "
        "user namespaces (docker run --security-opt seccomp=unconfined "
        "--security-opt apparmor=unconfined), or run the grader as root of a "
        "virtual machine"
    )


def _prefix():
    """Leave root first, where we are root: its files then stay out of reach."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _base():
    """Return bubblewrap's options that every sandbox has."""
    options = [
        "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session",
        "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000",
        "--hostname", "umbra", "--clearenv",
        "--setenv", "PATH", PATH, "--setenv", "LC_ALL", "C",
        "--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp",
    ]  # fmt: skip
    for path in SYSTEM:
        if os.path.islink(path):
            options += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            options += ["--ro-bind", path, path]
    for path in HIDDEN:
        if os.path.isdir(path):
            options += ["--tmpfs", path]
    for path in ETC:
        if os.path.exists(path):
            options += ["--ro-bind", path, path]
    # Nothing is to be kept in /dev: it would be memory without a limit.
    return options + ["--dev", "/dev", "--remount-ro", "/dev"]


def owner():
    """Return the user and group that a work folder must belong to."""
    return (NOBODY, NOBODY) if _prefix() else (os.getuid(), os.getgid())


def reachable(path):
    """Can the sandbox's user come to a folder?"""
    path = os.path.realpath(path)
    while _prefix() and path != "/":
        if os.path.exists(path) and not os.stat(path).st_mode & 0o001:
            return False
        path = os.path.dirname(path)
    return True


def give(folder):
    """Make a folder, and all in it, the sandbox's to write."""
    user, group = owner()
    if os.getuid() != 0:
        return
    for path, folders, files in os.walk(folder):
        os.chown(path, user, group)
        for name in folders + files:
            os.lchown(os.path.join(path, name), user, group)


def command(words, read=(), work=None, scratch=None, limits=None, folder="/tmp", tell=None):
    """Return the argument list that runs words in a sandbox.

    read: {inside: outside}, bound read-only; work: (inside, outside), bound
    writable; scratch: a path inside that is a file system in memory of
    limits.scratch bytes; folder: where the command starts; tell: a descriptor for
    what bubblewrap says of itself.
    """
    limits = limits or Limits()
    options = _base()
    if tell is not None:
        options += ["--info-fd", str(tell)]
    options += ["--size", str(limits.scratch), "--tmpfs", "/tmp"]
    for inside, outside in dict(read).items():
        options += ["--ro-bind", outside, inside]
    if scratch:
        options += ["--size", str(limits.scratch), "--tmpfs", scratch]
    if work:
        options += ["--bind", work[1], work[0]]
    options += ["--remount-ro", "/", "--chdir", folder]
    # Who starts a sandbox ends it. If that one was killed before bwrap's child could ask
    # to die with bwrap, the sandbox has an end of its own.
    ending = ["timeout", "--signal=KILL", str(limits.wall + GRACE)]
    return [
        *_limiting(limits), *_prefix(), "bwrap", *options, "--", *ending, *words
    ]  # fmt: skip


def _limiting(limits):
    """Return the words that put limits on the words behind them."""
    return [
        "prlimit", f"--cpu={limits.cpu}:{limits.cpu + 1}", f"--as={limits.memory}",
        f"--nproc={limits.processes}", f"--fsize={limits.file}", "--core=0", "--",
    ]  # fmt: skip


class Sandbox(subprocess.Popen):
    """bubblewrap, and the first process in its namespace: what that one and all
    below it have used of the processors is counted as our children's in the end.

    bubblewrap itself does not wait for it. So it is inherited by this process, which
    asks for that, and is told of its number. cpu: seconds, once all has ended.

    Both are in a group with a keeper, which ends it when this process has ended,
    by whatever: what bubblewrap has started waits for it without end if it
    is killed before the two have spoken.
    """

    def __init__(self, words, limits, view, stdin, pass_fds):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")
        self.cpu = 0.0
        told, tell = os.pipe()
        self.told = open(told, encoding="ascii")
        self.keeper = subprocess.Popen(
            KEEPER, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, process_group=0,
        )  # fmt: skip
        try:
            super().__init__(
                command(words, limits=limits, tell=tell, **view),
                stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                process_group=self.keeper.pid, pass_fds=(*pass_fds, tell),
            )  # fmt: skip
        except BaseException:
            self.told.close()
            self.end_group()
            raise
        finally:
            os.close(tell)

    def end_group(self):
        """End bubblewrap, if it has not ended, and who has not yet left its group."""
        self.keeper.stdin.close()
        self.keeper.wait()

    def wait_for_all(self):
        """Wait for bubblewrap, and for all that was in the sandbox."""
        self.wait()
        self.end_group()
        if self.told.closed:
            return
        with self.told, contextlib.suppress(ValueError, KeyError, ChildProcessError):
            first = json.load(self.told)["child-pid"]
            # Ours, and not waited for: so nobody else has its number.
            os.waitid(os.P_PID, first, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            # It may have asked too late to die with bubblewrap.
            os.kill(first, signal.SIGKILL)
            used = os.wait4(first, 0)[2]
            self.cpu = used.ru_utime + used.ru_stime


def start(words, limits=None, stdin=subprocess.DEVNULL, pass_fds=(), **view):
    """Start words in a sandbox; return the Popen, stdout and stderr piped."""
    if why_not():
        raise SandboxMissing(why_not())
    limits = limits or Limits()
    return Sandbox(words, limits, view, stdin, pass_fds)


def kill(process):
    """End a sandbox and everything in it.

    What the command has started is ended first, then the command: all of it is waited
    for by somebody in the sandbox then. Then timeout and bubblewrap end by themselves.
    What is left for the end of the namespace is counted by nobody.
    """
    if process.poll() is None and not _command_ended(process):
        process.end_group()
    process.wait_for_all()


def _command_ended(process):
    """End a sandbox's command; return whether bubblewrap has ended, too."""
    levels = [[(process.pid, os.getpid())]]
    while levels[-1]:
        levels.append([(child, pid) for pid, _ in levels[-1] for child in effort.children(pid)])
    # Below bubblewrap: the first process in the sandbox, timeout, the command.
    commands = levels[3:]
    patience = time.monotonic() + REAPING
    for level in reversed(commands):
        for child, parent in level:
            _end(child, parent)
        # Before who waits for them is ended.
        while time.monotonic() < patience and any(
            child in effort.children(parent) for child, parent in level
        ):
            time.sleep(GLANCE)
    try:
        return bool(commands) and process.wait(ENDING) is not None
    except subprocess.TimeoutExpired:
        return False


def _end(child, parent):
    """End a process, if it is still the child that it was: who is in the sandbox can
    bring it about that its number becomes somebody else's."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(child)
        try:
            if child in effort.children(parent):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def run(words, limits=None, **view):
    """Run words to their end; return Done. Never raises for what they do."""
    limits = limits or Limits()
    begin = time.monotonic()
    process = start(words, limits=limits, **view)
    streams = {process.stdout: bytearray(), process.stderr: bytearray()}
    try:
        reason = _collect(process, streams, begin + limits.wall, limits.output)
    finally:
        kill(process)
        for stream in streams:
            stream.close()
    if not reason and process.returncode in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
        reason = f"it used more than {limits.cpu} s of processor time"
    return Done(
        process.returncode, bytes(streams[process.stdout]),
        bytes(streams[process.stderr]), reason, time.monotonic() - begin, process.cpu,
    )  # fmt: skip


def _collect(process, streams, deadline, most):
    """Read both streams to their ends; return why that was cut short, or ""."""
    selector = selectors.DefaultSelector()
    for stream in streams:
        os.set_blocking(stream.fileno(), False)
        selector.register(stream, selectors.EVENT_READ, streams[stream])
    with selector:
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return "it took too long"
            for key, _ in selector.select(left):
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                key.data.extend(data)
                if len(key.data) > most:
                    return f"it wrote more than {most >> 20} MiB"
    return ""
