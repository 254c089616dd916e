"""svc and the socket behind it, logs, the boot chart, the system's services."""

import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import harness
from harness import Disk, Guest, cases
from services import DEVICES, FIVE, ICOUNT, check_disk, image, log_on, service

STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[ *\d+\.\d{6}\]([ +])(.*)$")
# How svc ends.
DONE, FAILED, USAGE, NO_ANSWER, NOT_FOUND, NOT_PERMITTED = range(6)


def system(tmp, services):
    """Return a copy of test.img with those service files, too."""
    return image(tmp, services, keep=FIVE)


def run(guest, command, user=None):
    """Run a command, as another user perhaps; return (exit status, output)."""
    if user:
        command = f"su {user} -c '{command}'"
    output = guest.command(f"{command}; echo status $?")
    text, status = re.fullmatch(r"(?s)(.*?)\n?status (\d+)", output).groups()
    return int(status), text


def states(guest):
    """Return what svc list says: {name: state}."""
    status, output = run(guest, "svc list | cat")
    assert status == DONE
    return dict(line.split()[:2] for line in output.splitlines()[1:])


def printed(guest, command):
    """Return the lines of a log without their stamps, parts joined."""
    lines = []
    for line in guest.command(command).splitlines():
        mark, text = STAMP.match(line).groups()
        if mark == "+":
            lines[-1] += text
        else:
            lines.append(text)
    return lines


# ---- Looking ----


def test_list(tmp):
    """The table, one service, and the tree: for everybody, in 80 columns."""
    services = {
        "worker": service("ready status=\x1b[31mbusy" + "y" * 90 + " stay", type="notify"),
        "needy": service(requires="worker"),
        "broken": service("exit=3", restart="never"),
    }
    with Guest(disks=[system(tmp, services)]) as guest:
        guest.boot()
        for user in (None, "student"):
            status, output = run(guest, "svc list | cat", user)
            assert status == DONE and "\x1b" not in output
            lines = output.splitlines()
            assert all(len(line) <= 80 for line in lines), output
            assert lines[0].split() == [
                "NAME", "STATE", "PID", "SINCE", "RESTARTS", "WHAT"]  # fmt: skip
            names = [line.split()[0] for line in lines[1:]]
            assert names == sorted(names) and set(services) < set(names)
            assert re.search(r"^worker +running +\d+ +\S+ +0 \?\[31mbusyy+$", output, re.M)
            assert re.search(r"^broken +failed +- +\S+ +0 .*status 3", output, re.M)
            assert re.search(r"^filesystem +running .*free; not scrubbed", output, re.M)
        status, output = run(guest, "svc status needy | cat", "student")
        assert status == DONE
        assert re.search(r"^  requires +worker", output, re.M)
        assert re.search(r"^  exec +/tests/service stay", output, re.M)
        status, output = run(guest, "svc status broken")
        assert status == FAILED and "with status 3" in output
        tree = guest.command("svc tree | cat")
        assert re.search(r"^needy running\n`- worker running \(requires\)$", tree, re.M)
        # Colours are for terminals.
        assert "\x1b[32mrunning" in guest.command("svc list")


def test_usage():
    """What is asked for wrongly is said so, with the status that means it."""
    with Guest() as guest:
        guest.boot()
        assert run(guest, "svc --help")[0] == DONE
        for words in ("", "foo", "list x", "start", "status", "log", "log -x init",
                      "log -n x init", "chart --png", "log a b"):  # fmt: skip
            assert run(guest, f"svc {words}")[0] == USAGE, words
        for words in ("start", "stop", "status", "restart", "reload", "enable",
                      "disable"):  # fmt: skip
            status, output = run(guest, f"svc {words} foo")
            assert status == NOT_FOUND, words
            assert output == "svc: no service of that name: foo; svc list shows them"
        assert run(guest, "svc status " + "a" * 40)[0] == NOT_FOUND
        assert run(guest, "svc log ../../etc/shadow")[0] == NOT_FOUND
        assert run(guest, "svc ping ../x")[0] == NOT_FOUND
        assert run(guest, "svc ping network")[0] == NO_ANSWER


# ---- Changing ----


