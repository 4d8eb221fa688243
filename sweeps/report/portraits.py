"""Portraits as a report holds them: plain numbers, rounded so that they stay small."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sweeps.report.answer import points
from sweeps.report.view import Entry, View
from tasks import Configuration, Task
from tasks.evaluator import Evaluator
from tasks.portrait import Case, make_portrait
from tracking.labels import in_sentence
from tracking.report.content import Example, Portrait

_DIGITS = 4
"""Significant digits of curves and maps."""
_COMPONENTS = ("pulses", "reads", "lines", "converters", "readout")


def chosen(view: View, trials: Sequence[int]) -> dict[int, str]:
    """Trial -> why it is portrayed: the best, the knee, the cheapest, and those that are asked for."""
    wanted = [
        (view.best, f"best {in_sentence(view.merit)}"),
        (view.knee, "knee of the front"),
        (view.cheapest, f"least {in_sentence(view.cost)} within {points(view.loss)} of the best"),
        *((view.entry(trial), "asked for") for trial in trials),
    ]
    reasons: dict[int, list[str]] = {}
    for entry, why in wanted:
        if entry is not None:
            reasons.setdefault(entry["trial"], []).append(why)
    return {trial: ", ".join(dict.fromkeys(whys)) for trial, whys in reasons.items()}


def portrait_of(evaluator: Evaluator, task: Task, entry: Entry, *, why: str = "asked for") -> Portrait:
    """Look at a trial closely: on the test part if it was chosen for that, else on the validation part.

    Raises as ``tasks.portrait.make_portrait`` does.
    """
    configuration, evaluation = entry["configuration"], entry["evaluation"]
    part: Literal["validation", "test"] = "validation" if evaluation["test_accuracy"] is None else "test"
    portrait = make_portrait(
        evaluator,
        task,
        Configuration.from_dotted(configuration),
        trial=entry["trial"],
        part=part,
        raced_out=evaluation["raced_out"],
    )
    return Portrait(
        trial=entry["trial"],
        why=why,
        configuration=configuration,
        evaluation=evaluation,
        coefficients=portrait.coefficients,
        examples=[_example(case) for case in portrait.cases],
        classes=portrait.labels,
        confusion=portrait.confusion.tolist(),
        part=part,
        energy_J=energy_by_component(evaluation),
        accuracy=portrait.accuracy.tolist(),
    )


def energy_by_component(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Component -> energy per inference, J, largest first."""
    parts = {name: float(evaluation[f"energy_{name}_J"]) for name in _COMPONENTS}
    return dict(sorted(parts.items(), key=lambda part: -part[1]))


def differs(portrait: Portrait) -> str | None:
    """A sentence if the accuracy is not the recorded one, which the same data and machine give to the last bit."""
    name = "test_accuracy" if portrait.part == "test" else "accuracy"
    found, recorded = float(np.mean(portrait.accuracy)), portrait.evaluation[name]
    if found == recorded:
        return None
    return (
        f"Trial {portrait.trial}, trained once more for its portrait, comes to {name} {found:.6f}, recorded is "
        f"{recorded:.6f}: another machine, other versions or other data."
    )


def _example(case: Case) -> Example:
    return Example(
        label=case.label,
        series=case.series,
        time_s=_rounded(case.time_s),
        pulse_width_s=_rounded(case.pulse_width_s),
        pulse_V=_rounded(case.pulse_V),
        state=_rounded(case.state),
        states=_rounded(case.states),
        read_steps=case.read_steps.tolist(),
        features=_rounded(case.features),
        samples=_rounded(case.samples),
    )


def _rounded(values: NDArray[Any]) -> Any:
    """Nested lists of numbers of a few significant digits."""
    exact = values.astype(np.float64)
    magnitude = np.floor(np.log10(np.abs(exact), where=exact != 0, out=np.zeros(exact.shape)))
    scale = 10.0 ** (_DIGITS - 1 - magnitude)
    return (np.rint(exact * scale) / scale).tolist()
