"""Trajectories: shapes, buffers, noise, floor and divergence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics import DivergenceError, InvalidParameterError, get_law, simulate
from kinetics.arrays import Coefficients

LAW = get_law("drift_diffusion")


def of(alpha: float, beta: float) -> Coefficients:
    return {"alpha": np.array([alpha], np.float32), "beta": np.array([beta], np.float32)}


def random_drive(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).random(shape, dtype=np.float32)


@given(chips=st.integers(1, 3), series=st.integers(1, 4), cases=st.integers(1, 5), steps=st.integers(0, 9))
def test_chips_series_and_cases_share_one_run(chips: int, series: int, cases: int, steps: int) -> None:
    rng = np.random.default_rng(2)
    coefficients = {name: rng.uniform(0.1, 0.3, (chips, series, 1)).astype(np.float32) for name in ("alpha", "beta")}
    drive = random_drive(steps, series, cases)
    states = simulate(LAW, coefficients, drive, floor=0.01).states
    assert states.shape == (steps + 1, chips, series, cases)
    assert states.dtype == np.float32
    assert (states[0] == 1).all()
    for chip in range(chips):
        own = {name: value[chip] for name, value in coefficients.items()}
        np.testing.assert_array_equal(states[:, chip], simulate(LAW, own, drive, floor=0.01).states)


def test_a_buffer_is_written_in_place() -> None:
    drive = random_drive(6, 10)
    buffer = np.full((7, 10), np.nan, np.float32)
    states = simulate(LAW, of(0.1, 0.1), drive, floor=0.01, out=buffer).states
    assert states is buffer
    np.testing.assert_array_equal(buffer, simulate(LAW, of(0.1, 0.1), drive, floor=0.01).states)


@pytest.mark.parametrize("buffer", [np.empty((6, 10), np.float32), np.empty((7, 10), np.float64)])
def test_a_buffer_that_does_not_fit_is_refused(buffer: np.ndarray) -> None:
    with pytest.raises(InvalidParameterError, match=r"`out`.*\(7, 10\)"):
        simulate(LAW, of(0.1, 0.1), random_drive(6, 10), floor=0.01, out=buffer)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"floor": float("nan")}, "`floor`"),
        ({"floor": 1.5}, "`floor`"),
        ({"floor_policy": "ignore"}, "`floor_policy`"),
        ({"c2c": -0.1}, "`c2c`"),
        ({"c2c": float("nan")}, "`c2c`"),
    ],
)
def test_arguments_that_break_their_rule_are_refused(arguments: dict[str, object], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        simulate(LAW, of(0.1, 0.1), random_drive(2, 3), **({"floor": 0.01} | arguments))  # type: ignore[arg-type]  # parametrised, in part wrong on purpose


def test_noise_needs_a_generator() -> None:
    with pytest.raises(TypeError, match="random generator"):
        simulate(LAW, of(0.1, 0.1), random_drive(2, 3), floor=0.01, c2c=0.1)


def test_noise_of_zero_is_the_deterministic_path() -> None:
    drive = random_drive(10, 50)
    quiet = simulate(LAW, of(0.1, 0.1), drive, floor=0.01, c2c=0.0, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(quiet.states, simulate(LAW, of(0.1, 0.1), drive, floor=0.01).states)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), devices=st.integers(1, 300))
def test_the_same_seed_gives_the_same_bits(seed: int, devices: int) -> None:
    drive = random_drive(5, devices)
    first, second = (
        simulate(LAW, of(0.1, 0.3), drive, floor=0.01, c2c=0.1, rng=np.random.default_rng(seed)).states
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_different_calls_of_one_generator_differ() -> None:
    rng = np.random.default_rng(0)
    drive = random_drive(5, 100)
    first, second = (simulate(LAW, of(0.1, 0.3), drive, floor=0.01, c2c=0.1, rng=rng).states for _ in range(2))
    assert (first[1:] != second[1:]).mean() > 0.95


def test_noise_scales_each_change_by_a_factor_around_1() -> None:
    """Two-sided at four standard errors, and no memory from step to step or device to device."""
    c2c, devices = 0.1, 100_000
    drive = np.ones((2, devices), np.float32)
    w = simulate(LAW, of(0.02, 0.4), drive, floor=0.01, c2c=c2c, rng=np.random.default_rng(4)).states.astype(np.float64)
    factors = [(w[k + 1] - w[k]) / (0.02 / w[k] - 0.4) - 1 for k in (0, 1)]
    for factor in factors:
        assert abs(factor.mean()) < 4 * c2c / np.sqrt(devices)
        assert factor.std() == pytest.approx(c2c, rel=4 / np.sqrt(2 * devices))
    assert abs(np.corrcoef(*factors)[0, 1]) < 4 / np.sqrt(devices)
    assert abs(np.corrcoef(factors[0][1:], factors[0][:-1])[0, 1]) < 4 / np.sqrt(devices)


def test_the_floor_holds_and_counts() -> None:
    """By hand: 1 + 0.01 - 0.95 = 0.06, held; 0.1 + 0.1 - 0.95 < 0, held; 0.1 + 0.1 - 0 = 0.2, free."""
    drive = np.array([[1, 0], [1, 0], [0, 0]], np.float32)
    states, hits = simulate(LAW, of(0.01, 0.95), drive, floor=0.1)
    np.testing.assert_allclose(states[:, 0], [1, 0.1, 0.1, 0.2], rtol=1e-6)
    assert hits == 2


def test_a_drive_that_stays_clear_of_the_floor_counts_nothing() -> None:
    assert simulate(LAW, of(0.01, 2.0), np.zeros((5, 4), np.float32), floor=0.1).floor_hits == 0


def test_reaching_the_floor_can_fail_with_step_and_coefficients() -> None:
    coefficients = {"alpha": np.array([0.5, 0.01], np.float32), "beta": np.array([0.1, 0.75], np.float32)}
    message = r"1 of 2 devices reached the floor 0\.1 in step 1 with alpha 0\.01, beta 0\.75; .*floor_policy"
    with pytest.raises(DivergenceError, match=message):
        simulate(LAW, coefficients, np.ones((4, 2), np.float32), floor=0.1, floor_policy="fail")


def test_divergence_tells_step_and_coefficients() -> None:
    drive = np.zeros((5, 3), np.float32)
    drive[2, 1] = np.nan
    coefficients = {"alpha": np.full(3, 0.5, np.float32), "beta": np.array([0.1, 0.2, 0.3], np.float32)}
    with pytest.raises(DivergenceError, match=r"not finite from step 2 on with alpha 0\.5, beta 0\.2;"):
        simulate(LAW, coefficients, drive, floor=0.01)
