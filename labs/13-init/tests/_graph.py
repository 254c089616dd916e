"""Graphs, and questions of user/graphs.c about them."""

import struct

from grading import check, check_equal, pack


def question(nodes, edges):
    """Return the pieces that describe a graph: pairs of who comes after whom."""
    flat = [n for edge in edges for n in edge]
    return ["u32", nodes, "bytes", struct.pack(f"<{len(flat)}H", *flat)]


def ask(run, case, nodes, edges, *before):
    """Return the request for a case of user/graphs.c."""
    return run.ask("graphs", case, pack(*before, *question(nodes, edges)))


def found(answer, nodes):
    """Read one cycle; check that nothing but the path was written to."""
    length = answer.u32()
    check(length <= nodes, f"a cycle of {length} nodes in a graph of {nodes}")
    path = [answer.u32() for _ in range(length)]
    check(answer.u8() == 1, "the graph is not as it was")
    check(answer.u8() == 1, "more was written than path has room for")
    return path, answer.i32()


def check_cycle(path, edges):
    """Each node comes after the next one, the last after the first."""
    edges = set(edges)
    check_equal(len(set(path)), len(path), "the number of different nodes in the cycle")
    for one, two in zip(path, path[1:] + path[:1]):
        check((one, two) in edges, f"{one} does not come after {two}, but {path} says so")


def acyclic(random, nodes, count):
    """Return edges of a graph without a cycle, in a random order of nodes."""
    order = random.sample(range(nodes), nodes)
    edges = set()
    while len(edges) < count:
        low, high = sorted(random.sample(range(nodes), 2))
        edges.add((order[high], order[low]))
    return sorted(edges)


def on_cycles(nodes, edges):
    """Return the nodes that can be reached from themselves."""
    into = {n: set() for n in range(nodes)}
    for one, two in edges:
        into[one].add(two)

    def reached(start):
        seen, todo = set(), list(into[start])
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += into[node]
        return seen

    return {n for n in range(nodes) if n in reached(n)}
