"""Reading the kernel's structures: variables, lists, harts, processes, threads."""

import contextlib

import gdb

LONGEST = 100_000  # nodes of a list; one that goes on is broken
DIRECT_BASE = 0xFFFFFFC000000000  # kernel/arch/layout.h
USER_END = 0x4000000000


@contextlib.contextmanager
def in_supervisor_mode():
    """Let gdb see the kernel's memory even where the hart is in user mode: QEMU
    translates its addresses as the hart would, by the mode it is in."""
    mode = int(gdb.parse_and_eval("$priv"))
    if mode == 0:
        gdb.execute("set $priv = 1", to_string=True)
    try:
        yield
    finally:
        if mode == 0:
            gdb.execute("set $priv = 0", to_string=True)


def variable(file, name):
    """Return the static variable of a file, as kernel/proc/sched.c's runqs."""
    try:
        return gdb.parse_and_eval(f"'{file}'::{name}")
    except gdb.error as error:
        raise gdb.GdbError(
            f"{error}: has this kernel its symbols? (a sealed object has none)"
        ) from error


def number(words, at, what):
    """Return the argument words[at], any expression of gdb, as an integer: a
    function's or an array's is its address."""
    if at >= len(words):
        raise gdb.GdbError(f"which {what}?")
    value = gdb.parse_and_eval(words[at])
    if value.type.code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY):
        value = value.address
    return int(value)


def container(node, kind, member):
    """Return the structure that a list node, a gdb.Value, is the member of."""
    whole = gdb.lookup_type(f"struct {kind}")
    offset = next(f.bitpos for f in whole.fields() if f.name == member) // 8
    return gdb.Value(int(node.address) - offset).cast(whole.pointer()).dereference()


def entries(head, kind, member):
    """Yield the structures on a list of kernel/lib/list.h."""
    end, node = int(head.address), head["next"]
    for _ in range(LONGEST):
        if int(node) == end:
            return
        if int(node) == 0:
            break
        node = node.dereference()
        yield container(node, kind, member)
        node = node["next"]
    raise gdb.GdbError(f"the list at {end:#x} has no end")


def string(value):
    """Return a C string: an array of char, or a pointer to some."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR and int(value) == 0:
        return "-"
    return value.string("utf-8", "backslashreplace")


def name_of(kind, value):
    """Return what an enumeration calls a value, without its prefix."""
    return str(value.cast(gdb.lookup_type(f"enum {kind}"))).split("_", 1)[-1].lower()


def harts():
    """Yield (struct cpu, its run queue) of each hart."""
    for i in range(int(variable("cpu.c", "count"))):
        yield variable("cpu.c", "cpus")[i], variable("sched.c", "runqs")[i]


def hart_of(thread):
    """Return the struct cpu of the hart that a thread is running on, or None."""
    for cpu, queue in harts():
        if int(queue["current"]) == int(thread.address):
            return cpu
    return None


def processes():
    """Yield all processes, init first."""
    return entries(gdb.parse_and_eval("process_list"), "process", "all_node")


def threads(process):
    """Yield the threads of a process."""
    return entries(process["threads"], "thread", "process_node")


def process(pid):
    """Return the process with that number."""
    for found in processes():
        if int(found["pid"]) == pid:
            return found
    raise gdb.GdbError(f"no process {pid}; ps lists them")


def physical(pa):
    """Return where the direct map has a physical address."""
    return DIRECT_BASE + pa


def read64(va):
    """Return eight bytes of kernel memory."""
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(va, 8)), "little")
