"""Keeping the networks of a sweep's front as files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sweeps.spec import Spec
from tasks import Configuration, TaskError, load_task
from tasks.network_file import save_network


class SavedNetwork(NamedTuple):
    """A network of the front."""

    trial: int
    """Its trial."""
    path: Path | None
    """Where it is; None if a file cannot express it."""
    reason: str
    """Why it cannot, or nothing."""


def save_front_networks(spec: Spec, result: dict[str, Any], folder: Path) -> Iterator[SavedNetwork]:
    """Train every configuration of the front once more, which gives the same network, and save it."""
    task = load_task(spec.task.kind, spec.task.path, spec.task.protocol)
    evaluator = spec.evaluator(task)
    folder.mkdir(parents=True, exist_ok=True)
    for entry in result["pareto"]:
        trial = entry["trial"]
        path = folder / f"{spec.name}-{trial:04d}.npz"
        try:
            save_network(
                path, evaluator.trained_network(Configuration.from_dotted(entry["configuration"]), trial=trial)
            )
        except TaskError as error:
            yield SavedNetwork(trial, None, str(error))
        else:
            yield SavedNetwork(trial, path, "")
