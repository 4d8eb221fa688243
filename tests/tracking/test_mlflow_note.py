"""What the page says of a sweep."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tracking import Summary, SweepRecord, TrialRecord
from tracking.mlflow_note import LONGEST_NOTE, note, note_under_way


@pytest.fixture
def searched(sweep: SweepRecord) -> SweepRecord:
    return replace(sweep, searched={"pulse.width_s": True, "readout.standardise": False}, data={"training": "ab" * 32})


def test_says_what_came_out_and_how_to_search(searched: SweepRecord, summary: Summary) -> None:
    text = note(searched, replace(summary, best_accuracy=0.9))
    assert text.splitlines()[0].endswith(
        "199 finished, 1 failed, 12.5 s. Best accuracy 0.9; the control, the same read-out on the raw samples, 0.912."
    )
    assert "| 1 | 0.9 | 2 nJ | 20 ns |" in text
    assert '`metrics.accuracy > 0.95 and params."readout.standardise" = "true"` or `tags.on_front = "true"`' in text
    assert "training `abababababab`" in text
    assert "](" not in text


def test_the_best_is_told_by_what_was_searched_for(searched: SweepRecord, summary: Summary) -> None:
    robust = replace(searched, objectives={"accuracy_low": "maximize"})
    front = [{**row, "evaluation": {**row["evaluation"], "accuracy_low": 0.85}} for row in summary.pareto]
    text = note(robust, replace(summary, best_accuracy=0.9, pareto=front))
    assert "Best accuracy less its spread over chips 0.85;" in text.splitlines()[0]
    assert "| 1 | 0.85 |" in text


def test_links_lead_to_runs_and_report(searched: SweepRecord, summary: Summary) -> None:
    text = note(searched, summary, {"1": "#/one", "report": "#/report"}.get)
    assert "[Report](#/report)\n" in text
    assert "| [1](#/one) |" in text
    assert "| 4 |" in text


def test_long_front_fits_into_a_tag(searched: SweepRecord, summary: Summary, trial: Callable[..., TrialRecord]) -> None:
    rows = [trial(number) for number in range(300)]
    front = [{"trial": row.number, "configuration": row.configuration, "evaluation": row.evaluation} for row in rows]
    text = note(searched, replace(summary, pareto=front), lambda key: f"#/experiments/1/runs/{key:0>32}")
    assert len(text) <= LONGEST_NOTE
    assert "more in `pareto.csv` of the summary run." in text
    assert text.endswith("Data: training `abababababab`.")


def test_before_the_end(searched: SweepRecord) -> None:
    text = note_under_way(searched)
    assert text.startswith("200 configurations on task `digits`: under way.")
    assert "on_front" not in text
