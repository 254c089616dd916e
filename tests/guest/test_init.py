"""The service manager: order, states, what goes wrong, restarts, watchdogs.

Each test puts service files on a copy of test.img and reads /var/log/init,
where every change of a service's state stands with its time.
"""

import random
import re

from harness import Disk, Guest, cases
from services import (
    DEVICES, FIVE, ICOUNT, WARM, check_disk, events_of, image, log_of, log_on, power_off, service,
    settled_log_of, wait_for, wait_for_state, whole_log_of,
)  # fmt: skip


# ---- Order ----


def random_services(seed, count=14):
    """Return (files, edges): edges has (later, earlier) for each pair."""
    draw = random.Random(seed)
    names = [f"s{n}" for n in range(count)]
    draw.shuffle(names)  # so that the order is not that of names
    files, edges = {}, set()
    for n, name in enumerate(names):
        keys = {"after": [], "requires": [], "wants": []}
        for other in draw.sample(names[:n], min(n, draw.randrange(4))):
            keys[draw.choice(sorted(keys))].append(other)
            edges.add((name, other))
        words = {key: " ".join(value) for key, value in keys.items() if value}
        kind = draw.choice(["simple", "notify", "oneshot"])
        wait = draw.randrange(30)
        if kind == "notify":
            files[name] = service(f"sleep={wait} ready stay", type=kind, **words)
        elif kind == "oneshot":
            files[name] = service(f"sleep={wait}", type=kind, **words)
        else:
            files[name] = service("stay", type=kind, **words)
    return files, edges


@cases(one=dict(seed=1), two=dict(seed=2), three=dict(seed=3))
def test_order(seed, tmp):
    """A random graph of services starts in its order and stops in reverse."""
    files, edges = random_services(seed)
    path = image(tmp, files)
    with Guest(disks=[Disk(path, write=True)]) as guest:
        guest.boot()
        settled_log_of(guest)
        for name in files:
            wait_for(guest, f"{name}: starting -> running")
        power_off(guest)
    events = events_of(log_on(path))
    when = {(name, after): n for n, (_, name, _, after, _) in enumerate(events)}
    for later, earlier in edges:
        assert when[earlier, "running"] < when[later, "starting"], (later, earlier)
        assert when[later, "stopped"] < when[earlier, "stopping"], (later, earlier)
    check_disk(path)


def test_cycles(tmp):
    """Cycles are named, their members fail, and all others start."""
    files = {
        "a": service(after="b"),
        "b": service(requires="c"),
        "c": service(wants="a"),
        "itself": service(after="itself"),
        "needs-a": service(requires="a"),
        "after-a": service(after="a"),
        "good": service(),
    }
    with Guest(disks=[image(tmp, files)]) as guest:
        output = guest.boot()
        for name, state in re.findall(r"init +(\S+): (a cycle: .*)", output):
            assert name in ("a", "b", "c", "itself"), name
        last = {name: (state, why) for _, name, _, state, why in events_of(settled_log_of(guest))}
        assert last["a"] == ("failed", "a cycle: a -> b -> c -> a"), last
        assert last["b"][0] == last["c"][0] == "failed", last
        assert last["itself"] == ("failed", "a cycle: itself -> itself"), last
        assert last["needs-a"] == ("failed", "requires a, which is down"), last
        assert last["after-a"][0] == last["good"][0] == "running", last


def test_essential(tmp):
    """Nothing of the system starts before what is essential runs."""
    files = {
        "first": service("sleep=300 ready stay", type="notify", phase="essential"),
        "work": service("sleep=100", type="oneshot", phase="essential"),
        "second": service(),
    }
    with Guest(disks=[image(tmp, files)]) as guest:
        output = guest.boot()
        assert re.search(r"phase 2: essential, \d+ ms: 2 running, 0 failed", output)
        assert not re.search(r"^\[[^\r\n]{80}", output, re.M), output
        log = settled_log_of(guest)
        assert log.index("first: starting -> running") < log.index("second: stopped")


def test_essential_never_ready(tmp):
    """What is essential and never ready keeps nobody from the console."""
    files = {
        "never": service("stay", type="notify", phase="essential", ready_timeout="0"),
        "other": service(),
    }
    with Guest(disks=[image(tmp, files)], harts=1, extra=ICOUNT) as guest:
        output = guest.boot()
        assert "essential services are not all ready: going on" in output
        log = log_of(guest)
        assert "other: starting -> running" in log and "never: starting ->" not in log, log


