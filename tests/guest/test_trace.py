"""A trace leaves the machine by a port of its own, and the host can read it."""

import collections
import os
import re
import sys

import harness
from harness import Guest

sys.path.insert(0, os.path.join(harness.ROOT, "tools"))
import trace_stream


# What is run in the guest, and what has to be in its output.
COMMANDS = {
    "strace cat /etc/hostname": (
        'execve("/bin/cat", ["cat", "/etc/hostname"], 0x',
        'openat(AT_FDCWD, "/etc/hostname", O_RDONLY',
        'write(1, "umbra\\n", 6) = 6',
        "exit_group(0) = ?",
        "+++ exited with 0 +++",
    ),
    "mkdir -p /mnt/one; strace /tests/structures 2>&1; rm -r /mnt/one": (
        ", [{iov_base=0x", ", iov_len=5}, {iov_base=0x", ", iov_len=10}], 2) = 15",
        ", NULL, [{tv_sec=7, tv_nsec=8}, {tv_sec=9, tv_nsec=10}], 0) = 0",
        ", {st_mode=S_IFREG|0640, st_size=15, ...}) = 0",
        'getdents64(3, [".", "..", "one"], 512) = 72',
        'newfstatat(AT_FDCWD, "/nothing", 0x', ", 0) = -1 ENOENT",
        "pipe2([4, 5], 0) = 0",
        "ppoll([{fd=4, events=POLLIN}, {fd=5, events=POLLOUT, revents=POLLOUT}], 2, "
        "{tv_sec=0, tv_nsec=0}, NULL, ", ") = 1",
        'bind(3, {sa_family=AF_UNIX, sun_path="/tmp/door"}, 110) = 0',
        "socketpair(1, 0x1, 0, [6, 7]) = 0",
        "rt_sigaction(SIGUSR1, {sa_handler=0x", ", sa_mask=[INT], sa_flags=SA_RESTART}, NULL, 8) = 0",
        "rt_sigprocmask(0, [USR1], NULL, 8) = 0",
        "rt_sigsuspend([], 8) = -1 EINTR (Interrupted system call)",
        "rt_sigreturn() = ?",
        ", [exited with 3], ", "nanosleep({tv_sec=0, tv_nsec=1000}, NULL) = 0",
        "setrlimit(4, {rlim_cur=77, rlim_max=RLIM_INFINITY}) = ",
        "ioctl(0, TIOCSWINSZ, {ws_row=24, ws_col=80}) = 0",
        "ioctl(0, TIOCGWINSZ, {ws_row=24, ws_col=80}) = 0", "prlimit64(0, 7, NULL, {rlim_cur=1024, ",
        "ioctl(0, TCGETS, {c_iflag=0x", ", c_lflag=ISIG|ICANON|ECHO",
        "fstat(0, 0x8) = -1 EFAULT",
    ),
    "strace -e openat cat /nothing": (
        'openat(AT_FDCWD, "/nothing", O_RDONLY, 0) = -1 ENOENT (No such file',
        "+++ exited with 1 +++",
    ),
    'strace -f sh -c "true | kill -9 \\$\\$"': (
        "] clone(0x11, NULL, NULL, NULL, NULL) = ",
        "SIGKILL) = 0",
        "] +++ killed by SIGKILL +++",
    ),
    "strace -p 99999": ("strace: process 99999: No such process",),
    "strace -e nothing true": ("there is no system call nothing",),
    "trace -e proc true": ("proc.exec     name=true", "proc.exit     status=0"),
    "trace -e nothing true": ("trace: nothing: Invalid argument",),
    "su -c 'strace true' student": ("/dev/trace: Permission denied",),
    "trace -o /tmp/stream true; head -c 8 /tmp/stream": ("umtrace1",),
}


def port(path):
    """Return QEMU's arguments for a port whose bytes go to a file."""
    return ("-device", "virtio-serial-device", "-chardev",
            f"file,id=port,path={path}", "-device", "virtconsole,chardev=port")  # fmt: skip


def test_programs(tmp):
    """A stream leaves by /dev/hvc0; strace and trace show what programs do."""
    path = os.path.join(tmp, "port")
    with Guest(bootargs="trace=all", extra=port(path)) as guest:
        guest.boot()
        assert "Operation not supported" in guest.command("cat /dev/hvc0")
        guest.command("cat /dev/trace >/dev/hvc0 &")
        assert guest.command("cat /etc/passwd | wc -l") == "8"
        guest.command("echo -all >/dev/trace; sleep 0.2; sync; kill $!; wait")
        for command, wanted in COMMANDS.items():
            output = guest.command(command)
            for text in wanted:
                assert text in output, f"{command}: {text}\n{output}"
        output = guest.command("top -n 1 | cat")
        assert re.search(r"harts: .*\nevents/s: boot 0 syscall ", output), output
        guest.send("top -d 60")
        guest.expect(r"top\b.*")
        guest.type("q")
        guest.expect(harness.PROMPT)
        assert guest.command("cut -d ' ' -f 2 /proc/trace | sort -u") == "-"
        output = guest.command("strace -e openat cat /etc/hostname")
        assert "read(" not in output and "close(" not in output, output
    with open(path, "rb") as file:
        stream = trace_stream.Stream(file)
        records = list(trace_stream.merged(stream))

    count = collections.Counter(record.name for record in records)
    assert count["boot.step"] > 5, count
    assert count["syscall.enter"] > 100, count
    assert any(r.fields.get("name") == "wc" for r in records), count
    # Of every chain: added, published, used, free, in this order.
    chains, steps = {}, ("virtq.publish", "virtq.used", "virtq.free")
    for record in records:
        fields = record.fields
        if record.event.group == "virtq" and record.name in steps:
            head = fields["id"] if record.name == "virtq.used" else fields["head"]
            key = fields["dev"], fields["queue"], head
            step = steps.index(record.name)
            assert step == (chains.get(key, 2) + 1) % 3, record
            chains[key] = step
    assert chains and all(dev == 0 for dev, _, _ in chains), chains
