"""Places of values along an axis."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.report.scale import scale_of

numbers = st.floats(-1e12, 1e12, allow_subnormal=False) | st.integers(-1000, 1000)
anything = st.one_of(numbers, st.none(), st.text(max_size=3), st.booleans(), st.lists(st.integers(0, 99), max_size=3))


@given(st.lists(anything, max_size=12))
def test_every_value_has_a_place_between_the_ends(values: list[Any]) -> None:
    scale = scale_of(values)
    low, high = scale.ends
    assert low < high
    assert len(scale.places) == len(values)
    if any(value is not None for value in values):
        assert np.isfinite(scale.places).all()
        assert ((low <= scale.places) & (scale.places <= high)).all()
    assert len(scale.ticks) == len(scale.texts)


@given(st.lists(numbers, min_size=2, max_size=12))
def test_the_order_of_numbers_is_kept(values: list[float]) -> None:
    places = scale_of(values).places
    order = sorted(range(len(values)), key=lambda number: values[number])
    assert (np.diff(places[order]) >= 0).all()


@pytest.mark.parametrize(
    ("values", "places", "texts"),
    [
        ([1e-8, 1e-6, 1e-4], [-8, -6, -4], ["10 ns", "1 µs", "100 µs"]),
        ([0.0, 1.0, 1e4], [-0.6, 0, 4], ["0", "1 s", "10,000 s"]),
        ([None, 1.0, 3.0], [0.7, 1, 3], ["-", "1 s", "3 s"]),
        (["none", 8, 4], [0, 2, 1], ["none", "4", "8"]),
        ([[16], [8, 8], [8]], [2, 1, 0], ["8", "8-8", "16"]),
    ],
)
def test_by_hand(values: list[Any], places: list[float], texts: list[str]) -> None:
    scale = scale_of(values, "s")
    np.testing.assert_allclose(scale.places, places, rtol=1e-12)
    assert scale.texts == texts


def test_nothing_is_no_error() -> None:
    assert scale_of([]).ends == (0.0, 1.0)
    assert math.isnan(scale_of([None]).places[0])
