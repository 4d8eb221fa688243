"""What the drift-diffusion law claims of itself, over its whole range."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kinetics import get_law, simulate
from kinetics.arrays import Coefficients

LAW = get_law("drift_diffusion")
alphas = st.floats(1e-3, 1.0)
seeds = st.integers(0, 2**32 - 1)


def of(alpha: float, beta: float) -> Coefficients:
    return {"alpha": np.array([alpha], np.float32), "beta": np.array([beta], np.float32)}


def random_drive(seed: int, steps: int, devices: int) -> np.ndarray:
    """Half of the samples at the ends of [0, 1], where bounds are met."""
    rng = np.random.default_rng(seed)
    drive = rng.random((steps, devices), dtype=np.float32)
    return np.where(rng.random(drive.shape) < 0.5, np.round(drive), drive)


@given(alpha=alphas, steps=st.integers(1, 200))
def test_undriven_growth_is_parabolic(alpha: float, steps: int) -> None:
    """w^2 grows by 2 alpha + (alpha / w)^2 a step; the second term, the discretisation, sums to a logarithm."""
    states = simulate(LAW, of(alpha, 0.1), np.zeros((steps, 1), np.float32), floor=0.01).states
    excess = float(states[-1, 0]) ** 2 - (1 + 2 * alpha * steps)
    rounding = 1e-6 * steps * (1 + 2 * alpha * steps)
    assert -rounding <= excess <= alpha**2 + alpha / 2 * np.log1p(2 * alpha * steps) + rounding


@given(alpha=alphas, share=st.floats(0.01, 0.95), seed=seeds)
def test_a_stable_device_stays_positive_and_above_its_bound(alpha: float, share: float, seed: int) -> None:
    beta = share * 2 * np.sqrt(alpha)
    coefficients = of(alpha, beta)
    bound = float(LAW.lower_bound(coefficients)[0])
    states, hits = simulate(LAW, coefficients, random_drive(seed, 100, 50), floor=1e-9)
    assert hits == 0
    assert bound > 0
    assert states[1:].min() >= bound - 1e-6  # float32 at states of order 1


@given(alpha=alphas)
def test_the_bound_is_attained(alpha: float) -> None:
    """From w = sqrt(alpha), a full pulse lands on 2 sqrt(alpha) - beta: no better bound exists."""
    beta = np.sqrt(alpha)
    state, out = np.array([beta], np.float32), np.empty(1, np.float32)
    LAW.step(state, np.ones(1, np.float32), of(alpha, beta), out, np.empty(1, np.float32))
    np.testing.assert_allclose(out, LAW.lower_bound(of(alpha, beta)), rtol=1e-6)


@given(alpha=alphas, beta=st.floats(0.01, 2.0), x=st.floats(0.05, 1.0))
def test_constant_drive_has_its_fixed_point(alpha: float, beta: float, x: float) -> None:
    fixed = np.array([alpha / (beta * x)], np.float32)
    out = np.empty(1, np.float32)
    drive = np.array([x], np.float32)
    LAW.step(fixed, drive, of(alpha, beta), out, np.empty(1, np.float32))
    np.testing.assert_allclose(out, fixed, rtol=1e-6, atol=1e-6 * beta)
    slope = LAW.partials(fixed, drive, of(alpha, beta)).state
    np.testing.assert_allclose(slope, 1 - beta**2 * x**2 / alpha, rtol=1e-4, atol=1e-5)


@given(ratio=st.floats(0.1, 1.8))
def test_below_the_stability_limit_a_device_settles(ratio: float) -> None:
    """``ratio`` is beta^2 x^2 / alpha, whose limit is 2; the fixed point is put 2 % from rest."""
    np.testing.assert_allclose(_late_states(ratio), 0.98, rtol=1e-4)


@given(ratio=st.floats(2.2, 3.0))
def test_above_the_stability_limit_a_device_never_settles(ratio: float) -> None:
    assert np.abs(_late_states(ratio) - 0.98).max() > 0.05


def _late_states(ratio: float) -> np.ndarray:
    fixed = 0.98
    alpha = ratio * fixed**2
    return simulate(LAW, of(alpha, alpha / fixed), np.ones((200, 1), np.float32), floor=1e-3).states[-20:]
