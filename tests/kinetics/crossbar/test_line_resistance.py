"""Line resistance to first order, held against the exact solution of small crossbars."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from kinetics.crossbar.line_resistance import effective

Transfer = Callable[[NDArray[np.floating], float], NDArray[np.float64]]


def array_of(outputs: int, inputs: int) -> NDArray[np.float32]:
    return np.random.default_rng(4).uniform(40e-6, 300e-6, (outputs, inputs)).astype(np.float32)


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (5, 8), (8, 5)])
def test_the_error_against_the_exact_transfer_is_of_second_order(
    shape: tuple[int, int], exact_transfer_S: Transfer
) -> None:
    """For each input and output alone, so for any inputs: half the resistance leaves a quarter of the error."""
    held_S = array_of(*shape)
    errors = []
    for resistance_ohm in (4.0, 2.0, 1.0):
        exact_S = exact_transfer_S(held_S, resistance_ohm)
        errors.append(np.abs(effective(held_S, resistance_ohm) - exact_S).max())
        assert errors[-1] < 0.1 * np.abs(exact_S - held_S).max()  # most of the loss is the first order
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 2, rtol=0, atol=0.1)


def test_one_cell_is_a_series_circuit() -> None:
    """1 / (10 kOhm + 2 x 100 Ohm), which the quotient has exactly."""
    np.testing.assert_allclose(effective(np.full((1, 1), 1e-4, np.float32), 100.0), 1 / 10_200, rtol=1e-6)


def test_the_loss_of_a_whole_column_is_near_the_exact_one_where_it_is_large(exact_transfer_S: Transfer) -> None:
    """A third of the current is lost in this array; the sum of it is right within 1 %."""
    held_S = array_of(12, 40)
    exact, found = exact_transfer_S(held_S, 5.0).sum(), effective(held_S, 5.0).sum()
    assert exact < 0.7 * held_S.sum()
    assert found == pytest.approx(exact, rel=0.01)


def test_the_far_corner_loses_most() -> None:
    left = effective(np.full((6, 7), 1e-4, np.float32), 1.0)
    assert np.unravel_index(left.argmin(), left.shape) == (5, 0)  # last output, and farthest from the ground
    assert np.unravel_index(left.argmax(), left.shape) == (0, 6)


def test_arrays_of_few_rows_are_arrays_of_their_own() -> None:
    held_S = np.stack([array_of(4, 10), array_of(4, 10)[::-1]])
    parts = [effective(held_S[..., start : start + 4], 2.0) for start in (0, 4, 8)]
    np.testing.assert_array_equal(effective(held_S, 2.0, array_rows=4), np.concatenate(parts, axis=-1))
    np.testing.assert_array_equal(effective(held_S, 2.0, array_rows=10), effective(held_S, 2.0))


def test_no_resistance_takes_nothing() -> None:
    np.testing.assert_array_equal(effective(array_of(4, 10), 0.0), array_of(4, 10))
