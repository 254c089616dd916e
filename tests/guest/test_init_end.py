"""The service manager: what services may, and how the machine goes down.

INIT_ROUNDS in the environment says how often that is tried; 5 times unless it
is set.
"""

import os
import re
import shutil
import subprocess

import harness
from harness import PROMPT, Disk, Guest, cases
from services import (
    DEVICES, FIVE, ICOUNT, check_disk, events_of, image, log_of, log_on, power_off, service,
    settled_log_of, wait_for, wait_for_state,
)  # fmt: skip

ROUNDS = int(os.environ.get("INIT_ROUNDS", "5"))
TRIES = 3


# ---- What a service may ----


def test_isolation(tmp):
    """A service has the user, limits, environment and directory of its file."""
    show = "/bin/sh -c \"id; umask; pwd; env; echo args $*; cat /proc/self/status | grep Groups\""
    files = {
        "plain": service(exec=show, type="oneshot"),
        "daemon": service(
            exec=show, type="oneshot", user="daemon", umask="077", directory="/tmp",
            environment='A=1 "B=two words"',
        ),
        "student": service(exec=show, type="oneshot", user="student"),
        "mixed": service(exec=show, type="oneshot", user="1000", group="tty", groups="disk"),
        "secret": service(exec="/bin/cat /etc/shadow", type="oneshot", user="student",
                          restart="never"),
        "setid": service(exec="/bin/su -c id", type="oneshot", user="student",
                         restart="never"),
        "files": service(exec='/bin/sh -c "exec 64>/dev/null"', type="oneshot",
                         limit_nofile="32", restart="never"),
        "memory": service("memory=64", type="oneshot", limit_as="8M", restart="never"),
        "memory-8": service("memory=8", type="oneshot", limit_as="64M"),
    }  # fmt: skip
    with Guest(disks=[image(tmp, files)]) as guest:
        guest.boot()
        settled_log_of(guest)
        plain = guest.command("cat /var/log/plain")
        assert "uid=0(root) gid=0(root)" in plain and "0022" in plain, plain
        assert "UMBRA" not in plain, plain
        daemon = guest.command("cat /var/log/daemon")
        assert "uid=1(daemon) gid=1(daemon) groups=1(daemon)" in daemon, daemon
        for text in ("0077", "/tmp", "A=1", "B=two words", "HOME=/", "USER=daemon"):
            assert text in daemon, (text, daemon)
        student = guest.command("cat /var/log/student")
        assert "groups=1000(student),100(users)" in student, student
        mixed = guest.command("cat /var/log/mixed")
        assert "uid=1000(student) gid=5(tty)" in mixed and "6(disk)" in mixed, mixed
        assert "users" not in mixed, mixed
        log = log_of(guest)
        for name in ("secret", "setid", "files", "memory"):
            assert f"{name}: starting -> failed" in log, log
        assert "memory-8: starting -> running" in log, log
        assert "ermission denied" in guest.command("cat /var/log/secret")


def test_limits_and_user(tmp):
    """Few descriptors are the program's, not those that init has besides."""
    files = {f"idle{n}": service() for n in range(20)}
    files["zlimited"] = service(user="daemon", limit_nofile="16", sockets="stream:/run/z.sock")
    with Guest(disks=[image(tmp, files)]) as guest:
        guest.boot()
        settled_log_of(guest)
        assert "zlimited: starting -> running" in log_of(guest)
        assert guest.command("stat -c %a /run /run/z.sock").split() == ["755", "666"]


def test_root(tmp):
    """A service with a root of its own sees nothing else, whoever it is."""
    jail = os.path.join(tmp, "jail")
    os.makedirs(os.path.join(jail, "bin"))
    shutil.copy(harness.built("testfs/bin/ls"), os.path.join(jail, "bin"))
    files = {
        "jailed": service(exec="/bin/ls -R / /bin/../../bin", type="oneshot", root="/jail"),
        "student": service(exec="/bin/ls /", type="oneshot", root="/jail", user="student"),
        "outside": service(exec="/bin/cat /etc/passwd", root="/jail", restart="never"),
        "nowhere": service(root="/nowhere", restart="never"),
    }
    with Guest(disks=[image(tmp, files, trees=[("/jail", jail)])]) as guest:
        guest.boot()
        log = settled_log_of(guest)
        last = {name: (state, why) for _, name, _, state, why in events_of(log)}
        assert last["jailed"][0] == last["student"][0] == "running", log
        seen = guest.command("cat /var/log/jailed; cat /var/log/student")
        words = {line.split("] ", 1)[-1].strip() for line in seen.splitlines()}
        assert words <= {"", "/:", "bin", "/bin:", "ls", "/bin/../../bin:"}, seen
        assert last["outside"] == (
            "failed", "cannot run: /bin/cat: No such file or directory"
        ), log  # fmt: skip
        assert "root /nowhere: No such file" in last["nowhere"][1], log


