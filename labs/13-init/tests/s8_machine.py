"""Step 8: all of it. Machines whose services leave their traces on the disk."""

import random

from _init import names
from grading import check, check_equal, test

MACHINE = {"step": "machine", "section": "step-8-all-of-it"}
OTHERS = ("audio", "display", "filesystem", "input", "network")  # rootfs/etc/services.d
OFF, REBOOT, TERM = 12, 2, 15  # signals to init: user/lib/down.h
LISTS = ("requires", "wants", "after")


def service(name, words, **keys):
    """Return the text of a file for a service that runs user/worker.c."""
    keys = {"exec": f"/grade/worker {name} {words}", **keys}
    return "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in keys.items())


def boot(run, services):
    """Return the request for a run with these services, and the console's."""
    quiet = dict.fromkeys(OTHERS, "exec = /bin/true\nenable = no\n")
    files = {f"/etc/services.d/{name}": text.encode() for name, text in {**quiet, **services}.items()}
    disk = run.image(files, ["worker"], userland=True)
    return run.boot(disks=[disk], bootargs="init.exit=poweroff", must_end=("poweroff", "reboot"))


def disk_lines(record, path):
    """Return the lines of a file that a run has left."""
    return record.image().read(path).decode("utf-8", "replace").splitlines()


def ended_well(record):
    """The machine went off by itself, and its disk is sound."""
    check_equal((record.end, record.status), ("poweroff", 0), "the end of the machine, and its status", record)
    record.image().check()


# ---- Services in order -----------------------------------------------------


def ordered(seed):
    """Return (files, names in a possible order, edges, those that stay)."""
    rng = random.Random(f"{seed}:ordered")
    order = rng.sample(names(rng, 11), 11)
    files, edges, staying = {}, [], set()
    for i, name in enumerate(order):
        lists = {}
        for earlier in rng.sample(order[:i], min(i, rng.choice((0, 1, 2, 2)))):
            lists.setdefault(rng.choice(LISTS), []).append(earlier)
            edges.append((name, earlier))
        keys = {key: " ".join(words) for key, words in lists.items()}
        sleep = f"sleep={rng.choice((0, 5, 30))}"
        if rng.random() < 0.7 or i == 0:
            staying.add(name)
            keys["type"] = "notify"
            files[name] = service(name, f"down=/var/down {sleep} up=/var/up ready stay", **keys)
        else:
            files[name] = service(name, f"{sleep} up=/var/up", type="oneshot", **keys)
    files["zz-last"] = service("zz-last", f"orphans={rng.randint(20, 60)} dead=/var/dead tell={OFF}",
                               type="oneshot", wants=" ".join(order))  # fmt: skip
    return files, order, edges, staying


@test(points=3, **MACHINE, blames="depend_waits_for", evidence=("disk", "status"),
      hint="/var/log/init on the disk says when what started, and why.")  # fmt: skip
def services_start_in_order(run):
    """Random services start in the order that their files ask for."""
    files, order, edges, _ = ordered(run.seed)
    record = yield boot(run, files)
    ended_well(record)
    seen = disk_lines(record, "/var/up")
    check_equal(sorted(seen), sorted(order), "the services that started, and how often", record)
    for later, earlier in edges:
        check(seen.index(earlier) < seen.index(later), f"{later} started before {earlier}, after which it comes", record)


@test(points=3, **MACHINE, blames="depend_is_held, shutdown_begin", evidence=("disk", "status"),
      hint="A service is asked to end when nobody is up any more that comes after it.")  # fmt: skip
def services_stop_in_reverse(run):
    """When the machine goes off, services stop in the reverse order, and all do."""
    files, _, edges, staying = ordered(run.seed)
    record = yield boot(run, files)
    ended_well(record)
    seen = disk_lines(record, "/var/down")
    check_equal(sorted(seen), sorted(staying), "the services that were asked to end, and how often", record)
    for later, earlier in edges:
        if {later, earlier} <= staying:
            check(seen.index(later) < seen.index(earlier), f"{earlier} stopped before {later}, which comes after it", record)


@test(points=2, **MACHINE, blames="reap, process_ended", evidence=("disk", "status"),
      hint="Also those that are nobody's have to be waited for.")  # fmt: skip
def orphans_are_taken_in(run):
    """Of processes that were left to init none stays behind when it has ended."""
    files, _, _, _ = ordered(run.seed)
    record = yield boot(run, files)
    ended_well(record)
    check_equal(disk_lines(record, "/var/dead"), ["0"], "ended processes that nobody took in", record)


# ---- Services in trouble ---------------------------------------------------


