"""Feature maps: what the read-out sees of each case, on one chip or many.

A feature is a conductance relative to the one at rest, ``G / g_rest``; where the window holds no reading this
is the state itself (or its inverse). Features are ordered series by series, each along time.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from kinetics import Law, conductance, simulate
from kinetics.arrays import Coefficients, Float32
from kinetics.simulate import CACHE_DEVICES
from tasks.configuration import Configuration

_CASES_PER_VECTOR = 128
"""Cases that a block should have at the least, so that the innermost loops stay long."""


class Block(NamedTuple):
    """Features of some cases on some chips."""

    chips: slice
    """Which chips."""
    cases: slice
    """Which cases."""
    features: Float32
    """[chip, case, feature]."""
    floor_hits: int
    """Device-steps held at the floor."""
    outside_window: int
    """Readings held at an end of the conductance window."""


def feature_blocks(
    law: Law,
    configuration: Configuration,
    coefficients: Coefficients,
    x: Float32,
    *,
    rng: np.random.Generator | None = None,
) -> Iterator[Block]:
    """Simulate block by block, in a fixed order that random streams can rely on.

    Args:
        law: the law of motion.
        configuration: device (window, floor, cycle-to-cycle noise) and pulses.
        coefficients: name -> [chip, series], or [1, 1] for equal devices.
        x: samples [time, series, case].
        rng: source of the cycle-to-cycle noise.

    Raises:
        DivergenceError: a trajectory left the numbers.
    """
    steps, series, cases = x.shape
    chips = next(iter(coefficients.values())).shape[0]
    device, pulse = configuration.device, configuration.pulse
    chips_at_once = max(1, min(chips, CACHE_DEVICES // (series * _CASES_PER_VECTOR)))
    cases_at_once = max(1, min(cases, CACHE_DEVICES // (series * chips_at_once)))
    buffer = np.empty((steps + 1) * chips_at_once * series * cases_at_once, np.float32)
    rows = slice(0, steps) if pulse.read_phase == "before" else slice(1, steps + 1)
    for first_chip in range(0, chips, chips_at_once):
        some_chips = slice(first_chip, min(first_chip + chips_at_once, chips))
        some = {name: value[some_chips, :, None] for name, value in coefficients.items()}
        for first_case in range(0, cases, cases_at_once):
            some_cases = slice(first_case, min(first_case + cases_at_once, cases))
            shape = (
                steps + 1,
                some_chips.stop - some_chips.start,
                series,
                some_cases.stop - some_cases.start,
            )
            states, floor_hits = simulate(
                law,
                some,
                law.drive(x[:, :, some_cases], device, pulse),
                floor=device.floor,
                floor_policy=device.floor_policy,
                c2c=device.c2c,
                rng=rng,
                out=buffer[: np.prod(shape)].reshape(shape),
            )
            reading = conductance(states[rows], device)
            relative = np.multiply(reading.value_S, np.float32(1 / device.g_rest_S), out=reading.value_S)
            features = np.ascontiguousarray(relative.transpose(1, 3, 2, 0)).reshape(shape[1], shape[3], series * steps)
            yield Block(some_chips, some_cases, features, floor_hits, reading.outside_window)


def feature_matrix(
    law: Law,
    configuration: Configuration,
    coefficients: Coefficients,
    x: Float32,
    *,
    rng: np.random.Generator | None = None,
) -> Float32:
    """Features [case, feature] of all cases on one chip (coefficients [1, series] or [1, 1])."""
    steps, series, cases = x.shape
    features = np.empty((cases, series * steps), np.float32)
    for block in feature_blocks(law, configuration, coefficients, x, rng=rng):
        features[block.cases] = block.features[0]
    return features


def raw_matrix(x: Float32) -> Float32:
    """The samples themselves in the layout of features [case, feature]: what the control reads."""
    steps, series, cases = x.shape
    return np.ascontiguousarray(x.transpose(2, 1, 0)).reshape(cases, series * steps)
