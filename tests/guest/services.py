"""Guests with services, and what init's log says of them.

/tests/service (user/tests/service.c) is what the services run.
"""

import os
import re
import subprocess

import harness

# Time is what instructions take, and passes at once where nothing is to be
# done but to wait, be it for a disk: hence WARM, a service that brings the
# program into memory, for others to come after.
ICOUNT = ("-icount", "shift=0,sleep=off")
# The system's services, and what four of them are for. QEMU has not always a
# sound card: without one, that service's state is no-device.
FIVE = ("filesystem", "network", "display", "audio", "input")
DEVICES = ("-device", "virtio-net-device", "-device", "virtio-gpu-device",
           "-device", "virtio-keyboard-device")  # fmt: skip
EVENT = re.compile(r"\[ *(\d+\.\d+)\] ([\w.-]+): ([\w-]+) -> ([\w-]+): (.*)")


def service(words="stay", **keys):
    """Return the text of a file for a service that runs /tests/service."""
    keys = {"exec": f"/tests/service {words}", **keys}
    return "".join(
        f"{key.replace('_', '-')} = {value}\n" for key, value in keys.items()
    )


# Where time leaps, init would fill its log with how it is while the test thinks.
QUIET = "status-period = 0\n"
WARM = service("say=warm", type="oneshot")


def image(tmp, services, remove=(), files=(), trees=(), keep=()):
    """Return a copy of test.img with those service files and no others, but
    for the console's and those to keep.

    services: name=text; remove: paths to take out; files: (path, text)...;
    trees: (path, folder of this machine)...
    """
    path = os.path.join(tmp, "init.img")
    efs = harness.built("host/efs")
    subprocess.run(
        ["cp", "--sparse=always", harness.built("test.img"), path], check=True
    )
    listed = subprocess.run(
        [efs, "ls", path, "/etc/services.d"], check=True, capture_output=True, text=True
    )
    others = set(listed.stdout.split()) - {"console", "login", *keep}
    for name in [*(f"/etc/services.d/{other}" for other in others), *remove]:
        subprocess.run([efs, "rm", "-r", path, name], check=True)
    for name, folder in trees:
        subprocess.run([efs, "put", path, folder, name], check=True)
    texts = {f"/etc/services.d/{name}": text for name, text in services.items()}
    texts["/etc/init.conf"] = QUIET
    for name, text in {**texts, **dict(files)}.items():
        source = os.path.join(tmp, "source")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(source, 0o644)
        subprocess.run([efs, "put", path, source, name], check=True)
    return path


def events_of(log):
    """Return (time, service, state before, state after, reason) of each event."""
    return [(float(e[0]), *e[1:]) for e in EVENT.findall(log)]


def log_of(guest):
    """Return what init has logged."""
    return guest.command("cat /var/log/init")


def whole_log_of(guest):
    """Return what init has logged, with what was moved to older files."""
    older = "; ".join(f"cat /var/log/init.{n} 2>/dev/null" for n in (3, 2, 1))
    return guest.command(f"{older}; cat /var/log/init")


def wait_for(guest, text):
    """Wait until init's log has a line with the text; return the log. By the host's
    clock: the guest's may leap while the host's disk is busy."""
    end = harness.awake() + harness.MOST
    while harness.awake() < end:
        # The guest looks, for a log may be long for a console.
        log = guest.command(f"grep -qF '{text}' /var/log/init && cat /var/log/init")
        if text in log:
            return log
        guest.command("sleep 0.3")
    raise harness.GuestError(f"init never logged {text!r}:\n{log_of(guest)}")


def settled_log_of(guest):
    """Return what init has logged once all services have come up or failed."""
    return wait_for(guest, "phase 4: monitoring")


def wait_for_state(guest, name, state):
    """Wait until the last that init has logged of a service is that state; by
    the host's clock, too."""
    end = harness.awake() + harness.MOST
    while harness.awake() < end:
        log = guest.command(f"grep -F '] {name}: ' /var/log/init")
        states = [e[3] for e in events_of(log) if e[1] == name]
        if states and states[-1] == state:
            return
        guest.command("sleep 0.3")
    raise harness.GuestError(f"{name} never was {state}, but {states}")


def log_on(path):
    """Return init's log as it is on a disk."""
    efs = harness.built("host/efs")
    return subprocess.run(
        [efs, "cat", path, "/var/log/init"], check=True, capture_output=True, text=True
    ).stdout


def check_disk(path):
    """Fail unless a disk is clean."""
    fsck = harness.built("host/fsck.eclipsefs")
    done = subprocess.run([fsck, "-n", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def power_off(guest):
    """Switch the machine off; fail unless it says that all was well."""
    guest.send("poweroff")
    assert guest.wait() == 0
