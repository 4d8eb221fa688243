r"""Rate balance (Miranda and Milano): potentiation and depression compete, each with a rate exponential in voltage.

.. math::
    \dot{g} = k_P (1 - g) - k_D\, g, \quad k_P = k_{P0} e^{\eta_P V}, \quad k_D = k_{D0} e^{-\eta_D V}, \qquad
    I = V [G_{min} (1 - g) + G_{max}\, g]

Milano et al., Nat. Mater. (2021), doi 10.1038/s41563-021-01099-9, as their public code computes it.

======  ======================================  =============================
symbol  meaning                                 unit, parameter
======  ======================================  =============================
g       state: share of the window              1
kP0     rate of potentiation at 0 V             1/s, ``potentiation_Hz``
kD0     rate of depression at 0 V               1/s, ``depression_Hz``
etaP    dependence of potentiation on voltage   1/V, ``potentiation_per_V``
etaD    dependence of depression on voltage     1/V, ``depression_per_V``
======  ======================================  =============================

A step is the exact solution of ``kinetics.laws.two_rates`` for width and count coding. Two things are approximated:

* potentiation at 0 V, which would hold a device at rest at g = kP0 / kD0 = 4e-8, is left out;
* amplitude coding: a sample stands for the pulse of full amplitude, and of such a width that it potentiates as much.
  How a weak pulse slows depression is then lost. For pulses short against 1 / kD0 = 15 ms this is small (2 % of the
  state after six random pulses of 0.1 ms), else it is not (18 % at 1 ms, 70 % at 10 ms): prefer width coding there.
"""

import math

import numpy as np

from kinetics.arrays import Coefficients, Float32
from kinetics.device import Device
from kinetics.errors import require
from kinetics.laws.base import Partials
from kinetics.laws.two_rates import Exposure, advance, slopes
from kinetics.pulse import Pulse

_MAX_EXPONENT = 60.0
"""exp(60) is 1e26; beyond it float32 soon ends."""


class RateBalance:
    """The law of Milano et al. 2021."""

    name = "rate_balance"
    source = "Milano et al., Nat. Mater. (2021), doi 10.1038/s41563-021-01099-9"
    coefficient_names: tuple[str, ...] = ("potentiation", "depression", "slot_decay", "pause_decay")
    macs_per_step = 4
    initial_state = 0.0
    state_range = (0.0, 1.0)
    ohmic = True

    def coefficients(self, device: Device, pulse: Pulse) -> dict[str, float]:
        """P, D, S and R of ``kinetics.laws.two_rates``."""
        depression_Hz, width_s = device.parameter("depression_Hz"), pulse.width_s
        slowing_per_V = device.parameter("depression_per_V")
        require(slowing_per_V >= 0, "`device.depression_per_V` >= 0", slowing_per_V, "voltage slows depression")
        return {
            "potentiation": device.parameter("potentiation_Hz") * math.exp(_exponent(device, pulse)) * width_s,
            "depression": depression_Hz * math.exp(-slowing_per_V * pulse.amplitude_V) * width_s,
            "slot_decay": depression_Hz * width_s,
            "pause_decay": depression_Hz * (pulse.period_s - width_s),
        }

    def drive(self, samples: Float32, device: Device, pulse: Pulse) -> Float32:
        """Potentiation under a sample's pulse as a share of that under a full-scale pulse."""
        if pulse.encoding != "amplitude":
            return samples
        exponent = np.float32(_exponent(device, pulse))
        share: Float32 = np.expm1(samples * exponent) / np.expm1(exponent)
        return share

    def step(self, state: Float32, drive: Float32, coefficients: Coefficients, out: Float32, scratch: Float32) -> None:
        """One period of the two rates."""
        advance(state, drive, _exposure(coefficients), out, scratch)

    def partials(self, state: Float32, drive: Float32, coefficients: Coefficients) -> Partials:
        """Those of the two rates."""
        by = slopes(state, drive, _exposure(coefficients))
        return Partials(by.state, by.drive, dict(zip(self.coefficient_names, by.exposure, strict=True)))

    def lower_bound(self, coefficients: Coefficients) -> Float32:
        """0, the state at rest."""
        return np.zeros_like(coefficients["potentiation"])

    def current_A(self, states: Float32, voltage_V: Float32 | float, device: Device) -> Float32:
        """Voltage times a conductance that is linear in the state."""
        low_S, high_S = device.parameter("conductance_off_S"), device.parameter("conductance_on_S")
        current_A: Float32 = np.asarray(voltage_V, states.dtype) * (low_S + (high_S - low_S) * states)
        return current_A


def _exposure(coefficients: Coefficients) -> Exposure:
    return Exposure(
        coefficients["potentiation"],
        coefficients["depression"],
        coefficients["slot_decay"],
        coefficients["pause_decay"],
    )


def _exponent(device: Device, pulse: Pulse) -> float:
    """Exponent of potentiation under a full-scale pulse (1)."""
    exponent = device.parameter("potentiation_per_V") * pulse.amplitude_V
    require(
        0 < exponent <= _MAX_EXPONENT,
        f"0 < `device.potentiation_per_V * pulse.amplitude_V` <= {_MAX_EXPONENT:g}",
        exponent,
        "lower the amplitude, which is that across one device",
    )
    return exponent
