"""The front as LaTeX: a table by hand, one unit a column, nothing that TeX would take for a command."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.latex_table import escape, front_latex

FRONT: list[dict[str, Any]] = [
    {
        "trial": 171,
        "configuration": {"pulse.width_s": 2.09e-8, "readout.hidden": (8, 4), "device.law": "a_b"},
        "evaluation": {
            "accuracy": 0.98265,
            "accuracy_std": 0.0061,
            "chips": 8,
            "fresh_accuracy": 0.983,
            "fresh_accuracy_low": 0.982,
            "fresh_accuracy_high": 0.984,
            "test_accuracy": 0.968,
            "test_accuracy_std": 0.007,
            "parameters": 1388,
            "energy_J": 1.694e-9,
        },
    },
    {
        "trial": 9,
        "configuration": {"pulse.width_s": 5.131e-6, "readout.hidden": (8,), "device.law": "tiox"},
        "evaluation": {"accuracy": 0.5, "accuracy_std": None, "chips": 1, "parameters": 32, "energy_J": 9.996e-14},
    },
]
CONTROL = {"accuracy": 0.972, "test_accuracy": 0.958, "parameters": 698}


def table(front: list[dict[str, Any]] = FRONT, control: dict[str, Any] = CONTROL, caption: str = "The front.") -> str:
    return front_latex(
        front,
        metrics=["accuracy", "parameters", "energy_J"],
        fields=["pulse.width_s", "readout.hidden", "device.law"],
        control=control,
        caption=caption,
        label="tab:front",
    )


def test_a_table_by_hand() -> None:
    body = table().partition(r"\toprule")[2].partition(r"\bottomrule")[0].strip().splitlines()
    assert body == [
        r"Trial & Accuracy & Accuracy & Accuracy & Parameters & Energy & Width & Hidden & Law \\",
        r" & (search) & (fresh chips) & (test) &  & (nJ) & ($\mu$s) &  &  \\",
        r"\midrule",
        r"171 & $0.983 \pm 0.006$ & 0.983 [0.982, 0.984] & $0.968 \pm 0.007$ & 1\,388 & 1.69 & 0.0209 & 8-4 & a\_b \\",
        r"9 & 0.500 & -- & -- & 32 & $1.00 \times 10^{-4}$ & 5.13 & 8 & tiox \\",
        r"\midrule",
        r"Control & 0.972 &  & 0.958 & 698 &  &  &  &  \\",
    ]


def test_a_robust_objective_has_a_column() -> None:
    front = [
        {**row, "evaluation": {**row["evaluation"], "accuracy_low": low}}
        for row, low in zip(FRONT, (0.97, None), strict=True)
    ]
    text = front_latex(front, metrics=["accuracy_low", "energy_J"], fields=[], control=CONTROL, caption="", label="")
    head, below, _, first, second, _, control = (
        text.partition(r"\toprule")[2].partition(r"\bottomrule")[0].split("\n")[1:-1]
    )
    assert [line.removesuffix(r"\\").split("&")[4].strip() for line in (head, below, first, second, control)] == [
        "Accuracy",
        "(low)",
        "0.970",
        "--",
        "",
    ]
    assert head.count("&") == 5


@given(st.text(max_size=30))
def test_no_text_is_a_command(text: str) -> None:
    written = escape(text)
    plain = re.sub(r"\\text[a-z]+\{\}|\\[&%$#_{}]|\$\\[a-zA-Z]+\$|\$\^2\$", "", written)
    assert not set(plain) & set("\\&%$#_{}~^")


def test_rows_have_as_many_cells_as_there_are_columns() -> None:
    text = table(caption="100 % of a_b {c} & d\\e")
    columns = len(re.findall("r", re.findall(r"\\begin\{tabular\}\{@\{\}(r+)@\{\}\}", text)[0]))
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {columns - 1}
    for environment in ("table", "tabular"):
        assert text.count(rf"\begin{{{environment}}}") == text.count(rf"\end{{{environment}}}") == 1
    assert r"\caption{100 \% of a\_b \{c\} \& d\textbackslash{}e The control is" in text


def test_an_empty_front_is_a_table_still() -> None:
    assert table([], {}).count(r"\midrule") == 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex is installed here")
def test_tex_takes_it(tmp_path: Path) -> None:
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{table()}\end{{document}}"
    (tmp_path / "front.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "front.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