def test_changes(tmp):
    """Start, stop, restart and reload have happened when svc returns."""
    services = {
        "worker": service(restart="never"),
        "needy": service(requires="worker"),
        "slow": service("sleep=500 ready stay", type="notify", enable="no"),
        "never": service("sleep=200 exit=7", type="notify", enable="no", restart="never"),
        "reloads": service(reload_signal="USR1", restart="never"),
    }
    with Guest(disks=[system(tmp, services)]) as guest:
        guest.boot()
        assert states(guest)["slow"] == "stopped"
        assert run(guest, "svc start slow") == (DONE, "")
        assert states(guest)["slow"] == "running"
        assert run(guest, "svc start slow") == (DONE, "")
        status, output = run(guest, "svc start never")
        assert status == FAILED
        assert re.match(r"svc: never: failed: .*status 7", output), output
        assert run(guest, "svc stop worker") == (DONE, "")
        now = states(guest)
        assert now["worker"] == now["needy"] == "stopped"
        assert run(guest, "svc start needy") == (DONE, "")
        now = states(guest)
        assert now["worker"] == now["needy"] == "running"
        pid = guest.command("svc status worker | grep process")
        assert run(guest, "svc restart worker slow") == (DONE, "")
        assert states(guest)["needy"] == "running"
        assert guest.command("svc status worker | grep process") != pid
        assert run(guest, "svc reload reloads") == (DONE, "")
        status, output = run(guest, "svc reload worker")
        assert status == FAILED and "reload-signal" in output
        run(guest, "svc stop worker")
        assert run(guest, "svc reload worker")[0] == FAILED
        assert "asked by process" in guest.command("svc log init | tail -n 3")
        # One of several names that is wrong spoils no other.
        assert run(guest, "svc start nosuch worker")[0] == NOT_FOUND
        assert states(guest)["worker"] == "running"


def test_enabled(tmp):
    """What is disabled does not start with the system, until it is enabled."""
    path = system(tmp, {"worker": service(), "lazy": service(enable="no")})
    for at_boot, commands in (
        (("running", "stopped"), ("disable worker", "enable lazy")),
        (("stopped", "running"), ("enable worker", "disable lazy")),
        (("running", "stopped"), ()),
    ):
        with Guest(disks=[Disk(path, write=True)]) as guest:
            guest.boot()
            now = states(guest)
            assert (now["worker"], now["lazy"]) == at_boot
            for command in commands:
                assert run(guest, f"svc {command}") == (DONE, "")
            assert states(guest) == now
            guest.send("poweroff")
            assert guest.wait() == 0


@cases(here=dict(how="svc stop --all"),
       second_terminal=dict(how="script -q -c 'svc stop --all' /root/said"))  # fmt: skip
def test_stop_all(how, tmp):
    """svc stop --all takes the machine down, in order."""
    path = system(tmp, {"worker": service()})
    with Guest(disks=[Disk(path, write=True)]) as guest:
        guest.boot()
        guest.send(how)
        assert guest.wait() == 0
    check_disk(path)
    assert "worker: stopping -> stopped" in log_on(path)


def test_permissions():
    """Whoever asks sees; only root changes anything."""
    reads = ("list", "status filesystem", "tree", "log init", "chart", "chart --svg",
             "ping filesystem")  # fmt: skip
    changes = ("start", "stop", "restart", "reload", "enable", "disable")
    with Guest() as guest:
        guest.boot()
        before = states(guest)
        for user in (None, "student"):
            for words in reads:
                assert run(guest, f"svc {words} >/dev/null", user)[0] == DONE, words
        for words in changes:
            # Whether there is such a service makes no difference.
            for name in ("filesystem", "nosuch"):
                status, output = run(guest, f"svc {words} {name}", "student")
                assert status == NOT_PERMITTED, words
                assert output == f"svc: {name}: only root may do that"
        assert run(guest, "svc stop --all", "student")[0] == NOT_PERMITTED
        assert "not permitted" in run(guest, "fsctl scrub", "student")[1]
        assert states(guest) == before
        assert run(guest, "svc restart filesystem") == (DONE, "")


def test_list_is_fast(tmp):
    """svc list, from fork to its end, takes less than 20 ms of virtual time."""
    with Guest(harts=1, extra=ICOUNT) as guest:
        guest.boot()
        guest.command("svc list")
        output = guest.command("time svc list >/dev/null")
        took = re.search(r"real\s+(?:(\d+)m)?([\d.]+)", output)
        assert took, output
        assert int(took[1] or 0) == 0 and float(took[2]) < 0.020, output


# ---- Whoever wants to do harm ----

