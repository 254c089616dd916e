"""gdb commands that know the kernel's data: `umbra` lists them.

`make gdb` loads this file; elsewhere, `source tools/gdb/umbra.py` with build/kernel.elf
as the program. Everything is read from memory as it stands: on a running machine
interrupt it first. A structure in the middle of a change may look broken, and says so.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from umbra import (  # noqa: E402
    command,
    devices,
    files,
    log,
    memory,
    programs,
    tasks,
    tracepoints,
    tracing,
)

command.register(devices, files, log, memory, programs, tasks, tracepoints, tracing)
