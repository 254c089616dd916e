"""Step 1: cycles."""

import _graph
from grading import check_equal, test

HINT = ("Three colours: not seen, on the way, done with. Only a node that is on the way "
        "closes a cycle.")  # fmt: skip
GRAPH = {"step": "graph", "section": "step-1-who-waits-for-himself",
         "blames": "graph_find_cycle", "evidence": "answers"}  # fmt: skip


@test(points=2, **GRAPH, hint=HINT)
def a_ring_is_found(run):
    """Services that wait for each other in a ring are found, whole and in order."""
    made = []
    for size in (2, 3, run.random.randint(4, 40)):
        nodes = size + run.random.randint(0, 5)
        ring = run.random.sample(range(nodes), size)
        edges = list(zip(ring, ring[1:] + ring[:1]))
        run.random.shuffle(edges)
        made.append((nodes, ring, edges))
    answers = yield [_graph.ask(run, "cycle", nodes, edges) for nodes, _, edges in made]
    for answer, (nodes, ring, edges) in zip(answers, made):
        path, _ = _graph.found(answer, nodes)
        check_equal(sorted(path), sorted(ring), f"the members of a ring of {len(ring)}")
        _graph.check_cycle(path, edges)


@test(points=1, **GRAPH, hint="An edge from a node to itself is met while the node is on the way.")
def one_that_waits_for_itself(run):
    """A service that comes after itself is a cycle of one."""
    nodes = run.random.randint(3, 20)
    own = run.random.randrange(nodes)
    answer = yield _graph.ask(run, "cycle", nodes, [(own, own)])
    path, _ = _graph.found(answer, nodes)
    check_equal(path, [own], "the cycle")


@test(points=2, **GRAPH,
      hint="A node that is met twice is no cycle by that: two may wait for the same third.")  # fmt: skip
def diamonds_are_no_cycles(run):
    """Where nobody waits for himself nothing is found, whatever is met twice."""
    ring, ways = [(1, 2), (2, 1)], []
    for _ in range(6):
        nodes = run.random.randint(4, 30)
        edges = _graph.acyclic(run.random, nodes, run.random.randint(3, nodes))
        ways.append((nodes, edges))
    ways.append((4, [(0, 1), (0, 2), (1, 3), (2, 3)]))
    answers = yield [_graph.ask(run, "cycle", n, e) for n, e in [*ways, (3, ring)]]
    for answer, (nodes, edges) in zip(answers, ways):
        path, _ = _graph.found(answer, nodes)
        check_equal(path, [], f"the cycle in {edges}")
    path, _ = _graph.found(answers[-1], 3)
    check_equal(sorted(path), [1, 2], "the cycle of a graph that has one")


@test(points=1, **GRAPH, hint="The way that led to the ring is not part of it.")
def the_way_there_is_no_part(run):
    """What leads to a cycle, or away from it, is not in it."""
    tail, size = run.random.randint(2, 10), run.random.randint(2, 6)
    way = list(range(tail + size))
    run.random.shuffle(way)
    edges = list(zip(way, way[1:])) + [(way[-1], way[tail])]
    out = tail + size
    edges += [(n, out) for n in way]
    answer = yield _graph.ask(run, "cycle", out + 1, edges)
    path, _ = _graph.found(answer, out + 1)
    check_equal(sorted(path), sorted(way[tail:]), "the members of the cycle")
    _graph.check_cycle(path, edges)


@test(points=2, **GRAPH, hint="Begin at each node that has not been seen yet.")
def random_graphs(run):
    """In random graphs cycles are found until none is left, and all of them are."""
    asked = []
    for _ in range(12):
        nodes = run.random.randint(2, 24)
        edges = sorted({(run.random.randrange(nodes), run.random.randrange(nodes))
                        for _ in range(run.random.randint(1, 2 * nodes))})  # fmt: skip
        asked.append((nodes, edges))
    asked.append((3, [(0, 1), (2, 2)]))
    answers = yield [_graph.ask(run, "all", n, e) for n, e in asked]
    for answer, (nodes, edges) in zip(answers, asked):
        while True:
            path, _ = _graph.found(answer, nodes)
            if not path:
                break
            _graph.check_cycle(path, edges)
            edges = [e for e in edges if not {*e} & {*path}]
        answer.done()
        check_equal(_graph.on_cycles(nodes, edges), set(), "nodes still on a cycle")


@test(points=1, **GRAPH, hint="What is done with is never entered again: each edge is followed once.")
def many_ways(run):
    """A graph in which there are a million million ways takes no time."""
    layers, width = 20, 6
    count = layers * width + 2
    edges = [(i * width + a, (i + 1) * width + b) for i in range(layers - 1)
             for a in range(width) for b in range(width)]  # fmt: skip
    ring = [(count - 2, count - 1), (count - 1, count - 2)]
    without, within = yield [_graph.ask(run, "cycle", count, edges),
                             _graph.ask(run, "cycle", count, edges + ring)]  # fmt: skip
    check_equal(_graph.found(without, count)[0], [], "the cycle")
    check_equal(sorted(_graph.found(within, count)[0]), [count - 2, count - 1], "the cycle")


@test(points=1, **GRAPH, hint="user/init/graph.h: the same graph gives the same cycle.")
def nothing_is_left(run):
    """Memory is given back, and a second look finds the same."""
    size = run.random.randint(3, 30)
    ring = [(n, (n + 1) % size) for n in range(size)]
    answer = yield _graph.ask(run, "cycle", size + 3, ring)
    first, kept = _graph.found(answer, size + 3)
    check_equal(len(first), size, "the length of the cycle")
    check_equal(kept, 0, "allocations that were not freed")
    check_equal(_graph.found(answer, size + 3), (first, 0), "the second look")


@test(points=1, **GRAPH, hint="What was allocated before the failure is freed, too; free(NULL) does nothing.")
def without_memory(run):
    """Without memory there is no cycle, no crash and no leak."""
    ring = [(0, 1), (1, 2), (2, 0)]
    asked = [_graph.ask(run, "no memory", 3, ring, "u32", at) for at in (0, 1, 2, 3, 4)]
    for at, answer in enumerate((yield asked)):
        path, kept = _graph.found(answer, 3)
        check_equal(kept, 0, f"allocations that were not freed when the {at}. failed")
        if path or not at:
            check_equal(sorted(path), [0, 1, 2], "the cycle")
