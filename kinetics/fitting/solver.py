r"""Least squares for ``response = scale * shape(unknowns) + offset``.

Scale and offset are linear, so for given unknowns they are known in closed form (variable projection; Golub and
Pereyra, SIAM J. Numer. Anal. 10:413 (1973)). Only the unknowns are searched: quasi-random candidates over their
ranges are screened all at once, the best few are refined by bounded least squares, and the best of these stands.

.. math:: C = s^2 (J^T J)^{-1}, \qquad s^2 = \frac{SSR}{n - m}, \qquad R^2 = 1 - \frac{SSR}{\sum (y - \bar y)^2}

======  ===========================================================================  =============
symbol  meaning                                                                      shape
======  ===========================================================================  =============
y       response                                                                     [reading]
J       derivatives by the logarithms of the unknowns, by scale and offset           [reading, m]
C       covariance; standard errors are the roots of its diagonal                    [m, m]
m       numbers that the fit determines: those at a bound are not among them         1
======  ===========================================================================  =============

The errors hold for independent noise of one size; where the form misses the curve, they are too small.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import qmc

from kinetics.fitting.forms import Form
from kinetics.fitting.trace import Float64

_CANDIDATES = {1: 64, 2: 256}
_MANY_CANDIDATES = 1024
"""For three unknowns and more."""
_REFINED = 4
_ROUGHLY, _THOROUGHLY = 12, 100
"""Evaluations to see which of the best candidates leads furthest, and to go to the end from there."""
_BATCH = 2_000_000
"""Numbers of shapes held at once while candidates are screened."""
_STEP = 1e-4
"""Step of the central differences in the logarithm: 1e-8 off for the curvature, 1e-3 for float32 laws."""
_NULL = 1e-5
"""Directions in which the curve changes less than this share of the most are not seen in it."""
_SHARE_OF_NULL = 0.05
"""A number with more of its direction in those is not identifiable."""


class Linear(Enum):
    """What scale and offset may be."""

    FREE = "free"
    POSITIVE_SCALE = "positive scale"
    NONE_NEGATIVE = "none negative"
    NO_OFFSET = "no offset"


IDENTIFIED, UNIDENTIFIABLE, UNSEEN, AT_BOUND = "", "not identifiable", "no effect", "at its bound"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number that a fit found."""

    name: str
    """Its symbol."""
    value: float
    """The number, in ``unit``."""
    std_error: float | None
    """Its standard error in ``unit``; None where ``note`` says why there is none."""
    unit: str
    """SI unit; empty where the trace has none."""
    note: str = IDENTIFIED
    """``not identifiable`` (others together fit as well), ``no effect``, ``at its bound``, or empty."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Solution:
    """The best curve of one form."""

    form: Form
    """The form."""
    estimates: tuple[Estimate, ...]
    """Unknowns, then scale and offset."""
    ssr: float
    """Sum of squared residuals, in the unit of the response squared."""
    r2: float
    """Share of the variance that the curve explains."""
    curve: Float64
    """[reading]: the fitted response."""


def solve(
    form: Form,
    response: Float64,
    *,
    unit: str,
    seed: int | np.random.SeedSequence,
    linear: Linear,
    names: tuple[str, str] = ("scale", "offset"),
) -> Solution:
    """Fit one form.

    Args:
        form: the form.
        response: [reading] what was measured; not constant.
        unit: its unit.
        seed: what the quasi-random candidates are drawn from.
        linear: what scale and offset may be.
        names: what scale and offset are called.
    """
    spread = float(np.std(response))
    y = response / spread
    low, high = (np.log([getattr(u, end) for u in form.unknowns]) for end in ("low", "high"))

    def residuals(logs: Float64) -> Float64:
        """[reading, candidate] of the best scale and offset of each."""
        shapes = _shapes(form, logs)
        scale, offset = _project(shapes, y, linear)
        return shapes * scale + offset - y[:, None]

    def residual(log: Float64) -> Float64:
        column: Float64 = residuals(log[None])[:, 0]
        return column

    def jacobian(log: Float64) -> Float64:
        steps = _STEP * np.eye(len(log))
        both = residuals(np.concatenate((log + steps, log - steps)))
        return (both[:, : len(log)] - both[:, len(log) :]) / (2 * _STEP)

    candidates = qmc.scale(_quasi_random(len(low), seed), low, high)
    batch = max(1, _BATCH // len(y))
    ssr = np.concatenate([(residuals(part) ** 2).sum(axis=0) for part in _batches(candidates, batch)])

    def refine(log: Float64, most: int) -> Any:
        return least_squares(
            residual, log, jac=jacobian, bounds=(low, high), xtol=1e-10, ftol=1e-12, gtol=1e-12, max_nfev=most
        )

    roughly = [refine(candidates[k], _ROUGHLY) for k in np.argsort(ssr)[:_REFINED]]
    log = refine(min(roughly, key=lambda result: float(result.cost)).x, _THOROUGHLY).x
    return _solution(form, response, spread, log, (low, high), linear, unit, names)


def _solution(
    form: Form,
    response: Float64,
    spread: float,
    log: Float64,
    bounds: tuple[Float64, Float64],
    linear: Linear,
    unit: str,
    names: tuple[str, str],
) -> Solution:
    shape = _shapes(form, log[None])
    (scale,), (offset,) = (part * spread for part in _project(shape, response / spread, linear))
    curve = scale * shape[:, 0] + offset
    ssr = float(((response - curve) ** 2).sum())
    steps = _STEP * np.eye(len(log))
    slopes = (_shapes(form, log + steps) - _shapes(form, log - steps)) / (2 * _STEP)
    jacobian = np.column_stack((scale * slopes, shape, np.ones(len(response))))
    values = np.array([*np.exp(log), scale, offset])
    within = _inside(log, bounds)
    open_ends = (
        linear is Linear.FREE or scale > 0,
        linear is not Linear.NO_OFFSET and (linear is not Linear.NONE_NEGATIVE or offset > 0),
    )
    free = np.array([*within, *open_ends])
    errors, notes = _errors(jacobian, free, ssr)
    errors[: len(log)] *= values[: len(log)]
    units = [*(unknown.unit for unknown in form.unknowns), unit, unit]
    estimates = []
    for k, name in enumerate((*(unknown.name for unknown in form.unknowns), *names)):
        # An error beyond the number itself leaves a positive unknown open by decades.
        note = UNIDENTIFIABLE if not notes[k] and k <= len(log) and errors[k] > abs(values[k]) else notes[k]
        error = None if note else float(errors[k])
        estimates.append(Estimate(name=name, value=float(values[k]), std_error=error, unit=units[k], note=note))
    return Solution(
        form=form,
        estimates=tuple(estimates),
        ssr=ssr,
        r2=1 - ssr / (len(response) * spread * spread),
        curve=curve,
    )


def _shapes(form: Form, logs: Float64) -> Float64:
    """Shapes [reading, candidate]; those that are not finite explain nothing."""
    shapes = form.shapes(np.exp(logs))
    shapes[:, ~np.isfinite(shapes).all(axis=0)] = 0.0
    return shapes


def _project(shapes: Float64, y: Float64, linear: Linear) -> tuple[Float64, Float64]:
    """Scale and offset [candidate] of least squares, of the signs that they may have."""
    mean, y_mean = shapes.mean(axis=0), y.mean()
    centred = shapes - mean
    power = (centred * centred).sum(axis=0)
    flat = power <= 1e-24 * len(y) * mean * mean
    scale = np.where(flat, 0.0, (y - y_mean) @ centred / np.where(flat, 1.0, power))
    if linear is not Linear.FREE:
        scale = np.maximum(scale, 0.0)
    offset = y_mean - scale * mean
    if linear in (Linear.FREE, Linear.POSITIVE_SCALE):
        return scale, offset
    without = (offset < 0) if linear is Linear.NONE_NEGATIVE else np.ones(len(offset), bool)
    through_zero = y @ shapes / np.maximum((shapes * shapes).sum(axis=0), np.finfo(float).tiny)
    return np.where(without, np.maximum(through_zero, 0.0), scale), np.where(without, 0.0, offset)


def _errors(jacobian: Float64, free: NDArray[np.bool_], ssr: float) -> tuple[Float64, list[str]]:
    """Standard errors in the order of the columns, and what keeps one from having any."""
    notes = np.where(free, IDENTIFIED, AT_BOUND).astype(object)
    errors = np.zeros(len(free))
    norms = np.sqrt((jacobian**2).sum(axis=0))
    seen = norms > 0
    notes[free & ~seen] = UNSEEN
    used = np.flatnonzero(free & seen)
    if len(used):
        _, singular, directions = np.linalg.svd(jacobian[:, used] / norms[used], full_matrices=False)
        visible = singular > _NULL * singular[0]
        hidden = (directions[~visible] ** 2).sum(axis=0) > _SHARE_OF_NULL**2
        variance = ((directions[visible] / singular[visible, None]) ** 2).sum(axis=0)
        freedom = max(len(jacobian) - len(used), 1)
        errors[used] = np.sqrt(variance * ssr / freedom) / norms[used]
        notes[used[hidden]] = UNIDENTIFIABLE
    return errors, [str(note) for note in notes]


def _inside(log: Float64, bounds: tuple[Float64, Float64]) -> NDArray[np.bool_]:
    margin = 1e-3 * (bounds[1] - bounds[0])
    return (log > bounds[0] + margin) & (log < bounds[1] - margin)


def _quasi_random(dimensions: int, seed: int | np.random.SeedSequence) -> Float64:
    count = _CANDIDATES.get(dimensions, _MANY_CANDIDATES)
    return np.asarray(qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random(count))


def _batches(candidates: Float64, size: int) -> list[Float64]:
    return [candidates[start : start + size] for start in range(0, len(candidates), size)]
