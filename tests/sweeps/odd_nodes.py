"""A node that dies under a job, and one that runs other versions: run in a process of its own by ``test_failures``."""

import logging
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ray

from sweeps import ray_attempts, ray_executor
from sweeps.executor import Outcome
from tasks.evaluator import Evaluator
from tests.integration.ray_nodes import start_head
from tests.sweeps.conftest import make_tiny_task
from tests.sweeps.test_executor_conformance import job


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder))


def run(folder: Path) -> None:
    class Waiting(ray_executor._Worker):
        def evaluate(self, jobs: list[Any]) -> list[Outcome]:
            while not (folder / "go on").exists():
                time.sleep(0.05)
            return super().evaluate(jobs)

    warnings: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: warnings.append(record.getMessage())  # type: ignore[method-assign]  # kept here
    logging.getLogger("sweeps.ray_executor").addHandler(handler)
    cluster = start_head()
    node = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    ray_executor._Worker = Waiting  # type: ignore[misc]  # in this process only
    ray_attempts._CHARGED = 1
    executor = ray_executor.RayExecutor(make_tiny_task(), partial(Evaluator, seed=0, chips=2), workers=1)
    executor.submit([job(0)])
    outcomes: list[Outcome] = []

    def work(until: str, met: Callable[[], object]) -> None:
        end_s = time.monotonic() + 60
        while not met():
            if time.monotonic() > end_s:
                raise SystemExit(f"not within 60 s: {until}; {outcomes}, {warnings}")
            if not executor.pending:  # the cluster is looked at only while there is work
                executor.submit([job(len(outcomes))])
            outcomes.extend(executor.wait(0.2))

    work("the job runs", lambda: any(actor.calls for actor in executor._actors))
    cluster.remove_node(node, allow_graceful=False)
    # The first to join is one whose packages say that they are others.
    other = folder / "numpy-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.0\n")
    foreign = cluster.add_node(num_cpus=2, env_vars={"PYTHONPATH": str(folder)})
    (folder / "go on").touch()
    work("the foreign node is found", lambda: any("has numpy 1.0 instead of" in said for said in warnings))
    cluster.add_node(num_cpus=1)
    work("the job is done", lambda: outcomes)
    if outcomes[0].evaluation is None:
        raise SystemExit(f"a lost node was charged to the job: {outcomes[0]}")
    if sum("is not used" in said for said in warnings) != 1:
        raise SystemExit(f"not said once: {warnings}")
    held = [actor for actor in executor._actors if actor.held]
    if executor.workers != 1 or not held:
        raise SystemExit(f"{executor.workers} workers, {len(held)} held")
    cluster.remove_node(foreign, allow_graceful=False)
    work("the held actors go with their node", lambda: not any(actor.held for actor in executor._actors))
    executor.close()
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main()
