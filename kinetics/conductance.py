"""Conductance of a device from its state, within its window."""

from typing import NamedTuple

import numpy as np

from kinetics.arrays import Float32
from kinetics.device import Device


class Conductance(NamedTuple):
    """Conductances and how often the window held one."""

    value_S: Float32
    """Conductance, S, in the shape of the states."""
    outside_window: int
    """Readings that the window held at one of its ends."""


def conductance(states: Float32, device: Device) -> Conductance:
    """Read states out: ``g_rest_S * w`` or ``g_rest_S / w``, held within [``g_min_S``, ``g_max_S``].

    States must be positive. Holding is physics, not repair, so it is counted and reported.
    """
    g_rest = np.float32(device.g_rest_S)
    value = states * g_rest if device.conducts_as == "w" else g_rest / states
    low, high = np.float32(device.g_min_S), np.float32(device.g_max_S)
    outside = int(np.count_nonzero(value < low) + np.count_nonzero(value > high))
    if outside:
        np.clip(value, low, high, out=value)
    return Conductance(value, outside)
