"""The Python side of the command line: the same sweeps, as tables for notebooks."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sweeps.home import Home
from sweeps.notebook import Sweep
from sweeps.run import Options, run
from sweeps.spec import Spec, load_spec, parse_spec
from tracking.base import Tracker
from tracking.process_tracker import ProcessTracker

if TYPE_CHECKING:
    import pandas as pd


def run_sweep(
    sweep: Spec | str | Path | Mapping[str, Any],
    *,
    overrides: Mapping[str, Any] | None = None,
    executor: Literal["inline", "ray"] = "ray",
    workers: int | None = None,
    address: str | None = None,
    storage: str | None = None,
    home: str | Path | None = None,
    tracking: str | None = None,
) -> "pd.DataFrame":
    """Run a sweep and return all its trials, one row each.

    Args:
        sweep: a sweep file, its content as a mapping, or what ``load_spec`` returned.
        overrides: fields of a file or a mapping to override, as ``--set`` does.
        executor: ``ray`` actors, or ``inline`` in this process.
        workers: Ray actors; all CPUs if absent.
        address: ``host:port`` of a Ray head; Ray is started here if absent.
        storage: where the study is stored, ``journal`` or an address of PostgreSQL; ``MEMSWEEP_STORAGE``, else the
            journal, if absent.
        home: where sweeps live; ``MEMSWEEP_HOME`` or ``.memsweep`` if absent.
        tracking: MLflow tracking URI, ``"none"`` for no tracking; SQLite in the home if absent.

    Returns:
        Columns ``trial``, ``state``, ``on_front``, every configuration field, every evaluation field (test scores for
        the front), ``error``. ``frame.attrs["result"]`` holds the object that ``memsweep run --json`` prints; it is
        ``None`` if the sweep was stopped, and ``frame.attrs["problem"]`` then says by what, unless by you.

    Raises:
        SweepError, DataError: as the command line reports them.
    """
    spec = _read(sweep, overrides)
    place = Home(home)
    outcome = run(
        spec,
        place,
        Options(
            executor=executor,
            workers=workers,
            address=address,
            storage=storage,
            tracker=None if tracking == "none" else partial(mlflow_tracker, place, tracking),
        ),
    )
    table = Sweep(outcome.folder, storage).frame()
    table.attrs["result"] = outcome.result
    table.attrs["problem"] = outcome.problem
    return table


def _read(sweep: Spec | str | Path | Mapping[str, Any], overrides: Mapping[str, Any] | None) -> Spec:
    if isinstance(sweep, Spec):
        return sweep
    return parse_spec(sweep, overrides) if isinstance(sweep, Mapping) else load_spec(sweep, overrides)


def load_sweep(name: str, home: str | Path | None = None, *, storage: str | None = None) -> Sweep:
    """A sweep of a home, complete or not, also while it runs.

    Args:
        name: its name.
        home: where sweeps live; ``MEMSWEEP_HOME`` or ``.memsweep`` if absent.
        storage: the database of its study with the password, if neither environment nor password file has it.

    Returns:
        Its ``frame()``, ``front()``, ``robustness()`` as pandas, ``plot_front()``, ``plot_growth()``,
        ``plot_importance()``, ``plot_parallel()`` as Plotly, ``report()`` as a file.

    Raises:
        SweepError: there is no such sweep, or its database does not answer.
    """
    return Sweep(Home(home).find(name), storage)


def mlflow_tracker(home: Home, uri: str | None) -> Tracker:
    """The MLflow tracker of a home, or of a tracking server."""
    return ProcessTracker(home.tracking_uri, home.artifacts) if uri is None else ProcessTracker(uri)