SOCKETS = {"init": "/run/init.sock", "service": "/run/filesystem.sock"}
MODES = ("forged", "version", "reply", "long", "short", "huge", "empty", "files",
         "unread", "noise")  # fmt: skip


@cases(**{name: {"path": path} for name, path in SOCKETS.items()})
def test_hostile(path):
    """No message costs more than its sender's connection."""
    with Guest() as guest:
        guest.boot()
        before = states(guest)
        fds = []
        for uid in (0, 1000, 1000):
            # Among noise of root's is the wish to switch off.
            for mode in MODES[: -1 if uid == 0 else None]:
                assert run(guest, f"/tests/hostile {uid} {path} {mode}") == (DONE, ""), mode
                assert states(guest) == before
            # The last connection may still be on its way out.
            fds.append(min(int(guest.command("sleep 0.1; ls /proc/1/fd | wc -l"))
                           for _ in range(5)))  # fmt: skip
        assert run(guest, "svc ping filesystem", "student")[0] == DONE
        # Nothing is left of all that.
        assert fds[1] == fds[2], fds
        assert run(guest, "dmesg | grep -i panic")[1] == ""


def test_sockets_are_listed():
    """/proc/net/unix tells of every socket that somebody has."""
    with Guest() as guest:
        guest.boot()
        lines = guest.command("cat /proc/net/unix").split("\n")
        assert lines[0].split() == ["Num", "RefCount", "Protocol", "Flags", "Type", "St",
                                    "Inode", "Path"], lines  # fmt: skip
        rows = [line.split() for line in lines[1:]]
        at = {row[7]: row for row in rows if len(row) > 7}
        for path in ("/run/init.sock", "/run/filesystem.sock"):
            assert at[path][3:6] == ["00010000", "0005", "01"], at
        inodes = [int(row[6]) for row in rows]
        assert inodes == sorted(set(inodes)), inodes
        link = guest.command("ls -l /proc/1/fd | grep socket: | head -n 1")
        assert int(re.search(r"socket:\[(\d+)\]", link)[1]) in inodes, link


def test_crowds():
    """Many connections of some users are no hindrance for others, or root."""
    with Guest() as guest:
        guest.boot()

        def crowd(uid):
            out = f"/tmp/crowd.{uid}"
            guest.command(f"touch {out}; /tests/hostile {uid} /run/init.sock crowd >{out} &")
            for _ in range(100):
                if "may stay" in guest.command(f"cat {out}"):
                    break
                guest.command("sleep 0.1")
            assert guest.command(f"cat {out}") == "8 of 40 may stay"

        crowd(2000)
        assert run(guest, "svc list", "student")[0] == DONE
        crowd(2001)
        crowd(2002)
        assert run(guest, "svc list", "student")[0] == NO_ANSWER
        assert run(guest, "svc restart filesystem") == (DONE, "")
        # Who is silent for ten seconds gives way.
        guest.command("sleep 10")
        assert run(guest, "svc list", "student")[0] == DONE


# ---- Logs ----


def test_log(tmp):
    """What a service prints is in its log, whatever it is."""
    services = {
        "words": service("say=one say=two sleep=50 exit=0", type="oneshot"),
        "half": "exec = /bin/echo -n no end\ntype = oneshot\n",
        "zeros": "exec = /bin/head -c 3000 /dev/zero\ntype = oneshot\n",
        "noise": "exec = /bin/head -c 100000 /dev/urandom\ntype = oneshot\n",
    }
    with Guest(disks=[system(tmp, services)]) as guest:
        guest.boot()
        assert printed(guest, "svc log words") == ["one", "two"]
        assert printed(guest, "svc log half") == ["no end"]
        assert printed(guest, "svc log zeros") == ["\\x00" * 3000]
        guest.command("svc log -n 100000 noise >/tmp/noise")
        assert int(guest.command("wc -c </tmp/noise")) > 100000
        guest.command("printf '\\033' >/tmp/escape")
        assert guest.command('grep -c "$(cat /tmp/escape)" /tmp/noise') == "0"
        assert printed(guest, "svc log -n 1 words") == ["two"]
        assert run(guest, "svc log nothing")[0] == NOT_FOUND
        assert run(guest, "svc log words", "student")[0] == DONE


