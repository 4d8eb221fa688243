r"""Which fields decide about an objective, alone and in pairs: PED-ANOVA (IJCAI 2023, arXiv 2304.10255).

A field matters if the best trials have other values of it than all trials have; by how much tells the Pearson
divergence between both distributions, and a pair matters beyond its fields if the best trials combine them in another
way than the two by themselves would make them:

.. math::
    D_i = \sum_x p_i (r_i - 1)^2, \qquad J_{ij} = \sum_{xy} p_{ij} (r_{ij} - r_i r_j)^2, \qquad r = q / p

.. math:: p_i = \frac{n_i K_i + u_i}{n + 1}, \qquad p_{ij} = \frac{K_i^T n_{ij} K_j + u_i u_j^T}{n + 1}

======  ========================================================================  ==================
symbol  meaning                                                                   shape
======  ========================================================================  ==================
n       trials on a grid: up to 50 points of a range, or the choices              [point], [point, point]
K, u    kernel of every point, of Scott's width, and the prior                    [point, point], [point]
p, q    density of all trials, and of the best ones                               [point], [point, point]
D, J    what a field tells, and what a pair tells beyond                          1
======  ========================================================================  ==================

Grid, kernels and so D are those of ``optuna.importance.PedAnovaImportanceEvaluator``, which knows no pairs. D and J are
told as shares of the sum of all D. J is 0 where both fields matter but independently of each other, and can exceed
every share where neither matters alone (exclusive or). Chance makes it positive too: pairs that the best trials give
with one field shuffled among them as well (``SHUFFLES`` times) are left out.

The fields of few trials, or of trials that a search has crowded into one corner, are known with large errors; the
``baseline`` of a result says so where fewer than ``RELIABLE`` trials are among the best.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from sweeps.space import Choices, Dimension, FloatRange
from sweeps.spec import Spec
from sweeps.study import Record
from tracking.report.content import Importance

QUANTILE = 0.1
"""Share of the trials that are the best ones."""
LEAST = 20
"""Finished trials below which nothing is told."""
RELIABLE = 10
"""Best trials below which a result is a hint."""
SHUFFLES = 99
"""Shuffled pairs, all of which a pair has to exceed."""
_POINTS = 50
_NARROWEST = 0.5 / 1.64
"""Width of a kernel at the least, in points: 90 % of it lie on its own."""
_NOTHING = 1e-12

Array = NDArray[np.float64]


def importances(spec: Spec, records: Sequence[Record]) -> list[Importance]:
    """The importance for every objective, in the order of the sweep file.

    Where nothing can be told, ``fields`` and ``pairs`` are empty and ``baseline`` says why.
    """
    finished = [record for record in records if record.evaluation is not None]
    dimensions = {name: each for name, each in spec.space.dimensions.items() if each.size() != 1}
    found = []
    for objective, way in spec.objectives.items():
        values = np.array([float(getattr(record.evaluation, objective)) for record in finished])
        reason = _reason(dimensions, values)
        if reason is not None:
            found.append(Importance(objective=objective, fields={}, pairs=(), baseline=reason))
            continue
        losses = -values if way == "maximize" else values
        best = losses <= np.sort(losses)[math.ceil(QUANTILE * len(losses)) - 1]
        fields = [_Field(name, each, finished, best) for name, each in dimensions.items()]
        found.append(_importance(objective, fields, best))
    return found


def _reason(dimensions: dict[str, Dimension], values: Array) -> str | None:
    """Why nothing can be told; None if something can."""
    if not dimensions:
        return "Nothing was searched, so no field can matter."
    if len(values) < LEAST:
        return f"At least {LEAST} finished trials tell which fields matter, but there are {len(values)}."
    if np.ptp(values) == 0:
        return f"All {len(values)} trials come to the same value, so no field can matter."
    return None


def _importance(objective: str, fields: Sequence["_Field"], best: NDArray[np.bool_]) -> Importance:
    alone = {field.name: field.divergence for field in fields}
    total = sum(alone.values())
    count, trials = int(best.sum()), len(best)
    baseline = f"The best {count} of {trials} trials are compared with all of them"
    ties = count > math.ceil(QUANTILE * trials)
    baseline += f" (the best {100 * QUANTILE:g} %{', those that are level included' if ties else ''})."
    if total <= _NOTHING:
        return Importance(
            objective=objective, fields={}, pairs=(), baseline=f"{baseline} They are spread alike, so no field matters."
        )
    if count < RELIABLE:
        baseline += " So few tell little: take the shares for a hint."
    rng = np.random.default_rng(0)
    pairs = []
    for one, other in combinations(fields, 2):
        joint = _Pair(one, other)
        beyond = joint.beyond(one.best, other.best)
        chance = max(joint.beyond(one.best, rng.permutation(other.best)) for _ in range(SHUFFLES))
        if beyond > chance:
            pairs.append((one.name, other.name, beyond / total))
    return Importance(
        objective=objective,
        fields=dict(sorted(((n, each / total) for n, each in alone.items()), key=lambda entry: -entry[1])),
        pairs=sorted(pairs, key=lambda pair: -pair[2]),
        baseline=baseline,
    )


@dataclass(frozen=True)
class _Kernels:
    """The estimate of a density: kernels of all points, and the prior."""

    kernels: Array
    """[point, point]: rows sum to 1."""
    prior: Array
    """[point]."""

    @classmethod
    def of(cls, counts: NDArray[np.int64], *, choices: bool) -> "_Kernels":
        """Of trials on a grid [point]."""
        size = len(counts)
        if choices:
            smoothed = np.eye(size) + 1 / (np.count_nonzero(counts) + 1)
            return cls(smoothed / smoothed.sum(axis=1, keepdims=True), np.full(size, 1 / size))
        points = np.arange(size)
        return cls(
            _normal(points, np.full(size, _width(counts)), size),
            _normal(np.array([(size - 1) / 2]), np.array([float(size)]), size)[0],
        )


def _width(counts: NDArray[np.int64]) -> float:
    """Scott's width of the kernels of trials on a grid, in points."""
    observed = np.flatnonzero(counts)
    weights = counts[observed]
    total = int(weights.sum())
    mean = observed @ weights / total
    deviation = math.sqrt((observed - mean) ** 2 @ weights / max(1, total - 1))
    reached = np.cumsum(weights)
    low = observed[np.searchsorted(reached, total // 4, side="left")]
    high = observed[min(len(observed) - 1, int(np.searchsorted(reached, total * 3 // 4, side="right")))]
    width = 1.059 * min((high - low) / 1.34, deviation) * total**-0.2
    return float(max(width, _NARROWEST))


def _normal(centres: NDArray[Any], widths: Array, size: int) -> Array:
    """Normal distributions [centre, point] on a grid, cut at its ends."""
    edges = np.arange(size + 1) - 0.5
    reached = ndtr((edges - centres[:, None]) / widths[:, None])
    shares: Array = np.diff(reached, axis=1) / (reached[:, -1:] - reached[:, :1])
    return shares


class _Field:
    """One field: where its trials lie on the grid, and what it tells alone."""

    def __init__(self, name: str, dimension: Dimension, records: Sequence[Record], best: NDArray[np.bool_]) -> None:
        self.name = name
        self.all = _places(dimension, [record.configuration[name] for record in records])
        self.size = _size(dimension)
        self.best = self.all[best]
        choices = isinstance(dimension, Choices)
        counts, own = (np.bincount(places, minlength=self.size) for places in (self.all, self.best))
        self.estimates = _Kernels.of(counts, choices=choices), _Kernels.of(own, choices=choices)
        p, q = (
            (each @ estimate.kernels + estimate.prior) / (each.sum() + 1) + _NOTHING
            for each, estimate in zip((counts, own), self.estimates, strict=True)
        )
        self.ratio = q / p
        self.divergence = float(p @ (self.ratio - 1) ** 2)


class _Pair:
    """Two fields together."""

    def __init__(self, one: _Field, other: _Field) -> None:
        self._shape = one.size, other.size
        self._kernels = one.estimates[1], other.estimates[1]
        self._p = self._density(one.all, other.all, (one.estimates[0], other.estimates[0]))
        self._apart = np.outer(one.ratio, other.ratio)

    def beyond(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
        """J of best trials that lie at these places."""
        ratio = self._density(one, other, self._kernels) / self._p
        return float(np.sum(self._p * (ratio - self._apart) ** 2))

    def _density(self, one: NDArray[np.int64], other: NDArray[np.int64], estimates: tuple[_Kernels, _Kernels]) -> Array:
        rows, columns = self._shape
        counts = np.bincount(one * columns + other, minlength=rows * columns).reshape(rows, columns)
        smooth = estimates[0].kernels.T @ counts @ estimates[1].kernels
        return (smooth + np.outer(estimates[0].prior, estimates[1].prior)) / (len(one) + 1) + _NOTHING


def _size(dimension: Dimension) -> int:
    """Points of the grid."""
    if isinstance(dimension, Choices):
        return dimension.size()
    if dimension.log and not isinstance(dimension, FloatRange):
        return min(math.ceil(math.log2(dimension.high - dimension.low + 1)) + 1, _POINTS)
    size = dimension.size()
    return _POINTS if size is None else min(size, _POINTS)


def _places(dimension: Dimension, values: Sequence[Any]) -> NDArray[np.int64]:
    """Where values lie on the grid [trial]."""
    if isinstance(dimension, Choices):
        return np.array([dimension.choices.index(value) for value in values])
    size, last = _size(dimension), dimension.size()
    high = dimension.high if last is None else dimension.point(last - 1)
    low, high = (math.log(dimension.low), math.log(high)) if dimension.log else (dimension.low, high)
    positions = np.log(values) if dimension.log else np.array(values, float)
    step = (high - low) / (size - 1)
    # Half-way between two points the lower one is taken.
    return np.clip(np.ceil((positions - low) / step - 0.5).astype(np.int64), 0, size - 1)
