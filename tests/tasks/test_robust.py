"""Numbers over chips: by hand, and bounds and intervals that hold as often as they say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics import InvalidParameterError
from tasks.robust import Robust, dominated

WAYS = {"accuracy": "maximize", "energy_J": "minimize", "accuracy_low": "maximize"}
FLIPPED = {"accuracy": "minimize", "energy_J": "maximize", "accuracy_low": "minimize"}
POINTS = st.fixed_dictionaries({name: st.sampled_from([0.0, 0.5, 1.0]) for name in WAYS})


def test_statistics_by_hand() -> None:
    found = Robust(std_factor=2, quantile=0.25, yield_target=0.9).statistics(np.array([0.9, 0.7, 1.0, 0.8]))
    # Deviations of 0.15 and 0.05 on either side; quantiles lie 0.75 and 0.15 of the way from 0.7 to 0.8.
    std = math.sqrt((0.15**2 + 0.05**2) / 2)
    expected = {
        "accuracy": 0.85,
        "accuracy_std": std,
        "accuracy_q05": 0.715,
        "accuracy_quantile": 0.775,
        "accuracy_low": 0.85 - 2 * std,
        "accuracy_yield": 0.5,
    }
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("first", "quantile"), [(2, 0.5), (3, 0.95), (5, 0.0), (12, 1.0)])
@pytest.mark.parametrize("shape", ["normal", "left-skewed"])
def test_all_chips_seldom_exceed_the_optimistic_numbers(shape: str, first: int, quantile: float) -> None:
    rng, draws = np.random.default_rng(1), 500
    robust = Robust(std_factor=1, quantile=quantile, yield_target=0.8)
    missed: dict[str, int] = {}
    for _ in range(draws):
        chips = rng.normal(0.8, 0.03, 40) if shape == "normal" else rng.beta(8, 2, 40)
        chips = np.clip(chips, 0, 1)
        final, best = robust.statistics(chips), robust.optimistic(chips[:first])
        assert best.keys() == final.keys()
        for name, value in final.items():
            worse = value < best[name] - 1e-12 if name == "accuracy_std" else value > best[name] + 1e-12
            missed[name] = missed.get(name, 0) + worse
    assert max(missed.values()) <= 0.01 * draws, missed


def test_optimistic_numbers_still_tell_the_hopeless() -> None:
    chips = np.random.default_rng(0).normal(0.5, 0.02, 8)
    best = Robust().optimistic(chips)
    assert best["accuracy"] < 0.55
    assert best["accuracy_quantile"] < 0.6
    assert best["accuracy_low"] < best["accuracy"]
    assert best["accuracy_yield"] < 0.7  # none of 8 reached the target


def test_a_quantile_may_lie_far_from_the_mean() -> None:
    chips = np.repeat([0.8, 1.0], [190, 10])
    assert Robust(quantile=0.96).statistics(chips)["accuracy_quantile"] == 1.0
    assert Robust(quantile=0.96).optimistic(chips)["accuracy_quantile"] == 1.0
    assert Robust(quantile=0.5).optimistic(chips)["accuracy_quantile"] < 0.9


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), st.floats(0, 1), st.floats(0, 3))
def test_what_was_seen_is_within_the_optimistic(seen: list[float], quantile: float, factor: float) -> None:
    """So that what is left behind can never stand on the front."""
    robust = Robust(quantile=quantile, std_factor=factor)
    final, best = robust.statistics(np.array(seen)), robust.optimistic(np.array(seen))
    assert best.pop("accuracy_std") <= final.pop("accuracy_std") + 1e-9
    assert all(best[name] >= value - 1e-9 for name, value in final.items())


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng, trials, truth = np.random.default_rng(3), 300, 8 / 10
    robust = Robust(confidence=0.9)
    intervals = np.array([robust.interval(rng.beta(8, 2, 50), rng) for _ in range(trials)])
    covered = np.mean((intervals[:, 0] <= truth) & (truth <= intervals[:, 1]))
    # Three standard deviations of a share of 0.9; the bootstrap of 50 chips is known to be 1 % short.
    assert 0.9 - 0.01 - 3 * math.sqrt(0.09 / trials) <= covered <= 0.9 + 3 * math.sqrt(0.09 / trials)


def test_the_interval_is_deterministic_and_narrows_with_confidence() -> None:
    chips = np.random.default_rng(0).normal(0.9, 0.02, 30)
    one, same = (Robust().interval(chips, np.random.default_rng(5)) for _ in range(2))
    assert one == same
    assert one[0] < chips.mean() < one[1]
    low, high = Robust(confidence=0.5).interval(chips, np.random.default_rng(5))
    assert one[0] < low < high < one[1]


@pytest.mark.parametrize("chips", [[0.75], [0.75] * 4])
def test_equal_accuracies_give_a_point(chips: list[float]) -> None:
    assert Robust().interval(np.array(chips), np.random.default_rng(0)) == (0.75, 0.75)


@given(POINTS, POINTS, POINTS)
def test_domination_is_a_strict_order(a: dict[str, float], b: dict[str, float], c: dict[str, float]) -> None:
    assert not dominated(a, [a], WAYS)
    assert not dominated(a, [], WAYS)
    assert not (dominated(a, [b], WAYS) and dominated(b, [a], WAYS))
    if dominated(a, [b], WAYS) and dominated(b, [c], WAYS):
        assert dominated(a, [c], WAYS)
    assert dominated(a, [b], WAYS) == dominated(b, [a], FLIPPED)
    assert dominated(a, [b, c], WAYS) == (dominated(a, [b], WAYS) or dominated(a, [c], WAYS))


def test_domination_looks_at_the_direction_and_at_the_objectives_alone() -> None:
    cheap, dear = {"accuracy": 0.9, "energy_J": 1e-9, "macs": 9.0}, {"accuracy": 0.9, "energy_J": 2e-9, "macs": 1.0}
    ways = {"accuracy": "maximize", "energy_J": "minimize"}
    assert dominated(dear, [cheap], ways)
    assert not dominated(cheap, [dear], ways)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"std_factor": -1.0}, r"`robust\.std_factor` >= 0"),
        ({"corner_sigmas": math.inf}, r"`robust\.corner_sigmas` >= 0"),
        ({"corner_temperature_K": math.nan}, r"`robust\.corner_temperature_K` >= 0"),
        ({"yield_target": 90.0}, r"0 <= `robust\.yield_target` <= 1 must hold, but got 90\.0; .* 0\.9 being 90 %"),
        ({"quantile": -0.1}, r"0 <= `robust\.quantile` <= 1"),
        ({"confidence": 1.0}, r"0 < `robust\.confidence` < 1"),
        ({"racing_chips": -1}, r"`robust\.racing_chips` >= 0"),
        ({"racing_chips": 1}, r"one chip tells no spread"),
        ({"fresh_chips": 0}, r"`robust\.fresh_chips` >= 1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(fields: dict[str, float], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        Robust(**fields)  # type: ignore[arg-type]  # parametrised
