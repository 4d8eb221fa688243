r"""Drift-diffusion kinetics (DDK): one memristor under a train of pulses.

.. math:: w_{k+1} = w_k + \alpha / w_k - \beta x_k, \qquad w_0 = 1

The recurrence is that of Shi et al., Nat. Commun. 16:913 (2025), doi 10.1038/s41467-025-56286-y, as
their published code computes it.

======  =====================================================  =====
symbol  meaning                                                unit
======  =====================================================  =====
w       state, in units of its size at rest w0                 1
x       drive of a step                                        1
alpha   diffusion during one period                            1
beta    drift during one full-scale pulse                      1
D       diffusion coefficient                                  m^2/s
v       drift velocity                                         m/s
======  =====================================================  =====

How pulses set the coefficients is **derived here**, not taken from the paper: the recurrence is the
explicit step of ``dw/dt = D / w - v`` in units of w0, with thermally activated hopping (distance a,
attempt frequency f0, barrier Ea) for both terms, which ties them by Einstein's relation if the ratio r
(``diffusivity_ratio``) is 1:

.. math::
    D = r a^2 f_0 e^{-E_a/kT}, \quad v(V) = 2 a f_0 e^{-E_a/kT} \sinh\frac{q a V}{2 d k T}, \quad
    \alpha = D t_{period} / w_0^2, \quad \beta = v(V) t_{width} / w_0

Stability: ``min over w > 0 of w + alpha/w`` is ``2 sqrt(alpha)``, so w stays positive for every input if
``beta < 2 sqrt(alpha)``; in general no state after the first falls below ``2 sqrt(alpha) - beta``.
"""

import math

import numpy as np

from kinetics.arrays import Coefficients, Float32
from kinetics.constants import BOLTZMANN_eV_per_K
from kinetics.device import Device
from kinetics.errors import require
from kinetics.laws.base import Factors, Partials
from kinetics.pulse import Pulse

_MAX_SINH_ARGUMENT = 80.0
"""sinh(80) is 3e34; beyond it the hopping picture (and float32) has long ended."""
_LINEAR_SINH_ARGUMENT = 1e-4
"""Below it sinh(s x) / sinh(s) is x to 2e-9, finer than float32."""
_MINUS_ONE = np.full((), -1, np.float32)
_ROUNDING = 1e-6
"""A few float32 roundings of a number near 1."""


