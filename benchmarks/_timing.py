"""Time of a call on a machine that others use too."""

import time
from collections.abc import Callable

Call = Callable[[], object]

_BURST_S = 0.02
"""Time that a call has in a row, so that its later runs find their data in the cache."""


def best_seconds(*calls: Call, budget_s: float = 1.0, at_least: int = 3) -> list[float]:
    """Shortest run of each call.

    The calls take turns, in bursts, so that a busy machine is as unkind to one as to the other, for
    ``budget_s`` a call and ``at_least`` that many turns.
    """
    best = [float("inf")] * len(calls)
    turns, end = 0, time.perf_counter() + budget_s * len(calls)
    while turns < at_least or time.perf_counter() < end:
        for i, call in enumerate(calls):
            burst_end = time.perf_counter() + _BURST_S
            while (start := time.perf_counter()) < burst_end:
                call()
                best[i] = min(best[i], time.perf_counter() - start)
        turns += 1
    return best
