"""Points of the search space, in each of their three forms."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from sweeps.space import Choices, Dimension, FloatRange, IntRange, Space, label

UNIT = st.floats(0, 1, exclude_max=True)
FLOATS = st.floats(1e-12, 1e12)


@st.composite
def float_ranges(draw: st.DrawFn) -> FloatRange:
    low, high = sorted(draw(st.lists(FLOATS, min_size=2, max_size=2, unique=True)))
    kind = draw(st.sampled_from(["linear", "log", "step"]))
    if kind == "step":
        ends = draw(st.tuples(st.integers(-1000, 1000), st.integers(1, 500), st.integers(1, 500)))
        low, step = ends[0] / 100, ends[1] / 100
        return FloatRange(low=low, high=round(low + step * ends[2] + step / 3, 6), step=step)
    return FloatRange(low=low, high=high, log=kind == "log")


@st.composite
def int_ranges(draw: st.DrawFn) -> IntRange:
    low = draw(st.integers(1, 1000))
    high = low + draw(st.integers(1, 1000))
    if draw(st.booleans()):
        return IntRange(low=low, high=high, log=True)
    return IntRange(low=low - 500, high=high, step=draw(st.integers(1, high - low)))


CHOICES = st.sampled_from(
    [Choices(choices=("w", "1/w")), Choices(choices=(8, (8,), (32, 16))), Choices(choices=(None, 0.02))]
)
DIMENSIONS = st.one_of(float_ranges(), int_ranges(), CHOICES)


@given(DIMENSIONS, UNIT)
def test_a_unit_point_lies_in_its_distribution(dimension: Dimension, unit: float) -> None:
    space = Space({"x": dimension})
    param = space.from_unit([unit])["x"]
    distribution = space.distributions()["x"]
    assert distribution._contains(distribution.to_internal_repr(param))
    value = space.decode({"x": param})["x"]
    if isinstance(dimension, Choices):
        assert value in dimension.choices
    else:
        assert dimension.low <= value <= dimension.high
        assert type(value) is (float if isinstance(dimension, FloatRange) else int)


@given(DIMENSIONS)
def test_the_ends_of_the_unit_interval_reach_the_ends(dimension: Dimension) -> None:
    first, last = dimension.at(0.0), dimension.at(math.nextafter(1.0, 0.0))
    size = dimension.size()
    if size is not None:
        assert (first, last) == (dimension.point(0), dimension.point(size - 1))
    elif isinstance(dimension, FloatRange):
        assert first == pytest.approx(dimension.low, rel=1e-12)
        assert last == pytest.approx(dimension.high, rel=1e-12)


@pytest.mark.parametrize(
    ("dimension", "distribution", "size"),
    [
        (FloatRange(low=0.5, high=3.0), FloatDistribution(0.5, 3.0), None),
        (FloatRange(low=1e-8, high=1e-4, log=True), FloatDistribution(1e-8, 1e-4, log=True), None),
        (FloatRange(low=0.1, high=1.0, step=0.2), FloatDistribution(0.1, 0.9, step=0.2), 5),
        (IntRange(low=8, high=64), IntDistribution(8, 64), 57),
        (IntRange(low=8, high=63, step=8), IntDistribution(8, 56, step=8), 7),
        (IntRange(low=1, high=100, log=True), IntDistribution(1, 100, log=True), 100),
        (Choices(choices=(8, (32, 16))), CategoricalDistribution([8, "32-16"]), 2),
    ],
)
def test_each_dimension_becomes_its_distribution(dimension: Dimension, distribution: object, size: int | None) -> None:
    assert dimension.distribution() == distribution
    assert dimension.size() == size


def test_log_ranges_share_out_equal_ratios() -> None:
    assert FloatRange(low=1e-8, high=1e-4, log=True).at(0.5) == pytest.approx(1e-6, rel=1e-12)
    assert FloatRange(low=0.5, high=3.0).at(0.5) == 1.75
    counts = [IntRange(low=1, high=100, log=True).at(share / 1000) for share in range(1000)]
    assert sum(count <= 10 for count in counts) == pytest.approx(1000 * math.log(21) / math.log(201), abs=2)


def test_steps_are_exact_decimals() -> None:
    steps = FloatRange(low=0.1, high=0.5, step=0.1)
    assert [steps.point(index) for index in range(5)] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert steps.decode(0.1 + 2 * 0.1) == 0.3  # as Optuna computes it, an ulp off


def test_choices_that_are_no_scalars_travel_under_a_label() -> None:
    choices = (8, (8,), (32, 16), None)
    space = Space({"readout.hidden": Choices(choices=choices)})
    labels = [label(choice) for choice in choices]
    assert labels == [8, "8-", "32-16", None]
    assert [space.decode({"readout.hidden": each})["readout.hidden"] for each in labels] == list(choices)


def test_the_grid_is_the_product() -> None:
    space = Space(
        {
            "a": Choices(choices=("x", "y")),
            "b": IntRange(low=1, high=3),
            "c": FloatRange(low=0.1, high=0.3, step=0.1),
        }
    )
    size = space.size()
    assert size == 18
    points = [tuple(space.grid(index).values()) for index in range(size)]
    assert points == list(itertools.product("xy", (1, 2, 3), (0.1, 0.2, 0.3)))
    with pytest.raises(IndexError, match="0 <= index < 18 must hold, but got 18"):
        space.grid(18)


def test_a_space_without_dimensions_has_one_point() -> None:
    space = Space({})
    assert (space.size(), space.grid(0), space.from_unit([]), space.distributions()) == (1, {}, {}, {})


def test_a_continuous_space_has_no_grid() -> None:
    space = Space({"a": IntRange(low=1, high=3), "b": FloatRange(low=0.0, high=1.0)})
    assert space.size() is None
    with pytest.raises(ValueError, match="continuous"):
        space.grid(0)
    mistake = space.grid_mistake(1)
    assert mistake is not None
    assert "`b` without a step" in mistake


def test_from_unit_wants_a_number_for_each_dimension() -> None:
    with pytest.raises(ValueError, match="zip"):
        Space({"a": IntRange(low=1, high=3)}).from_unit([0.1, 0.2])