class DriftDiffusion:
    """The law of Shi et al. 2025 with a hopping device behind it."""

    name = "drift_diffusion"
    source = "Shi et al., Nat. Commun. 16:913 (2025), doi 10.1038/s41467-025-56286-y"
    coefficient_names: tuple[str, ...] = ("alpha", "beta")
    macs_per_step = 2
    initial_state = 1.0
    state_range = (0.0, math.inf)
    ohmic = True

    def coefficients(self, device: Device, pulse: Pulse) -> dict[str, float]:
        """Alpha and beta, derived from hopping physics (see the module)."""
        return _coefficients(device, pulse, device.temperature_K)

    def thermal_factors(self, device: Device, pulse: Pulse, temperature_K: float) -> dict[str, float]:
        """By what hopping makes alpha and beta change with temperature, also where they are given."""
        before = _coefficients(device, pulse, device.temperature_K)
        after = _coefficients(device, pulse, temperature_K)
        return {name: after[name] / before[name] for name in before}

    def drive(self, samples: Float32, device: Device, pulse: Pulse) -> Float32:
        """Samples themselves for width and count coding; sinh(s x) / sinh(s) for amplitude coding."""
        if pulse.encoding != "amplitude":
            return samples
        s = np.float32(_field_argument(device, pulse, device.temperature_K))
        if s < _LINEAR_SINH_ARGUMENT:
            return samples
        scaled: Float32 = np.sinh(samples * s) / np.sinh(s)
        return scaled

    def step(self, state: Float32, drive: Float32, coefficients: Coefficients, out: Float32, scratch: Float32) -> None:
        """One step of the recurrence; the order spares ``out``, which is seldom in the cache."""
        np.multiply(coefficients["beta"], drive, scratch)
        np.subtract(state, scratch, scratch)
        np.divide(coefficients["alpha"], state, out)
        np.add(out, scratch, out)

    def partials(self, state: Float32, drive: Float32, coefficients: Coefficients) -> Partials:
        """dF/dw = 1 - alpha/w^2, dF/dx = -beta, dF/dalpha = 1/w, dF/dbeta = -x."""
        inverse = np.reciprocal(state)
        shape = state.shape
        return Partials(
            state=1 - coefficients["alpha"] * inverse * inverse,
            drive=np.broadcast_to(-coefficients["beta"], shape).astype(np.float32),
            coefficients={
                "alpha": inverse,
                "beta": np.broadcast_to(-drive, shape).astype(np.float32),
            },
        )

    def factors(
        self, state: Float32, drive: Float32, coefficients: Coefficients, slope: Float32, scratch: Float32
    ) -> Factors:
        """The partials: 1 - r^2 in ``slope`` and r = sqrt(alpha) / w in ``scratch``, which spares a pass."""
        root: Float32 = np.sqrt(coefficients["alpha"])
        inverse: Float32 = np.reciprocal(root)
        np.divide(root, state, out=scratch)
        np.multiply(scratch, scratch, out=slope)
        np.subtract(1, slope, out=slope)
        return Factors(slope, -coefficients["beta"], {"alpha": (inverse, scratch), "beta": (_MINUS_ONE, drive)})

    def stabilise(self, coefficients: Coefficients, bound: float) -> None:
        """Lower beta to 2 sqrt(alpha) - ``bound`` where it is above, a hair more for the rounding."""
        alpha, beta = coefficients["alpha"], coefficients["beta"]
        np.minimum(beta, (2 * np.sqrt(alpha) - bound) * (1 - _ROUNDING), out=beta)

    def lower_bound(self, coefficients: Coefficients) -> Float32:
        """2 sqrt(alpha) - beta."""
        return np.asarray(2 * np.sqrt(coefficients["alpha"]) - coefficients["beta"], dtype=np.float32)

    def current_A(self, states: Float32, voltage_V: Float32 | float, device: Device) -> Float32:
        """``g_rest_S`` times w or 1/w, times the voltage."""
        g_rest_S = np.float32(device.parameter("g_rest_S"))
        current_A = states * g_rest_S if device.conducts_as == "w" else g_rest_S / states
        current_A *= np.asarray(voltage_V, np.float32)
        return current_A


def _coefficients(device: Device, pulse: Pulse, temperature_K: float) -> dict[str, float]:
    """Alpha and beta at a temperature."""
    barrier_eV = device.parameter("activation_energy_eV")
    hop_rate_Hz = device.parameter("attempt_frequency_Hz") * math.exp(-barrier_eV / BOLTZMANN_eV_per_K / temperature_K)
    hop = device.parameter("hop_distance_m") / device.parameter("size_m")
    field = math.sinh(_field_argument(device, pulse, temperature_K))
    return {
        "alpha": device.parameter("diffusivity_ratio") * hop * hop * hop_rate_Hz * pulse.period_s,
        "beta": 2 * hop * hop_rate_Hz * field * pulse.width_s,
    }


def _field_argument(device: Device, pulse: Pulse, temperature_K: float) -> float:
    """Energy that the field gives an ion over half a hop, in units of kT (1)."""
    share = device.parameter("hop_distance_m") / device.parameter("thickness_m")
    argument = share * pulse.amplitude_V / 2 / BOLTZMANN_eV_per_K / temperature_K
    require(
        argument <= _MAX_SINH_ARGUMENT,
        f"`device.hop_distance_m * pulse.amplitude_V / (2 * device.thickness_m * kT)` <= {_MAX_SINH_ARGUMENT:g}",
        argument,
        "lower the amplitude or raise the thickness or the temperature",
    )
    return argument
