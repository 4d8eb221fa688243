"""Populations: the coefficients of all devices on many chips, with device-to-device spread.

A chip is one draw of all its devices. The spread multiplies each coefficient by an independent normal
factor around 1, redrawn until it is positive, as Shi et al. 2025 draw theirs.
"""

from collections.abc import Mapping

import numpy as np

from kinetics.arrays import Coefficients
from kinetics.errors import require


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
) -> Coefficients:
    """Draw ``chips`` chips of ``devices`` devices: coefficient -> [chip, device], float32.

    ``d2d`` is the relative standard deviation (before the cut at 0): one for all coefficients, or one by
    name, those left out not varying. Chips are drawn one after the other, and what must be redrawn last.
    So equal generators give, redrawn values apart, the same first chips for any number of chips, and the
    same deviations in units of their spread for any ``d2d`` (common random numbers).
    """
    require(chips >= 1, "`chips` >= 1", chips, "draw at least one chip")
    require(devices >= 1, "`devices` >= 1", devices, "draw at least one device")
    spreads = d2d if isinstance(d2d, Mapping) else dict.fromkeys(coefficients, d2d)
    for name, spread in spreads.items():
        require(
            name in coefficients,
            f"`d2d` names coefficients of the law ({', '.join(coefficients)})",
            name,
            "leave it out",
        )
        require(0 <= spread <= 1, f"0 <= `d2d` <= 1 for {name}", spread, "give it as a share, 0.05 being 5 %")
    sigma = np.array([[spreads.get(name, 0.0)] for name in coefficients])
    factors = 1 + sigma * rng.standard_normal((chips, len(coefficients), devices))
    while (redraw := factors <= 0).any():
        where = np.nonzero(redraw)
        factors[where] = 1 + sigma[where[1], 0] * rng.standard_normal(where[0].size)
    return {name: (value * factors[:, i]).astype(np.float32) for i, (name, value) in enumerate(coefficients.items())}
