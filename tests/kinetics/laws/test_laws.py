"""Conformance suite: what every law of motion owes its callers."""

import numpy as np
import pytest

from kinetics import LAWS, Device, InvalidParameterError, Law, Pulse, get_law, simulate
from kinetics.arrays import Coefficients

DEVICES = 40


@pytest.fixture(params=sorted(LAWS))
def law(request: pytest.FixtureRequest) -> Law:
    return LAWS[request.param]


@pytest.fixture
def coefficients(law: Law) -> Coefficients:
    rng = np.random.default_rng(3)
    nominal = law.coefficients(Device(law=law.name), Pulse())
    return {name: (value * rng.uniform(0.5, 1.5, DEVICES)).astype(np.float32) for name, value in nominal.items()}


def drives(steps: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).random((steps, DEVICES), dtype=np.float32)


def test_a_law_is_found_by_its_name(law: Law) -> None:
    assert get_law(law.name) is law


def test_an_unknown_law_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidParameterError, match="did you mean 'drift_diffusion'"):
        get_law("drift_difusion")


def test_coefficients_are_those_that_the_law_names(law: Law) -> None:
    assert tuple(law.coefficients(Device(law=law.name), Pulse())) == law.coefficient_names


def test_partials_are_the_slopes_of_the_step(law: Law, coefficients: Coefficients) -> None:
    """Central differences in float64: truncation and rounding are both below 1e-8 at h = 1e-5."""
    rng = np.random.default_rng(7)
    wide = {name: value.astype(np.float64) for name, value in coefficients.items()}
    state, drive = rng.uniform(0.5, 2.0, DEVICES), rng.random(DEVICES)
    exact = law.partials(state, drive, wide)

    def step(state: np.ndarray, drive: np.ndarray, coefficients: Coefficients) -> np.ndarray:
        out, scratch = np.empty_like(state), np.empty_like(state)
        law.step(state, drive, coefficients, out, scratch)
        return out

    h = 1e-5
    slopes = {
        "state": (step(state + h, drive, wide) - step(state - h, drive, wide)) / (2 * h),
        "drive": (step(state, drive + h, wide) - step(state, drive - h, wide)) / (2 * h),
    }
    np.testing.assert_allclose(exact.state, slopes["state"], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(exact.drive, slopes["drive"], rtol=1e-6, atol=1e-7)
    for name in law.coefficient_names:
        up = step(state, drive, wide | {name: wide[name] + h})
        down = step(state, drive, wide | {name: wide[name] - h})
        np.testing.assert_allclose(exact.coefficients[name], (up - down) / (2 * h), rtol=1e-6, atol=1e-7)


def test_a_population_moves_as_its_devices_one_by_one(law: Law, coefficients: Coefficients) -> None:
    drive = drives(12)
    together = simulate(law, coefficients, drive, floor=0.01).states
    for device in range(DEVICES):
        own = {name: value[device] for name, value in coefficients.items()}
        alone = simulate(law, own, drive[:, device], floor=0.01).states
        np.testing.assert_array_equal(together[:, device], alone)


def test_the_order_of_devices_does_not_matter(law: Law, coefficients: Coefficients) -> None:
    order = np.random.default_rng(0).permutation(DEVICES)
    drive = drives(12)
    moved = {name: value[order] for name, value in coefficients.items()}
    np.testing.assert_array_equal(
        simulate(law, coefficients, drive, floor=0.01).states[:, order],
        simulate(law, moved, drive[:, order], floor=0.01).states,
    )


def test_no_state_falls_below_the_bound(law: Law, coefficients: Coefficients) -> None:
    states = simulate(law, coefficients, drives(200), floor=1e-6).states
    # The bound is met exactly in real numbers; float32 rounds states of order 1.
    assert (states[1:] >= law.lower_bound(coefficients) - 4 * np.finfo(np.float32).eps).all()
