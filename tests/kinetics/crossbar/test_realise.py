"""Layers on chips: effects together, chips one after the other, common random numbers."""

import time
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from kinetics.crossbar import Crossbar, hold, realise
from kinetics.errors import InvalidParameterError

Transfer = Callable[[NDArray[np.floating], float], NDArray[np.float64]]
Scheme = Literal["single", "pair"]
WEIGHT = np.random.default_rng(9).standard_normal((5, 12)).astype(np.float32)
EVERYTHING = Crossbar(
    mapping="pair",
    programming="neurram",
    bits=5,
    stuck_high=0.02,
    stuck_low=0.03,
    retention="pcm",
    retention_s=1e5,
    line_resistance_ohm=0.3,
    array_rows=64,
    read_noise=0.02,
)


def rng(seed: int = 21) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("mapping", ["ideal", "single", "pair"])
def test_devices_without_flaws_hold_the_weights(mapping: Literal["ideal", "single", "pair"]) -> None:
    held = realise(WEIGHT, Crossbar(mapping=mapping), 3, rng())
    assert held.shape == (3, 5, 12)
    assert held.dtype == np.float32
    assert held.flags.writeable
    atol = 0.0 if mapping == "ideal" else 8 * np.finfo(np.float32).eps * np.abs(WEIGHT).max()
    np.testing.assert_allclose(held, np.broadcast_to(WEIGHT, held.shape), rtol=0, atol=atol)


def test_the_first_chips_do_not_depend_on_how_many_follow() -> None:
    few, many = hold(WEIGHT, EVERYTHING, 2, rng()), hold(WEIGHT, EVERYTHING, 5, rng())
    np.testing.assert_array_equal(few.weights, many.weights[:2])
    np.testing.assert_array_equal(few.magnitudes, many.magnitudes[:2])
    assert np.abs(many.weights[0] - many.weights[4]).max() > 0.1


def test_effects_draw_apart() -> None:
    """Devices that are not stuck keep their error of programming, and devices that are stuck forget it."""
    error = Crossbar(mapping="single", programming="shi2025")
    faults = Crossbar(mapping="single", stuck_high=0.1, stuck_low=0.1)
    both = Crossbar(mapping="single", programming="shi2025", stuck_high=0.1, stuck_low=0.1)
    programmed, stuck, together = (realise(WEIGHT, crossbar, 40, rng()) for crossbar in (error, faults, both))
    at_ends = np.abs(np.abs(stuck) / np.abs(WEIGHT).max() - 1) < 1e-5
    at_ends &= np.abs(stuck - WEIGHT) > 1e-3
    assert 0.15 < at_ends.mean() < 0.25
    sound = (np.abs(stuck - WEIGHT) < 1e-5) & (np.abs(WEIGHT) < np.abs(WEIGHT).max())
    np.testing.assert_array_equal(together[sound], programmed[sound])
    np.testing.assert_array_equal(together[at_ends], stuck[at_ends])


def test_effects_are_independent() -> None:
    """A device that was written too high does not drift the more for it."""
    writing = Crossbar(mapping="single", programming="shi2025")
    drifting = Crossbar(mapping="single", programming="shi2025", retention="cmo_hfox", retention_s=1e4)
    inside = np.abs(WEIGHT) < 0.9 * np.abs(WEIGHT).max()
    written, drifted = (realise(WEIGHT, crossbar, 400, rng())[:, inside] for crossbar in (writing, drifting))
    errors = written - WEIGHT[inside]
    assert abs(np.corrcoef(errors.ravel(), (drifted - written).ravel())[0, 1]) < 4 / np.sqrt(errors.size)


def test_errors_of_two_sizes_are_the_same_errors() -> None:
    small, large = (
        realise(WEIGHT, Crossbar(mapping="pair", programming="relative", programming_sigma=sigma), 3, rng()) - WEIGHT
        for sigma in (0.001, 0.002)
    )
    # Devices at the ends of the window have errors cut off; all others double theirs.
    doubled = np.abs(large - 2 * small) < 1e-5
    assert doubled.mean() > 0.2
    assert (np.abs(large) >= np.abs(small) - 1e-5).mean() > 0.9


def test_stuck_devices_neither_are_programmed_nor_drift() -> None:
    crossbar = Crossbar(mapping="single", programming="shi2025", stuck_low=1.0, retention="pcm", retention_s=1e6)
    np.testing.assert_allclose(realise(WEIGHT, crossbar, 2, rng()), -np.abs(WEIGHT).max(), rtol=1e-6)


def test_chips_can_have_weights_of_their_own() -> None:
    own = np.stack([WEIGHT, 3 * WEIGHT, WEIGHT[::-1]])
    held = realise(own, EVERYTHING, 3, rng())
    np.testing.assert_array_equal(held[0], realise(WEIGHT, EVERYTHING, 3, rng())[0])
    np.testing.assert_allclose(held[1], 3 * realise(WEIGHT, EVERYTHING, 3, rng())[1], rtol=2e-4, atol=2e-5)


def test_few_bits_leave_few_weights() -> None:
    held = realise(WEIGHT, Crossbar(mapping="single", bits=3), 1, rng())
    levels = np.linspace(-1, 1, 8) * np.abs(WEIGHT).max()
    assert np.abs(held[..., None] - levels).min(axis=-1).max() < 1e-5
    assert np.abs(held - WEIGHT).max() <= np.diff(levels)[0] / 2 + 1e-5


@pytest.mark.parametrize("mapping", ["single", "pair"])
def test_wires_take_from_weights_what_they_take_from_currents(mapping: Scheme, exact_transfer_S: Transfer) -> None:
    """Against the exact solution of the arrays, the reference column of ``single`` among them."""
    resistance_ohm, largest = 0.5, np.abs(WEIGHT).max()
    if mapping == "single":
        columns = np.concatenate([170e-6 + 130e-6 * WEIGHT / largest, np.full((1, 12), 170e-6)])
        left = exact_transfer_S(columns, resistance_ohm)
        exact = (left[:-1] - left[-1]) * largest / 130e-6
    else:
        plus, minus = (
            exact_transfer_S(40e-6 + 260e-6 * np.maximum(sign * WEIGHT, 0) / largest, resistance_ohm)
            for sign in (1, -1)
        )
        exact = (plus - minus) * largest / 260e-6
    found = realise(WEIGHT, Crossbar(mapping=mapping, line_resistance_ohm=resistance_ohm), 1, rng())[0]
    assert np.abs(exact - WEIGHT).max() > 1e-2
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-3)


def test_a_layer_on_fifty_chips_takes_a_fraction_of_a_second() -> None:
    weight = rng().standard_normal((48, 784)).astype(np.float32)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        realise(weight, EVERYTHING, 50, rng())
        seconds.append(time.process_time() - start)
    assert min(seconds) < 1


@pytest.mark.parametrize(
    ("weight", "chips", "match"),
    [(WEIGHT, 0, "`chips` >= 1"), (np.stack([WEIGHT] * 2), 3, r"`weight` has axes \[out, in\] or \[3, out, in\]")],
)
def test_impossible_layers_are_refused(weight: NDArray[np.float32], chips: int, match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        realise(weight, EVERYTHING, chips, rng())
