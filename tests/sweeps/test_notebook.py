"""A sweep in a notebook that has nothing to show yet, or never will."""

from collections.abc import Callable
from pathlib import Path

import plotly.graph_objects as go
import pytest

from sweeps import load_sweep
from sweeps.executor import Outcome
from sweeps.home import Home, SweepFolder
from sweeps.spec import Spec
from sweeps.study import SweepStudy


def not_begun(spec: Spec, folder: SweepFolder) -> None:
    pass


def running(spec: Spec, folder: SweepFolder) -> None:
    SweepStudy(spec, folder.journal).ask(0)


def failed(spec: Spec, folder: SweepFolder) -> None:
    study = SweepStudy(spec, folder.journal)
    for number in range(3):
        study.ask(number)
        study.tell(Outcome(trial=number, evaluation=None, error="ValueError: too hot"))


def complete(spec: Spec, folder: SweepFolder) -> None:
    failed(spec, folder)
    empty = {"name": "tiny", "finished": 0, "failed": 3, "seconds": 1.0, "control": {}, "pareto": []}
    folder.write_result(empty)


@pytest.mark.parametrize(
    ("begin", "trials", "told"),
    [
        (not_begun, 0, "0 finished, 0 failed, incomplete, 24 planned; nothing on the front"),
        (running, 1, "0 finished, 0 failed, incomplete, 24 planned; nothing on the front"),
        (failed, 3, "0 finished, 3 failed, incomplete, 24 planned; nothing on the front"),
        (complete, 3, "0 finished, 3 failed, complete; nothing on the front"),
    ],
)
def test_a_sweep_without_a_finished_trial_is_shown(
    tiny_spec: Spec, tmp_path: Path, begin: Callable[[Spec, SweepFolder], None], trials: int, told: str
) -> None:
    begin(tiny_spec, Home(tmp_path).create(tiny_spec))
    sweep = load_sweep("tiny", tmp_path)
    assert sweep._repr_html_() == f"<p><b>tiny</b>: {told}</p>"
    assert repr(sweep) == f"<Sweep tiny: {told}>"
    assert len(sweep.frame()) == trials
    assert sweep.front().empty
    assert {"trial", "accuracy", "energy_J", "pulse.width_s"} <= set(sweep.front().columns)
    for figure in (sweep.plot_front(), sweep.plot_growth(), sweep.plot_importance(), sweep.plot_parallel()):
        assert isinstance(figure, go.Figure)
        figure.to_json()
    assert sweep.everything()["name"] == "tiny"
    assert sweep.robustness().empty
