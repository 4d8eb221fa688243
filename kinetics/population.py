r"""Populations: the coefficients of all devices on many chips, with device-to-device spread, and stuck devices.

A chip is one draw of all its devices. The spread multiplies the coefficients of a device by factors around 1:

.. math:: f = 1 + \sigma z \text{ (normal)}, \qquad
    f = e^{s z - s^2 / 2}, \; s^2 = \ln(1 + \sigma^2) \text{ (lognormal)}

.. math:: z = \sqrt{1 - \rho} \, (u - \bar u) + \sqrt{1 + (n - 1) \rho} \, \bar u, \qquad u \sim N(0, 1)

========  ======================================================================  ===========================
symbol    meaning                                                                 shape
========  ======================================================================  ===========================
f         factors; normal ones are redrawn until > 0 (so do Shi et al. 2025)      [chip, coefficient, device]
sigma     relative standard deviation, before the cut at 0 if there is one        [coefficient]
u, z      independent and correlated standard normal numbers                      as f
rho       correlation between any two of the n coefficients of one device         1
========  ======================================================================  ===========================

Lognormal factors have mean 1, relative standard deviation sigma and no cut; rho is the correlation of their logarithms.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinetics.arrays import Coefficients
from kinetics.errors import require

MAX_SPREAD = {"normal": 1.0, "lognormal": 5.0}
"""Distribution -> largest relative standard deviation: beyond 1, the cut would make the normal another law."""


def nominal_devices(coefficients: dict[str, float], devices: int) -> Coefficients:
    """One chip of equal devices: coefficient -> [1, device], float32."""
    return {name: np.full((1, devices), value, np.float32) for name, value in coefficients.items()}


def draw_chips(
    coefficients: dict[str, float],
    *,
    chips: int,
    devices: int,
    d2d: float | Mapping[str, float],
    rng: np.random.Generator,
    distribution: Literal["normal", "lognormal"] = "normal",
    correlation: float = 0.0,
) -> Coefficients:
    """Draw ``chips`` chips of ``devices`` devices: coefficient -> [chip, device], float32.

    ``d2d`` is the relative standard deviation (before the cut at 0): one for all coefficients, or one by
    name, those left out not varying. ``correlation`` holds between any two coefficients of one device, for lognormal
    factors between their logarithms; a cut at 0 weakens it.

    Chips are drawn one after the other, and what must be redrawn last. So equal generators give, redrawn values apart,
    the same first chips for any number of chips, and the same underlying normal numbers for any ``d2d``,
    ``distribution`` and ``correlation`` (common random numbers).

    Raises:
        InvalidParameterError: an argument breaks its rule.
    """
    require(chips >= 1, "`chips` >= 1", chips, "draw at least one chip")
    require(devices >= 1, "`devices` >= 1", devices, "draw at least one device")
    require(distribution in MAX_SPREAD, f"`distribution` in {tuple(MAX_SPREAD)}", distribution, "choose one of these")
    count = len(coefficients)
    lowest = -1 / max(count - 1, 1)
    require(
        lowest <= correlation <= 1,
        f"{lowest:.3g} <= `correlation` <= 1 for {count} coefficients",
        correlation,
        "choose one in this range; more than two cannot all oppose each other",
    )
    spreads = d2d if isinstance(d2d, Mapping) else dict.fromkeys(coefficients, d2d)
    largest = MAX_SPREAD[distribution]
    for name, spread in spreads.items():
        require(
            name in coefficients,
            f"`d2d` names coefficients of the law ({', '.join(coefficients)})",
            name,
            "leave it out",
        )
        require(
            0 <= spread <= largest,
            f"0 <= `d2d` <= {largest:g} for {name}",
            spread,
            f"give it as a share, 0.05 being 5 %; lognormal spreads may reach {MAX_SPREAD['lognormal']:g}",
        )
    sigma = np.array([[spreads.get(name, 0.0)] for name in coefficients])
    normals = _correlate(rng.standard_normal((chips, count, devices)), correlation)
    if distribution == "lognormal":
        variance = np.log1p(sigma**2)
        factors = np.exp(np.sqrt(variance) * normals - variance / 2)
    else:
        factors = 1 + sigma * normals
        while (redraw := factors <= 0).any():
            if correlation == 0:
                where = np.nonzero(redraw)
                factors[where] = 1 + sigma[where[1], 0] * rng.standard_normal(where[0].size)
            else:  # coefficients that depend on each other are redrawn together
                chip, device = np.nonzero(redraw.any(axis=1))
                again = _correlate(rng.standard_normal((chip.size, count, 1)), correlation)
                factors[chip, :, device] = (1 + sigma * again)[..., 0]
    return {name: (value * factors[:, i]).astype(np.float32) for i, (name, value) in enumerate(coefficients.items())}


def draw_stuck(
    share_high: float, share_low: float, shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.int8]:
    """Draw which devices are stuck: 1 at the high conductance, -1 at the low one, 0 not at all; of shape ``shape``.

    A device is stuck in one way at most. Equal generators give the same devices, and a larger share adds to them only.

    Raises:
        InvalidParameterError: a share is negative, or both together exceed 1.
    """
    for name, share in (("share_high", share_high), ("share_low", share_low)):
        require(0 <= share <= 1, f"0 <= `{name}` <= 1", share, "give it as a share, 0.05 being 5 %")
    require(
        share_high + share_low <= 1,
        "`share_high` + `share_low` <= 1",
        (share_high, share_low),
        "a device is stuck in one way at most",
    )
    uniform = rng.random(shape, np.float32)
    stuck = (uniform < share_high).astype(np.int8)
    stuck[uniform >= 1 - share_low] = -1
    return stuck


def _correlate(normals: NDArray[np.float64], correlation: float) -> NDArray[np.float64]:
    """Independent normal numbers [chip, coefficient, device] -> correlated ones, by the root of the matrix."""
    if correlation == 0:
        return normals
    mean = normals.mean(axis=1, keepdims=True)
    common = 1 + (normals.shape[1] - 1) * correlation
    # Rounding must not make a root of something negative where the coefficients oppose each other most.
    correlated: NDArray[np.float64] = np.sqrt(1 - correlation) * (normals - mean) + np.sqrt(max(common, 0.0)) * mean
    return correlated
