"""The shell's line editing and jobs, as they look on a terminal."""


import harness
from harness import Guest, cases
from terminal import Terminal

LEFT, RIGHT, UP, HOME, END = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[H", "\x1b[F"
WIDE = "\u4e2d"  # a character of two columns
ACUTE = "e\u0301"  # one of two bytes that combine


class Session:
    """A guest's shell on a terminal."""

    def __init__(self, guest, columns, rows):
        self.guest, self.terminal = guest, Terminal(columns, rows)
        self.shown = 0

    def _show(self):
        output = self.guest.output
        # A return that is held back does no harm to be shown twice.
        self.terminal.feed(output[self.shown :] + self.guest.held)
        self.shown = len(output)
        if self.terminal.answers:
            self.guest.type(self.terminal.answers)
            self.terminal.answers = ""

    def type(self, *keys):
        """Type, key by key."""
        self.guest.type("".join(keys))

    def sees(self, *rows, column=None):
        """Wait until the last rows are these, with the cursor there."""
        heard = harness.awake()
        while True:
            self._show()
            terminal = self.terminal
            if terminal.last(len(rows)) == list(rows) and (
                column is None or terminal.column == column
            ):
                return
            if self.guest._read(1.0):
                heard = harness.awake()
            elif harness.awake() - heard > harness.SILENCE:
                seen = "\n".join(terminal.last(10))
                raise AssertionError(
                    f"not {rows!r} at {column} but, at {terminal.column},\n{seen}"
                )


def sees_size(session, columns):
    """Wait until the shell knows how wide the terminal is."""
    session.sees("umbra#", column=7)
    text = "x" * columns
    session.type(text, "\x03")
    cut = columns - 7
    session.sees("umbra# " + text[:cut], text[cut:] + "^C", "umbra#", column=7)


@cases(usual=dict(columns=80), narrow=dict(columns=31))
def test_long_lines(columns):
    """A line goes on in the next row, wherever it is changed."""
    with Guest() as guest:
        s = Session(guest, columns, 24)
        sees_size(s, columns)
        text = "".join(chr(ord("a") + i % 26) for i in range(columns + 20))
        s.type(text)
        cut = columns - 7
        s.sees("umbra# " + text[:cut], text[cut:], column=27)
        s.type(HOME, "AB")
        s.type("\x05")
        s.sees("umbra# AB" + text[: cut - 2], text[cut - 2 :], column=29)
        s.type("\x7f" * 29)
        s.sees("umbra# AB" + text[: cut - 2], "", column=0)
        s.type("\x7f")
        s.sees("umbra# AB" + text[: cut - 3], column=columns - 1)
        s.type("\x01", "\x0b")
        s.sees("umbra#", column=7)


def test_characters():
    """Wide characters and marks are moved over and erased as a whole."""
    with Guest() as guest:
        s = Session(guest, 80, 24)
        sees_size(s, 80)
        s.type(f"a{WIDE}{ACUTE}\u00e9z")
        s.sees(f"umbra# a{WIDE}{ACUTE}\u00e9z", column=13)
        s.type(LEFT)
        s.sees(f"umbra# a{WIDE}{ACUTE}\u00e9z", column=12)
        s.type(LEFT, LEFT, LEFT)
        s.sees(f"umbra# a{WIDE}{ACUTE}\u00e9z", column=8)
        s.type(RIGHT, "\x7f")
        s.sees(f"umbra# a{ACUTE}\u00e9z", column=8)
        s.type(RIGHT, "\x7f", "\x1b[3~")
        s.sees("umbra# az", column=8)
        s.type("\x15", "\x05", "\x15")
        # A wide character does not fit into the last column.
        s.type("x" * 72, WIDE, "y")
        s.sees("umbra# " + "x" * 72, WIDE + "y", column=3)
        s.type(LEFT, LEFT)
        s.sees("umbra# " + "x" * 72, WIDE + "y", column=0)
        s.type("\x03")


def test_taller_than_the_screen():
    """Of a line longer than the screen, the part around the cursor is seen."""
    with Guest() as guest:
        s = Session(guest, 20, 5)
        s.sees("umbra#", column=7)
        s.type("".join(f"{i:04}" for i in range(40)))
        text = "umbra# " + "".join(f"{i:04}" for i in range(40))
        rows = [text[at : at + 20] for at in range(0, len(text), 20)]
        s.sees(*rows[-5:], column=7)
        s.type(HOME)
        s.sees(rows[0], column=7)
        s.type("\x03")


def test_history_search():
    """^R finds what was typed before, the latest first; ^G gives up."""
    with Guest() as guest:
        s = Session(guest, 80, 24)
        sees_size(s, 80)
        for word in ("one", "two", "three"):
            s.type(f"echo {word}\n")
            s.sees(word, "umbra#", column=7)
        s.type("new\x12o")
        s.sees("(search) o: echo three", column=15)
        s.type("n")
        s.sees("(search) on: echo one", column=18)
        s.type("\x07")
        s.sees("umbra# new", column=10)
        s.type("\x12o\x12")
        s.sees("(search) o: echo two", column=15)
        s.type("\n")
        s.sees("umbra# echo two", "two", "umbra#", column=7)
        s.type(UP, UP)
        s.sees("umbra# echo three", column=17)
        s.type("\x03")


def test_jobs():
    """Jobs are stopped, continued, ended; the terminal is as it was."""
    with Guest() as guest:
        guest.boot()
        guest.send("echo ready; cat")
        guest.expect("cat\nready\n")
        guest.send("through")
        guest.expect("through\nthrough\n")
        guest.type("\x1a")
        guest.expect(r"\[1\] stopped    cat\numbra# $")
        assert guest.command("jobs") == "[1] stopped    cat"
        guest.send("fg")
        guest.expect(r"\[1\] cat\n")
        guest.send("again")
        guest.expect("again\nagain\n")
        guest.type("\x04")
        guest.expect(harness.PROMPT)
        assert "[1]" in guest.command("sleep 1000 &")
        assert guest.command("jobs") == "[1] running    sleep 1000"
        assert guest.command("kill %1; wait %1; echo $?") == "143"
        guest.send("(echo ready; sleep 1000) | cat")
        guest.expect("cat\nready\n")
        guest.type("\x1a")
        guest.expect("stopped .*\numbra# $")
        assert "sleep 1000) | cat" in guest.command("bg")
        assert "[1] running " in guest.command("jobs")
        guest.send("fg")
        guest.expect(r"\[1\] .*\n")
        guest.type("\x03")
        guest.expect(harness.PROMPT)
        assert guest.command("echo $?") == "130"
        assert guest.command("(exit 3) & wait %1; echo $?").endswith("3")


def test_settings():
    """stty shows and changes settings; -g's output sets them again."""
    with Guest() as guest:
        guest.boot()
        guest.command("stty rows 24 cols 80")
        assert guest.command("stty size") == "24 80"
        shown = guest.command("stty -a")
        assert shown == (
            "speed 115200 baud; rows 24; columns 80; line = 0;\n"
            "intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\n"
            "eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;\n"
            "werase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;\n"
            "-parenb -parodd -cmspar cs8 -hupcl -cstopb cread clocal -crtscts\n"
            "-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff\n"
            "-iuclc -ixany imaxbel iutf8\n"
            "opost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\n"
            "isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\n"
            "echoctl echoke -flusho -extproc"
        ), shown
        before = guest.command("stty -g")
        guest.command("stty erase ^H -echoctl tostop min 3")
        assert guest.command("stty") == (
            "speed 115200 baud; line = 0;\nerase = ^H;\ntostop -echoctl"
        )
        guest.command(f"stty {before}")
        assert guest.command("stty -a") == shown
        guest.command("stty raw; stty sane")
        assert guest.command("stty -a") == shown
        assert "no such setting" in guest.command("stty nonsense")
        assert guest.command("tty") == "/dev/console"
        assert guest.command("tty </dev/null") == "not a tty"
        guest.send("reset")
        guest.expect("\x1b\\[3J")
        guest.expect(harness.PROMPT)


def test_record():
    """script runs a session on a terminal of its own and records it."""
    with Guest() as guest:
        guest.boot()
        guest.command("script -q -c 'tty; stty size; echo done' /tmp/record")
        shown = guest.command("cat /tmp/record").replace("\r", "")
        assert shown == "/dev/pts/0\n0 0\ndone"
        guest.send("script /tmp/record")
        guest.expect("Script started.*\n")
        guest.expect(harness.PROMPT)
        guest.send("sh -c 'echo ready; exec sleep 1000'")
        guest.expect("\nready\n")
        guest.type("\x03")
        guest.expect(harness.PROMPT)
        assert "130" in guest.command("echo $?")
        guest.send("exit 7")
        guest.expect("Script done.\n")
        guest.expect(harness.PROMPT)
        assert guest.command("echo $?") == "7"
        assert guest.command("grep -c ^ready /tmp/record") == "1"
        assert guest.command("ls /dev/pts") == "ptmx"
