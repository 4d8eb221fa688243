"""Programming errors, held against the published fits by hand and by draws (fixed seeds, two-sided)."""

import numpy as np
import pytest
from scipy import stats

from kinetics.crossbar.programming_error import FITS, error_std_S, perturb
from kinetics.errors import InvalidParameterError

DRAWS = 50_000
WINDOW = {"g_min_S": 40e-6, "g_max_S": 300e-6}

BY_HAND = [
    ("shi2025", 170.0, 300.0, 1.14726),
    ("milo2021", 100.0, 300.0, 4.782 - 0.911),
    ("milo2021", 300.0, 300.0, 4.782 - 0.00911 * 225),  # the fit ends at 225 uS
    ("milo2021", 40.0, 300.0, 4.782 - 0.00911 * 50),  # and starts at 50 uS
    ("neurram", 20.0, 39.0, 1.2288 - 4.668 + 4.748 + 1.053),
    ("neurram", 20.0, 30.0, 1.2288 - 4.668 + 4.748 + 1.053),  # within its range nothing is stretched
    ("neurram", 200.0, 390.0, 10 * (1.2288 - 4.668 + 4.748 + 1.053)),  # a window ten times as large
    ("cmo_hfox", 50.0, 88.2, 0.01122 + 0.5645),
    ("cmo_hfox", 200.0, 300.0, 0.01122 + 0.01129 * 88.2),
]


@pytest.mark.parametrize(("model", "conductance_uS", "g_max_uS", "std_uS"), BY_HAND)
def test_the_spread_is_that_of_the_fit(model: str, conductance_uS: float, g_max_uS: float, std_uS: float) -> None:
    found = error_std_S(np.array([conductance_uS * 1e-6], np.float32), model, 1e-6, g_max_uS * 1e-6)
    np.testing.assert_allclose(found, std_uS * 1e-6, rtol=1e-5)


@pytest.mark.parametrize("conductance_uS", [100.0, 200.0])
@pytest.mark.parametrize("model", [*FITS, "relative"])
def test_errors_are_normal_with_the_stated_mean_and_spread(model: str, conductance_uS: float) -> None:
    wanted_S = np.full((50, DRAWS // 50), conductance_uS * 1e-6, np.float32)
    held_S = perturb(wanted_S, model, np.random.default_rng(3), relative_sigma=0.02, **WINDOW)
    std_uS = float(error_std_S(wanted_S[:1, :1], model, 40e-6, 300e-6, relative_sigma=0.02).item() * 1e6)
    mean_uS = 0.20329 if model == "shi2025" else 0.0
    error_uS = (held_S.astype(np.float64) - wanted_S).ravel() * 1e6
    assert abs(error_uS.mean() - mean_uS) < 4 * std_uS / np.sqrt(DRAWS)
    assert abs(error_uS.std() / std_uS - 1) < 4 / np.sqrt(2 * DRAWS)
    # A step of float32 at these conductances is 1e-5 of the smallest spread: no ties to speak of.
    assert stats.kstest(error_uS, stats.norm(mean_uS, std_uS).cdf).pvalue > 0.01


def test_what_is_verified_stays_in_the_window() -> None:
    ends_S = np.array([[40e-6] * 500, [300e-6] * 500], np.float32)
    held_S = perturb(ends_S, "relative", np.random.default_rng(1), relative_sigma=0.3, **WINDOW)
    assert held_S.min() == np.float32(40e-6)
    assert held_S.max() == np.float32(300e-6)
    assert 0.4 < np.mean(held_S == ends_S) < 0.6  # half of the errors point outwards


def test_errors_of_all_models_and_sizes_point_the_same_way() -> None:
    wanted_S = np.full((2, 40), 170e-6, np.float32)
    small, large = (
        perturb(wanted_S, "relative", np.random.default_rng(2), relative_sigma=sigma, **WINDOW) - wanted_S
        for sigma in (0.01, 0.02)
    )
    np.testing.assert_allclose(large, 2 * small, rtol=0, atol=4 * 170e-6 * np.finfo(np.float32).eps)
    milo = perturb(wanted_S, "milo2021", np.random.default_rng(2), **WINDOW) - wanted_S
    np.testing.assert_array_equal(np.sign(milo), np.sign(small))


def test_unknown_models_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match=r"`programming` in .*milo2021.*'hfo2'"):
        perturb(np.zeros(1, np.float32), "hfo2", np.random.default_rng(1), **WINDOW)
