"""What a fit found, as a parameter set that a sweep file can name."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from kinetics.coefficients import device_coefficients
from kinetics.device import Device
from kinetics.errors import InvalidParameterError, require
from kinetics.fitting.fit import Fit
from kinetics.fitting.forms import usual_pulse
from kinetics.fitting.solver import UNSEEN
from kinetics.laws import get_law
from kinetics.parameter_sets import Parameter, ParameterSet, default_parameter_set
from kinetics.pulse import Pulse

_SCALED, _INVERSELY_SCALED = ("_S", "_A", "_A_per_V3"), ("_Ohm", "_Ohm_m")
"""Ends of names of parameters that a current is proportional to, and inversely proportional to."""

_ANY_RANGE = (0.0, math.inf)
_ROUNDING = 1e-5
"""A few float32 roundings, as a share."""


def parameter_set(fit: Fit, name: str, *, temperature_K: tuple[float, float] | None = None) -> ParameterSet:
    """The device of a fit: its coefficients, its conductance at rest, its leakage and the pulses it was seen with.

    Coefficients that the trace does not depend on are left out, so that the law derives them from its default
    parameters, which are of another device. The conductance window is what the trace shows.

    Args:
        fit: the fit.
        name: what to call the device.
        temperature_K: lowest and highest temperature that it holds for, K; those of the law's default set if None,
            for how the law changes with temperature is taken from there.

    Raises:
        InvalidParameterError: the offset is negative, or the law has no default parameters to start from.
    """
    offset = fit.parameter("offset").value
    require(
        fit.observation.unit != "S" or offset >= 0,
        "The offset of a parameter set, its leakage, is >= 0 S",
        offset,
        "fit again with `leakage_only`",
    )
    base = default_parameter_set(fit.law)
    if base is None:
        raise InvalidParameterError(
            f"The law {fit.law!r} must have a default parameter set to write one of a fit, but it has none; add one."
        )
    known = {estimate.name: estimate for estimate in fit.parameters if estimate.note != UNSEEN}
    coefficients = {key: known[key].value for key in get_law(fit.law).coefficient_names if key in known}
    source = f"fit of {fit.source}, {fit.kind}, R2 {fit.r2:.4f}, SSR {fit.ssr:.3g}"
    parameters = {
        key: Parameter(
            value=item.value, unit=item.unit, confirmed=False, source=f"not of this device: set {base.name!r}"
        )
        for key, item in base.parameters.items()
    }
    device: dict[str, Any] = dict(base.device)
    if fit.conducts_as:
        device["conducts_as"] = fit.conducts_as
    if fit.observation.unit == "S" and "scale" in known:
        parameters, device = _scaled(fit, parameters, device, source)
    made = ParameterSet(
        name=name,
        law=fit.law,
        source=source,
        parameters=parameters,
        coefficients=coefficients,
        device=device,
        pulse=_pulse(fit, base),
        temperature_K=temperature_K or base.temperature_K,
        voltage_V=fit.observation.amplitudes_V or _ANY_RANGE,
    )
    _check(made, fit)
    return made


def _scaled(
    fit: Fit, parameters: Mapping[str, Parameter], device: Mapping[str, Any], source: str
) -> tuple[dict[str, Parameter], dict[str, Any]]:
    """Parameters and device fields with the conductance of the fit."""
    scale, offset = fit.parameter("scale").value, fit.parameter("offset").value
    read_V = fit.observation.read_V or usual_pulse(fit.law).read_V
    ratio = scale / _rest_S(Device(law=fit.law), read_V)
    changed = {}
    for key, item in parameters.items():
        power = 1 if key.endswith(_SCALED) else -1 if key.endswith(_INVERSELY_SCALED) else 0
        changed[key] = (
            Parameter(value=float(item.value * ratio**power), unit=item.unit, confirmed=True, source=source)
            if power
            else item
        )
    rest_S = changed["g_rest_S"].value if "g_rest_S" in changed else scale  # the scale to float32, as the law has it
    seen = np.array([*(fit.curve - offset), rest_S])
    window = {"g_min_S": float(seen.min()), "g_max_S": float(seen.max()), "g_leak_S": offset}
    return changed, {**device, **window}


def _pulse(fit: Fit, base: ParameterSet) -> dict[str, Any]:
    """Fields of a pulse train with the period of the fit; what the trace does not tell is as for the default device."""
    seen = fit.observation
    fields = dict(base.pulse)
    if seen.read_V is not None:
        fields["read_V"] = seen.read_V
    if seen.amplitudes_V is not None:
        fields["amplitude_V"] = seen.amplitudes_V[1]
    if fit.period_s is None:
        return fields
    usual = usual_pulse(fit.law)
    width_s = seen.width_s or min(usual.width_s, fit.period_s / 10)
    read_width_s = min(usual.read_width_s, fit.period_s / 10)
    fields |= {
        "width_s": width_s,
        "read_width_s": read_width_s,
        "interval_s": max(fit.period_s - width_s - read_width_s, 0.0),
    }
    return fields


def _check(made: ParameterSet, fit: Fit) -> None:
    """Refuse a set of which no device and no coefficients can be made, or one of another conductance."""
    device = Device(
        law=made.law,
        parameters={key: item.value for key, item in made.parameters.items()},
        coefficients=made.coefficients,
        **made.device,
    )
    pulse = Pulse(**made.pulse)
    device_coefficients(device, pulse)
    if fit.observation.unit == "S":
        expected, found = fit.parameter("scale").value, _rest_S(device, pulse.read_V)
        require(
            abs(found - expected) <= _ROUNDING * expected,
            f"The current of the law {made.law!r} is proportional to its parameters in S, A and 1/Ohm",
            f"{found:g} S at rest instead of {expected:g} S",
            "write the set by hand",
        )


def _rest_S(device: Device, read_V: float) -> float:
    """Conductance at rest without leakage and window, S."""
    law = get_law(device.law)
    return float(law.current_A(np.array([law.initial_state], np.float32), read_V, device)[0]) / read_V
