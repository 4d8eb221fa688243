"""Conductance of a device from its state, as a reading finds it."""

from typing import NamedTuple

import numpy as np

from kinetics.arrays import Float32
from kinetics.device import Device
from kinetics.laws.base import Law


class Conductance(NamedTuple):
    """Conductances and how often the window held one."""

    value_S: Float32
    """Conductance, S, in the shape of the states."""
    outside_window: int
    """Readings that the window held at one of its ends."""


def conductance(law: Law, states: Float32, device: Device, read_V: float) -> Conductance:
    """Read states out at ``read_V``: current over voltage within [``g_min_S``, ``g_max_S``], and leakage beside it.

    States must be positive. Holding is physics, not repair, so it is counted and reported.
    """
    value = law.current_A(states, read_V, device)
    value *= np.float32(1 / read_V)
    low, high = np.float32(device.g_min_S), np.float32(device.g_max_S)
    outside = int(np.count_nonzero(value < low) + np.count_nonzero(value > high))
    if outside:
        np.clip(value, low, high, out=value)
    if device.g_leak_S:
        value += np.float32(device.g_leak_S)
    return Conductance(value, outside)


def rest_conductance_S(law: Law, device: Device, read_V: float) -> float:
    """What a reading of the device at rest finds, S."""
    return float(conductance(law, np.array([law.initial_state], np.float32), device, read_V).value_S[0])


def pulse_current_A(law: Law, states: Float32, voltage_V: Float32 | float, device: Device, met_S: Float32) -> Float32:
    """Current under programming pulses, A; ``met_S`` is the conductance that a reading of the states finds, S."""
    if law.ohmic:
        return met_S * np.asarray(voltage_V, np.float32)
    return law.current_A(states, voltage_V, device) + np.float32(device.g_leak_S) * np.asarray(voltage_V, np.float32)