def test_types(tmp):
    """What "running" means to each type of service."""
    files = {
        "forks": service(
            "sleep=50 fork=/run/forks.pid stay", type="forking", pidfile="/run/forks.pid"
        ),
        "once": service("say=did", type="oneshot"),
        "says": service("status=well ready stay", type="notify"),
        "after-once": service("say=after", type="oneshot", requires="once forks says"),
        "pidless": service("exit=0", type="forking", pidfile="/run/none.pid", restart="never"),
        "fails": service("exit=3", type="oneshot", restart="never"),
    }
    with Guest(disks=[image(tmp, files)]) as guest:
        guest.boot()
        log = wait_for(guest, "after-once: starting -> running")
        for name in ("forks", "once", "says"):
            assert f"{name}: starting -> running" in log, log
        assert "pidless: starting -> failed" in log, log
        assert "fails: starting -> failed: ended with status 3" in log, log
        pid = guest.command("cat /run/forks.pid")
        guest.command(f"kill -9 {pid}")
        wait_for(guest, "forks: running -> stopped: killed by signal 9")
        assert "after" in guest.command("cat /var/log/after-once")


def test_pidfiles(tmp):
    """Only a child of init's that is no other service's is a service's own,
    and only a file of its own says so."""
    copy = "until test -s /run/victim.pid; do sleep 0.1; done; cat /run/victim.pid"
    child = "sleep 1000 & echo $!"
    forking = dict(type="forking", restart="never")
    files = {
        "victim": service(exec='/bin/sh -c "echo $$ >/run/victim.pid; exec sleep 1000"'),
        "own": service(exec=f'/bin/sh -c "{child} >/run/own.pid"', pidfile="/run/own.pid",
                       **forking),
        "thief": service(exec=f'/bin/sh -c "{copy} >/run/thief.pid"', pidfile="/run/thief.pid",
                         **forking),
        "grandchild": service(exec='/bin/sh -c "echo 2 >/run/grandchild.pid"',
                              pidfile="/run/grandchild.pid", **forking),
        "link": service(exec=f'/bin/sh -c "{child} >/run/to; ln -s to /run/link.pid"',
                        pidfile="/run/link.pid", **forking),
        "pipe": service(exec='/bin/sh -c "mkfifo /run/pipe.pid"', pidfile="/run/pipe.pid",
                        **forking),
        "old": service("exit=0", pidfile="/run/old.pid", after="own", **forking),
    }  # fmt: skip
    with Guest(disks=[image(tmp, files)]) as guest:
        guest.boot()
        settled_log_of(guest)
        last = {name: (state, why) for _, name, _, state, why in events_of(log_of(guest))}
        for name in ("thief", "grandchild", "link", "pipe", "old"):
            assert last[name] == ("failed", "ended with status 0"), (name, last)
        assert last["own"][0] == last["victim"][0] == "running", last
        # What an earlier start has left is not believed.
        guest.command("sleep 1000 & echo $! >/run/old.pid; svc start old")
        assert guest.command("ls /run/old.pid 2>&1 | grep -c No") == "1"


def test_flood(tmp):
    """What a service's processes say without end does not keep init."""
    files = {"flood": service("flood=4 sleep=300 exit=1", type="notify", restart="never")}
    with Guest(disks=[image(tmp, files)]) as guest:
        guest.boot()
        wait_for(guest, "flood: starting -> failed: ended with status 1")


def test_dependants(tmp):
    """What requires a service goes down before it and comes up after it; when
    the service has failed and is started again, they come back by themselves."""
    files = {
        "base": service(restart="never"),
        "middle": service("sleep=50 ready stay", type="notify", requires="base"),
        "top": service(requires="middle"),
        "aside": service(after="base"),
    }

    def changes(guest, since):
        names = ("base", "middle", "top", "aside")
        events = [e for e in events_of(log_of(guest)) if e[1] in names]
        return len(events), [f"{e[1]} {e[3]}" for e in events[since:]]

    down = ["top stopping", "top stopped", "middle stopping", "middle stopped"]
    up = ["middle starting", "middle running", "top starting", "top running"]
    base_down = ["base stopping", "base stopped"]
    base_up = ["base starting", "base running"]
    with Guest(disks=[image(tmp, files)]) as guest:
        guest.boot()
        settled_log_of(guest)
        seen, _ = changes(guest, 0)
        guest.command("svc restart base")
        wait_for_state(guest, "top", "running")
        seen, told = changes(guest, seen)
        assert told == down + base_down + base_up + up, told
        guest.command("svc stop base")
        seen, told = changes(guest, seen)
        assert told == down + base_down, told
        guest.command("svc start top")
        seen, told = changes(guest, seen)
        assert told == base_up + up, told
        pid = re.search(r"process +(\d+)", guest.command("svc status base"))[1]
        guest.command(f"kill -9 {pid}")
        wait_for_state(guest, "top", "failed")
        wait_for_state(guest, "middle", "failed")
        seen, told = changes(guest, seen)
        assert told[0] == "base failed" and "aside stopping" not in told, told
        guest.command("svc start base")
        wait_for_state(guest, "top", "running")
        told = [t for t in changes(guest, seen)[1] if t.endswith("running")]
        assert told == ["base running", "middle running", "top running"], told