PROBE = """
try() { if (eval "$2") >/dev/null 2>/tmp/why; then echo "$1 yes"; else echo "$1 no: $(cat /tmp/why)"; fi; }
cd /tmp
try granted 'cat /srv/read/file'
try list 'ls /srv/read'
try change 'echo x >>/srv/read/file'
try remove 'rm /srv/read/file'
try other 'cat /etc/shadow'
try outside 'ls /root'
try around 'cat /srv/read/../other'
try link 'cat /srv/read/link'
try write 'echo x >/srv/write/new && mv /srv/write/new /srv/write/moved && rm /srv/write/moved'
try device 'head -c 4 /dev/zero'
try null 'echo x >/dev/null'
try random 'head -c 4 /dev/random'
try disk 'head -c 4 /dev/vda'
try node 'mknod /srv/write/disk b 254 0'
try mount 'mount -t tmpfs none /srv/write'
try program '/bin/id'
try forbidden '/sbin/networkd --help'
"""
GRANTED = ("granted", "list", "write", "device", "null", "program")


@cases(root=dict(user="root"), student=dict(user="student"))
def test_files_and_devices(user, tmp):
    """A service has the files and devices that its file grants, whoever it is,
    and so do the programs that it starts; all else is refused."""
    srv = os.path.join(tmp, "srv")
    os.makedirs(os.path.join(srv, "read"))
    os.makedirs(os.path.join(srv, "write"))
    os.chmod(os.path.join(srv, "write"), 0o777)
    os.symlink("../other", os.path.join(srv, "read", "link"))
    for name in ("read/file", "other"):
        with open(os.path.join(srv, name), "w", encoding="ascii") as file:
            file.write("text\n")
    grants = {
        "may_read": "/bin /srv/read /srv/probe /dev/zero",
        "may_write": "/srv/write /dev/null /tmp",
    }
    files = {
        "probe": service(exec="/bin/sh /srv/probe", type="oneshot", user=user, **grants),
        "free": service(exec="/bin/head -c 4 /dev/random", type="oneshot"),
        "nowhere": service(may_read="/nowhere", restart="never"),
        "only": service("say=alone", type="oneshot", may_read="/etc/hostname"),
    }
    path = image(tmp, files, trees=[("/srv", srv)], files=[("/srv/probe", PROBE)])
    with Guest(disks=[path]) as guest:
        guest.boot()
        log = wait_for(guest, "probe: starting -> running")
        said = guest.command("cat /var/log/probe")
        lines = [line.split("] ", 1)[1].split(" ", 1) for line in said.splitlines()]
        assert len(lines) == 17, said
        for what, answer in lines:
            if what in GRANTED:
                assert answer == "yes", (what, answer)
            else:
                refused = "not permitted" if what in ("node", "mount") else "ermission denied"
                assert answer.startswith("no:"), (what, answer)
                if what != "node":
                    assert refused in answer, (what, answer)
        assert guest.command("cat /srv/read/file /srv/other") == "text\ntext"
        last = {name: (state, why) for _, name, _, state, why in events_of(log)}
        assert last["nowhere"][1] == "cannot run: may use /nowhere: No such file or directory", log
        assert last["only"][0] == last["free"][0] == "running", log


