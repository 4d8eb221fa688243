"""Draws of chips, held against the stated law (fixed seeds, two-sided)."""

import numpy as np
import pytest
from scipy import stats

from kinetics import InvalidParameterError, draw_chips, nominal_devices

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
    ],
)
def test_bad_populations_are_refused(arguments: dict[str, object], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        draw_chips(PAIR, **({"chips": 2, "devices": 3, "d2d": 0.1, "rng": rng()} | arguments))  # type: ignore[arg-type]  # parametrised, in part wrong on purpose