def test_log_follow(tmp):
    """svc log -f shows every line, in order, over several files."""
    lines = 6000
    services = {"count": "exec = /bin/sh /tmp/count\ntype = oneshot\nenable = no\n"}
    with Guest(disks=[system(tmp, services)]) as guest:
        guest.boot()
        guest.command("svc log -f count >/tmp/seen &")
        # The first line says that it follows; then there are files already.
        for last, seen in ((1, 1), (lines, 1 + lines), (lines, 1 + 2 * lines)):
            guest.command(f"echo seq 1 {last} >/tmp/count")
            assert run(guest, "svc start count") == (DONE, "")
            assert run(guest, "svc stop count") == (DONE, "")
            # All times together are more than the files hold.
            for _ in range(200):
                if guest.command("wc -l </tmp/seen") == str(seen):
                    break
                guest.command("sleep 0.1")
        text = guest.command("ls /var/log/count*").split()
        assert len(text) == 5, text
        guest.command(r"cut -d] -f2 /tmp/seen | tr -d ' ' >/tmp/numbers")
        guest.command(f"{{ echo 1; seq 1 {lines}; seq 1 {lines}; }} >/tmp/wanted")
        assert run(guest, "cmp /tmp/numbers /tmp/wanted") == (0, "")


def test_flood(tmp):
    """Who prints without end fills neither the disk nor init's time."""
    services = {"flood": "exec = /bin/yes flood\nenable = no\n", "worker": service()}
    with Guest(disks=[system(tmp, services)]) as guest:
        guest.boot()
        assert run(guest, "svc start flood") == (DONE, "")
        for _ in range(5):
            guest.command("sleep 1")
            assert run(guest, "svc restart worker") == (DONE, "")
        assert run(guest, "svc stop flood") == (DONE, "")
        sizes = guest.command("stat -c %s /var/log/flood*").split()
        assert len(sizes) == 5 and all(int(s) <= 65536 for s in sizes), sizes


def test_disk_full(tmp):
    """A full disk costs lines, which are counted, and nothing else."""
    services = {"count": "exec = /bin/seq 1 3000\ntype = oneshot\nenable = no\n"}
    with Guest(disks=[system(tmp, services)]) as guest:
        guest.boot()
        guest.command("dd if=/dev/zero of=/fill bs=64K 2>/dev/null")
        assert run(guest, "svc start count") == (DONE, "")
        assert run(guest, "svc list >/dev/null")[0] == DONE
        guest.command("rm /fill; sync")
        assert run(guest, "svc restart count") == (DONE, "")
        log = printed(guest, "svc log -n 100000 count")
        notes = [line for line in log if "lines lost: No space left" in line]
        assert notes and sum(int(n.strip("(").split()[0]) for n in notes) > 1000
        assert log[-1] == "3000"


# ---- The chart ----


def test_chart(tmp):
    """The chart has a row for all that happened, and marks what took longest."""
    services = {
        "first": service("sleep=300 ready stay", type="notify"),
        "second": service("sleep=300 ready stay", type="notify", after="first"),
        "quick": service("ready stay", type="notify"),
    }
    with Guest(disks=[system(tmp, services)]) as guest:
        guest.boot()
        for _ in range(100):
            text = guest.command("svc chart")
            if "still starting" not in text:
                break
            guest.command("sleep 0.1")
        assert all(len(line) <= 80 for line in text.splitlines()), text
        rows = {line.split()[0]: line for line in text.splitlines()[2:]}
        assert {"kernel", "filesystem", *services} < set(rows), text
        for name in ("kernel", "filesystem", "first", "second"):
            assert "#" in rows[name], text
        for name in ("quick", "network"):
            assert "#" not in rows[name], text
        first, second = (rows[n].index("#") for n in ("first", "second"))
        assert second >= rows["first"].rindex("#") > first, text
        picture = guest.command("svc chart --svg").replace("\r", "")
        tree = ElementTree.fromstring(picture)
        names = [e.text for e in tree.iter("{http://www.w3.org/2000/svg}text")]
        assert set(rows) - {"file", "essential", "system"} < set(names), names
        kinds = [e.get("class") for e in tree.iter("{http://www.w3.org/2000/svg}rect")]
        assert kinds.count("path") >= 5 and "bar" in kinds and "absent" in kinds


