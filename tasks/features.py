"""Feature maps: what the read-out sees of each case, on one chip or many.

A feature is a conductance relative to the one at rest, ``G / g_rest``; where the window holds no reading this
is the state itself (or its inverse). Features are ordered series by series, each along time.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    x: NDArray[Any],
    *,
    rng: np.random.Generator | None = None,
    votes: int = 1,
) -> Iterator[Block]:
    """Simulate block by block, in a fixed order that random streams can rely on.

    Args:
        law: the law of motion.
        configuration: device (window, floor, cycle-to-cycle noise) and pulses.
        coefficients: name -> [chip, series], or [1, 1] for equal devices.
        x: samples [time, series, case], any real type.
        rng: source of the cycle-to-cycle noise.
        votes: consecutive cases that form an object; no block parts one.

    Raises:
        DivergenceError: a trajectory left the numbers.
    """
    steps, series, cases = x.shape
    chips = next(iter(coefficients.values())).shape[0]
    device, pulse = configuration.device, configuration.pulse
    chips_at_once = max(1, min(chips, CACHE_DEVICES // (series * _CASES_PER_VECTOR)))
    cases_at_once = max(1, min(cases, CACHE_DEVICES // (series * chips_at_once)))
    cases_at_once = max(cases_at_once - cases_at_once % votes, votes)
    buffer = np.empty((steps + 1) * chips_at_once * series * cases_at_once, np.float32)
    rows, readings = pulse.read_rows(steps), pulse.reads(steps)
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
                law.drive(np.asarray(x[:, :, some_cases], np.float32), device, pulse),
                floor=device.floor,
                floor_policy=device.floor_policy,
                c2c=device.c2c,
                rng=rng,
                out=buffer[: np.prod(shape)].reshape(shape),
            )
            reading = conductance(states[rows], device)
            relative = np.multiply(reading.value_S, np.float32(1 / device.g_rest_S), out=reading.value_S)
            features = np.ascontiguousarray(relative.transpose(1, 3, 2, 0)).reshape(
                shape[1], shape[3], series * readings
            )
            yield Block(some_chips, some_cases, features, floor_hits, reading.outside_window)


def feature_matrix(
    law: Law,
    configuration: Configuration,
    coefficients: Coefficients,
    x: NDArray[Any],
    *,
    rng: np.random.Generator | None = None,
) -> Float32:
    """Features [case, feature] of all cases on one chip (coefficients [1, series] or [1, 1])."""
    steps, series, cases = x.shape
    features = np.empty((cases, series * configuration.pulse.reads(steps)), np.float32)
    for block in feature_blocks(law, configuration, coefficients, x, rng=rng):
        features[block.cases] = block.features[0]
    return features


def raw_matrix(x: NDArray[Any], read_every: int = 1) -> Float32:
    """The samples themselves in the layout of features [case, feature]: what the control reads.

    Where the states are read at every n-th step only, the control sees as many values: means over the steps from
    one reading to the next.
    """
    steps, _, cases = x.shape
    if read_every > 1:
        starts = np.concatenate([[0], np.arange((steps - 1) % read_every + 1, steps, read_every)])
        lengths = np.diff(starts, append=steps)
        x = np.add.reduceat(x, starts, axis=0, dtype=np.float32) / lengths[:, None, None]
    return np.ascontiguousarray(x.transpose(2, 1, 0), dtype=np.float32).reshape(cases, -1)
