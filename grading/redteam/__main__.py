"""Run the attacks: python3 -m grading.redteam [NAME...]; status 1 if one gains."""

import sys
import time

from grading import redteam
from grading.redteam import archives, hollow


def main():
    """Run what the command line names, or all; return the exit status."""
    makers = {make.__name__: (None, make) for make in archives.ALL} | hollow.makers()
    wanted = sys.argv[1:] or [*makers, *redteam.names()]
    gained = 0
    for name in wanted:
        begin = time.monotonic()
        lab, make = makers.get(name, (None, None))
        problems = redteam.attack(name, make, lab)
        what = make.__doc__ if make else redteam.described(name)
        verdict = "GAINS" if problems else "nothing"
        seconds = time.monotonic() - begin
        print(f"{verdict:8}{name:22}{what[:42]:42} {seconds:5.1f} s", flush=True)
        for problem in problems:
            print(f"        {problem}")
        gained += bool(problems)
    print(f"{len(wanted)} attacks, {gained} gain something")
    return 1 if gained else 0


if __name__ == "__main__":
    sys.exit(main())
