"""login, su and passwd, with what is typed at their prompts."""

from harness import PROMPT, Guest, cases
from services import image, log_of

USER = r"umbra\$ $"
LOGIN = r"umbra login: $"
PASSWORD = r"[Pp]assword: $"


def answer(guest, prompt, text):
    """Wait for a prompt and type a line at it."""
    guest.expect(prompt)
    guest.send(text)


def log_in(guest, name, password, prompt):
    """Log in at a prompt that is still to come."""
    answer(guest, LOGIN, name)
    answer(guest, PASSWORD, password)
    guest.expect(prompt)


def test_login():
    """Who is let in, as whom, with which terminal; and out again."""
    with Guest(bootargs="login") as guest:
        for name, password in (
            ("student", "Student"), ("nobody", ""), ("nosuch", "student"),
        ):  # fmt: skip
            answer(guest, LOGIN, name)
            answer(guest, PASSWORD, password)
            guest.expect("Login incorrect")
        # Three failures end it, and init starts another.
        log_in(guest, "student", "student", USER)
        assert "tudent\numbra" not in guest.output.split("Password: ")[1]
        who = guest.command("id", USER)
        assert who == "uid=1000(student) gid=1000(student) groups=1000(student),100(users)"
        assert guest.command("pwd; echo $HOME $USER", USER) == (
            "/home/student\n/home/student student")
        assert guest.command("stat -c '%U %G %a' /dev/console", USER) == (
            "student tty 620")
        assert "denied" in guest.command("cat /etc/shadow", USER)
        assert "denied" in guest.command("hexdump /dev/vda", USER)
        assert "not permitted" in guest.command("poweroff", USER)
        assert "not permitted" in guest.command("kill -9 1", USER)
        assert "not permitted" in guest.command("umount /proc", USER)
        assert "only root" in guest.command("login root", USER)
        assert guest.command("echo mine >f && stat -c '%U %a' f", USER) == "student 644"
        guest.send("exit")
        log_in(guest, "root", "umbra", PROMPT)
        assert guest.command("stat -c '%U %a' /dev/console") == "root 620"
        assert guest.command("whoami; groups") == "root\nroot"


def test_login_no_way_around(tmp):
    """No status that a user's shell ends with, and no fault of a service's
    file, gives who has not logged in a shell."""
    with Guest(bootargs="login") as guest:
        log_in(guest, "student", "student", USER)
        guest.send("exit 69")
        log_in(guest, "root", "umbra", PROMPT)
        assert "login: running -> stopped: ended with status 69" in log_of(guest)
    broken = {"login": "exec = /bin/login\nconsole = perhaps\n"}
    with Guest(bootargs="login", disks=[image(tmp, broken)]) as guest:
        assert "no service has the console" in guest.boot(LOGIN)
        guest.send("student")
        answer(guest, PASSWORD, "student")
        guest.expect(USER)


def test_login_bad_names():
    """What is no name is nobody's, however long."""
    with Guest(bootargs="login") as guest:
        answer(guest, LOGIN, "")
        answer(guest, LOGIN, "a" * 700)
        answer(guest, PASSWORD, "b" * 700)
        guest.expect("Login incorrect")
        answer(guest, LOGIN, "root:x:0")
        answer(guest, PASSWORD, "umbra")
        guest.expect("Login incorrect")
        answer(guest, LOGIN, "root")
        guest.expect(PASSWORD)
        guest.type("\x03\n")
        guest.expect("Login incorrect")
        log_in(guest, "root", "umbra", PROMPT)


def test_left_behind():
    """What a user leaves running does not read what the next one types."""
    with Guest(bootargs="login") as guest:
        log_in(guest, "student", "student", USER)
        guest.command("/tests/lurk /tmp/f </dev/tty &", USER)
        # It stays behind only once it is there.
        guest.command("while ! grep here /tmp/f >/dev/null 2>&1; do sleep 0.1; done", USER)
        guest.send("exit")
        log_in(guest, "root", "umbra", PROMPT)
        assert guest.command("ps | grep -c '[l]urk'") == "1"
        assert guest.command("cat /tmp/f") == "here"


