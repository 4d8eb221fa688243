"""The Python side of the command line: the same sweeps, as tables for notebooks."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sweeps.home import Home
from sweeps.results import frame
from sweeps.run import Options, run
from sweeps.spec import Spec, load_spec
from sweeps.study import SweepStudy
from tracking.base import Tracker
from tracking.process_tracker import ProcessTracker

if TYPE_CHECKING:
    import pandas as pd


def run_sweep(
    sweep: Spec | str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    executor: Literal["inline", "ray"] = "ray",
    workers: int | None = None,
    address: str | None = None,
    home: str | Path | None = None,
    tracking: str | None = None,
) -> "pd.DataFrame":
    """Run a sweep and return all its trials, one row each.

    Args:
        sweep: a sweep file, or what ``load_spec`` returned.
        overrides: fields to override when ``sweep`` is a file, as ``--set`` does.
        executor: ``ray`` actors, or ``inline`` in this process.
        workers: Ray actors; all CPUs if absent.
        address: ``host:port`` of a Ray head; Ray is started here if absent.
        home: where sweeps live; ``MEMSWEEP_HOME`` or ``.memsweep`` if absent.
        tracking: MLflow tracking URI, ``"none"`` for no tracking; SQLite in the home if absent.

    Returns:
        Columns ``trial``, ``state``, ``on_front``, every configuration field, every evaluation field (test scores for
        the front), ``error``. ``frame.attrs["result"]`` holds the object that ``memsweep run --json`` prints.

    Raises:
        SweepError, DataError: as the command line reports them.
    """
    spec = sweep if isinstance(sweep, Spec) else load_spec(sweep, overrides)
    place = Home(home)
    outcome = run(
        spec,
        place,
        Options(
            executor=executor,
            workers=workers,
            address=address,
            tracker=None if tracking == "none" else partial(mlflow_tracker, place, tracking),
        ),
    )
    table = frame(SweepStudy(spec, outcome.folder.journal).records(), outcome.result)
    table.attrs["result"] = outcome.result
    return table


def mlflow_tracker(home: Home, uri: str | None) -> Tracker:
    """The MLflow tracker of a home, or of a tracking server."""
    return ProcessTracker(home.tracking_uri, home.artifacts) if uri is None else ProcessTracker(uri)
