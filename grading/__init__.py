"""Grade submissions of Umbra's labs. What a lab's tests import is here."""

from grading.discover import test
from grading.verdict import (
    Fail,
    GuestCrash,
    GuestTimeout,
    Skip,
    check,
    check_equal,
)
from grading.wire import AnswerError, pack

__all__ = [
    "AnswerError",
    "Fail",
    "GuestCrash",
    "GuestTimeout",
    "Skip",
    "check",
    "check_equal",
    "pack",
    "test",
]