def test_required_has_ended(tmp):
    """Whoever requires a service goes down when that has ended for good, even
    well, and does not wait for what will never come."""
    files = {
        "ends": service("sleep=300 exit=0"),
        "needs": service(requires="ends"),
        "later": service(requires="ends", wants="late"),
        "late": service("sleep=800", type="oneshot"),
    }
    with Guest(disks=[image(tmp, files)], harts=1, extra=ICOUNT) as guest:
        guest.boot()
        settled_log_of(guest)
        wait_for(guest, "needs: stopping -> stopped")
        last = {n: (state, why) for _, n, _, state, why in events_of(log_of(guest))}
        for name in ("needs", "later"):
            assert last[name] == ("failed", "requires ends, which is down"), last
        guest.command("svc start ends")
        wait_for(guest, "what it requires is back")


def test_restart_without_device(tmp):
    """A restart begins anew where the device goes while others still stop."""
    files = {
        "base": service("sleep=4000 exit=69"),
        "top": service("ignore stay", requires="base", stop_timeout="6s"),
    }
    with Guest(disks=[image(tmp, files)], harts=1, extra=ICOUNT) as guest:
        guest.boot()
        # Twice: time leaps while the shell waits, so base has gone before the first.
        guest.command("svc restart base; svc restart base")
        log = wait_for(guest, "base: no-device -> stopped: restart")
        assert "cannot be" not in log, log
        assert "base: running -> no-device" in log, log


# ---- What goes wrong ----


def test_broken_files(tmp):
    """Errors are told with their lines, and everything else starts."""
    files = {
        "broken": "exec = /tests/service stay\nexce = /bin/x\ntype = odd\n",
        "empty": "",
        "binary": "\x01\x02\x03=\x04",
        "Bad.Name": service(),
        "large": "#" * 20000,
        "log.1": service(),
        "init": service(),
        "no-program": service(exec="/bin/nowhere at all"),
        "no-user": service(user="nobody-there"),
        "no-dependency": service(requires="nothing"),
        "needs-program": service(requires="no-program"),
        "good": service(),
    }
    with Guest(disks=[image(tmp, files)]) as guest:
        output = guest.boot()
        for text in (
            "/etc/services.d/broken: line 2: unknown key 'exce'",
            "/etc/services.d/broken: line 3: type: expected simple, forking, oneshot or "
            "notify, not 'odd'",
            "/etc/services.d/empty: exec is missing",
            "/etc/services.d/binary: line 1: unknown key",
            "/etc/services.d/Bad.Name: no name for a service",
            "/etc/services.d/init: a name of init's own",
            "/etc/services.d/log.1: the name of another's older log",
            "/etc/services.d/large: larger than a service file may be",
        ):
            assert text in output, text
        last = {name: (state, why) for _, name, _, state, why in events_of(settled_log_of(guest))}
        assert last["broken"] == ("failed", "its file, line 2: unknown key 'exce'"), last
        assert last["no-program"] == (
            "failed", "cannot run: /bin/nowhere: No such file or directory"
        ), last  # fmt: skip
        assert "user nobody-there" in last["no-user"][1], last
        assert last["no-dependency"] == (
            "failed", "requires nothing, which there is not"
        ), last  # fmt: skip
        assert last["needs-program"] == (
            "failed", "requires no-program, which is down"
        ), last  # fmt: skip
        assert last["good"][0] == "running", last


def test_fstab(tmp):
    """What fstab asks for is mounted; what it cannot have costs a line."""
    table = (
        "/dev/vda / eclipsefs defaults\n"
        "tmpfs /mnt tmpfs defaults\n"
        "/dev/vdz /root eclipsefs defaults\n"
        "tmpfs /home tmpfs noauto\n"
    )
    with Guest(disks=[image(tmp, {}, files=[("/etc/fstab", table)])]) as guest:
        output = guest.boot()
        assert "/etc/fstab: not all of it is mounted" in output
        mounts = guest.command("mount")
        assert "tmpfs on /mnt type tmpfs" in mounts, mounts
        assert "/home" not in mounts and "/root" not in mounts, mounts


