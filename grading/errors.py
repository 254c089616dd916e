"""What functions of the kernel return: numbers of errors that say their names.

    from grading.errors import EINVAL
    check_equal(answer.error(), EINVAL, "what fdt_open returned")

shows -EINVAL, not -22. The names are those of kernel/abi/errno.h, the values negated as
the kernel returns them.
"""

import os
import re

HEADER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                      "kernel", "abi", "errno.h")  # fmt: skip


def _names():
    with open(HEADER, encoding="utf-8") as file:
        found = re.findall(r"^#define (E\w+) +(\d+)$", file.read(), re.MULTILINE)
    return {-int(number): name for name, number in found}


NAMES = _names()


class Returned(int):
    """A number that was returned: an error, if it is one that has a name."""

    def __repr__(self):
        return f"-{NAMES[self]}" if self in NAMES else int.__repr__(self)

    __str__ = __repr__

    @property
    def explained(self):
        """The name, and the number behind it."""
        return f"{self!r} ({int(self)})" if self in NAMES else repr(self)


globals().update({name: Returned(number) for number, name in NAMES.items()})
