"""Scores, shapes and counts of a trained network."""

from itertools import pairwise

import numpy as np
import pytest

from tasks.readout import Dense, Network


def network(*widths, activation="relu", seed=0):
    rng = np.random.default_rng(seed)
    return Network(
        layers=tuple(
            Dense(
                rng.standard_normal((out, inputs), np.float32),
                rng.standard_normal(out, np.float32),
            )
            for inputs, out in pairwise(widths)
        ),
        activation=activation,
    )


@pytest.mark.parametrize(
    ("widths", "parameters", "macs"),
    [
        # The chart of Shi et al. 2025 counts 38,172 and 39,680 for MNIST, 2,236 and 2,464 for SITW: 2 more
        # parameters (alpha, beta) and 2 more MACs a kinetics step (784 and 128 steps).
        ((784, 48, 10), 38_172 - 2, 39_680 - 2 * 784),
        ((128, 16, 10), 2_236 - 2, 2_464 - 2 * 128),
        ((64, 10), 650, 640),
    ],
)
def test_counts_follow_the_chart(widths, parameters, macs):
    assert network(*widths).parameters == parameters
    assert network(*widths).macs == macs


@pytest.mark.parametrize(
    ("activation", "function"),
    [
        ("relu", lambda z: np.maximum(z, 0)),
        ("tanh", np.tanh),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
    ],
)
def test_scores_are_those_of_the_formula(activation, function):
    net = network(5, 4, 3, 2, activation=activation)
    x = np.random.default_rng(1).standard_normal((7, 5), np.float32)
    h = x.astype(np.float64)
    for layer in net.layers[:-1]:
        h = function(h @ layer.weight.T.astype(np.float64) + layer.bias)
    expected = h @ net.layers[-1].weight.T + net.layers[-1].bias
    # Sums of a handful of float32 terms of order 1 to 10.
    np.testing.assert_allclose(net.scores(x), expected, rtol=1e-5, atol=2e-5)
    assert net.scores(x).dtype == np.float32


def test_leading_axes_pass_through_and_the_input_stays():
    net = network(5, 4, 3)
    x = np.random.default_rng(1).standard_normal((2, 3, 7, 5), np.float32)
    before = x.copy()
    scores = net.scores(x)
    assert scores.shape == (2, 3, 7, 3)
    assert net.predict(x).shape == (2, 3, 7)
    np.testing.assert_array_equal(scores[1, 2], net.scores(x[1, 2]))
    np.testing.assert_array_equal(x, before)


def test_sigmoid_stands_extremes():
    net = Network(
        layers=(
            Dense(np.eye(1, dtype=np.float32), np.zeros(1, np.float32)),
            Dense(np.eye(1, dtype=np.float32), np.zeros(1, np.float32)),
        ),
        activation="sigmoid",
    )
    scores = net.scores(np.array([[-1e30], [0], [1e30]], np.float32))
    np.testing.assert_array_equal(scores[:, 0], [0, 0.5, 1])
