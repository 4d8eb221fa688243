"""A sweep as notebooks see it: tables are pandas, figures are Plotly."""

from collections.abc import Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.home import SweepFolder
from sweeps.results import best_control, everything, frame, front_of, study_results
from sweeps.standing import growth
from sweeps.study import Record, State, SweepStudy

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

_MOST_ROWS = 10


class Sweep:
    """A sweep as it stood when it was first looked at; ``load_sweep`` once more sees what has come since."""

    def __init__(self, folder: SweepFolder, storage: str | None = None) -> None:
        """Take its folder; ``storage`` is its database with the password, as for ``SweepStudy``."""
        self.folder = folder
        """Its files."""
        self.spec = folder.spec()
        """What was asked."""
        self.result: dict[str, Any] | None = folder.result()
        """The object that ``memsweep run --json`` prints; None unless the sweep is complete."""
        self._storage = storage

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name

    @cached_property
    def records(self) -> list[Record]:
        """Every trial, in order."""
        return self._study.records()

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """The front, the best first, as ``trial``, ``configuration``, ``evaluation``; test scores if complete."""
        return front_of(self.result, self._study, self.records)

    @property
    def control(self) -> dict[str, Any]:
        """The same read-out without kinetics: ``accuracy``, ``test_accuracy``, ``parameters``; {} without a front."""
        return best_control(self.entries)

    def frame(self) -> "pd.DataFrame":
        """Every trial as a row; the columns are those of ``run_sweep``."""
        return frame(self.records, self.entries)

    def front(self) -> "pd.DataFrame":
        """The trials of the front as rows, ordered as ``entries``, without empty columns; no rows without a front."""
        if not self.entries:
            import pandas as pd

            return pd.DataFrame(columns=["trial", *self.spec.objectives, *self.spec.space.dimensions])
        by_trial = self.frame().set_index("trial", drop=False)
        rows = by_trial.loc[[entry["trial"] for entry in self.entries]]
        return rows.dropna(axis="columns", how="all").reset_index(drop=True)

    def robustness(self) -> "pd.DataFrame":
        """Every point of every complete study of robustness: ``study``, ``trial``, ``part``, ``field``, ``value``,
        ``chips``, what is told of their accuracies, ``control``; no rows without a study."""
        import pandas as pd

        from sweeps.robustness.report import table_rows

        return pd.DataFrame(
            [
                {"study": result["study"], "trial": result["trial"], "part": result["part"], **row}
                for result in study_results(self.folder)
                for row in table_rows(result)
            ]
        )

    def everything(self) -> dict[str, Any]:
        """Sweep, result, trials and studies as one object of strict JSON."""
        return everything(self.folder, self.records)

    def plot_front(self, x: str = "energy_J", y: str = "accuracy", colour: str = "parameters") -> "Figure":
        """Every configuration, the front and the control, over two metrics; a third is told by colour."""
        from tracking.report.front_figure import front_figure

        searched = tuple(self.spec.space.dimensions)
        front = [{"trial": each["trial"], **each["configuration"], **each["evaluation"]} for each in self.entries]
        return front_figure(self._points, front, self.control or None, x=x, y=y, colour=colour, hover=searched)

    def plot_growth(self) -> "Figure":
        """Hypervolume, size of the front and best accuracy, trial by trial."""
        from tracking.report.growth_figure import growth_figure

        ended = [record for record in self.records if record.state is not State.RUNNING]
        last = ended[-1].number if ended else None
        return growth_figure(growth(self.spec, ended), last=last, control=self.control.get("accuracy"))

    def plot_importance(self) -> "Figure":
        """Which searched fields decide about each objective (PED-ANOVA)."""
        from sweeps.importance import importances
        from tracking.report.importance_figure import importance_figure

        return importance_figure(importances(self.spec, self.records))

    def plot_parallel(self, metrics: Sequence[str] | None = None, colour: str = "accuracy") -> "Figure":
        """Every configuration as a line through its searched fields and ``metrics``, by default the objectives."""
        from tracking.report.parallel_figure import parallel_figure

        chosen = list(metrics if metrics is not None else self.spec.objectives)
        return parallel_figure(self._points, list(self.spec.space.dimensions), chosen, colour=colour)

    def report(self, path: str | Path | None = None) -> Path:
        """Write the report, one HTML file that needs nothing else; ``report.html`` in the sweep's folder if no path."""
        from sweeps.report import collect_content
        from tracking.report.page import write_report

        content = collect_content(self.folder, storage=self._storage)
        return write_report(content, Path(path) if path else self.folder.report)

    @cached_property
    def _study(self) -> SweepStudy:
        return SweepStudy(self.spec, self.folder.journal, self._storage)

    @cached_property
    def _points(self) -> list[dict[str, Any]]:
        return [
            {"trial": record.number, **record.configuration, **record.evaluation.to_dict()}
            for record in self.records
            if record.evaluation
        ]

    def __repr__(self) -> str:
        return f"<Sweep {self.name}: {self._words()}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: how it stands, the best beside the control, and the front, if there is one."""
        said = f"<p><b>{escape(self.name)}</b>: {escape(self._words())}</p>"
        if not self.entries:
            return said
        front = self.front()
        shown = [
            name
            for name in ("trial", *self.spec.objectives, "test_accuracy", *self.spec.space.dimensions)
            if name in front.columns
        ]
        more = f"<p>... and {len(front) - _MOST_ROWS} more on the front</p>" if len(front) > _MOST_ROWS else ""
        table = front[shown].head(_MOST_ROWS).to_html(index=False, float_format="{:.4g}".format)
        return f"{said}{table}{more}"

    def _words(self) -> str:
        finished = sum(record.state is State.FINISHED for record in self.records)
        failed = sum(record.state is State.FAILED for record in self.records)
        state = "complete" if self.result is not None else f"incomplete, {self.spec.trials} planned"
        best = "; nothing on the front"
        if self.entries:
            top = max(entry["evaluation"]["accuracy"] for entry in self.entries)
            best = f"; best accuracy {top:.3f}, control {self.control['accuracy']:.3f} (validation part)"
        return f"{finished} finished, {failed} failed, {state}{best}"
