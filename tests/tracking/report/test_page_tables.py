"""What the page's tiles and tables show where something else than the mean accuracy was searched for."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tracking.report.contents import make_content
from tests.tracking.report.test_page import read


@pytest.mark.parametrize("complete", [True, False])
def test_a_robust_objective_leads_tiles_table_and_portraits(complete: bool, tmp_path: Path) -> None:
    content = make_content(20)
    lower = [each and each - 0.1 for each in content.columns["accuracy"]]
    columns: dict[str, Any] = {**content.columns, "accuracy_low": lower}
    front = [
        {**entry, "evaluation": {**entry["evaluation"], "accuracy_low": 0.8 - place / 100}}
        for place, entry in enumerate(reversed(content.front))
    ]
    if not complete:
        front = [{**entry, "evaluation": {**entry["evaluation"], "test_accuracy": None}} for entry in front]
    [portrait] = [replace(content.portraits[0], why="the one asked for", evaluation=front[0]["evaluation"])]
    objectives = {"accuracy_low": "maximize", "energy_J": "minimize"}
    robust = replace(content, objectives=objectives, columns=columns, front=front, portraits=[portrait])
    document, data = read(robust, tmp_path)
    text = " ".join(document.words.split())
    best = front[0]["trial"]
    if complete:
        assert f"test accuracy of the chosen one, trial {best}" in text
        assert "0.8000 its accuracy less its spread over chips (validation part) most on the front 0.8000" in text
    else:
        assert f"0.8000 best accuracy less its spread over chips (validation part), trial {best}" in text
        assert "its accuracy" not in text
    table = text.partition("Members of the front")[2]
    heads, _, rows = table.partition("(validation part)accuracy (validation part)")
    assert heads.endswith("trial accuracy less its spread over chips ")
    assert re.search(rf"\b{best} ?0\.8000", rows)
    assert list(data["figures"])[:2] == ["front-energy_J-accuracy_low", "front-parameters-accuracy_low"]
    facts = text.partition(portrait.why)[2]
    assert "accuracy less its spread over chips (validation part)" in facts.partition("parameters")[0]
