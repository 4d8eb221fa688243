"""Weights to conductances and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from kinetics.arrays import Float32
from kinetics.crossbar.mapping import DEVICES, Scheme, conductances, reference_S, unit_conductance_S, weights
from kinetics.errors import InvalidParameterError

SCHEMES: tuple[Scheme, ...] = ("single", "pair")
LAYERS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=4, max_side=5),
    elements=st.floats(-50, 50, width=32, allow_subnormal=False),
)


@given(LAYERS, st.sampled_from(SCHEMES), st.floats(1e-7, 1e-4), st.floats(1.5, 100))
def test_weights_come_back(layer: Float32, scheme: Scheme, g_min_S: float, ratio: float) -> None:
    """To rounding of the conductances, whose largest is g_max, seen in units of a weight."""
    g_max_S = ratio * g_min_S
    unit_S = unit_conductance_S(layer, scheme, g_min_S, g_max_S)
    held_S = conductances(layer, unit_S, scheme, g_min_S, g_max_S)
    assert held_S.shape == (*layer.shape[:-2], DEVICES[scheme], *layer.shape[-2:])
    assert held_S.dtype == np.float32
    assert held_S.min() >= np.float32(g_min_S)
    assert held_S.max() <= np.float32(g_max_S)
    back = weights(held_S, unit_S, scheme, reference_S(g_min_S, g_max_S))
    rounding = 4 * np.finfo(np.float32).eps * g_max_S / unit_S
    assert (np.abs(back - layer) <= rounding).all()


def test_each_layer_fills_its_own_window() -> None:
    layers = np.array([[[1, -2], [0.5, 0]], [[10, 0], [0, -20]]], np.float32)
    for scheme, span_S in (("single", 130e-6), ("pair", 260e-6)):
        unit_S = unit_conductance_S(layers, scheme, 40e-6, 300e-6)  # type: ignore[arg-type]  # a literal of the tuple
        np.testing.assert_allclose(unit_S[:, 0, 0], [span_S / 2, span_S / 20], rtol=1e-6)


def test_the_device_of_a_pair_that_is_not_needed_rests() -> None:
    layer = np.array([[1.0, -0.5, 0.0]], np.float32)
    unit_S = unit_conductance_S(layer, "pair", 40e-6, 300e-6)
    held_S = conductances(layer, unit_S, "pair", 40e-6, 300e-6)
    np.testing.assert_allclose(held_S[:, 0], np.array([[300, 40, 40], [40, 170, 40]]) * 1e-6, rtol=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_weights_beyond_the_scale_are_held_at_the_ends(scheme: Scheme) -> None:
    unit_S = unit_conductance_S(np.ones((1, 2), np.float32), scheme, 40e-6, 300e-6)
    held_S = conductances(np.array([[3, -3]], np.float32), unit_S, scheme, 40e-6, 300e-6)
    np.testing.assert_allclose(weights(held_S, unit_S, scheme, 170e-6), [[1, -1]], rtol=1e-6)


def test_a_layer_that_no_conductance_can_hold_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="not finite"):
        unit_conductance_S(np.array([[1, np.nan]], np.float32), "single", 40e-6, 300e-6)