def test_boot_chart():
    """make boot-chart's tool brings the picture out of a guest."""
    build = harness.built("")
    tool = os.path.join(harness.ROOT, "tools", "boot-chart")
    done = subprocess.run([tool, build, "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^filesystem +[\d.]+ ms \|", done.stdout, re.M)
    root = ElementTree.parse(harness.built("boot-chart.svg")).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


# ---- The system's services ----


def test_no_devices():
    """Without devices, the services for them say so."""
    with Guest() as guest:
        guest.boot()
        now = states(guest)
        assert now["filesystem"] == "running"
        for name in FIVE[1:]:
            assert now[name] == "no-device"
            assert "no-device" in guest.command(f"svc status {name}")
            assert re.search(r"no .* here \(virtio id \d+\)", guest.command(f"svc log {name}"))


def impatient(name):
    """Return the file of one of the system's services, with a check each second."""
    path = os.path.join(harness.ROOT, "rootfs", "etc", "services.d", name)
    with open(path, encoding="utf-8") as file:
        return re.sub(r"(?m)^health-period .*", "health-period = 1s", file.read())


def test_devices(tmp):
    """With devices they run, as users of their own, and answer."""
    services = {name: impatient(name) for name in FIVE}
    with Guest(disks=[system(tmp, services)], extra=DEVICES) as guest:
        guest.boot()
        for _ in range(100):
            now = states(guest)
            if "starting" not in now.values():
                break
        assert now["audio"] == "no-device"
        for name in ("network", "display", "input"):
            assert now[name] == "running"
            status, output = run(guest, f"svc ping {name}", "student")
            assert status == DONE and re.match(rf"{name}: well: virtio\d: ", output)
            assert re.search(rf"^{name} ", guest.command("ps"), re.M)
        assert run(guest, "/tests/hostile 1000 /run/network.sock noise")[0] == DONE
        assert run(guest, "svc ping network")[0] == DONE
        # They can do all that they have to with the system calls they may make.
        for name in ("filesystem", "network", "display", "input"):
            for _ in range(20):
                status, output = run(guest, f"svc status {name}")
                if "health" in output:
                    break
                guest.command("sleep 1")
            assert status == DONE and re.search(r"restarts +0\n +health +well", output), output


def spoil_record(path, name):
    """Change a byte of a file's record on a disk."""
    efs = harness.built("host/efs")

    def ask(*words):
        return subprocess.run([efs, *words], check=True, capture_output=True, text=True).stdout

    inode = re.search(r"inode +(\d+)", ask("stat", path, name))[1]
    at = int(re.search(r"record at (\d+)", ask("dump", path, inode))[1])
    with open(path, "r+b") as disk:
        disk.seek(at + 60)
        byte = disk.read(1)[0]
        disk.seek(at + 60)
        disk.write(bytes([byte ^ 1]))


def test_scrub(tmp):
    """All is read; what is damaged is told by its path."""
    path = system(tmp, {})
    with Guest(disks=[path]) as guest:
        guest.boot()
        status, output = run(guest, "fsctl", "student")
        assert status == 0 and "none yet" in output
        status, output = run(guest, "fsctl scrub")
        assert status == 0
        found = re.search(r"done, (\d+) files and directories, (\S+) read, 0 damaged", output)
        # Where something else is mounted, there is nothing of the disk's to read.
        mounts = int(guest.command("wc -l </proc/mounts")) - 1
        assert int(found[1]) == int(guest.command("find / -xdev | wc -l")) - mounts, output
        assert "can be read" in guest.command("svc status filesystem")
    spoil_record(path, "/etc/motd")
    with Guest(disks=[path]) as guest:
        guest.boot()
        status, output = run(guest, "fsctl scrub", None)
        assert status == 1 and "1 damaged" in output and "/etc/motd" in output
        status, output = run(guest, "svc ping filesystem", "student")
        assert status == FAILED and "not well: 1 damaged: /etc/motd" in output


def test_scrub_by_itself(tmp):
    """Without being asked it scrubs too, slowly, and syncs."""
    path = system(tmp, {})
    with Guest(disks=[path]) as guest:
        guest.boot()
        assert run(guest, "svc stop filesystem") == (DONE, "")
        guest.command("rm /run/filesystem.sock; filesystemd -d 1 -e 1 -r 100000 -s 1 2>/tmp/err &")
        for _ in range(200):
            if len(guest.command("cat /tmp/err").splitlines()) >= 2:
                break
            guest.command("sleep 0.5")
        lines = guest.command("cat /tmp/err").splitlines()
        assert len(lines) >= 2 and all(" 0 damaged" in line for line in lines), lines
        assert run(guest, "fsctl")[0] == 0
