"""Standardised features, and the same map folded into a layer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.readout import TrainingError
from tasks.readout.standardisation import fit_standardisation


def raw(cases, features, *, mean=30.0, seed=0):
    """Columns of very different scales; the first is constant, the second nearly so."""
    rng = np.random.default_rng(seed)
    x = mean + rng.standard_normal((cases, features)) * np.logspace(-1, 2, features)
    x[:, 0] = 1 / 3
    if features > 1:
        x[:, 1] = 1000 * (1 + 1e-7 * rng.standard_normal(cases))
    return x.astype(np.float32)


def test_mean_and_spread_across_blocks():
    x = raw(5000, 6)
    s = fit_standardisation(x, common=False)
    reference = x.astype(np.float64)
    np.testing.assert_allclose(s.mean, reference.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(1 / s.scale[2:], reference.std(axis=0)[2:], rtol=1e-9)
    z = s.apply(x)
    # The mean itself is rounded to float32 (6e-8 of 30 to 100, beside spreads of 0.6 and more).
    np.testing.assert_allclose(z[:, 2:].mean(axis=0, dtype=np.float64), 0, atol=1e-5)
    np.testing.assert_allclose(z[:, 2:].std(axis=0, dtype=np.float64), 1, rtol=1e-5)


def test_a_common_spread_is_the_root_mean_square_and_keeps_zeros():
    x = raw(5000, 6)
    s = fit_standardisation(x)
    np.testing.assert_array_equal(s.scale[:2], 0)
    spread = np.sqrt(np.mean(x.astype(np.float64).var(axis=0)))
    np.testing.assert_allclose(1 / s.scale[2:], spread, rtol=1e-9)
    np.testing.assert_allclose(s.mean, x.astype(np.float64).mean(axis=0), rtol=1e-12)


def test_constant_features_become_zero():
    s = fit_standardisation(raw(100, 4))
    assert s.scale[0] == 0
    assert s.scale[1] == 0
    assert (s.scale[2:] > 0).all()
    layer = s.fold(np.ones((3, 4)), np.zeros(3))
    np.testing.assert_array_equal(layer.weight[:, :2], 0)


def test_a_small_but_real_spread_counts():
    x = np.random.default_rng(0).uniform(1, 1.001, (200, 3)).astype(np.float32)
    assert (fit_standardisation(x).scale > 0).all()
    tiny = np.random.default_rng(0).uniform(0, 1e-9, (200, 3)).astype(np.float32)
    assert (fit_standardisation(tiny).scale > 0).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 40), st.integers(1, 12), st.integers(1, 5), st.integers(0, 1000))
def test_folded_equals_explicit(cases, features, outputs, seed):
    x = raw(cases, features, seed=seed)
    rng = np.random.default_rng(seed)
    weight, bias = rng.standard_normal((outputs, features)), rng.standard_normal(outputs)
    s = fit_standardisation(x)
    layer = s.fold(weight, bias)
    explicit = ((x - s.mean) * s.scale) @ weight.T + bias
    folded = x @ layer.weight.T + layer.bias
    # Rounding of the folded weights and of the sum: some float32 steps of the largest term.
    largest = (np.abs(x)[:, None] * np.abs(layer.weight)).max() + np.abs(layer.bias).max()
    np.testing.assert_allclose(folded, explicit, rtol=0, atol=features * 2.4e-7 * largest)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_features_must_be_finite(bad):
    x = raw(50, 4)
    x[7, 2] = bad
    with pytest.raises(TrainingError, match=r"1 of 200 of the train part .* case 7, feature 2"):
        fit_standardisation(x)


def test_weights_beyond_float32_are_refused():
    x = np.array([[0], [1e-40]], np.float32)
    with pytest.raises(TrainingError, match="scale the features up"):
        fit_standardisation(x).fold(np.ones((1, 1)), np.zeros(1))
