"""Feature maps: what the read-out sees of each case, on one chip or many.

A feature is a conductance relative to the one that a device at rest shows; for drift-diffusion without leakage,
where the window holds no reading, this is the state itself (or its inverse). Features are ordered series by series,
each along time.

Readings come in this order: current over voltage in the conductance window, stuck devices, read noise, ADC.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinetics import Law, conductance, lowest_state, rest_conductance_S, simulate
from kinetics.arrays import Coefficients, Float32
from kinetics.noise import FastNormal
from kinetics.quantisation import quantise
from kinetics.simulate import CACHE_DEVICES, NOISY_DEVICES
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
    stuck: NDArray[np.int8] | None = None,
    chips: int | None = None,
) -> Iterator[Block]:
    """Simulate block by block, in a fixed order that random streams can rely on.

    Args:
        law: the law of motion.
        configuration: device (window, floor, cycle-to-cycle noise) and pulses.
        coefficients: name -> [chip, series], [1, series] for equal chips, or [1, 1] for equal devices.
        x: samples [time, series, case], any real type.
        rng: source of the cycle-to-cycle noise and of that of the readings.
        votes: consecutive cases that form an object; no block parts one.
        stuck: [chip, series], 1 for a device stuck at the upper end of the window, -1 at the lower end.
        chips: how many chips to simulate; as many as there are coefficients if absent.

    Raises:
        DivergenceError: a trajectory left the numbers.
    """
    steps, series, cases = x.shape
    if chips is None:
        chips = len(next(iter(coefficients.values())))
    device, pulse = configuration.device, configuration.pulse
    at_once = NOISY_DEVICES if device.c2c > 0 else CACHE_DEVICES
    chips_at_once = max(1, min(chips, at_once // (series * _CASES_PER_VECTOR)))
    cases_at_once = max(1, min(cases, at_once // (series * chips_at_once)))
    cases_at_once = max(cases_at_once - cases_at_once % votes, votes)
    buffer = np.empty((steps + 1) * chips_at_once * series * cases_at_once, np.float32)
    rows, readings = pulse.read_rows(steps), pulse.reads(steps)
    to_feature = np.float32(1 / rest_conductance_S(law, device, pulse.read_V))
    for first_chip in range(0, chips, chips_at_once):
        some_chips = slice(first_chip, min(first_chip + chips_at_once, chips))
        some = {
            name: (value[some_chips] if len(value) > 1 else value)[..., None] for name, value in coefficients.items()
        }
        for first_case in range(0, cases, cases_at_once):
            some_cases = slice(first_case, min(first_case + cases_at_once, cases))
            shape = (
                steps + 1,
                some_chips.stop - some_chips.start,
                series,
                some_cases.stop - some_cases.start,
            )
            drive = law.drive(pulse.coded(np.asarray(x[:, :, some_cases], np.float32)), device, pulse)
            states, floor_hits = simulate(
                law,
                some,
                np.broadcast_to(drive[:, None], (steps, *shape[1:])),
                floor=lowest_state(device),
                floor_policy=device.floor_policy,
                c2c=device.c2c,
                rng=rng,
                out=buffer[: np.prod(shape)].reshape(shape),
            )
            reading = conductance(law, states[rows], device, pulse.read_V)
            _disturb(reading.value_S, configuration, None if stuck is None else stuck[some_chips, :, None], rng)
            relative = np.multiply(reading.value_S, to_feature, out=reading.value_S)
            features = np.ascontiguousarray(relative.transpose(1, 3, 2, 0)).reshape(
                shape[1], shape[3], series * readings
            )
            yield Block(some_chips, some_cases, features, floor_hits, reading.outside_window)


def _disturb(
    value_S: Float32,
    configuration: Configuration,
    stuck: NDArray[np.int8] | None,
    rng: np.random.Generator | None,
) -> None:
    """What comes between the conductances and their numbers, in place [reading, chip, series, case]."""
    device, pulse = configuration.device, configuration.pulse
    if stuck is not None:
        np.copyto(value_S, np.float32(device.g_max_S + device.g_leak_S), where=stuck > 0)
        np.copyto(value_S, np.float32(device.g_min_S + device.g_leak_S), where=stuck < 0)
    if device.read_noise > 0:
        if rng is None:
            raise TypeError("read noise needs a random generator")
        noise = np.empty(value_S.shape[1:], np.float32)
        source = FastNormal(rng, value_S.size)
        for row in value_S:
            source.fill(noise, device.read_noise)
            noise += 1
            np.maximum(noise, 0, out=noise)  # no reading has another sign than its voltage
            row *= noise
    if pulse.adc_bits:
        quantise(
            value_S, pulse.adc_bits, device.g_min_S + device.g_leak_S, device.g_max_S + device.g_leak_S, out=value_S
        )


def feature_matrix(
    law: Law,
    configuration: Configuration,
    coefficients: Coefficients,
    x: NDArray[Any],
    *,
    rng: np.random.Generator | None = None,
    stuck: NDArray[np.int8] | None = None,
) -> Float32:
    """Features [case, feature] of all cases on one chip (coefficients [1, series] or [1, 1])."""
    steps, series, cases = x.shape
    features = np.empty((cases, series * configuration.pulse.reads(steps)), np.float32)
    for block in feature_blocks(law, configuration, coefficients, x, rng=rng, stuck=stuck):
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
