"""What of a record MLflow takes: parameters as text, metrics as finite numbers, files in a folder."""

import hashlib
import json
import math
import numbers
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking.base import Summary, SweepRecord
from tracking.front_table import front_csv, front_rows, plain
from tracking.mlflow_connection import shortened

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Metric, Param, RunTag

LOG10 = "log10"
"""What is put before the name of what has its decimal logarithm logged, for MLflow's charts have linear axes."""
ENERGY = "energy_J"
"""The metric that spans decades."""

_LONGEST_PARAM = 6000
_LONGEST_DIGEST = 36
_PARAMS_A_BATCH = 100
_METRICS_A_BATCH = 900


def told_apart(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are not as they are by default: a quarter of MLflow's time for a run went into the others."""
    return {name: value for name, value in values.items() if name not in defaults or defaults[name] != value}


def params_of(values: Mapping[str, Any], decades: Sequence[str] = ()) -> "list[Param]":
    """The fields as MLflow takes them, and the logarithms of ``decades``."""
    from mlflow.entities import Param

    logarithms = {f"{LOG10}.{name}": _log10(values.get(name)) for name in decades}
    shown = {**values, **{name: value for name, value in logarithms.items() if value is not None}}
    return [Param(name, shortened(_text(value), _LONGEST_PARAM)) for name, value in shown.items()]


def with_log_energy(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """An evaluation, and the logarithm of its energy."""
    return {**evaluation, f"{LOG10}_{ENERGY}": _log10(evaluation.get(ENERGY))}


def metrics_of(values: Mapping[str, Any], timestamp_ms: int, step: int = 0) -> "list[Metric]":
    """What is a finite number."""
    from mlflow.entities import Metric

    return [
        Metric(name, float(value), timestamp_ms, step)
        for name, value in values.items()
        if isinstance(value, numbers.Real) and math.isfinite(value)
    ]


def tags_of(values: Mapping[str, str]) -> "list[RunTag]":
    """Tags as a batch takes them."""
    from mlflow.entities import RunTag

    return [RunTag(name, value) for name, value in values.items()]


def datasets_of(sweep: SweepRecord) -> "list[DatasetInput]":
    """The parts of the data, which MLflow calls the contexts of a data set."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    return [
        DatasetInput(
            Dataset(
                name=sweep.task,
                digest=digest[:_LONGEST_DIGEST],
                source_type="memsweep",
                source=json.dumps({"task": sweep.task, "part": part, "sha256": digest}),
            ),
            [InputTag("mlflow.data.context", part)],
        )
        for part, digest in sweep.data.items()
    ]


def log_numbers(client: "MlflowClient", run_id: str, params: "list[Param]", metrics: "list[Metric]") -> None:
    """Log in batches of a size that every server takes."""
    client.log_batch(run_id, params=params[:_PARAMS_A_BATCH], metrics=metrics[:_METRICS_A_BATCH])
    for first in range(_PARAMS_A_BATCH, len(params), _PARAMS_A_BATCH):
        client.log_batch(run_id, params=params[first : first + _PARAMS_A_BATCH])
    for first in range(_METRICS_A_BATCH, len(metrics), _METRICS_A_BATCH):
        client.log_batch(run_id, metrics=metrics[first : first + _METRICS_A_BATCH])


def folder_name(name: str) -> str:
    """A sweep's name as one folder name that no other sweep gets."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def table_tag(file: str) -> dict[str, str]:
    """The tag that makes MLflow's page show an artifact as a table."""
    return {"mlflow.loggedArtifacts": json.dumps([{"path": file, "type": "table"}])}


def write_table(file: Path, rows: list[dict[str, Any]]) -> None:
    """A table as MLflow's page shows it."""
    columns = list(rows[0]) if rows else []
    data = [[plain(row[column]) for column in columns] for row in rows]
    file.write_text(json.dumps({"columns": columns, "data": data}, indent=1) + "\n", encoding="utf-8")


def write_summary_files(folder: Path, sweep: SweepRecord, summary: Summary) -> None:
    """The artifacts of the summary run."""
    columns, rows = front_rows(summary.pareto)
    texts = {
        "pareto.json": json.dumps({"columns": columns, "data": rows}, indent=1),
        "pareto.csv": front_csv(summary.pareto),
        "sweep.json": json.dumps(plain(sweep.spec), indent=2),
        "control.json": json.dumps(plain(summary.control), indent=2),
    }
    for name, text in texts.items():
        (folder / name).write_text(text + ("" if text.endswith("\n") else "\n"), encoding="utf-8")
    (folder / "figures").mkdir()
    copy_files(folder / "figures", summary.figures)
    copy_files(folder, summary.files)


def copy_files(folder: Path, files: Mapping[str, Path]) -> None:
    """Copy files under their names, with their suffixes."""
    for name, file in files.items():
        shutil.copyfile(file, folder / f"{folder_name(name)}{file.suffix}")


def _text(value: Any) -> str:
    """Strings as they are, everything else as JSON: ``1e-08``, ``true``, ``[8, 16]``, ``null``."""
    value = plain(value)
    return value if isinstance(value, str) else json.dumps(value)


def _log10(value: Any) -> float | None:
    if isinstance(value, numbers.Real) and math.isfinite(value) and float(value) > 0:
        return round(math.log10(value), 6)
    return None
