"""What is shown of a sweep: its front, its control, a table of all trials."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sweeps.commands import command
from sweeps.home import SweepFolder
from sweeps.study import Record, State, SweepStudy
from tasks import Evaluation
from tracking.front_table import best_first, plain

if TYPE_CHECKING:
    import pandas as pd


def front_entries(
    front: list[Record], scored: dict[int, Evaluation], objectives: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The front as plain entries, the best first; ``scored`` holds the evaluations with test scores."""
    entries = [
        {
            "trial": record.number,
            "configuration": record.configuration,
            "evaluation": scored[record.number].to_dict(),
        }
        for record in front
        if record.number in scored
    ]
    return best_first(entries, objectives)


def front_of(result: Mapping[str, Any] | None, study: SweepStudy, records: Sequence[Record]) -> list[dict[str, Any]]:
    """The front of a sweep as entries: that of its result, with test scores, else what it is so far."""
    if result is not None:
        return best_first(result["pareto"], study.directions)
    scored = {each.number: each.evaluation for each in records if each.evaluation}
    return front_entries(study.front(), scored, study.directions)


def best_control(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
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


def left_out(result: Mapping[str, Any] | None) -> str:
    """Which members the front lacks, and why; empty if it is whole."""
    unscored = (result or {}).get("unscored", [])
    if not unscored:
        return ""
    told = "; ".join(f"trial {each['trial']} ({each['error']})" for each in unscored)
    return f"Left out of the front, for they could not be scored on fresh chips and the test part: {told}."


def why_none_finished(folder: SweepFolder, records: Sequence[Record]) -> str:
    """Why a sweep has no evaluation to look at, and the way out: the end of an error."""
    failed = [record for record in records if record.state is State.FAILED]
    example = f" (trial {failed[0].number}: {failed[0].error})" if failed else ""
    if folder.result() is None:
        return f"the sweep {folder.name!r} has none{example}; go on with `{command('resume', folder)}`."
    return (
        f"all {len(failed)} of the sweep {folder.name!r} failed{example}; look at one by "
        f"`{command('show', folder, failed[0].number)}`, then run it under another name with ranges that keep away "
        "from what its error names."
    )


def frame(records: Sequence[Record], entries: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """All trials as a table: trial, state, on_front, each configuration field, each evaluation field, error,
    duplicate_of; ``entries`` are those of the front, whose test scores are shown."""
    import pandas as pd  # slow to import, which only those who want a table should wait for

    front = {entry["trial"]: entry["evaluation"] for entry in entries}
    several = {name for record in records for name, value in record.configuration.items() if isinstance(value, tuple)}
    rows = []
    for record in records:
        evaluation = record.evaluation.to_dict() if record.evaluation else {}
        rows.append(
            {
                "trial": record.number,
                "state": str(record.state),
                "on_front": record.number in front,
                **{name: _layers(value) if name in several else value for name, value in record.configuration.items()},
                **evaluation,
                **_test_scores(front.get(record.number, {})),
                "error": record.error,
                "duplicate_of": record.duplicate_of,
            }
        )
    return pd.DataFrame(rows)


def everything(folder: SweepFolder, records: Sequence[Record]) -> dict[str, Any]:
    """A sweep, its trials, its result and the studies of its robustness as one object of strict JSON."""
    return {
        "name": folder.name,
        "spec": plain(folder.spec().to_dict()),
        "result": plain(folder.result()),
        "trials": [
            plain(
                {
                    "trial": record.number,
                    "state": str(record.state),
                    "configuration": record.configuration,
                    "evaluation": record.evaluation and record.evaluation.to_dict(),
                    "error": record.error,
                    "duplicate_of": record.duplicate_of,
                }
            )
            for record in records
        ],
        "studies": [plain(result) for result in study_results(folder)],
    }


def study_results(folder: SweepFolder) -> list[dict[str, Any]]:
    """What the studies of a sweep's robustness that are complete came to, by the names of their folders."""
    return [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.path.glob("robustness/*/result.json"))
    ]


def counts(records: list[Record]) -> tuple[int, int]:
    """(finished, failed)."""
    return (
        sum(record.state is State.FINISHED for record in records),
        sum(record.state is State.FAILED for record in records),
    )


def _test_scores(evaluation: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in evaluation.items() if "test" in name or name.startswith("fresh_")}


def _layers(value: Any) -> str:
    """Hidden layers as text, such as 32-16; a column where some are several holds text throughout, for Parquet."""
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)
