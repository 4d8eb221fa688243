"""Shi et al., Nat. Commun. 16:913 (2025), doi 10.1038/s41467-025-56286-y: published devices and spread.

The recurrence, the points (alpha, beta) and the spread are those of the authors' published code.
"""

import numpy as np
import pytest
from scipy import integrate, stats

from kinetics import draw_chips, get_law, simulate, violating_share

LAW = get_law("drift_diffusion")
SIGMA_ALPHA = 0.01873 * 5.1
SIGMA_BETA = 0.05411 * 5.1
DRAWS = 400_000


def drawn_share(alpha: float, beta: float) -> float:
    """Share of drawn devices that break the stability rule, at the published absolute spread."""
    chips = draw_chips(
        {"alpha": alpha, "beta": beta},
        chips=100,
        devices=DRAWS // 100,
        d2d={"alpha": SIGMA_ALPHA / alpha, "beta": SIGMA_BETA / beta},
        rng=np.random.default_rng(2025),
    )
    return violating_share(LAW, chips)


def test_15_7_per_cent_of_devices_break_the_stability_rule() -> None:
    """Computed once from the authors' draws to one decimal; the sampling error is four standard errors."""
    error = 4 * np.sqrt(0.157 * 0.843 / DRAWS)
    assert drawn_share(0.354447, 0.854424) == pytest.approx(0.157, abs=0.0005 + error)


@pytest.mark.parametrize(("alpha", "beta"), [(0.354447, 0.854424), (0.7, 1.0)])
def test_the_share_is_that_of_the_integral(alpha: float, beta: float) -> None:
    """Share = integral of p(alpha) P(beta >= 2 sqrt(alpha)) over normals cut at 0."""
    alphas = stats.truncnorm(-alpha / SIGMA_ALPHA, np.inf, alpha, SIGMA_ALPHA)
    betas = stats.truncnorm(-beta / SIGMA_BETA, np.inf, beta, SIGMA_BETA)
    share, _ = integrate.quad(lambda a: alphas.pdf(a) * betas.sf(2 * np.sqrt(a)), 0, alpha + 8 * SIGMA_ALPHA)
    error = 4 * np.sqrt(share * (1 - share) / DRAWS)
    assert drawn_share(alpha, beta) == pytest.approx(share, abs=error)


def test_the_other_published_point_sits_on_the_stability_limit() -> None:
    """(0.10234, 0.63911): 2 sqrt(alpha) = 0.63981, a tenth of a per cent above beta."""
    bound = LAW.lower_bound({"alpha": np.float32([0.10234]), "beta": np.float32([0.63911])})
    assert bound[0] == pytest.approx(2 * np.sqrt(0.10234) - 0.63911, abs=1e-7)
    assert 0 < bound[0] < 0.001


def test_the_recurrence_by_hand() -> None:
    """alpha 0.5, beta 0.25, x = 1, 0, 0.5:

    1 + 0.5 / 1 - 0.25 = 1.25;  1.25 + 0.5 / 1.25 - 0 = 1.65;  1.65 + 0.5 / 1.65 - 0.125 = 1.8280303.
    """
    states = simulate(
        LAW,
        {"alpha": np.float32([0.5]), "beta": np.float32([0.25])},
        np.float32([[1], [0], [0.5]]),
        floor=0.01,
    ).states
    np.testing.assert_allclose(states[:, 0], [1, 1.25, 1.65, 1.8280303], rtol=2e-7)
