"""Fit a law of motion to a measured trace, beside rivals that know nothing of physics.

The response is ``scale * shape + offset``: scale > 0 is the conductance at rest, or at the start of a relaxation of
drift-diffusion, offset a leakage in parallel that no pulse changes. Curves that fall faster than the law can ask for an
offset below 0, which no leakage is: a fit says so, and can be held to what a device may have (``leakage_only``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from kinetics.errors import require
from kinetics.fitting.forms import Form, closed_forms, parabolic_relaxation, stepped
from kinetics.fitting.observation import PULSES, RELAXATION, Observation, observe
from kinetics.fitting.solver import AT_BOUND, UNIDENTIFIABLE, UNSEEN, Estimate, Linear, Solution, solve
from kinetics.fitting.trace import Float64, Trace
from kinetics.laws import get_law

_PARABOLIC = "drift_diffusion"
"""The law whose relaxation has a closed form here, and whose conductance grows with the state or with its inverse."""
_GRID = (50, 400)
"""Fewest and most steps of a relaxation that has no closed form."""
_SPARE = 3
"""Readings needed beyond the numbers to be found."""
_NO_WORSE = 1e-4
"""Loss of R2 at which the simpler of two fits is as good."""
_SIGNIFICANT = 2.0
"""Standard errors beyond which an offset below 0 is told."""

ConductsAs = Literal["w", "1/w"]


@dataclass(frozen=True, kw_only=True)
class Rival:
    """Another curve, fitted to the same readings."""

    name: str
    """``exponential``, ``stretched_exponential`` or ``parabolic_with_leak``."""
    formula: str
    """The curve as text."""
    parameters: tuple[Estimate, ...]
    """What was found; the last two are amplitude a and offset c."""
    ssr: float
    """Sum of squared residuals, in the unit of the response squared."""
    r2: float
    """Share of the variance that it explains."""
    curve: Float64 = field(repr=False, compare=False)
    """[reading]: the fitted response."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A law, fitted to a trace."""

    law: str
    """Name of the law."""
    kind: str
    """``relaxation`` or ``pulses``."""
    conducts_as: ConductsAs | None
    """What conductance grows with, for drift-diffusion; None for laws that say it themselves."""
    parameters: tuple[Estimate, ...]
    """Coefficients of one step, then scale and offset."""
    ssr: float
    """Sum of squared residuals, in the unit of the response squared."""
    r2: float
    """Share of the variance that the law explains."""
    rivals: tuple[Rival, ...]
    """The same for curves without physics."""
    points: int
    """Readings."""
    dropped: int
    """Rows of the trace left out because a number was missing or not finite."""
    period_s: float | None
    """What a step lasts, s; None where the trace does not tell."""
    source: str
    """Name and SHA-256 of the trace."""
    warnings: tuple[str, ...]
    """What a reader should know, a sentence each."""
    observation: Observation = field(repr=False, compare=False)
    """What was fitted."""
    curve: Float64 = field(repr=False, compare=False)
    """[reading]: the fitted response."""

    def parameter(self, name: str) -> Estimate:
        """The parameter of that name; raises ``KeyError`` if there is none."""
        return {estimate.name: estimate for estimate in self.parameters}[name]


