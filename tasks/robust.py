r"""From accuracies over chips to single numbers that a search can compare.

=====================  =====================================================================
number                 meaning
=====================  =====================================================================
mean                   mean over the chips
low                    mean - k standard deviations
quantile               q quantile over the chips
yield                  share of chips that reach a target
=====================  =====================================================================

The best of many noisy means is biased upwards, so what was chosen is scored again on chips that no search has seen;
``interval`` is the bootstrap interval (BCa, SciPy) of that mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from kinetics.errors import require

Accuracies = NDArray[np.float64]
_SURE = 0.995
"""How sure a search is of a mean, a spread and a yield, each by itself, before it leaves a configuration."""
_RESAMPLES = 2000


@dataclass(frozen=True, kw_only=True)
class Robust:
    """What a chip must do, and how sure a search has to be."""

    std_factor: float = 2.0
    """k of ``accuracy_low``."""
    quantile: float = 0.05
    """q of ``accuracy_quantile``."""
    yield_target: float = 0.9
    """Accuracy from which a chip counts into ``accuracy_yield``."""
    corner_sigmas: float = 2.0
    """Standard deviations by which the coefficients of a corner are off."""
    corner_temperature_K: float = 0.0
    """How much colder and warmer than the design the corners are, K."""
    racing_chips: int = 0
    """Chips after which a configuration that cannot reach the front any more is left; 0 scores all on all chips."""
    fresh_chips: int = 50
    """Chips that what was chosen is scored on again; a ``noise_aware`` read-out keeps the devices it was trained on."""
    confidence: float = 0.95
    """Of the intervals over those."""

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        for name in ("std_factor", "corner_sigmas", "corner_temperature_K"):
            value = getattr(self, name)
            require(0 <= value < math.inf, f"`robust.{name}` >= 0", value, "give a finite number")
        for name in ("quantile", "yield_target"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"0 <= `robust.{name}` <= 1", value, "give it as a share, 0.9 being 90 %")
        require(0 < self.confidence < 1, "0 < `robust.confidence` < 1", self.confidence, "0.95 is customary")
        require(self.racing_chips >= 0, "`robust.racing_chips` >= 0", self.racing_chips, "0 switches racing off")
        require(self.racing_chips != 1, "`robust.racing_chips` is no 1", 1, "one chip tells no spread; take 3 or more")
        require(self.fresh_chips >= 1, "`robust.fresh_chips` >= 1", self.fresh_chips, "50 is customary")

    def statistics(self, accuracy: Accuracies) -> dict[str, Any]:
        """The numbers of the table over accuracies [chip], under the names of an evaluation."""
        mean, std = float(accuracy.mean()), float(accuracy.std())
        return {
            "accuracy": mean,
            "accuracy_std": std,
            "accuracy_q05": float(np.quantile(accuracy, 0.05)),
            "accuracy_quantile": float(np.quantile(accuracy, self.quantile)),
            "accuracy_low": mean - self.std_factor * std,
            "accuracy_yield": float(np.mean(accuracy >= self.yield_target)),
        }

    def optimistic(self, accuracy: Accuracies) -> dict[str, float]:
        """What the numbers could be at the best over many more chips, after those of ``accuracy`` [chip].

        Mean and spread follow from Student's t and chi square, quantiles from both by Cantelli's inequality.
        """
        chips = len(accuracy)
        std = float(accuracy.std(ddof=1))
        best_mean = min(1.0, float(accuracy.mean() + stats.t.ppf(_SURE, chips - 1) * std / math.sqrt(chips)))
        least_std, most_std = (
            std * math.sqrt((chips - 1) / stats.chi2.ppf(share, chips - 1)) for share in (_SURE, 1 - _SURE)
        )
        passed = int(np.count_nonzero(accuracy >= self.yield_target))
        # The upper end of the exact binomial interval (Clopper and Pearson).
        best_yield = 1.0 if passed == chips else float(stats.beta.ppf(_SURE, passed + 1, chips - passed))

        def best_quantile(share: float) -> float:
            return 1.0 if share == 1 else min(1.0, best_mean + most_std * math.sqrt(share / (1 - share)))

        return {
            "accuracy": best_mean,
            "accuracy_std": least_std,
            "accuracy_q05": best_quantile(0.05),
            "accuracy_quantile": best_quantile(self.quantile),
            "accuracy_low": best_mean - self.std_factor * least_std,
            "accuracy_yield": best_yield,
        }

    def interval(self, accuracy: Accuracies, rng: np.random.Generator) -> tuple[float, float]:
        """Bootstrap interval of the mean over accuracies [chip]."""
        if len(accuracy) < 2 or np.ptp(accuracy) == 0:
            return float(accuracy.mean()), float(accuracy.mean())
        found: Any = stats.bootstrap(
            (accuracy,), np.mean, n_resamples=_RESAMPLES, confidence_level=self.confidence, method="BCa", rng=rng
        )
        low, high = found.confidence_interval
        return float(low), float(high)


def dominated(best: dict[str, float], rivals: Sequence[dict[str, float]], directions: dict[str, str]) -> bool:
    """Whether a rival is at least as good as ``best`` in every objective and better in one."""

    def gains(rival: dict[str, float]) -> list[float]:
        return [(rival[n] - best[n]) * (1 if way == "maximize" else -1) for n, way in directions.items()]

    return any(min(gain := gains(rival)) >= 0 and max(gain) > 0 for rival in rivals)
