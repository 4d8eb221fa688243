"""Shi et al., Nat. Commun. 16:913 (2025), doi 10.1038/s41467-025-56286-y: the map of static weights and its noise.

Map and noise are those of the authors' published code; it implies the unit uS.
"""

import numpy as np
import pytest

from kinetics.crossbar import Crossbar, realise
from kinetics.crossbar.mapping import conductances, unit_conductance_S
from kinetics.crossbar.programming_error import perturb

WEIGHT = np.array([[-0.8, -0.4, 0.0], [0.2, 0.6, 0.8]], np.float32)


def test_weights_lie_around_170_uS() -> None:
    """G = 170 + w 130 / 0.8 uS."""
    crossbar = Crossbar(mapping="single")
    unit_S = unit_conductance_S(WEIGHT, "single", crossbar.g_min_S, crossbar.g_max_S)
    held_S = conductances(WEIGHT, unit_S, "single", crossbar.g_min_S, crossbar.g_max_S)
    np.testing.assert_allclose(held_S, np.array([[[40, 105, 170], [202.5, 267.5, 300]]]) * 1e-6, rtol=1e-6)


def test_programming_noise_is_0_44_per_cent_of_the_window() -> None:
    wanted_S = np.full((1000, 1000), 170e-6, np.float32)
    held_S = perturb(wanted_S, "shi2025", np.random.default_rng(1), g_min_S=40e-6, g_max_S=300e-6)
    error_uS = (held_S.astype(np.float64) - wanted_S) * 1e6
    assert error_uS.std() / 260 == pytest.approx(0.0044, abs=5e-5)
    assert error_uS.std() == pytest.approx(1.14726, rel=4 / np.sqrt(2e6))
    assert error_uS.mean() == pytest.approx(0.20329, abs=4 * 1.14726e-3)


def test_weights_shift_and_spread_as_on_the_chip() -> None:
    """Mean 0.20329 and standard deviation 1.14726 uS, times 0.8 / 130 uS, within 4 standard errors."""
    chips = 20_000
    held = realise(WEIGHT, Crossbar(mapping="single", programming="shi2025"), chips, np.random.default_rng(2025))
    inside = np.abs(WEIGHT) < 0.7  # the others are cut off at an end of the window
    error = (held.astype(np.float64) - WEIGHT)[:, inside]
    std = 1.14726 * 0.8 / 130
    np.testing.assert_allclose(error.mean(axis=0), 0.20329 * 0.8 / 130, rtol=0, atol=4 * std / np.sqrt(chips))
    np.testing.assert_allclose(error.std(axis=0), std, rtol=4 / np.sqrt(2 * chips))
