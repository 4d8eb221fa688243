"""What the scored points of a study come to, as plain numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from sweeps.robustness.plan import RESAMPLES, Plan, random_stream
from sweeps.robustness.study_file import Study
from tasks.chips import ChipScores
from tasks.robust import Accuracies
from tasks.sensitivity import Indices, sobol_indices

_CONFIDENCE = 0.95


def make_result(study: Study, plan: Plan, scores: Mapping[int, ChipScores], seed: int) -> dict[str, Any]:
    """The result of a study of one configuration, all of whose points are scored.

    ``nominal`` and ``studied`` are points, ``curves`` holds lists of them with their ``value``, ``corners`` an accuracy
    for each, ``sobol`` the indices by parameter and the answer in words.
    """

    def point(number: int) -> dict[str, Any]:
        return statistics(scores[number].accuracy, study.yield_target)

    result: dict[str, Any] = {
        "nominal": point(plan.nominal),
        "studied": point(plan.studied),
        "curves": {
            curve.name: [
                {"value": value, **point(number)}
                for value, number in zip(curve.values, plan.curves[curve.name], strict=True)
            ]
            for curve in study.curves
        },
    }
    if plan.corners:
        result["corners"] = [
            {
                "coefficients": corner.coefficients,
                "temperature_K": corner.temperature_K,
                "accuracy": float(scores[corner.point].accuracy[0]),
            }
            for corner in plan.corners
        ]
    if study.sobol:
        means = np.array([scores[number].accuracy.mean() for number in range(len(plan.points))])
        outputs = means[plan.sobol]
        indices = sobol_indices(outputs, random_stream(seed, RESAMPLES))
        names = list(study.sobol.space.dimensions)
        result["sobol"] = {
            "samples": study.sobol.samples,
            "chips": study.sobol.chips,
            "points": int(plan.sobol.size),
            "accuracy": float(outputs[:2].mean()),
            "accuracy_std": float(outputs[:2].std()),
            "parameters": {
                name: {
                    "first": float(indices.first[i]),
                    "first_interval": indices.first_interval[i].tolist(),
                    "total": float(indices.total[i]),
                    "total_interval": indices.total_interval[i].tolist(),
                }
                for i, name in enumerate(names)
            },
            "fix_first": _fix_first(names, indices),
        }
    return result


def statistics(accuracy: Accuracies, target: float) -> dict[str, Any]:
    """What is told of the accuracies [chip] of a point; a yield has its exact binomial interval if chips vary."""
    low, q25, median, q75 = (float(each) for each in np.quantile(accuracy, [0.05, 0.25, 0.5, 0.75]))
    chips, good = len(accuracy), int(np.count_nonzero(accuracy >= target))
    interval = None
    if chips > 1:
        found = stats.binomtest(good, chips).proportion_ci(_CONFIDENCE, method="exact")
        interval = [float(found.low), float(found.high)]
    return {
        "chips": chips,
        "mean": float(accuracy.mean()),
        "std": float(accuracy.std()),
        "median": median,
        "q25": q25,
        "q75": q75,
        "q05": low,
        "yield": good / chips,
        "yield_interval": interval,
        "accuracy": accuracy.tolist(),
    }


def _fix_first(names: list[str], indices: Indices) -> dict[str, Any]:
    """The parameter of the largest total index, and whether it stands apart from the next one."""
    largest, following = (int(i) for i in np.argsort(-indices.total, kind="stable")[:2])
    total = float(indices.total[largest])
    if total == 0:
        return {"parameter": None, "separates": False, "words": "fix first: nothing, no parameter changes the accuracy"}
    separates = bool(indices.lead_interval[0] > 0)
    low, high = indices.total_interval[largest]
    head = f"fix first: {names[largest]} (total index {total:.2f}, 95 % interval {low:.2f} to {high:.2f})"
    rival = f"{names[following]} ({indices.total[following]:.2f})"
    if separates:
        words = f"{head}, clearly ahead of the next one, {rival}"
    else:
        words = f"{head}, not separable from the next one, {rival}, by these samples: take more to tell"
    return {"parameter": names[largest], "next": names[following], "separates": separates, "words": words}
