"""What a test can come to, and the exceptions that say so."""

PASS, FAIL, TIMEOUT, CRASH = "pass", "fail", "timeout", "crash"
BUILD, INFRA, SKIPPED = "build", "infra", "skipped"
STATUSES = (PASS, FAIL, TIMEOUT, CRASH, BUILD, INFRA, SKIPPED)


class Verdict(Exception):
    """Ends a test with a status; subclasses name it."""

    status = FAIL

    def __init__(self, text="", expected=None, seen=None, record=None):
        super().__init__(text)
        self.text, self.expected, self.seen = text, expected, seen
        self.record = record  # the run of the machine that shows it


class Fail(Verdict):
    """The guest did the wrong thing."""


class GuestTimeout(Verdict):
    """The guest used up its budget, or came to rest before it was done."""

    status = TIMEOUT


class GuestCrash(Verdict):
    """The guest panicked, or its machine ended too early."""

    status = CRASH


class Infra(Verdict):
    """The grader could not do its own work: nobody's points."""

    status = INFRA


class Skip(Verdict):
    """This machine lacks what the test needs."""

    status = SKIPPED


def check(condition, text, record=None):
    """Fail with this text unless the condition holds."""
    if not condition:
        raise Fail(text, record=record)


def check_equal(seen, expected, what, record=None):
    """Fail unless both are equal; the student is shown both."""
    if seen != expected:
        raise Fail(f"{what} differs", expected=expected, seen=seen, record=record)