def test_init_survives_signals():
    """No signal ends init but those that end the machine."""
    with Guest() as guest:
        guest.boot()
        for number in (1, 3, 9, 10, 11, 14, 15 - 2, 17, 18, 19, 24):
            guest.command(f"kill -{number} 1")
        assert guest.command("echo alive") == "alive"
        assert "init" in guest.command("cat /proc/1/comm")


def test_status_line(tmp):
    """How all services fare is logged as often as the settings say."""
    settings = {"/etc/init.conf": "# often\nstatus-period = 2s\nspeed = 9\n"}
    path = image(tmp, {"idle": service()}, files=settings.items())
    with Guest(disks=[path], harts=1, extra=ICOUNT) as guest:
        guest.boot()
        guest.command("sleep 9")
        log = log_of(guest)
        assert "/etc/init.conf: line 3: unknown key 'speed'" in log, log
        lines = re.findall(r"status: 2 running, 0 failed, 0 no-device; up (\d+) s", log)
        ups = [int(up) for up in lines]
        assert len(ups) >= 4 and all(b - a >= 2 for a, b in zip(ups, ups[1:])), log


# ---- Restarts ----


def test_crash_loop(tmp):
    """Restarts come after 1, 2 and 4 s, and then no more."""
    files = {
        "warm": WARM,
        "crash": service("sleep=100 die", after="warm"),
        "status": service("sleep=100 exit=7", restart="always", after="warm"),
        "well": service("sleep=100 exit=0"),
        "never": service("sleep=100 exit=1", restart="never"),
        "quick": service("exit=1", restart_delay="10ms", restart_limit="5"),
    }
    with Guest(disks=[image(tmp, files)], harts=1, extra=ICOUNT) as guest:
        guest.boot()
        wait_for(guest, "crash: running -> failed")
        wait_for(guest, "status: running -> failed")
        log = log_of(guest)
    events = events_of(log)
    for name, end in (
        ("crash", "killed by signal 10 (SIGUSR1), after 3 restarts in 60 s"),
        ("status", "ended with status 7, after 3 restarts in 60 s"),
    ):
        starts = [e[0] for e in events if e[1] == name and e[3] == "starting"]
        waits = [b - a for a, b in zip(starts, starts[1:])]
        assert len(waits) == 3, (name, waits)
        assert all(wait >= due for wait, due in zip(waits, (1, 2, 4))), (name, waits)
        told = re.findall(rf"{name}: running -> stopped: .*again in (\d+) ms", log)
        assert told == ["1000", "2000", "4000"], (name, told)
        last = [e for e in events if e[1] == name][-1]
        assert last[3:] == ("failed", end), last
    last = {name: (state, why) for _, name, _, state, why in events}
    assert last["well"] == ("stopped", "ended with status 0"), last
    assert last["never"] == ("failed", "ended with status 1"), last
    starts = [e for e in events if e[1] == "quick" and e[3] == "starting"]
    assert len(starts) == 6 and last["quick"][0] == "failed", starts


def test_watchdog(tmp):
    """A service that stops beating is killed and started again."""
    files = {
        "warm": WARM,
        "beats": service("ready pulse=200", type="notify", watchdog="1s", after="warm"),
        "stops": service("ready beat sleep=700 beat stay", type="notify", watchdog="1s",
                         after="warm"),
    }
    with Guest(disks=[image(tmp, files)], harts=1, extra=ICOUNT) as guest:
        guest.boot()
        wait_for(guest, "warm: starting -> running")
        guest.command("sleep 6")
        events = events_of(log_of(guest))
    ends = [e for e in events if e[1] == "stops" and e[2] == "running"]
    assert ends and ends[0][4].startswith("no heartbeat for 1000 ms"), events
    ready = [e[0] for e in events if e[1] == "stops" and e[3] == "running"]
    assert ends[0][0] - ready[0] > 1.6, (ends, ready)
    assert len(ready) > 1, events
    assert [e[3] for e in events if e[1] == "beats"] == ["starting", "running"], events


