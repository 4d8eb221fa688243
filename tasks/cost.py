"""What one inference of a configuration costs: energy, latency and area of its devices and its read-out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics import (
    Law,
    conductance,
    get_law,
    inference_energy,
    lowest_state,
    pulse_current_A,
    simulate,
)
from kinetics.area import chip_area
from kinetics.arrays import Coefficients, Float32
from kinetics.crossbar.mapping import Scheme, conductances, unit_conductance_S
from kinetics.energy import Energy
from kinetics.latency import inference_latency
from kinetics.readout_load import CrossbarLayer, ReadoutLoad
from tasks.configuration import Configuration
from tasks.readout.network import Network
from tasks.task import Task

_CASES = 256
"""Training cases over which the energy of one inference is averaged."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Energy, time and area."""

    energy: Energy
    """Of one inference, by component."""
    latency_s: float
    """Of one inference, s."""
    area_m2: float
    """Of the chip, m2."""


def cost_of(configuration: Configuration, nominal: Coefficients, network: Network, macs: int, task: Task) -> Cost:
    """Count the cost on the nominal device, averaged over training cases.

    A read-out of ideal weights has no devices: its energy is that of a published macro by its ``macs``, and its area
    that of pairs. One on a crossbar is counted device by device.
    """
    law, device, pulse = get_law(configuration.device.law), configuration.device.nominal(), configuration.pulse
    x = pulse.coded(task.train.samples(slice(_CASES)))
    states = simulate(
        law,
        {name: value[0, :, None] for name, value in nominal.items()},
        law.drive(x, device, pulse),
        floor=lowest_state(device),
        floor_policy=device.floor_policy,
    ).states
    met_S = conductance(law, states[:-1], device, pulse.read_V).value_S
    load = _load(configuration, network)
    energy = inference_energy(
        pulse,
        samples=x,
        conductance_S=met_S,
        read_conductance_S=conductance(law, states[pulse.read_rows(len(x))], device, pulse.read_V).value_S,
        pulse_current_A=_current_A(law, states[:-1], x, configuration, met_S),
        readout_macs=macs,
        readout=None if configuration.crossbar.is_ideal else load,
    )
    return Cost(
        energy=energy,
        latency_s=inference_latency(pulse, steps=task.steps, series=task.series, readout=load).total_s,
        area_m2=chip_area(pulse, series=task.series, readout=load).total_m2,
    )


def _current_A(law: Law, states: Float32, x: Float32, configuration: Configuration, met_S: Float32) -> Float32:
    """Current in each pulse [time, series, case], A."""
    device, pulse = configuration.device, configuration.pulse
    voltage_V: Float32 | float = pulse.amplitude_V
    if pulse.encoding == "amplitude":
        voltage_V = x * np.float32(pulse.amplitude_V)
    return pulse_current_A(law, states, voltage_V, device, met_S)


def _load(configuration: Configuration, network: Network) -> ReadoutLoad:
    """The read-out on crossbars, with the mean conductance that its weights need."""
    crossbar = configuration.crossbar
    scheme: Scheme = "pair" if crossbar.mapping == "ideal" else crossbar.mapping
    window = crossbar.g_min_S, crossbar.g_max_S
    return ReadoutLoad(
        layers=tuple(CrossbarLayer(*layer.weight.shape) for layer in network.layers),
        conductance_S=_mean_conductance_S([layer.weight for layer in network.layers], scheme, *window),
        scheme=scheme,
    )


def _mean_conductance_S(weights: Sequence[Float32], scheme: Scheme, g_min_S: float, g_max_S: float) -> float:
    total = devices = 0.0
    for weight in weights:
        held = conductances(weight, unit_conductance_S(weight, scheme, g_min_S, g_max_S), scheme, g_min_S, g_max_S)
        total += float(held.sum(dtype=np.float64))
        devices += held.size
    return total / devices
