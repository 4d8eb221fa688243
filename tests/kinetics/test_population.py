"""Draws of chips, held against the stated law (fixed seeds, two-sided)."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kinetics import InvalidParameterError, draw_chips, nominal_devices
from kinetics.population import draw_stuck

PAIR = {"alpha": 0.3, "beta": 0.8}


def rng(seed: int = 11) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0])
def test_factors_follow_the_normal_cut_at_0(sigma: float) -> None:
    draws = draw_chips({"alpha": 0.3, "beta": 0.8}, chips=200, devices=500, d2d=sigma, rng=rng())
    law = stats.truncnorm(-1 / sigma, np.inf, loc=1, scale=sigma)
    for name, value in PAIR.items():
        assert stats.kstest(draws[name].ravel() / value, law.cdf).pvalue > 0.01
        assert draws[name].min() > 0


def test_coefficients_are_independent() -> None:
    draws = draw_chips(PAIR, chips=100, devices=1000, d2d=0.2, rng=rng())
    alpha, beta = draws["alpha"].ravel(), draws["beta"].ravel()
    assert stats.pearsonr(alpha, beta).pvalue > 0.01
    assert stats.spearmanr(alpha, beta).pvalue > 0.01
    assert stats.pearsonr(alpha[1:], alpha[:-1]).pvalue > 0.01


def test_shape_and_type() -> None:
    draws = draw_chips(PAIR, chips=3, devices=5, d2d=0.1, rng=rng())
    assert {name: (value.shape, value.dtype) for name, value in draws.items()} == dict.fromkeys(
        PAIR, ((3, 5), np.float32)
    )


def test_no_spread_is_the_nominal_device() -> None:
    draws = draw_chips(PAIR, chips=2, devices=5, d2d=0.0, rng=rng())
    for name, value in nominal_devices(PAIR, 5).items():
        assert value.shape == (1, 5)
        np.testing.assert_array_equal(draws[name], np.repeat(value, 2, axis=0))


def test_the_same_seed_gives_the_same_chips_however_many_follow() -> None:
    few = draw_chips(PAIR, chips=3, devices=7, d2d=0.1, rng=rng())
    many = draw_chips(PAIR, chips=8, devices=7, d2d=0.1, rng=rng())
    for name in PAIR:
        np.testing.assert_array_equal(few[name], many[name][:3])


def test_deviations_are_common_to_all_spreads() -> None:
    """The first-order effect of the spread is then free of sampling noise."""
    small = draw_chips(PAIR, chips=4, devices=7, d2d=0.05, rng=rng())
    large = draw_chips(PAIR, chips=4, devices=7, d2d=0.10, rng=rng())
    for name, value in PAIR.items():
        np.testing.assert_allclose(large[name] / value - 1, 2 * (small[name] / value - 1), atol=4e-7, rtol=0)


def test_spreads_by_name() -> None:
    draws = draw_chips(PAIR, chips=50, devices=1000, d2d={"beta": 0.1}, rng=rng())
    assert np.ptp(draws["alpha"]) == 0
    assert draws["beta"].std() / 0.8 == pytest.approx(0.1, rel=4 / np.sqrt(2 * 50_000))


def test_the_normal_draws_are_those_of_the_first_version() -> None:
    """Same bits as ever, one redrawn value included: results of old studies stay what they were."""
    draws = draw_chips(PAIR, chips=2, devices=4, d2d=1.0, rng=rng())
    np.testing.assert_array_equal(
        draws["alpha"],
        np.float32([[0.31025782, 0.70792425, 0.66741633, 0.14690788], [0.5240657, 0.54735404, 0.76996464, 0.27107036]]),
    )
    np.testing.assert_array_equal(
        draws["beta"],
        np.float32([[0.5616244, 0.37809265, 1.255781, 0.7551485], [1.3443028, 0.6907469, 0.49672115, 1.1704881]]),
    )


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_lognormal_factors_follow_their_law(sigma: float) -> None:
    draws = draw_chips(PAIR, chips=200, devices=500, d2d=sigma, distribution="lognormal", rng=rng())
    log_variance = np.log(1 + sigma**2)
    law = stats.norm(-log_variance / 2, np.sqrt(log_variance))
    for name, value in PAIR.items():
        assert stats.kstest(np.log(draws[name].ravel() / value), law.cdf).pvalue > 0.01


def test_lognormal_factors_have_mean_1_and_the_stated_spread() -> None:
    """Two-sided within 4 standard errors; that of the spread is from the fourth moment, which sigma 0.3 has small."""
    sigma, count = 0.3, 1_000_000
    draws = draw_chips({"alpha": 1.0}, chips=1000, devices=1000, d2d=sigma, distribution="lognormal", rng=rng())
    factors = draws["alpha"].astype(np.float64)
    assert abs(factors.mean() - 1) < 4 * sigma / np.sqrt(count)
    kurtosis = stats.lognorm(np.sqrt(np.log(1 + sigma**2))).stats("k") + 3
    assert abs(factors.var() / sigma**2 - 1) < 4 * np.sqrt((kurtosis - 1) / count)


@pytest.mark.parametrize("correlation", [-1.0, -0.6, 0.3, 1.0])
@pytest.mark.parametrize("distribution", ["normal", "lognormal"])
def test_coefficients_of_a_device_correlate_as_asked(
    distribution: Literal["normal", "lognormal"], correlation: float
) -> None:
    draws = draw_chips(
        PAIR, chips=100, devices=1000, d2d=0.15, distribution=distribution, correlation=correlation, rng=rng()
    )
    alpha, beta = draws["alpha"].ravel() / 0.3, draws["beta"].ravel() / 0.8
    law = stats.norm(1, 0.15)
    if distribution == "lognormal":
        alpha, beta = np.log(alpha), np.log(beta)
        law = stats.norm(-np.log(1.0225) / 2, np.sqrt(np.log(1.0225)))
    found = np.corrcoef(alpha, beta)[0, 1]
    assert abs(found - correlation) < 4 * (1 - correlation**2) / np.sqrt(alpha.size) + 1e-5
    assert abs(np.corrcoef(alpha[1:], beta[:-1])[0, 1]) < 4 / np.sqrt(alpha.size)
    assert stats.kstest(alpha, law.cdf).pvalue > 0.01
    assert stats.kstest(beta, law.cdf).pvalue > 0.01


@pytest.mark.parametrize("correlation", [-0.5, 0.4])
def test_three_coefficients_correlate_alike(correlation: float) -> None:
    three = {"a": 1.0, "b": 1.0, "c": 1.0}
    draws = draw_chips(three, chips=100, devices=1000, d2d=0.1, correlation=correlation, rng=rng())
    found = np.corrcoef([value.ravel() for value in draws.values()])[np.triu_indices(3, 1)]
    np.testing.assert_allclose(found, correlation, atol=4 * (1 - correlation**2) / np.sqrt(100_000), rtol=0)


def test_correlated_devices_are_redrawn_as_a_whole() -> None:
    """Cut at 0, both coefficients follow the normal pair under the condition that both are positive."""
    draws = draw_chips(PAIR, chips=100, devices=1000, d2d=1.0, correlation=0.8, rng=rng())
    pairs = 1 + np.random.default_rng(5).multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 200_000)
    expected = pairs[(pairs > 0).all(axis=1)]
    alpha, beta = draws["alpha"].ravel() / 0.3, draws["beta"].ravel() / 0.8
    assert min(alpha.min(), beta.min()) > 0
    for found, wanted in (
        (alpha, expected[:, 0]),
        (beta, expected[:, 1]),
        (alpha - beta, expected[:, 0] - expected[:, 1]),
    ):
        assert stats.ks_2samp(found, wanted).pvalue > 0.01


def test_normal_numbers_are_common_to_distributions_and_correlations() -> None:
    one = {"alpha": 1.0}
    normal = draw_chips(one, chips=4, devices=7, d2d=0.1, correlation=0.5, rng=rng())["alpha"]
    for sigma in (0.1, 3.0):
        lognormal = draw_chips(one, chips=4, devices=7, d2d=sigma, distribution="lognormal", rng=rng())["alpha"]
        variance = np.log(1 + sigma**2)
        z = (np.log(lognormal) + variance / 2) / np.sqrt(variance)
        np.testing.assert_allclose(z, (normal - 1) / 0.1, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("high", "low"), [(0.03, 0.1), (0.0, 0.2), (0.7, 0.3)])
def test_devices_are_stuck_as_often_as_asked(high: float, low: float) -> None:
    stuck = draw_stuck(high, low, (200, 1000), rng())
    assert stuck.dtype == np.int8
    for state, share in ((1, high), (-1, low)):
        found = np.count_nonzero(stuck == state)
        assert found == share == 0 or stats.binomtest(found, stuck.size, share).pvalue > 0.01


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1), st.floats(0, 1), st.integers(0, 2**31))
def test_a_larger_share_only_adds_stuck_devices(
    high: float, low: float, of_high: float, of_low: float, seed: int
) -> None:
    few = draw_stuck(high * of_high, low * of_low, (40, 5), rng(seed))
    many = draw_stuck(high, low, (40, 5), rng(seed))
    np.testing.assert_array_equal(many[few != 0], few[few != 0])


@pytest.mark.parametrize(
    ("high", "low", "match"), [(-0.1, 0, "share_high"), (0, 1.1, "share_low"), (0.6, 0.6, "share_high` [+] `share_low")]
)
def test_impossible_shares_are_refused(high: float, low: float, match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        draw_stuck(high, low, (3,), rng())


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"chips": 0}, "`chips`"),
        ({"devices": 0}, "`devices`"),
        ({"d2d": -0.1}, "`d2d`.*alpha"),
        ({"d2d": 1.5}, "`d2d`.*alpha"),
        ({"d2d": float("nan")}, "`d2d`"),
        ({"d2d": {"gamma": 0.1}}, "`d2d` names.*'gamma'"),
        ({"d2d": {"beta": 2.0}}, "`d2d`.*beta"),
        ({"d2d": 6.0, "distribution": "lognormal"}, "0 <= `d2d` <= 5 for alpha"),
        ({"distribution": "uniform"}, "`distribution`"),
        ({"correlation": 1.1}, "-1 <= `correlation` <= 1 for 2"),
        ({"correlation": float("nan")}, "`correlation`"),
    ],
)
def test_bad_populations_are_refused(arguments: dict[str, object], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        draw_chips(PAIR, **({"chips": 2, "devices": 3, "d2d": 0.1, "rng": rng()} | arguments))  # type: ignore[arg-type]  # parametrised, in part wrong on purpose


def test_three_coefficients_cannot_all_oppose_each_other() -> None:
    with pytest.raises(InvalidParameterError, match=r"-0.5 <= `correlation` <= 1 for 3"):
        draw_chips({"a": 1.0, "b": 1.0, "c": 1.0}, chips=1, devices=1, d2d=0.1, correlation=-0.7, rng=rng())
