"""Stuck devices of a crossbar: they hold an end of the window, whatever is written and however long they are left."""

import numpy as np

from kinetics.arrays import Float32
from kinetics.population import draw_stuck


def stick(
    conductance_S: Float32,
    rng: np.random.Generator,
    *,
    share_high: float,
    share_low: float,
    g_min_S: float,
    g_max_S: float,
) -> Float32:
    """Conductances, S, with a share of the devices at ``g_max_S`` and another at ``g_min_S``; see ``draw_stuck``."""
    stuck = draw_stuck(share_high, share_low, conductance_S.shape, rng)
    held = conductance_S.copy()
    held[stuck > 0] = g_max_S
    held[stuck < 0] = g_min_S
    return held
