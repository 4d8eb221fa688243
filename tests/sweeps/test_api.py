"""The Python side: what is run is what is loaded, tables agree, figures are Plotly's."""

from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from sweeps import SpecError, SweepError, load_sweep, run_sweep
from sweeps import run as runs
from sweeps.home import SweepFolder
from sweeps.report import collect_content
from sweeps.spec import Spec
from tasks import Task
from tracking.report.content import Content

DETAILS: dict[str, Any] = {"executor": "inline", "tracking": "none"}


@pytest.fixture(autouse=True)
def own_task(tiny_task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "load_data", lambda spec: tiny_task)


def test_what_was_run_is_loaded_again(tiny_spec: Spec, tmp_path: Path) -> None:
    table = run_sweep(tiny_spec.to_dict(), overrides={"name": "again"}, home=tmp_path, storage="journal", **DETAILS)
    sweep = load_sweep("again", tmp_path)
    pd.testing.assert_frame_equal(sweep.frame(), table)
    assert sweep.result == table.attrs["result"]
    front = sweep.front()
    assert front["trial"].tolist() == [entry["trial"] for entry in sweep.entries]
    assert front["accuracy"].is_monotonic_decreasing
    assert front["test_accuracy"].notna().all()
    assert "error" not in front
    assert sweep.robustness().empty
    assert repr(sweep).startswith("<Sweep again: 24 finished, 0 failed, complete; best accuracy 0.")


def test_figures_show_every_configuration(tiny_spec: Spec, tmp_path: Path) -> None:
    run_sweep(tiny_spec, home=tmp_path, **DETAILS)
    sweep = load_sweep("tiny", tmp_path)
    figures = [sweep.plot_front(), sweep.plot_growth(), sweep.plot_importance(), sweep.plot_parallel()]
    assert {type(figure) for figure in figures} == {go.Figure}
    parallel = figures[3].data[0]
    assert len(parallel.dimensions) == 2 + 2  # searched fields and objectives
    assert len(parallel.dimensions[0].values) == 24


def test_a_notebook_shows_names_as_text_and_the_front_as_a_table(tiny_spec: Spec, tmp_path: Path) -> None:
    run_sweep(tiny_spec, home=tmp_path, **DETAILS)
    sweep = load_sweep("tiny", tmp_path)
    html = sweep._repr_html_()
    assert html.count("<tr") == 1 + min(len(sweep.entries), 10)
    assert "pulse.width_s" in html
    assert "control 0." in html


def test_a_report_reads_the_database_that_was_named(
    tiny_spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sweep(tiny_spec, home=tmp_path, **DETAILS)
    asked: list[str | None] = []

    def collect(folder: SweepFolder, *, storage: str | None = None) -> Content:
        asked.append(storage)
        return collect_content(folder, portraits=False)

    monkeypatch.setattr("sweeps.report.collect_content", collect)
    assert load_sweep("tiny", tmp_path, storage="journal").report(tmp_path / "tiny.html").is_file()
    assert asked == ["journal"]


def test_what_is_wrong_is_said(tiny_spec: Spec, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="did you mean 'accuracy'"):
        run_sweep(tiny_spec.to_dict(), overrides={"objectives": {"acuracy": "maximize"}}, home=tmp_path)
    with pytest.raises(SweepError, match="no sweep named 'tiny'"):
        load_sweep("tiny", tmp_path)
