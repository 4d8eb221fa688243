"""Readings: by hand, as the pulse says, as the control of sweeps means them, and back by the chain rule."""

import numpy as np
import pytest

from kinetics import Pulse
from tasks.features import raw_matrix
from tasks.reading import Reading

PHASES = ("before", "after")
SHAPES = [(steps, every, phase) for steps in (1, 6, 7) for every in (1, 2, 3, 6, 9) for phase in PHASES]


def states(reading: Reading) -> np.ndarray:
    return np.random.default_rng(0).random((reading.pulses + 1, 2, 3))


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (Reading(7, 1, "before"), [0, 1, 2, 3, 4, 5, 6]),
        (Reading(7, 1, "after"), [1, 2, 3, 4, 5, 6, 7]),
        (Reading(7, 3, "before"), [0, 3, 6]),
        (Reading(7, 3, "after"), [1, 4, 7]),
        (Reading(6, 4, "before"), [1, 5]),
        (Reading(6, 9, "after"), [6]),
        (Reading(7, 3, "before", mean=True), [0, 2, 5]),
        (Reading(7, 3, "after", mean=True), [1, 3, 6]),
        (Reading(6, 4, "before", mean=True), [0.5, 3.5]),
        (Reading(6, 4, "after", mean=True), [1.5, 4.5]),
    ],
)
def test_rows_by_hand(reading: Reading, expected: list[float]) -> None:
    rows = np.arange(8.0)[: reading.pulses + 1]
    np.testing.assert_allclose(reading.read(rows), expected)
    assert reading.count == len(expected)
    np.testing.assert_allclose(reading.read(rows, np.empty(len(expected))), expected)


@pytest.mark.parametrize(("steps", "every", "phase"), SHAPES)
def test_rows_are_those_of_the_pulse(steps: int, every: int, phase: str) -> None:
    reading, pulse = Reading(steps, every, phase), Pulse(read_every=every, read_phase=phase)
    whole = np.random.default_rng(0).random((steps + 1, 2))
    np.testing.assert_array_equal(reading.read(whole), whole[pulse.read_rows(steps)])
    assert reading.count == pulse.reads(steps)
    assert reading.pulses == pulse.pulses_fired(steps)


@pytest.mark.parametrize("every", [1, 2, 3, 7, 9])
def test_means_after_pulses_that_set_the_state_are_what_the_control_of_sweeps_reads(every: int) -> None:
    x = np.random.default_rng(0).random((7, 4, 5), np.float32)
    rows = np.concatenate([np.ones((1, 4, 5), np.float32), x])
    found = Reading(7, every, "after", mean=True).read(rows)
    np.testing.assert_allclose(found.transpose(2, 1, 0).reshape(5, -1), raw_matrix(x, every), rtol=1e-6)


@pytest.mark.parametrize("mean", [False, True])
@pytest.mark.parametrize(("steps", "every", "phase"), SHAPES)
def test_spread_is_the_transpose_of_read(steps: int, every: int, phase: str, mean: bool) -> None:
    """Reading is linear, so gradient . read(w) = spread(gradient) . w for every w that is 0 at rest."""
    reading = Reading(steps, every, phase, mean)
    rows = states(reading)
    rows[0] = 0
    gradient = np.random.default_rng(1).random((reading.count, 2, 3))
    spread = np.full((reading.pulses, 2, 3), np.nan)
    reading.spread(gradient, spread)
    assert (gradient * reading.read(rows)).sum() == pytest.approx((spread * rows[1:]).sum(), rel=1e-12)
    read = np.zeros(reading.pulses + 1, bool)
    if not reading.averages:
        read[reading.rows] = True
        assert (spread[~read[1:]] == 0).all()


def test_readings_after_nothing_but_padding_do_not_count() -> None:
    real = np.array([1, 1, 0, 0, 1, 0, 0], bool)
    assert Reading(7, 1, "after").counted(real).tolist() == [1, 1, 0, 0, 1, 0, 0]
    assert Reading(7, 1, "before").counted(real).tolist() == [1, 1, 1, 0, 0, 1, 0]
    assert Reading(7, 3, "after").counted(real).tolist() == [1, 1, 1]
    assert Reading(7, 3, "before").counted(~real).tolist() == [1, 1, 1]
    assert Reading(7, 2, "after").counted(np.zeros((7, 2), bool)).tolist() == [[1, 1], [0, 0], [0, 0], [0, 0]]
