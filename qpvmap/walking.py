"""The walking order of a round: a travelling salesman's tour, found by PyVRP.

The library is imported when a tour is asked for: a web worker that never orders one never loads it.
"""

from collections.abc import Collection, Sequence

from qpvmap.core.walking import (
    DEPOT,
    EXACT_UP_TO,
    Distances,
    exact,
    nearest_neighbour,
    tour_length,
    with_first,
)

SEED = 1
ITERATIONS = 5000
UNCHANGED = 1500
LIMIT_S = 0.8
CM = 100


def shortest_order(
    distances: Distances, first: Collection[int] = (), present: Sequence[int] = ()
) -> list[int]:
    """Return the stops in a short order from the depot and back: the same one each time.

    It is never longer than `present`, nor than going each time to the nearest stop left.

    Parameters
    ----------
    distances : table of metres
        Row and column 0 are the depot's.
    first : collection of int
        Stops to go to before all others.
    present : sequence of int
        The order as it is, kept unless a shorter one is found.
    """
    table = with_first(distances, first)
    if len(table) <= EXACT_UP_TO + 1:
        return exact(table)
    found = [nearest_neighbour(table), _solved(table)]
    if len(present) == len(table) - 1:
        found.insert(0, list(present))
    return min(found, key=lambda order: round(tour_length(table, order), 2))


def _solved(table: Distances) -> list[int]:
    """Return PyVRP's tour; bounded by iterations, and by time where the machine is slow."""
    import numpy as np
    import pyvrp
    from pyvrp.stop import MaxIterations, MaxRuntime, MultipleCriteria, NoImprovement

    centimetres = np.rint(np.asarray(table, dtype=float) * CM).astype(np.int64)
    size = len(table)
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(0, 0) for _ in range(size)],
        clients=[pyvrp.Client(location) for location in range(1, size)],
        depots=[pyvrp.Depot(DEPOT)],
        vehicle_types=[pyvrp.VehicleType(1)],
        distance_matrices=[centimetres],
        duration_matrices=[np.zeros_like(centimetres)],
    )
    enough = MultipleCriteria(
        [MaxIterations(ITERATIONS), NoImprovement(UNCHANGED), MaxRuntime(LIMIT_S)]
    )
    best = pyvrp.solve(data, enough, seed=SEED, collect_stats=False, display=False).best
    steps = [step for route in best.routes() for step in route if step.is_client()]
    return [step.idx + 1 for step in steps]
