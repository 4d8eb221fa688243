"""The Pareto front as rows, CSV and Markdown."""

import csv
import io
import json
import math
from typing import Any

import numpy as np

from tracking.front_table import best_first, front_csv, front_markdown, front_rows, plain


def front(count: int = 3) -> list[dict[str, Any]]:
    return [
        {
            "trial": number,
            "configuration": {"device.law": "drift|diffusion", "readout.hidden": (8 * (number + 1),)},
            "evaluation": {"accuracy": 0.9123456, "parameters": np.int64(610), "test_accuracy": None},
        }
        for number in range(count)
    ]


def test_rows_have_every_column_of_every_row() -> None:
    rows = front(2)
    rows[1]["evaluation"] = {"energy_J": math.nan}
    columns, cells = front_rows(rows)
    assert columns == [
        "trial",
        "device.law",
        "readout.hidden",
        "accuracy",
        "parameters",
        "test_accuracy",
        "energy_J",
    ]
    assert cells[1] == [1, "drift|diffusion", [16], None, None, None, None]
    json.dumps(cells, allow_nan=False)


def test_csv_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(front_csv(front()))))
    assert [row["trial"] for row in rows] == ["0", "1", "2"]
    assert rows[0]["accuracy"] == "0.9123456"


def test_markdown_shows_objectives_varied_fields_and_control() -> None:
    text = front_markdown(front(2), metrics=["accuracy", "parameters"], control={"accuracy": 0.95})
    assert text.splitlines() == [
        "| trial | accuracy | parameters | readout.hidden |",
        "|---|---|---|---|",
        "| 0 | 0.9123 | 610 | [8] |",
        "| 1 | 0.9123 | 610 | [16] |",
        "| control | 0.95 |  |  |",
    ]


def test_markdown_keeps_to_its_length() -> None:
    text = front_markdown(front(500), metrics=["accuracy"], control={}, longest=1000)
    assert len(text) <= 1000
    kept = text.count("| 0.9123 |")
    assert kept > 10
    assert f"... and {500 - kept} more" in text


def test_markdown_of_an_empty_front() -> None:
    assert "| control |" in front_markdown([], metrics=["accuracy"], control={"accuracy": 1.0})


def test_cells_cannot_break_the_table() -> None:
    rows = front(2)
    rows[0]["configuration"]["device.law"] = "a|b\nc"
    assert r"a\|b c" in front_markdown(rows, metrics=[], control={})


def test_the_best_by_what_was_searched_for_is_first() -> None:
    scores = [(0.9, 0.80, 2e-9), (0.8, 0.85, 3e-9), (0.7, 0.85, 1e-9)]
    rows = [
        {"trial": number, "evaluation": {"accuracy": mean, "accuracy_low": low, "energy_J": cost, "accuracy_std": low}}
        for number, (mean, low, cost) in enumerate(scores)
    ]

    def order(**objectives: str) -> list[int]:
        return [row["trial"] for row in best_first(rows, objectives)]

    assert order(accuracy_low="maximize", energy_J="minimize") == [2, 1, 0]  # of two that are level, the cheaper one
    assert order(accuracy="maximize", energy_J="minimize") == [0, 1, 2]
    assert order(energy_J="minimize", accuracy_std="minimize") == [0, 1, 2]  # no accuracy is to be high


def test_plain_is_strict_json() -> None:
    value = {"a": np.float32(0.5), "b": [np.arange(2), (1, {"c": math.inf})], 3: None, "d": True}
    assert plain(value) == {"a": 0.5, "b": [[0, 1], [1, {"c": None}]], "3": None, "d": True}