def troubled(seed):
    """Return (files, {what: names or numbers})."""
    rng = random.Random(f"{seed}:troubled")
    *ring, victim, wanter, stander, crash, user, target, friend, killer = rng.sample(names(rng, 12), 12)
    ring = ring[: rng.randint(2, 4)]
    about = {"ring": ring, "victim": victim, "fine": [wanter, stander], "crash": crash, "user": user,
             "target": target, "friend": friend, "limit": rng.randint(1, 3), "delay": rng.randint(20, 60),
             "kills": rng.randint(2, 4)}  # fmt: skip
    once, up = {"type": "oneshot"}, "up=/var/up"
    files = {name: service(name, up, **once, **{rng.choice(LISTS): after})
             for name, after in zip(ring, ring[1:] + ring[:1])}  # fmt: skip
    files[victim] = service(victim, up, requires=ring[0], **once)
    files[wanter] = service(wanter, up, wants=ring[0], after=victim, **once)
    files[stander] = service(stander, up, **once)
    files[crash] = service(crash, "at=/var/times ready await=/var/user:1 exit=1", type="notify", restart_limit=about["limit"],
                           restart_delay=f"{about['delay']}ms")  # fmt: skip
    files[user] = service(user, "down=/var/down up=/var/user ready stay", type="notify", requires=crash)
    files[target] = service(target, "up=/var/target ready pid=/var/pid stay", type="notify", restart_limit=0,
                            restart_delay="10ms")  # fmt: skip
    files[friend] = service(friend, "down=/var/friend up=/var/friend ready stay", type="notify", requires=target)
    files[killer] = service(killer, f"await=/var/friend:1 chase=/var/pid:{about['kills']} "
                            f"await=/var/target:{about['kills'] + 1} up=/var/killed", **once)  # fmt: skip
    files["zz-last"] = service("zz-last", "await=/var/killed:1 await=/var/down:1 await=/var/up:2 at=/var/last "
                               f"sleep=50 tell={REBOOT}", **once)  # fmt: skip
    return files, about


def trouble(run):
    """Return the request and what is in it."""
    files, about = troubled(run.seed)
    return boot(run, files), about


@test(points=2, **MACHINE, blames="fail_members, graph_find_cycle, depend_failed", evidence="disk",
      hint="depend_break_cycles; and what requires one of them fails with it.")  # fmt: skip
def cycles_are_left_out(run):
    """Services on a cycle do not start, nor what requires them; all others do."""
    request, about = trouble(run)
    record = yield request
    seen = disk_lines(record, "/var/up")
    for name in [*about["ring"], about["victim"]]:
        check(name not in seen, f"{name} started, though it is on a cycle or requires one that is", record)
    for name in about["fine"]:
        check_equal(seen.count(name), 1, f"starts of {name}, which a cycle does not keep from it", record)


@test(points=2, **MACHINE, blames="restart_delay, try_again, ended_decide", evidence="disk",
      hint="The times between its starts: twice as long each time, and then no more.")  # fmt: skip
def a_crash_loop_ends(run):
    """What ends again and again is started as often, and as late, as its file says."""
    request, about = trouble(run)
    record = yield request
    times = [int(line.split()[1]) for line in disk_lines(record, "/var/times")]
    check_equal(len(times), about["limit"] + 1, "how often it was started", record)
    for i, (one, two) in enumerate(zip(times, times[1:])):
        least = about["delay"] << i
        check(two - one >= least, f"start {i + 2} came {two - one} ms after the one before, not {least} or more", record)


@test(points=2, **MACHINE, blames="depend_failed, step, ended_decide", evidence="disk",
      hint="When it has failed for good, who requires it is asked to end.")  # fmt: skip
def dependants_go_down_with_it(run):
    """A service whose requirement has failed for good goes down; no sooner, and once."""
    request, about = trouble(run)
    record = yield request
    check_equal(disk_lines(record, "/var/user"), [about["user"]], "who came up, and how often", record)
    check_equal(disk_lines(record, "/var/down"), [about["user"]], "who went down before the machine did", record)


@test(points=2, **MACHINE, blames="ended_decide, try_again, service_ended", evidence="disk",
      hint="Killed is not clean: it starts again, and dependants go on.")  # fmt: skip
def what_is_killed_comes_back(run):
    """A service that is killed again and again comes back, and what requires it stays up."""
    request, about = trouble(run)
    record = yield request
    check_equal(disk_lines(record, "/var/target"), [about["target"]] * (about["kills"] + 1), "its starts", record)
    check_equal(disk_lines(record, "/var/friend"), [about["friend"]] * 2,
                "the start, and the end with the machine, of what requires it", record)  # fmt: skip


@test(points=2, **MACHINE, blames="shutdown_begin, shutdown_turn", evidence=("disk", "status"),
      hint="shutdown_kind; and finish.")  # fmt: skip
def it_starts_anew(run):
    """Asked to, the machine starts anew, with a sound disk."""
    request, _ = trouble(run)
    record = yield request
    check_equal(record.end, "reboot", "the end of the machine", record)
    record.image().check()
    check_equal(len(disk_lines(record, "/var/last")), 1, "how often the last service ran", record)


# ---- The end ---------------------------------------------------------------


@test(points=2, **MACHINE, blames="end_the_rest, wait_for_the_rest, shutdown_turn", evidence=("disk", "status"),
      hint="Services first; then SIGTERM to all that is left, and SIGKILL.")  # fmt: skip
def nobody_is_forgotten(run):
    """At the end everybody is asked, services or not, and who is deaf keeps nobody up."""
    rng = random.Random(f"{run.seed}:stubborn")
    deaf, left, polite, quick = names(rng, 4)
    once = {"type": "oneshot"}
    files = {
        deaf: service(deaf, "ignore=/var/asked up=/var/up ready stay", type="notify", stop_timeout="2s"),
        left: service(left, "leave ignore=/var/asked up=/var/up stay", **once),
        polite: service(polite, "leave down=/var/asked up=/var/up stay", **once),
        quick: service(quick, "down=/var/asked up=/var/up ready stay", type="notify"),
        "zz-last": service("zz-last", f"await=/var/up:4 tell={TERM}", **once),
    }  # fmt: skip
    record = yield boot(run, files)
    ended_well(record)
    asked = disk_lines(record, "/var/asked")
    check_equal(sorted(set(asked)), sorted([deaf, left, polite, quick]), "who was asked to end", record)
    check({deaf, quick} == set(asked[:2]), f"services are not asked first: {asked}", record)
