r"""Retention: what time makes of a conductance that was written.

===========  =====================================================================  ============  =========
model        conductance after t                                                    starts at     held within
===========  =====================================================================  ============  =========
cmo_hfox     :math:`G + a \ln t + (b \ln t + c) z`, in uS with t in s               1 s           the window
pcm          :math:`G \, (t / t_0)^{-\nu}`, :math:`\nu = |\bar\nu + s z|`           t_0 = 20 s    [0, inf)
===========  =====================================================================  ============  =========

==============================  ====================================================================  ====
symbol                          meaning                                                               unit
==============================  ====================================================================  ====
t                               time since the write; before the start nothing drifts                 s
z                               standard normal number, one a device                                  1
a = -0.0890                     mean drift over a factor e of time                                    uS
b = 0.0420, c = 0.4118          standard deviation: growth over a factor e of time, and at 1 s        uS
x                               conductance as a share of g_max                                       1
:math:`\bar\nu`                 0.0244 - 0.0155 ln x, held within 0.049 to 0.1: mean exponent         1
s                               -0.0059 - 0.0125 ln x, held within 0.008 to 0.045: its spread         1
==============================  ====================================================================  ====

Sources: the statistical models of the IBM Analog Hardware Acceleration Kit, ``ReRamCMONoiseModel`` (CMO/HfOx; drift
does not depend on the conductance) and ``PCMLikeNoiseModel`` (phase-change memory; Nandakumar et al., ICECS 2019). Both
give times in seconds. How far beyond the measured days they may be trusted is unconfirmed, and so is the CMO/HfOx drift
for windows other than that of its array (9 to 88.2 uS).
"""

import math

import numpy as np

from kinetics.arrays import Float32
from kinetics.errors import require

REFERENCE_S: dict[str, float] = {"cmo_hfox": 1.0, "pcm": 20.0}
"""Model -> time since the write from which its fit counts, s."""

_CMO_MEAN_S = -0.0890e-6
_CMO_STD_SLOPE_S, _CMO_STD_S = 0.0420e-6, 0.4118e-6
_PCM_SMALLEST = 1e-7
"""Relative conductance below which the exponents are at their ends anyway; keeps the logarithm finite."""


def drift(
    conductance_S: Float32, model: str, time_s: float, rng: np.random.Generator, *, g_min_S: float, g_max_S: float
) -> Float32:
    """Conductances, S, ``time_s`` seconds after they were written, in their shape, [chip, ...] say.

    Equal generators give devices that drift alike at every time, so that a curve over time follows the same devices.

    Raises:
        InvalidParameterError: no such model, or a negative or infinite time.
    """
    require(model in REFERENCE_S, f"`retention` in {tuple(REFERENCE_S)}", model, "choose one of these")
    require(0 <= time_s < math.inf, "`retention_s` >= 0", time_s, "give a finite number of seconds")
    if time_s < REFERENCE_S[model]:
        return conductance_S.copy()
    elapsed = np.float32(math.log(time_s / REFERENCE_S[model]))
    change = rng.standard_normal(conductance_S.shape, np.float32)
    if model == "cmo_hfox":
        change *= np.float32(_CMO_STD_SLOPE_S) * elapsed + np.float32(_CMO_STD_S)
        change += np.float32(_CMO_MEAN_S) * elapsed
        change += conductance_S
        return np.clip(change, np.float32(g_min_S), np.float32(g_max_S), out=change)
    mean, std = _pcm_exponent(conductance_S, g_max_S)
    change *= std
    change += mean
    np.abs(change, out=change)
    change *= -elapsed
    np.exp(change, out=change)
    change *= conductance_S
    return change


def _pcm_exponent(conductance_S: Float32, g_max_S: float) -> tuple[Float32, Float32]:
    """Mean and standard deviation of the drift exponent of phase-change devices, before the sign is dropped."""
    logarithm = np.log(np.maximum(conductance_S * np.float32(1 / g_max_S), np.float32(_PCM_SMALLEST)))
    mean = np.clip(np.float32(0.0244) - np.float32(0.0155) * logarithm, np.float32(0.049), np.float32(0.1))
    std = np.clip(np.float32(-0.0059) - np.float32(0.0125) * logarithm, np.float32(0.008), np.float32(0.045))
    return mean, std
