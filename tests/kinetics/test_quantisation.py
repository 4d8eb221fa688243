"""Quantisation: levels by hand, and what holds for any range and number of bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kinetics.errors import InvalidParameterError
from kinetics.quantisation import quantise

VALUES = arrays(np.float32, st.integers(1, 30), elements=st.floats(-2, 3, width=32))
BITS = st.integers(1, 16)


def test_two_bits_are_four_levels_and_the_ends_are_two_of_them() -> None:
    values = np.array([-0.5, 0.0, 0.16, 0.17, 0.49, 0.51, 0.84, 1.0, 7.0], np.float32)
    thirds = np.array([0, 0, 0, 1, 1, 2, 3, 3, 3]) / 3
    np.testing.assert_allclose(quantise(values, 2, 0.0, 1.0), thirds, rtol=1e-6)


def test_conductances_of_one_bit_are_at_the_ends_of_their_window() -> None:
    held_S = quantise(np.array([40e-6, 169e-6, 171e-6, 300e-6], np.float32), 1, 40e-6, 300e-6)
    np.testing.assert_allclose(held_S, [40e-6, 40e-6, 300e-6, 300e-6], rtol=1e-6)


@given(VALUES, BITS, st.floats(-1, 0), st.floats(0.5, 1))
def test_values_move_by_half_a_step_and_levels_stay(
    values: np.ndarray[tuple[int], np.dtype[np.float32]], bits: int, low: float, high: float
) -> None:
    quantised = quantise(values, bits, low, high)
    rounding = 4 * np.finfo(np.float32).eps
    step = (high - low) / (2**bits - 1)
    assert np.abs(quantised - np.clip(values, low, high)).max() <= step / 2 + rounding
    assert quantised.dtype == np.float32
    np.testing.assert_allclose(quantise(quantised, bits, low, high), quantised, rtol=0, atol=rounding)
    order = np.argsort(values)
    assert (np.diff(quantised[order]) >= 0).all()


@given(st.integers(1, 6))
def test_a_fine_ramp_meets_every_level(bits: int) -> None:
    assert np.unique(quantise(np.linspace(-1, 2, 2000, dtype=np.float32), bits, 0.0, 1.0)).size == 2**bits


def test_it_works_in_place_and_otherwise_leaves_values_alone() -> None:
    values = np.array([0.2, 0.9], np.float32)
    kept = values.copy()
    apart = quantise(values, 1, 0.0, 1.0)
    np.testing.assert_array_equal(values, kept)
    assert quantise(values, 1, 0.0, 1.0, out=values) is values
    np.testing.assert_array_equal(values, apart)


@pytest.mark.parametrize(
    ("bits", "low", "high", "match"),
    [(0, 0, 1, "`bits`"), (17, 0, 1, "`bits`"), (2.5, 0, 1, "`bits`"), (4, 1, 1, "`low`"), (4, 0, np.inf, "`low`")],
)
def test_impossible_converters_are_refused(bits: int, low: float, high: float, match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        quantise(np.zeros(2, np.float32), bits, low, high)
