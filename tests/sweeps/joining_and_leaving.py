"""Nodes that join are used, those that leave are waited for: run in a process of its own by ``test_failures``."""

import time
from collections.abc import Callable
from functools import partial

import ray

from sweeps.executor import ExecutorError, Outcome
from sweeps.ray_executor import RayExecutor
from tasks.evaluator import Evaluator
from tests.integration.ray_nodes import start_head
from tests.sweeps.conftest import make_tiny_task
from tests.sweeps.test_executor_conformance import job


def main() -> None:
    cluster = start_head()
    first = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    executor = RayExecutor(make_tiny_task(), partial(Evaluator, seed=0, chips=2), patience_s=30)
    done: dict[int, Outcome] = {}
    submitted = 0

    def work(until: str, met: Callable[[], bool], most_s: float = 60) -> None:
        """Keep the executor busy until a condition holds."""
        nonlocal submitted
        end_s = time.monotonic() + most_s
        while not met():
            if time.monotonic() > end_s:
                raise SystemExit(f"not within {most_s} s: {until}; workers {executor.workers}, done {len(done)}")
            if executor.pending < 4:
                executor.submit([job(submitted + n) for n in range(4)])
                submitted += 4
            done.update((outcome.trial, outcome) for outcome in executor.wait(0.5))

    work("the first node works", lambda: len(done) >= 4)
    second = cluster.add_node(num_cpus=1)
    work("the second node is used", lambda: sum(actor.ready for actor in executor._actors) == 2)
    cluster.remove_node(first, allow_graceful=False)
    cluster.remove_node(second, allow_graceful=False)
    work("the nodes are missed", lambda: not any(actor.ready for actor in executor._actors))
    third = cluster.add_node(num_cpus=1)
    before = len(done)
    work("the third node takes over", lambda: len(done) >= before + 4)
    end_s = time.monotonic() + 30
    while executor.pending and time.monotonic() < end_s:
        done.update((outcome.trial, outcome) for outcome in executor.wait(0.5))
    if sorted(done) != list(range(submitted)) or any(outcome.evaluation is None for outcome in done.values()):
        raise SystemExit(f"lost or failed: {sorted(set(range(submitted)) - set(done))}, {done}")
    cluster.remove_node(third, allow_graceful=False)
    try:
        work("giving up", lambda: False)
    except ExecutorError as error:
        if "No worker has been there" not in str(error):
            raise
    executor.close()
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main()