def fit_trace(
    trace: Trace,
    law: str = _PARABOLIC,
    *,
    kind: str | None = None,
    conducts_as: ConductsAs | None = None,
    leakage_only: bool = False,
    seed: int = 0,
) -> Fit:
    """Fit a law to a trace.

    Args:
        trace: the measurement.
        law: name of the law.
        kind: ``relaxation`` or ``pulses``; None reads it off the trace (see ``kinetics.fitting.observation``).
        conducts_as: what conductance grows with (drift_diffusion only); None takes what fits better.
        leakage_only: hold the offset at 0 or above, as that of a device is.
        seed: what the quasi-random starts are drawn from.

    Raises:
        InvalidParameterError: there is no such law, or the trace cannot be fitted: too few readings, a constant
            response, pulses without a uniform interval.
    """
    require(bool(get_law(law).coefficient_names), "`law` names a law of motion", law, "`none` has nothing to be fitted")
    require(
        conducts_as is None or (conducts_as in ("w", "1/w") and law == _PARABOLIC),
        f"`conducts_as` in ('w', '1/w') and for the law {_PARABOLIC!r} only",
        (conducts_as, law),
        "leave it out",
    )
    seen = observe(trace, kind)
    choices: tuple[ConductsAs, ...] = (conducts_as,) if conducts_as else ("1/w", "w")
    forms, period_s = _forms(law, seen, choices if law == _PARABOLIC else ("w",))
    needed = len(forms[0].unknowns) + 2 + _SPARE
    require(
        len(seen.at) >= needed,
        f"A trace for the law {law!r} has at least {needed} readings",
        len(seen.at),
        f"{needed - _SPARE} numbers are to be found; measure more, or choose a law with fewer coefficients",
    )
    solutions = [_solve_law(form, seen, seed, leakage_only) for form in forms]
    best = max(range(len(forms)), key=lambda k: solutions[k].r2)
    rivals = tuple(
        _rival(solve(form, seen.response, unit=seen.unit, seed=seed, linear=Linear.FREE, names=("a", "c")))
        for form in closed_forms(seen.at, "s" if seen.kind == RELAXATION else "1")
    )
    found = solutions[best]
    return Fit(
        law=law,
        kind=seen.kind,
        conducts_as=choices[best] if law == _PARABOLIC else None,
        parameters=found.estimates,
        ssr=found.ssr,
        r2=found.r2,
        rivals=rivals,
        points=len(seen.at),
        dropped=trace.dropped,
        period_s=period_s,
        source=f"{trace.name} (SHA-256 {trace.sha256})" if trace.sha256 else trace.name,
        warnings=(*seen.warnings, *_doubts(found)),
        observation=seen,
        curve=found.curve,
    )


def _forms(law: str, seen: Observation, choices: Sequence[ConductsAs]) -> tuple[list[Form], float | None]:
    """The curves to try, and what a step of theirs lasts, s."""
    if seen.kind == PULSES:
        drive = np.ones(0) if seen.drive is None else seen.drive
        return [
            stepped(get_law(law), seen.at, drive, conducts_as=choice, read_V=seen.read_V) for choice in choices
        ], seen.period_s
    period_s = seen.period_s or float(seen.at[-1])
    if law == _PARABOLIC:
        return [parabolic_relaxation(seen.at, period_s, choice) for choice in choices], period_s
    steps = int(np.clip(round(seen.at[-1] / period_s), *_GRID))
    period_s = float(seen.at[-1]) / steps
    form = stepped(get_law(law), seen.at / period_s, np.zeros(steps), read_V=seen.read_V, from_rest=False)
    return [form], period_s


def _solve_law(form: Form, seen: Observation, seed: int, leakage_only: bool) -> Solution:
    """The best curve; one with a leakage that a device can have, or with none, where it is as good."""

    def of(linear: Linear) -> Solution:
        return solve(form, seen.response, unit=seen.unit, seed=seed, linear=linear)

    found = of(Linear.NONE_NEGATIVE)
    if not leakage_only:
        any_offset = of(Linear.POSITIVE_SCALE)
        found = any_offset if any_offset.r2 > found.r2 + _NO_WORSE else found
    if found.estimates[-1].note == UNIDENTIFIABLE:
        plain = of(Linear.NO_OFFSET)
        found = plain if plain.r2 > found.r2 - _NO_WORSE else found
    return found


def _rival(solution: Solution) -> Rival:
    return Rival(
        name=solution.form.name,
        formula=solution.form.formula,
        parameters=solution.estimates,
        ssr=solution.ssr,
        r2=solution.r2,
        curve=solution.curve,
    )


def _doubts(found: Solution) -> list[str]:
    """What keeps the fit from being trusted."""
    doubts = []
    loose = [estimate.name for estimate in found.estimates if estimate.note == UNIDENTIFIABLE]
    if loose:
        doubts.append(
            f"This trace does not tell {', '.join(loose)}: other values together fit as well; "
            "measure longer, or with other pulses."
        )
    unseen = [estimate.name for estimate in found.estimates if estimate.note == UNSEEN]
    if unseen:
        doubts.append(f"Nothing in this trace depends on {', '.join(unseen)}.")
    held = [estimate.name for estimate in found.estimates[:-1] if estimate.note == AT_BOUND]
    if held:
        doubts.append(f"At the end of the range searched: {', '.join(held)}.")
    offset = found.estimates[-1]
    if offset.std_error is not None and offset.value < -_SIGNIFICANT * offset.std_error:
        doubts.append("The offset is negative, which no leakage is: the curve changes faster than the law can.")
    return doubts
