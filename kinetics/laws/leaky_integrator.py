r"""What laws of linear growth and exponential forgetting share: a pulse charges, a pause discharges.

.. math::
    \dot{s} = r(V) - s / \tau, \quad 0 \le s \le 1, \qquad
    s_{k+1} = e^{-\rho} \min(s_k + \gamma x_k,\ 1)

=======  =====================================================================  =====
symbol   meaning                                                                unit
=======  =====================================================================  =====
s        state, 0 at rest and 1 where it saturates                              1
x        drive of a step                                                        1
r        rate of growth under a voltage, which differs from law to law          1/s
tau      time constant of forgetting                                            s
gamma    gain: growth during one full-scale pulse, taken back to its beginning  1
rho      relaxation: period of the pulse train over tau                         1
=======  =====================================================================  =====

The equation is linear for a constant voltage, so a step is its exact solution over one period, from the start of a
pulse of width t to the start of the next:

.. math::
    \gamma x = r \tau (e^{x t/\tau} - 1)\ \textrm{(width)}, \qquad
    \gamma x = r(xV)\, \tau (e^{t/\tau} - 1)\ \textrm{(amplitude)}

Where a pulse saturates the state, that it begins to forget at the start of the pulse and not at its end is an
approximation: a relative error of at most t/tau.
"""

import math
from abc import ABC, abstractmethod

import numpy as np

from kinetics.arrays import Coefficients, Float32
from kinetics.device import Device
from kinetics.errors import require
from kinetics.laws.base import Partials
from kinetics.pulse import Pulse

_MOST_TIME_CONSTANTS = 50.0
"""A pulse so long has reached its steady state, and exp(50) still fits into float32."""


class LeakyIntegrator(ABC):
    """A law of this form; what is left to it are the rate of growth and the current."""

    coefficient_names: tuple[str, ...] = ("gain", "relaxation")
    macs_per_step = 2
    initial_state = 0.0
    state_range = (0.0, 1.0)

    @abstractmethod
    def growth_per_s(self, voltage_V: Float32, device: Device) -> Float32:
        """Rate of growth under a voltage >= 0, 1/s, in its shape; 0 at 0 V."""

    def coefficients(self, device: Device, pulse: Pulse) -> dict[str, float]:
        """Gain and relaxation (see the module); the parameter ``tau_s`` is the time constant.

        Raises:
            InvalidParameterError: a pulse is so long that nothing is left of what was before, or too weak.
        """
        tau_s = device.parameter("tau_s")
        return {
            "gain": self._full_growth_per_s(device, pulse) * tau_s * math.expm1(_length(device, pulse)),
            "relaxation": pulse.period_s / tau_s,
        }

    def drive(self, samples: Float32, device: Device, pulse: Pulse) -> Float32:
        """Growth under a sample's pulse as a share of that under a full-scale pulse."""
        if pulse.encoding == "amplitude":
            full = np.float32(self._full_growth_per_s(device, pulse))
            return self.growth_per_s(samples * np.float32(pulse.amplitude_V), device) / full
        length = np.float32(_length(device, pulse))
        share: Float32 = np.expm1(samples * length) / np.expm1(length)
        return share

    def _full_growth_per_s(self, device: Device, pulse: Pulse) -> float:
        """Rate of growth under a full-scale pulse, 1/s; may be infinite, which is refused with the coefficient."""
        with np.errstate(over="ignore", divide="ignore"):
            growth_per_s = float(self.growth_per_s(np.asarray(pulse.amplitude_V, np.float32), device))
        require(growth_per_s > 0, "`pulse.amplitude_V` is high enough to move the state", pulse.amplitude_V, "raise it")
        return growth_per_s

    def step(self, state: Float32, drive: Float32, coefficients: Coefficients, out: Float32, scratch: Float32) -> None:
        """Grow, at most to 1, then forget."""
        np.multiply(coefficients["gain"], drive, scratch)
        np.add(state, scratch, scratch)
        np.minimum(scratch, 1, out=scratch)
        np.multiply(scratch, np.exp(-coefficients["relaxation"]), out)

    def partials(self, state: Float32, drive: Float32, coefficients: Coefficients) -> Partials:
        """With d = exp(-rho): dF/ds = d, dF/dx = d gamma, dF/dgamma = d x (all 0 where saturated), dF/drho = -F."""
        grown = state + coefficients["gain"] * drive
        kept = np.exp(-coefficients["relaxation"])
        slope = np.where(grown < 1, kept, np.zeros_like(kept))
        return Partials(
            state=slope,
            drive=slope * coefficients["gain"],
            coefficients={"gain": slope * drive, "relaxation": -kept * np.minimum(grown, 1)},
        )

    def lower_bound(self, coefficients: Coefficients) -> Float32:
        """0, the state at rest."""
        return np.zeros_like(coefficients["gain"])


def _length(device: Device, pulse: Pulse) -> float:
    """Width of a full-scale pulse in units of the time constant (1)."""
    length = pulse.width_s / device.parameter("tau_s")
    require(
        length <= _MOST_TIME_CONSTANTS,
        f"`pulse.width_s / device.tau_s` <= {_MOST_TIME_CONSTANTS:g}",
        length,
        "shorten the pulse or check the units",
    )
    return length
