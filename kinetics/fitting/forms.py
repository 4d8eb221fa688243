r"""Curves that are fitted: ``response = scale * shape(unknowns) + offset``, one kind of shape a form.

=====================  ==================================================  =====================================
form                   shape                                               unknowns
=====================  ==================================================  =====================================
exponential            exp(-t / tau)                                       tau
stretched_exponential  exp(-(t / tau)^b)                                   tau, b
parabolic_with_leak    1 / sqrt(1 + t / t0)                                t0
drift_diffusion,       w or 1 / w, with w^2 = 1 + 2 alpha t / t_s          alpha of a step that lasts t_s
relaxation
any law                conductance after some steps, over that at rest     coefficients of a step; for a relaxation
                                                                           also how far it starts from rest
=====================  ==================================================  =====================================

``parabolic_with_leak`` is the relaxation of drift-diffusion with 1 / w and t0 = t_s / (2 alpha), derived here from
dw/dt = A / w. Beside that law, whose leakage must not be negative, it tells what this demand costs.
All unknowns are positive and searched on a logarithmic scale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinetics.coefficients import lowest_state
from kinetics.device import Device
from kinetics.fitting.trace import Float64
from kinetics.laws import Law
from kinetics.parameter_sets import default_parameter_set
from kinetics.pulse import Pulse

_COEFFICIENTS = (1e-6, 1e2)
"""Where coefficients of one step are searched, at least."""
_DECADES = 1e3
"""How far around the coefficients of the default set they are searched, at least."""
_START = (1e-6, 1e3)
"""How far from rest a relaxation may start, if the law's range does not say."""
_SHORTEST, _LONGEST = 0.1, 1e3
"""Time constants are searched from this share of the shortest interval to this multiple of the span."""


@dataclass(frozen=True)
class Unknown:
    """A positive number to be found."""

    name: str
    """Its symbol."""
    unit: str
    """SI unit."""
    low: float
    """Lowest value searched."""
    high: float
    """Highest value searched."""


@dataclass(frozen=True, eq=False)
class Form:
    """One kind of curve."""

    name: str
    """What it is called."""
    formula: str
    """The curve as text."""
    unknowns: tuple[Unknown, ...]
    """What the shape depends on."""
    shapes: Callable[[Float64], Float64]
    """Values of the unknowns [candidate, unknown] -> shapes [reading, candidate]."""


def closed_forms(at: Float64, unit: str) -> tuple[Form, ...]:
    """The rivals of every law: exponential, stretched exponential, parabolic with leakage.

    Args:
        at: [reading] time or number of the step.
        unit: unit of ``at``.
    """
    t = (at - at[0])[:, None]
    low, high = _time_constants(at)
    tau, t0 = Unknown("tau", unit, low, high), Unknown("t0", unit, low, high)
    return (
        Form("exponential", "a exp(-t / tau) + c", (tau,), lambda p: np.exp(-t / p[:, 0])),
        Form(
            "stretched_exponential",
            "a exp(-(t / tau)^b) + c",
            (tau, Unknown("b", "1", 0.05, 1.0)),
            lambda p: np.exp(-((t / p[:, 0]) ** p[:, 1])),
        ),
        Form("parabolic_with_leak", "a / sqrt(1 + t / t0) + c", (t0,), lambda p: 1 / np.sqrt(1 + t / p[:, 0])),
    )


def parabolic_relaxation(at: Float64, period_s: float, conducts_as: Literal["w", "1/w"]) -> Form:
    """The relaxation of drift-diffusion kinetics, w^2 = 1 + 2 alpha t / period, as conductance over that at t = 0."""
    t = at[:, None]
    low, high = _time_constants(at)
    power = 0.5 if conducts_as == "w" else -0.5
    return Form(
        "drift_diffusion",
        "scale w + offset, w^2 = 1 + 2 alpha t / t_s" if power > 0 else "scale / w + offset, w^2 = 1 + 2 alpha t / t_s",
        (Unknown("alpha", "1", period_s / (2 * high), period_s / (2 * low)),),
        lambda p: (1 + 2 * p[:, 0] * (t / period_s)) ** power,
    )


def usual_pulse(law: str) -> Pulse:
    """The pulse train of the default parameter set of a law."""
    known = default_parameter_set(law)
    return Pulse(**(known.pulse if known else {}))


def stepped(
    law: Law,
    at: Float64,
    drive: Float64,
    *,
    conducts_as: Literal["w", "1/w"] = "w",
    read_V: float | None = None,
    from_rest: bool = True,
) -> Form:
    """Any law by its own step.

    Args:
        law: the law.
        at: [reading] steps before the reading; between two steps the conductance is interpolated.
        drive: [step] drive of each step.
        conducts_as: what the conductance of a device of drift-diffusion grows with.
        read_V: read voltage, V; that of the law's default parameter set if None.
        from_rest: start at rest; else how far above rest it starts is one more unknown.
    """
    device = Device(law=law.name, conducts_as=conducts_as)
    pulse = usual_pulse(law.name)
    unknowns = [
        Unknown(name, "1", min(_COEFFICIENTS[0], usual / _DECADES), max(_COEFFICIENTS[1], usual * _DECADES))
        for name, usual in law.coefficients(device, pulse).items()
    ]
    rest, highest = law.initial_state, law.state_range[1]
    if not from_rest:
        unknowns.append(Unknown("start", "1", _START[0], highest - rest if np.isfinite(highest) else _START[1]))
    volts = pulse.read_V if read_V is None else read_V
    below = np.minimum(at.astype(np.int64), len(drive))
    above = np.minimum(below + 1, len(drive))
    share = (at - below)[:, None]

    def conductance(states: Float64) -> Float64:
        return np.asarray(law.current_A(states, volts, device), np.float64)  # type: ignore[arg-type]  # any float does

    at_rest = float(conductance(np.array([rest]))[0])

    def shapes(values: Float64) -> Float64:
        start = np.full(len(values), rest)
        if not from_rest:
            start += values[:, -1]
        coefficients = {name: values[:, k].copy() for k, name in enumerate(law.coefficient_names)}
        states = _march(law, coefficients, drive, start, lowest_state(device))
        with np.errstate(all="ignore"):  # a candidate may diverge; it is told apart by its shape, which is not finite
            over_rest = conductance(states) / (at_rest or 1.0)
            read: Float64 = (1 - share) * over_rest[below] + share * over_rest[above]
            return read

    return Form(law.name, "scale G(w) / G(rest) + offset, w by the law's step", tuple(unknowns), shapes)


def _march(law: Law, coefficients: dict[str, Float64], drive: Float64, start: Float64, floor: float) -> Float64:
    """States [step + 1, candidate] as ``simulate`` finds them, but in float64, from any start, diverging or not."""
    states = np.empty((len(drive) + 1, len(start)))
    states[0] = start
    scratch = np.empty_like(start)
    with np.errstate(all="ignore"):
        for k, x in enumerate(drive):
            law.step(states[k], x, coefficients, states[k + 1], scratch)  # type: ignore[arg-type]  # float64 serves too
            np.maximum(states[k + 1], floor, out=states[k + 1])
    return states


def _time_constants(at: Float64) -> tuple[float, float]:
    intervals = np.diff(at)
    return _SHORTEST * float(intervals[intervals > 0].min()), _LONGEST * float(at[-1] - at[0])
