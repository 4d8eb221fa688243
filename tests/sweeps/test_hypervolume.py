"""Hypervolume of a growing front: by hand, and what never changes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.hypervolume import REFERENCE_TRIALS, Hypervolume

_WAYS = {"accuracy": "maximize", "energy_J": "minimize"}


def _point(accuracy: float, energy_J: float) -> dict[str, float]:
    return {"accuracy": accuracy, "energy_J": energy_J}


def test_two_boxes_by_hand() -> None:
    volume = Hypervolume(_WAYS)
    assert volume.add(_point(0.5, 1e-6)) == 0.0  # the reference itself
    # 0.4 of accuracy times 2 decades, then a second box of 0.2 x 3 that shares 0.2 x 2 with it.
    assert volume.add(_point(0.9, 1e-8)) == pytest.approx(0.8)
    assert volume.add(_point(0.7, 1e-9)) == pytest.approx(0.8 + 0.2)
    assert volume.add(None) == pytest.approx(1.0)
    assert volume.add(_point(0.6, 1e-7)) == pytest.approx(1.0)
    assert volume.front_size == 2


def test_a_cost_that_may_be_zero_is_not_counted_in_decades() -> None:
    volume = Hypervolume({"accuracy": "maximize", "violations": "minimize"})
    volume.add({"accuracy": 0.0, "violations": 0.5})
    assert volume.add({"accuracy": 1.0, "violations": 0.0}) == pytest.approx(0.5)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-12, -3)), min_size=REFERENCE_TRIALS + 1, max_size=60))
def test_it_never_falls_once_the_reference_stands(points: list[tuple[float, float]]) -> None:
    volume = Hypervolume(_WAYS)
    values = [volume.add(_point(accuracy, 10**exponent)) for accuracy, exponent in points]
    later = values[REFERENCE_TRIALS - 1 :]
    assert all(b >= a - 1e-12 for a, b in itertools.pairwise(later))
    assert values[-1] >= 0
