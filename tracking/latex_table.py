r"""The Pareto front as a LaTeX table for a paper: booktabs, no other package, one unit a column.

=============  ====================================================================================
column         what it holds
=============  ====================================================================================
accuracy       mean over the chips of the search, with its standard deviation: $0.983 \pm 0.006$
fresh chips    mean over chips that the search had not seen, with its interval, where there are any
test           as accuracy, on the test part, once the sweep is complete
shares         three places: what else is told of accuracies, such as ``accuracy_low``
others         three significant digits in the unit of the head
=============  ====================================================================================

The control, the same read-out without kinetics, is the last row.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracking.front_table import Front
from tracking.labels import is_share, prefix, unit_of

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "µ": r"$\mu$",
    "Ω": r"$\Omega$",
    "²": r"$^2$",
    "±": r"$\pm$",
}
_ACCURACIES = {"accuracy": "search", "fresh_accuracy": "fresh chips", "test_accuracy": "test"}
"""Metric -> what stands below its head."""
_MISSING = "--"


@dataclass(frozen=True)
class _Column:
    """A column: two lines of its head, a cell for each row, and that of the control, all of it LaTeX."""

    head: str
    below: str
    cells: list[str]
    control: str = ""


def front_latex(
    front: Front,
    *,
    metrics: Sequence[str],
    fields: Sequence[str],
    control: Mapping[str, Any],
    caption: str,
    label: str,
) -> str:
    """The front as a ``table`` environment.

    Args:
        front: the rows, in their order.
        metrics: what is shown of the evaluations beside the accuracies.
        fields: what is shown of the configurations.
        control: metrics of the control; empty for no such row.
        caption: plain text; a sentence on the control is added where there is one.
        label: what ``\\ref`` calls it.
    """
    columns = [
        _Column("Trial", "", [str(row["trial"]) for row in front], "Control"),
        *_accuracies([row["evaluation"] for row in front], control),
        *(
            _column(name, [row["evaluation"].get(name) for row in front], control.get(name))
            for name in metrics
            if name not in _ACCURACIES
        ),
        *(_column(name, [row["configuration"].get(name) for row in front]) for name in fields),
    ]
    heads = " & ".join(column.head for column in columns)
    below = " & ".join(f"({column.below})" if column.below else "" for column in columns)
    rows = [" & ".join(column.cells[number] for column in columns) for number in range(len(front))]
    last = [r"\midrule", " & ".join(column.control for column in columns) + r" \\"] if control else []
    sentence = " The control is the same read-out, trained the same way on the raw samples, without kinetics."
    return "\n".join(
        [
            r"% Needs \usepackage{booktabs}.",
            r"\begin{table}",
            r"\centering",
            r"\footnotesize",
            rf"\caption{{{escape(caption + (sentence if control else ''))}}}",
            rf"\label{{{label}}}",
            rf"\begin{{tabular}}{{@{{}}{'r' * len(columns)}@{{}}}}",
            r"\toprule",
            rf"{heads} \\",
            rf"{below} \\",
            r"\midrule",
            *(rf"{row} \\" for row in rows),
            *last,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def escape(text: str) -> str:
    """Text as LaTeX prints it."""
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def _accuracies(evaluations: Sequence[Mapping[str, Any]], control: Mapping[str, Any]) -> list[_Column]:
    columns = []
    for name, below in _ACCURACIES.items():
        known = [_finite(row.get(name)) for row in evaluations]
        if any(known) or name == "accuracy":
            cells = [_accuracy(row, name) if there else _MISSING for row, there in zip(evaluations, known, strict=True)]
            level = f"{control[name]:.3f}" if _finite(control.get(name)) else ""
            columns.append(_Column("Accuracy", below, cells, level))
    return columns


def _accuracy(evaluation: Mapping[str, Any], name: str) -> str:
    mean, std, low = (evaluation.get(f"{name}{ending}") for ending in ("", "_std", "_low"))
    if name == "fresh_accuracy" and _finite(low):
        return f"{mean:.3f} [{low:.3f}, {evaluation[f'{name}_high']:.3f}]"
    varies = _finite(std) and (evaluation.get("chips") or 1) > 1
    return rf"${mean:.3f} \pm {std:.3f}$" if varies else f"{mean:.3f}"


def _column(name: str, values: Sequence[Any], control: Any = None) -> _Column:
    """Numbers in the unit that suits the middle one; words as they are."""
    if is_share(name):
        head, _, below = name.partition("_")
        return _Column(head.capitalize(), escape(below.replace("_", " ")), [_share(value) for value in values])
    unit = unit_of(name)
    sizes = sorted(abs(value) for value in values if _finite(value) and value)
    power, letter = prefix(sizes[len(sizes) // 2], unit) if sizes else (0, "")
    words = name.removesuffix(name.rpartition("_")[2]).rstrip("_") if unit else name
    words = words.rpartition(".")[2].replace("_", " ")
    cells = [_cell(value, power) for value in values]
    return _Column(
        escape(words[:1].upper() + words[1:]),
        escape(letter + unit),
        cells,
        "" if control is None else _cell(control, power),
    )


def _share(value: Any) -> str:
    return f"{value:.3f}" if _finite(value) else _MISSING


def _cell(value: Any, power: int) -> str:
    if isinstance(value, list | tuple):
        return escape("-".join(map(str, value)))
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _MISSING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return escape(str(value))
    return f"{value:,}".replace(",", r"\,") if isinstance(value, int) else _significant(value / 10.0**power)


def _significant(value: float) -> str:
    """Three significant digits: 20.9, 5130, 0.0012; powers of ten where zeros would have to be counted."""
    mantissa, exponent = f"{value:.2e}".split("e")
    power = int(exponent)
    if value and not -3 <= power < 5:
        return rf"${mantissa} \times 10^{{{power}}}$"
    number = f"{float(f'{value:.2e}'):.{max(2 - power, 0)}f}"
    return f"${number}$" if value < 0 else number


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
