"""Retention drift, held against the stated laws (fixed seeds, two-sided)."""

import numpy as np
import pytest
from scipy import stats

from kinetics.crossbar.retention import drift
from kinetics.errors import InvalidParameterError

DRAWS = 50_000
WINDOW = {"g_min_S": 9e-6, "g_max_S": 88.2e-6}


def written(share_of_g_max: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.full(DRAWS, share_of_g_max * 88.2e-6, np.float32)


@pytest.mark.parametrize("time_s", [1.0, 3600.0, 1e7])
def test_cmo_hfox_drifts_and_spreads_with_the_logarithm_of_time(time_s: float) -> None:
    """After an hour, ln t = 8.189: mean -0.729 uS, standard deviation 0.756 uS."""
    change_uS = (drift(written(0.5), "cmo_hfox", time_s, np.random.default_rng(1), **WINDOW) - written(0.5)) * 1e6
    law = stats.norm(-0.0890 * np.log(time_s), 0.0420 * np.log(time_s) + 0.4118)
    assert stats.kstest(change_uS, law.cdf).pvalue > 0.01
    assert abs(change_uS.mean() - law.mean()) < 4 * law.std() / np.sqrt(DRAWS)
    assert abs(change_uS.std() / law.std() - 1) < 4 / np.sqrt(2 * DRAWS)


@pytest.mark.parametrize(
    ("share", "mean", "std"),
    [
        (0.5, 0.049, 0.008),  # both logarithmic laws are below their lower ends
        (0.02, 0.0244 + 0.0155 * np.log(50), -0.0059 + 0.0125 * np.log(50)),
        (1e-4, 0.1, 0.045),  # both above their upper ends
    ],
)
def test_phase_change_conductance_falls_by_a_power_of_time(share: float, mean: float, std: float) -> None:
    after = drift(written(share), "pcm", 20e4, np.random.default_rng(1), **WINDOW)
    exponents = -np.log(after.astype(np.float64) / written(share)) / np.log(1e4)
    assert stats.kstest(exponents, stats.foldnorm(mean / std, scale=std).cdf).pvalue > 0.01


@pytest.mark.parametrize(("model", "start_s"), [("cmo_hfox", 1.0), ("pcm", 20.0)])
def test_nothing_drifts_before_the_first_reading_of_the_fit(model: str, start_s: float) -> None:
    for time_s in (0.0, 0.99 * start_s):
        np.testing.assert_array_equal(
            drift(written(0.3), model, time_s, np.random.default_rng(1), **WINDOW), written(0.3)
        )


def test_a_device_follows_one_curve_over_time() -> None:
    one_decade, two_decades = (
        np.log(drift(written(0.1), "pcm", time_s, np.random.default_rng(1), **WINDOW) / written(0.1))
        for time_s in (200.0, 2000.0)
    )
    np.testing.assert_allclose(two_decades, 2 * one_decade, rtol=0, atol=1e-6)


def test_cmo_hfox_stays_in_its_window() -> None:
    after_S = drift(written(1.0), "cmo_hfox", 1e4, np.random.default_rng(1), **WINDOW)
    assert after_S.max() == np.float32(88.2e-6)


@pytest.mark.parametrize(("model", "time_s", "match"), [("cmo", 1.0, "`retention` in"), ("pcm", -1.0, "retention_s")])
def test_impossible_drifts_are_refused(model: str, time_s: float, match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        drift(written(0.5), model, time_s, np.random.default_rng(1), **WINDOW)