def test_su():
    """root becomes anybody; others must know the password."""
    with Guest() as guest:
        guest.boot()
        assert guest.command("su student -c 'id -un; id -Gn; pwd'") == (
            "student\nstudent users\n/")
        assert guest.command("su -c 'echo $0 $1' student me one") == "me one"
        assert "no such user" in guest.command("su nosuch")
        guest.send("su - student")
        guest.expect(USER)
        assert guest.command("pwd; echo $USER", USER) == "/home/student\nstudent"
        guest.send("su -c whoami")
        answer(guest, PASSWORD, "student")
        guest.expect("Authentication failure\n")
        guest.expect(USER)
        guest.send("su -c whoami")
        answer(guest, PASSWORD, "umbra")
        guest.expect(r"\nroot\n")
        guest.expect(USER)
        guest.send("su nosuch")
        answer(guest, PASSWORD, "umbra")
        guest.expect("Authentication failure\n")
        guest.expect(USER)
        # A copy is its owner's, and has no more rights than that.
        copy = "cp /bin/su . && chmod 4755 su && ./su -c whoami"
        guest.send(copy)
        answer(guest, PASSWORD, "umbra")
        guest.expect("Authentication failure\n")
        guest.expect(USER)
        guest.send("exit")
        guest.expect(PROMPT)
        assert guest.command("ps").splitlines()[1].startswith("root ")


def change(guest, current, fresh, prompt):
    """Run passwd, to which the current password is given."""
    guest.send("passwd")
    answer(guest, r"Current password: $", current)
    answer(guest, r"New password: $", fresh)
    answer(guest, r"Again: $", fresh)
    guest.expect(prompt)


def test_passwd():
    """A password that was changed counts from then on, and only that."""
    with Guest() as guest:
        guest.boot()
        guest.send("su - student")
        guest.expect(USER)
        change(guest, "student", "moon shadow", USER)
        guest.send("passwd")
        answer(guest, r"Current password: $", "student")
        guest.expect("Authentication failure\n")
        guest.expect(USER)
        assert "only root" in guest.command("passwd root", USER)
        assert "only root" in guest.command("passwd -d", USER)
        guest.send("su student -c whoami")
        answer(guest, PASSWORD, "moon shadow")
        guest.expect(r"\nstudent\n")
        guest.expect(USER)
        guest.send("exit")
        guest.expect(PROMPT)
        assert guest.command("stat -c '%U %a' /etc/shadow; ls /etc/shadow*") == (
            "root 600\n/etc/shadow")
        assert guest.command("wc -l </etc/shadow") == "8"
        # Without descriptors, messages must not end up in files.
        guest.command("cat /etc/passwd /etc/group >before")
        closed = "<&- >&- 2>&-"
        guest.command(f"su student -c 'passwd root {closed}'")
        guest.send(f"su student -c 'su nosuch {closed}'")
        answer(guest, PASSWORD, "x")
        guest.expect(PROMPT)
        guest.command("cat /etc/passwd /etc/group | cmp - before")
        assert guest.command("echo $?") == "0"
        guest.send("passwd student")
        answer(guest, r"New password: $", "one")
        answer(guest, r"Again: $", "other")
        guest.expect("differ; unchanged\n")
        guest.expect(PROMPT)
        guest.command("passwd -l student")
        guest.command("passwd -d nobody")
        assert guest.command("grep -c '^student:!:' /etc/shadow") == "1"
        assert guest.command("grep -c '^nobody::' /etc/shadow") == "1"


# What a damaged line is made by.
DAMAGE = {
    "long": r"yes x | head -n 9000 | tr -d '\n'",
    "short": r"echo student:x; echo ::::::; echo",
    "null": r"printf 'student:x:0:0\000::/:/bin/sh\n'",
    "numbers": r"printf 'evil:x:1x:0::/:\nworse:x:-1:0::/:\n'",
}


@cases(**{name: {"command": command} for name, command in DAMAGE.items()})
def test_damaged_passwd(command):
    """Lines that are none give nobody anything, and hide nobody else."""
    with Guest() as guest:
        guest.boot()
        guest.command("cd /etc; cp passwd p")
        assert guest.command(f"{{ {command}; }} >q") == ""
        assert guest.command("cat p >>q; mv q passwd") == ""
        # A line without an end swallows the next.
        assert guest.command("id -u student") == "1000"
        assert "no such user" in guest.command("su evil")
        assert "no such user" in guest.command("su worse")
        assert guest.command("su student -c 'id -u'") == "1000"
        guest.command("truncate -s 40 passwd; : >shadow")
        assert "no such user" in guest.command("id daemon")
        guest.command("cp p passwd")
        guest.send("su - student")
        guest.expect(USER)
        guest.send("su")
        answer(guest, PASSWORD, "")
        guest.expect("Authentication failure\n")


def test_image():
    """Files in the image are root's, with the modes of the table."""
    with Guest() as guest:
        guest.boot()
        for path, listing in {
            "/": "0:0 755", "/tmp": "0:0 1777", "/root": "0:0 700",
            "/home/student": "1000:1000 700", "/etc/shadow": "0:0 600",
            "/bin/su": "0:0 4755", "/bin/passwd": "0:0 4755",
            "/etc/passwd": "0:0 644", "/bin/sh": "0:0 755",
        }.items():  # fmt: skip
            assert guest.command(f"stat -c '%u:%g %a' {path}") == listing, path
