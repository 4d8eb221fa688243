"""What is shown of a sweep: its front, its control, a table of all trials."""

from typing import TYPE_CHECKING, Any

from sweeps.study import Record, State
from tasks import Evaluation

if TYPE_CHECKING:
    import pandas as pd


def front_entries(front: list[Record], scored: dict[int, Evaluation]) -> list[dict[str, Any]]:
    """The front as plain entries, best accuracy first; ``scored`` holds the evaluations with test scores."""
    entries = [
        {
            "trial": record.number,
            "configuration": record.configuration,
            "evaluation": scored[record.number].to_dict(),
        }
        for record in front
        if record.number in scored
    ]
    return sorted(entries, key=lambda entry: (-entry["evaluation"]["accuracy"], entry["trial"]))


def best_control(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """The control of the front that is best on validation: read-out, parameters, accuracies; {} for no front."""
    if not entries:
        return {}
    best = max(entries, key=lambda entry: entry["evaluation"]["control_accuracy"])
    configuration, evaluation = best["configuration"], best["evaluation"]
    return {
        "readout.kind": configuration["readout.kind"],
        "readout.hidden": configuration["readout.hidden"],
        "accuracy": evaluation["control_accuracy"],
        "test_accuracy": evaluation["control_test_accuracy"],
        "parameters": evaluation["control_parameters"],
    }


def frame(records: list[Record], result: dict[str, Any] | None) -> "pd.DataFrame":
    """All trials as a table: trial, state, on_front, each configuration field, each evaluation field, error,
    duplicate_of."""
    import pandas as pd  # slow to import, which only those who want a table should wait for

    entries = {entry["trial"]: entry["evaluation"] for entry in result["pareto"]} if result else {}
    rows = []
    for record in records:
        evaluation = record.evaluation.to_dict() if record.evaluation else {}
        rows.append(
            {
                "trial": record.number,
                "state": str(record.state),
                "on_front": record.number in entries,
                **{name: _plain(value) for name, value in record.configuration.items()},
                **evaluation,
                **_test_scores(entries.get(record.number, {})),
                "error": record.error,
                "duplicate_of": record.duplicate_of,
            }
        )
    return pd.DataFrame(rows)


def counts(records: list[Record]) -> tuple[int, int]:
    """(finished, failed)."""
    return (
        sum(record.state is State.FINISHED for record in records),
        sum(record.state is State.FAILED for record in records),
    )


def _test_scores(evaluation: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in evaluation.items() if "test" in name or name.startswith("fresh_")}


def _plain(value: Any) -> Any:
    """Values that a table cell can hold: several hidden layers become text such as 32-16."""
    return "-".join(map(str, value)) if isinstance(value, tuple) else value
