"""Sobol indices against functions whose indices are known exactly."""

import numpy as np
import pytest

from kinetics import InvalidParameterError
from tasks.sensitivity import require_power_of_2, sample_blocks, sobol_indices


def ishigami(unit: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * unit - 1)
    return np.sin(x[..., 0]) + 7 * np.sin(x[..., 1]) ** 2 + 0.1 * x[..., 2] ** 4 * np.sin(x[..., 0])


def test_ishigami_within_two_hundredths() -> None:
    blocks = sample_blocks(3, 1 << 14, np.random.default_rng(0))
    found = sobol_indices(ishigami(blocks), np.random.default_rng(1))
    np.testing.assert_allclose(found.first, [0.3139, 0.4424, 0.0], rtol=0, atol=0.02)
    np.testing.assert_allclose(found.total, [0.5576, 0.4424, 0.2437], rtol=0, atol=0.02)
    assert found.lead_interval[0] > 0  # .5576 and .4424 separate at this size


def test_intervals_hold_the_truth_and_shrink_with_the_samples() -> None:
    few = sobol_indices(ishigami(sample_blocks(3, 256, np.random.default_rng(3))), np.random.default_rng(1))
    many = sobol_indices(ishigami(sample_blocks(3, 4096, np.random.default_rng(3))), np.random.default_rng(1))
    for found in (few, many):
        for exact, (low, high) in zip([0.5576, 0.4424, 0.2437], found.total_interval, strict=True):
            assert low <= exact <= high
    widths = [np.ptp(found.total_interval, axis=1) for found in (few, many)]
    assert (widths[1] < widths[0] / 2).all()


def test_a_sum_has_no_interactions_and_equal_parameters_do_not_separate() -> None:
    blocks = sample_blocks(3, 1024, np.random.default_rng(0))
    found = sobol_indices(blocks @ [1.0, 1.0, 0.0], np.random.default_rng(0))
    np.testing.assert_allclose(found.first, [0.5, 0.5, 0], rtol=0, atol=0.01)
    np.testing.assert_allclose(found.total, [0.5, 0.5, 0], rtol=0, atol=0.01)
    low, high = found.lead_interval
    assert low <= 0 <= high


def test_a_constant_output_has_no_indices() -> None:
    found = sobol_indices(np.full((4, 8), 0.875), np.random.default_rng(0))
    for values in (found.first, found.total, found.first_interval, found.total_interval, found.lead_interval):
        assert not values.any()


def test_equal_generators_give_equal_numbers() -> None:
    runs = [
        sobol_indices(ishigami(sample_blocks(3, 64, np.random.default_rng(5))), np.random.default_rng(6))
        for _ in range(2)
    ]
    for name in ("first", "total", "first_interval", "total_interval", "lead_interval"):
        np.testing.assert_array_equal(getattr(runs[0], name), getattr(runs[1], name))


def test_blocks_differ_from_the_first_in_one_column() -> None:
    blocks = sample_blocks(4, 16, np.random.default_rng(0))
    assert blocks.shape == (6, 16, 4)
    for i in range(4):
        changed = (blocks[i + 2] != blocks[0]).any(axis=0)
        assert changed.tolist() == [column == i for column in range(4)]
        np.testing.assert_array_equal(blocks[i + 2][:, i], blocks[1][:, i])


@pytest.mark.parametrize(("samples", "following"), [(0, 2), (1, 2), (3, 4), (63, 64), (65, 128), (100, 128)])
def test_samples_must_be_a_power_of_2(samples: int, following: int) -> None:
    with pytest.raises(InvalidParameterError, match=f"got {samples}; the next one is {following}"):
        require_power_of_2("samples", samples)


def test_one_parameter_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="2 parameters"):
        sample_blocks(1, 8, np.random.default_rng(0))