def test_ready_timeout(tmp):
    """A service that is not ready in time is killed; a slow one is waited for."""
    files = {
        "warm": WARM,
        "slow": service("sleep=900 ready stay", type="notify", ready_timeout="3s", after="warm"),
        "late": service("sleep=5000 ready stay", type="notify", ready_timeout="1s",
                        restart="never", after="warm"),
        "long": service("sleep=3000", type="oneshot"),
        "waits": service("stay", requires="slow"),
    }  # fmt: skip
    with Guest(disks=[image(tmp, files)], harts=1, extra=ICOUNT) as guest:
        guest.boot()
        wait_for(guest, "long: starting -> running")
        events = events_of(wait_for(guest, "waits: starting -> running"))
    last = {name: (state, why) for _, name, _, state, why in events}
    assert last["slow"][0] == last["waits"][0] == "running", last
    assert last["late"] == ("failed", "not ready after 1000 ms"), last
    assert last["long"][0] == "running", last


def test_health(tmp):
    """Three failed checks in a row are a failure of the service."""
    check = "/bin/sh -c 'test ! -e /run/ill'".replace("'", '"')
    files = {
        "checked": service(health=check, health_period="500ms"),
        "hangs": service(health="/bin/sleep 100", health_period="500ms", health_timeout="1s",
                         restart="never"),
    }  # fmt: skip
    with Guest(disks=[image(tmp, files)], harts=1, extra=ICOUNT) as guest:
        guest.boot()
        guest.command("sleep 3")
        log = log_of(guest)
        assert "checked: is well" in log and "checked: is not well" not in log, log
        guest.command("echo >/run/ill; sleep 2; rm /run/ill; sleep 4")
        log = log_of(guest)
        assert "checked: running -> stopped: failed three health checks; starting" in log, log
        assert "hangs: running -> failed: failed three health checks" in log, log


def test_no_device(tmp):
    """A service whose device is missing says so and is left alone."""
    files = {
        "missing": service(devices="/dev/null /dev/nothing"),
        "looked": service('"status=no card" sleep=20 exit=69', type="notify"),
        "present": service(devices="/dev/null /dev/zero"),
        "needs": service(requires="missing"),
    }
    with Guest(disks=[image(tmp, files)]) as guest:
        guest.boot()
        log = settled_log_of(guest)
        last = {name: (state, why) for _, name, _, state, why in events_of(log)}
        assert last["looked"] == ("no-device", "no card"), last
        assert last["missing"] == ("no-device", "there is no /dev/nothing"), last
        assert last["present"][0] == "running", last
        assert last["needs"] == ("failed", "requires missing, which is down"), last


def test_orphans(tmp):
    """A thousand orphans a second are reaped as they come."""
    files = {"flood": service("orphans=1000", type="oneshot")}
    with Guest(disks=[image(tmp, files)], harts=1, extra=ICOUNT) as guest:
        guest.boot()
        log = wait_for(guest, "flood: starting -> running")
        said = guest.command("cat /var/log/flood")
        found = re.search(r"1000 orphans in (\d+) ms, at most (\d+) zombies", said)
        assert found, said + log
        assert int(found[1]) < 1100 and int(found[2]) < 10, said
        states = guest.command("ps")
        assert " Z " not in states, states


def test_killed_at_random(tmp):
    """Every service is killed at random for a minute: what its file says of
    restarts is what becomes of it."""
    always = dict(restart="always", restart_limit="0", restart_window="1s",
                  restart_delay="10ms")  # fmt: skip
    files = {f"always{n}": service(**always) for n in range(3)}
    files["ready"] = service("ready stay", type="notify", **always)
    files["limited"] = service(restart_delay="10ms")
    files["never"] = service(restart="never")
    files["needs"] = service(requires="limited", **always)
    # It starts last, so that it finds all the others.
    files["zkiller"] = service("sleep=1000 kill=60", type="oneshot", restart="never",
                               after="always0 never limited needs ready")  # fmt: skip
    disk = image(tmp, files, keep=FIVE)
    with Guest(disks=[disk], harts=1, extra=(*ICOUNT, *DEVICES)) as guest:
        guest.boot()
        guest.command("sleep 60")
        wait_for(guest, "zkiller: starting -> running")
        guest.command("sleep 3")
        killed = re.search(r"killed (\d+)", guest.command("cat /var/log/zkiller"))
        last = {n: (state, why) for _, n, _, state, why in events_of(whole_log_of(guest))}
        assert int(killed[1]) > 150, killed[0]
        for name in ("always0", "always1", "always2", "ready"):
            assert last[name][0] == "running", last
        assert last["limited"][0] == "failed", last
        assert "after 3 restarts" in last["limited"][1], last
        for name in ("filesystem", "network", "display", "input"):
            assert last[name][0] == "failed" and "after 3 restarts" in last[name][1], last
        assert last["never"] == ("failed", "killed by signal 9 (SIGKILL)"), last
        assert last["needs"] == ("failed", "requires limited, which is down"), last
        power_off(guest)