def test_system_calls(tmp):
    """A service makes only the system calls of its file, and so do the
    programs that it starts; another call ends it, and is named."""
    calls = "brk mmap munmap write getpid"
    files = {
        "within": service("say=hello", type="oneshot", syscalls=calls),
        "beyond": service("say=hello sleep=10", type="oneshot", syscalls=calls,
                          restart="never"),
        "heir": service(exec="/bin/env /tests/service say=hello sleep=10", type="oneshot",
                        syscalls=calls, user="student", restart="never"),
        "absent": service(exec="/bin/nowhere", syscalls=calls, restart="never"),
    }  # fmt: skip
    with Guest(disks=[image(tmp, files)]) as guest:
        output = guest.boot()
        log = settled_log_of(guest)
        last = {name: (state, why) for _, name, _, state, why in events_of(log)}
        assert last["within"][0] == "running", log
        for name in ("beyond", "heir"):
            assert last[name] == ("failed", "made a system call that it may not make"), log
            assert "hello" in guest.command(f"cat /var/log/{name}")
        assert "No such file" in last["absent"][1], log
        assert re.search(r"service\[\d+\].*system call nanosleep", output + guest.command("dmesg"))


# ---- The end ----


@cases(poweroff=dict(how="poweroff"), signal=dict(how="kill 1"), force=dict(how="poweroff -f"))
def test_power_off(how, tmp):
    """However it is asked, the machine goes off in order, the disk clean."""
    path = image(tmp, {"idle": service(), "ready": service("ready stay", type="notify")})
    with Guest(disks=[Disk(path, write=True)]) as guest:
        guest.boot()
        guest.command("echo kept >/root/kept; sleep 1000 &")
        guest.send(how)
        assert guest.wait() == 0
    check_disk(path)
    kept = subprocess.run(
        [harness.built("host/efs"), "cat", path, "/root/kept"], capture_output=True, check=True
    )
    assert kept.stdout == b"kept\n"
    if how != "poweroff -f":
        log = log_on(path)
        assert "idle: stopping -> stopped" in log and "ready: stopping -> stopped" in log, log


def test_stubborn(tmp):
    """What ignores the signal is killed after its time."""
    files = {
        "stubborn": service("ignore ready stay", type="notify", stop_timeout="300ms"),
        "after": service(after="stubborn"),
    }
    path = image(tmp, files)
    with Guest(disks=[Disk(path, write=True)]) as guest:
        guest.boot()
        power_off(guest)
    events = events_of(log_on(path))
    end = [e for e in events if e[1] == "stubborn"][-1]
    assert end[2:] == ("stopping", "stopped", "did not end within 300 ms"), end
    check_disk(path)


def took(guest):
    """Return how long the machine took to go down, in milliseconds."""
    return int(re.search(r"down after (\d+) ms", guest.output)[1])


def test_quick(tmp):
    """With the system's five services running, the machine is off within a
    second of instructions and waits. Those for the host's disk count, and in
    virtual time they leap: once is enough."""
    path = image(tmp, {}, keep=FIVE)
    least = min(time_to_go_down(path) for _ in range(TRIES))
    assert least < 1000, least
    check_disk(path)


def time_to_go_down(path):
    """Boot, be busy with the disk and go down; return the milliseconds that took."""
    with Guest(disks=[Disk(path, write=True)], harts=1, extra=(*ICOUNT, *DEVICES)) as guest:
        guest.boot()
        for name in ("filesystem", "network", "display", "input"):
            wait_for_state(guest, name, "running")
        guest.command("cp /bin/sh /root/copy; sleep 100 &")
        power_off(guest)
        return took(guest)


def test_often(tmp):
    """Up and down again and again on one disk, which stays clean, within 1 s."""
    path = image(tmp, {"work": service("say=done", type="oneshot")}, keep=FIVE)
    times = []
    for round_ in range(ROUNDS):
        with Guest(disks=[Disk(path, write=True)], extra=DEVICES) as guest:
            guest.boot()
            guest.command(f"echo {round_} >>/root/rounds; cp /bin/sh /root/copy{round_ % 3}")
            power_off(guest)
            times.append(took(guest))
        check_disk(path)
    # Most of them: the machine that all this runs on may be busy now and then.
    assert sorted(times)[len(times) // 2] < 1000, times


def test_reboot(tmp):
    """reboot stops the services, too."""
    path = image(tmp, {"idle": service()})
    with Guest(disks=[Disk(path, write=True)]) as guest:
        guest.boot()
        guest.send("reboot")
        guest.expect("OpenSBI")
        guest.expect(PROMPT)
        assert "idle: stopping -> stopped" in log_of(guest)
        power_off(guest)
    check_disk(path)


def test_size():
    """/sbin/init is small."""
    assert os.path.getsize(harness.built("testfs/sbin/init")) <= 64 << 10
