r"""VTEAM with relaxation: a threshold, a power law above it, and a way back to the high-resistance state.

.. math::
    \dot{s} = \frac{k}{d} \left(\frac{V}{V_{set}} - 1\right)^p [V > V_{set}] - \frac{s}{\tau}, \qquad
    I = \frac{V}{R_{off} + (R_{on} - R_{off})\, s}

The SET branch of VTEAM (Kvatinsky et al. 2015, unconfirmed) without window, with the constants of MemTorch. The
relaxation is added here: VTEAM itself is not volatile.

======  ================================================  =============================
symbol  meaning                                           unit, parameter
======  ================================================  =============================
s       state, 0 at R_off and 1 at R_on                   1
k       rate of SET, without sign                         m/s, ``set_rate_m_per_s``
V_set   threshold of SET, without sign                    V, ``v_set_V``
p       exponent of SET                                   1, ``set_exponent``
d       length that the state is measured in              m, ``thickness_m``
tau     time constant of relaxation                       s, ``tau_s``
======  ================================================  =============================

VTEAM counts a SET voltage as negative; here pulses have the polarity of SET and count as positive. RESET by a pulse of
the other polarity does not occur in a pulse train of one polarity. The rest is a leaky integrator
(``kinetics.laws.leaky_integrator``) that saturates at R_on.
"""

import numpy as np

from kinetics.arrays import Float32
from kinetics.device import Device
from kinetics.errors import require
from kinetics.laws.leaky_integrator import LeakyIntegrator


class Vteam(LeakyIntegrator):
    """The SET branch of VTEAM with exponential relaxation."""

    name = "vteam"
    source = "VTEAM (Kvatinsky et al. 2015, unconfirmed) with the constants of MemTorch; relaxation added here"
    ohmic = True

    def growth_per_s(self, voltage_V: Float32, device: Device) -> Float32:
        """(k / d) (V / V_set - 1)^p above the threshold, 0 below."""
        threshold_V, exponent = device.parameter("v_set_V"), device.parameter("set_exponent")
        require(threshold_V > 0, "`device.v_set_V` > 0", threshold_V, "give its magnitude")
        require(exponent > 0, "`device.set_exponent` > 0", exponent, "1 is linear above the threshold")
        excess = np.maximum(voltage_V / threshold_V - 1, 0)
        growth_per_s: Float32 = excess**exponent * (
            device.parameter("set_rate_m_per_s") / device.parameter("thickness_m")
        )
        return growth_per_s

    def current_A(self, states: Float32, voltage_V: Float32 | float, device: Device) -> Float32:
        """Voltage over a resistance that is linear in the state."""
        r_on_Ohm, r_off_Ohm = device.parameter("r_on_Ohm"), device.parameter("r_off_Ohm")
        require(
            0 < r_on_Ohm < r_off_Ohm,
            "0 < `device.r_on_Ohm` < `device.r_off_Ohm`",
            (r_on_Ohm, r_off_Ohm),
            "give both in ohms, the low-resistance state first",
        )
        current_A: Float32 = np.asarray(voltage_V, states.dtype) / (r_off_Ohm + (r_on_Ohm - r_off_Ohm) * states)
        return current_A
