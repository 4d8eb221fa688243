r"""Tungsten oxide (WOx): pulses widen the conducting area of a film, and ions diffuse back.

.. math::
    I = (1-w)\, a (1 - e^{-bV}) + w\, c \sinh(dV), \qquad
    \dot{w} = \lambda \sinh(\eta V) - (w - w_{min}) / \tau

Du et al., Nat. Commun. (2017), doi 10.1038/s41467-017-02337-y; constants from a secondary copy of its supplementary
table 1.

======  ==========================================================  =======================
symbol  meaning                                                     unit, parameter
======  ==========================================================  =======================
w       share of the area that conducts by tunnelling               1
w_min   its value at rest                                           1, ``w_min``
lambda  rate of growth                                              1/s, ``growth_rate_Hz``
eta     its dependence on voltage                                   1/V, ``growth_per_V``
tau     time constant of diffusion                                  s, ``tau_s``
a, b    Schottky current: scale and dependence on voltage           A, 1/V, ``schottky_*``
c, d    tunnelling current: scale and dependence on voltage         A, 1/V, ``tunnel_*``
======  ==========================================================  =======================

The table gives the last term as w / tau with w_min beside it. That w_min is where the state comes to rest, not only an
end where it stops, is our reading (the copy computes it so too). The state of the law is
``s = (w - w_min) / (1 - w_min)``, a leaky integrator (``kinetics.laws.leaky_integrator``) that saturates where w = 1.
"""

import numpy as np

from kinetics.arrays import Float32
from kinetics.device import Device
from kinetics.errors import require
from kinetics.laws.leaky_integrator import LeakyIntegrator

_MAX_SINH_ARGUMENT = 60.0
"""Far beyond any voltage of the source, and sinh(60) still fits into float32."""


class WOx(LeakyIntegrator):
    """The law of Du et al. 2017."""

    name = "wox"
    source = "Du et al., Nat. Commun. (2017), doi 10.1038/s41467-017-02337-y"
    ohmic = False

    def growth_per_s(self, voltage_V: Float32, device: Device) -> Float32:
        """lambda sinh(eta V) / (1 - w_min)."""
        argument = voltage_V * device.parameter("growth_per_V")
        require(
            bool(np.max(argument, initial=0) <= _MAX_SINH_ARGUMENT),
            f"`device.growth_per_V * pulse.amplitude_V` <= {_MAX_SINH_ARGUMENT:g}",
            float(np.max(argument, initial=0)),
            "lower the amplitude",
        )
        growth_per_s: Float32 = np.sinh(argument) * (device.parameter("growth_rate_Hz") / (1 - _rest(device)))
        return growth_per_s

    def current_A(self, states: Float32, voltage_V: Float32 | float, device: Device) -> Float32:
        """Schottky current beside the conducting area, tunnelling current in it."""
        voltage_V = np.asarray(voltage_V, states.dtype)
        rest = _rest(device)
        schottky_A = -device.parameter("schottky_A") * np.expm1(-device.parameter("schottky_per_V") * voltage_V)
        tunnel_A = device.parameter("tunnel_A") * np.sinh(device.parameter("tunnel_per_V") * voltage_V)
        w = rest + (1 - rest) * states
        current_A: Float32 = schottky_A + w * (tunnel_A - schottky_A)
        return current_A


def _rest(device: Device) -> float:
    w_min = device.parameter("w_min")
    require(0 <= w_min < 1, "0 <= `device.w_min` < 1", w_min, "give the share of the area that conducts at rest")
    return w_min
