"""gdb commands from Python functions.

A module's functions that are marked with @command("USAGE") become commands of gdb; the
usage's first word is the name, the docstring's first line is what `umbra` lists.
"""

import gdb

from . import kernel


def command(usage):
    """Mark a function of one list of argument words as a command."""

    def mark(function):
        function.usage = usage
        return function

    return mark


class Command(gdb.Command):
    """A command that calls a marked function."""

    def __init__(self, function):
        """Make it known to gdb under the usage's first word."""
        self.function = function
        self.__doc__ = f"{function.usage}\n\n{function.__doc__}"
        super().__init__(function.usage.split()[0], gdb.COMMAND_STATUS)

    def invoke(self, text, _from_tty):
        """Run it; what goes wrong is one line."""
        try:
            with kernel.in_supervisor_mode():
                self.function(text.split())
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"{error}: is this kernel the one that runs?") from error


def register(*modules):
    """Make commands of all marked functions, and `umbra`, which lists them."""
    marked = [f for m in modules for f in vars(m).values() if hasattr(f, "usage")]

    @command("umbra")
    def umbra(_words):
        """List these commands."""
        for function in sorted(marked, key=lambda f: f.usage):
            first = function.__doc__.split("\n", 1)[0]
            print(f"{function.usage:18} {first}")

    for function in [*marked, umbra]:
        Command(function)
