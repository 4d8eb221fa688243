r"""TiOx/TaOy dynamic memristor: each pulse closes a share of the gap to full conductance, which then relaxes.

.. math::
    G \leftarrow r G + (1 - r) G_0 + u(V) (1 - G), \quad u = \frac{a V}{1 + a V}, \qquad
    I = G (K_p V_+^3 + K_n V_-^3)

Zhong et al., Nat. Commun. (2021), doi 10.1038/s41467-020-20692-1, as their public code computes it, for voltages >= 0.

======  ===================================================  =================================
symbol  meaning                                              unit, parameter
======  ===================================================  =================================
G       conductance over its largest                         1
G_0     its value at rest                                    1, ``g_rest``
a       strength of a pulse                                  1/V, ``strength_per_V``
tau     time constant of relaxation                          s, ``tau_s``
h       time that a step of their map stands for             s, ``step_s``
Kp, Kn  current at positive and negative voltage             A/V^3, ``current_*_A_per_V3``
======  ===================================================  =================================

The map has no clock. **Derived here**: r = 0.99 is exp(-h / tau), which with the measured tau of 400 us makes a step
h = 4.02 us; and a pulse of width t acts as t / h steps, each of which leaves the share 1 - u = 1 / (1 + a V) of the
gap. In continuous time, with the state ``s = (G - G_0) / (1 - G_0)``, that is

.. math:: \dot{s} = \frac{\ln(1 + a V)}{h} (1 - s) - \frac{s}{\tau}

whose exact solution is the step (``kinetics.laws.two_rates``, with a depression that no voltage changes). For a pulse
of width h it differs from the map by less than (1 - r) u(V).

Amplitude coding is approximated: a sample stands for the pulse of full amplitude, and of such a width that it
potentiates as much. What a weak pulse gives then decays in the rest of its slot: an error of 0.3 % of the state for the
default pulses of 4 us, but of 11 % at 100 us.
"""

import math

import numpy as np

from kinetics.arrays import Coefficients, Float32
from kinetics.device import Device
from kinetics.errors import require
from kinetics.laws.base import Partials
from kinetics.laws.two_rates import Exposure, advance, slopes
from kinetics.pulse import Pulse


class TiOx:
    """The law of Zhong et al. 2021."""

    name = "tiox"
    source = "Zhong et al., Nat. Commun. (2021), doi 10.1038/s41467-020-20692-1"
    coefficient_names: tuple[str, ...] = ("potentiation", "slot_decay", "pause_decay")
    macs_per_step = 4
    initial_state = 0.0
    state_range = (0.0, 1.0)
    ohmic = False

    def coefficients(self, device: Device, pulse: Pulse) -> dict[str, float]:
        """P, S = D and R of ``kinetics.laws.two_rates``."""
        tau_s = device.parameter("tau_s")
        return {
            "potentiation": math.log1p(_strength(device, pulse)) * pulse.width_s / device.parameter("step_s"),
            "slot_decay": pulse.width_s / tau_s,
            "pause_decay": (pulse.period_s - pulse.width_s) / tau_s,
        }

    def drive(self, samples: Float32, device: Device, pulse: Pulse) -> Float32:
        """Samples themselves for width and count coding; ln(1 + a V x) / ln(1 + a V) for amplitude coding."""
        if pulse.encoding != "amplitude":
            return samples
        strength = np.float32(_strength(device, pulse))
        share: Float32 = np.log1p(samples * strength) / np.log1p(strength)
        return share

    def step(self, state: Float32, drive: Float32, coefficients: Coefficients, out: Float32, scratch: Float32) -> None:
        """One period of the two rates."""
        advance(state, drive, _exposure(coefficients), out, scratch)

    def partials(self, state: Float32, drive: Float32, coefficients: Coefficients) -> Partials:
        """Those of the two rates; the decay in the slot is the same with and without a pulse."""
        by = slopes(state, drive, _exposure(coefficients))
        return Partials(
            by.state,
            by.drive,
            {
                "potentiation": by.exposure.potentiation,
                "slot_decay": by.exposure.depression + by.exposure.slot,
                "pause_decay": by.exposure.pause,
            },
        )

    def lower_bound(self, coefficients: Coefficients) -> Float32:
        """0, the state at rest."""
        return np.zeros_like(coefficients["potentiation"])

    def current_A(self, states: Float32, voltage_V: Float32 | float, device: Device) -> Float32:
        """Cubic in the voltage, each sign with its own factor."""
        voltage_V = np.asarray(voltage_V, states.dtype)
        factor = np.where(
            voltage_V > 0,
            device.parameter("current_positive_A_per_V3"),
            device.parameter("current_negative_A_per_V3"),
        ).astype(states.dtype)
        rest = device.parameter("g_rest")
        require(0 <= rest < 1, "0 <= `device.g_rest` < 1", rest, "give it as a share of the largest conductance")
        current_A: Float32 = factor * voltage_V**3 * (rest + (1 - rest) * states)
        return current_A


def _exposure(coefficients: Coefficients) -> Exposure:
    decay = coefficients["slot_decay"]
    return Exposure(coefficients["potentiation"], decay, decay, coefficients["pause_decay"])


def _strength(device: Device, pulse: Pulse) -> float:
    """a V of a full-scale pulse (1)."""
    strength = device.parameter("strength_per_V") * pulse.amplitude_V
    require(strength > 0, "`device.strength_per_V` > 0", strength, "pulses potentiate")
    return strength
