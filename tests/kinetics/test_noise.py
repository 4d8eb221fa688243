"""The cheap normal noise is what its table says."""

import numpy as np
import pytest
from scipy import stats

from kinetics.noise import FastNormal

GROUPS = 1 << 15


def numbers(count: int, seed: int = 0, sigma: float = 1.0) -> np.ndarray:
    out = np.empty(count, np.float32)
    FastNormal(np.random.default_rng(seed), count).fill(out, sigma)
    return out


def test_moments_and_shape() -> None:
    """Two-sided at four standard errors."""
    z = numbers(1 << 20).astype(np.float64)
    assert abs(z.mean()) < 4 / np.sqrt(z.size)
    assert z.var() == pytest.approx(1, abs=4 * np.sqrt(2 / z.size))
    assert abs(stats.skew(z)) < 4 * np.sqrt(6 / z.size)
    assert stats.kurtosis(z) == pytest.approx(-0.075, abs=4 * np.sqrt(24 / z.size))
    assert stats.kstest(z, "norm").statistic < 0.004


def test_the_sixteen_of_a_group_are_centred_and_uncorrelated() -> None:
    rows = numbers(16 * GROUPS).reshape(16, GROUPS).astype(np.float64)
    assert np.abs(rows.mean(axis=1)).max() < 4.5 / np.sqrt(GROUPS)
    np.testing.assert_allclose(rows.var(axis=1), 1, atol=4.5 * np.sqrt(2 / GROUPS))
    correlation = np.corrcoef(rows) - np.eye(16)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(GROUPS)


def test_sigma_scales() -> None:
    np.testing.assert_allclose(numbers(1000, sigma=0.05), 0.05 * numbers(1000), rtol=1e-6)


def test_a_stream_never_repeats_itself() -> None:
    source = FastNormal(np.random.default_rng(0), 4096)
    fills = np.empty((40, 1024), np.float32)
    for row in fills:
        source.fill(row, 1.0)
    correlation = np.corrcoef(fills) - np.eye(40)
    assert np.abs(correlation).max() < 5 / np.sqrt(1024)


@pytest.mark.parametrize("count", [1, 7, 127, 128, 129, 1000])
def test_any_count_is_filled(count: int) -> None:
    z = numbers(count, seed=count)
    assert np.isfinite(z).all()
    assert np.unique(z).size > 0.5 * count  # equal numbers are as common as a resolution of 0.003 makes them
