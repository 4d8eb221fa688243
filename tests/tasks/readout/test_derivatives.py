"""The explicit derivatives against finite differences, in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.readout.adam import Adam
from tasks.readout.loss import CrossEntropy
from tasks.readout.stack import Stack, dense_layers


def mean_loss(stack, x, labels, caches, loss):
    """Per member, through the path that the validation part takes."""
    return loss.evaluate(stack.forward(x, caches), labels)[1] / x.shape[-2]


@settings(deadline=None, max_examples=40)
@given(
    widths=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    classes=st.integers(2, 4),
    activation=st.sampled_from(["relu", "tanh", "sigmoid"]),
    members=st.integers(1, 3),
    cases=st.integers(1, 6),
    shared=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_gradients_equal_finite_differences(widths, classes, activation, members, cases, shared, seed):
    rng = np.random.default_rng(seed)
    stack = Stack(dense_layers((*widths, classes), activation), members, np.float64)
    # Biases away from 0 and large sums keep a ReLU's corner out of the step, save by a rare chance.
    stack.values[...] = rng.standard_normal(stack.values.shape)
    x = rng.standard_normal((cases, widths[0]) if shared else (members, cases, widths[0]))
    labels = rng.integers(0, classes, cases)
    caches, loss = stack.allocate(cases), CrossEntropy(members, cases, classes, stack.dtype)

    stack.backward(loss.gradient(stack.forward(x, caches), labels), caches)
    analytic = stack.gradients.copy()
    step = 1e-6
    numeric = np.empty_like(analytic)
    for index in range(stack.values.shape[1]):
        kept = stack.values[:, index].copy()
        stack.values[:, index] = kept + step
        above = mean_loss(stack, x, labels, caches, loss)
        stack.values[:, index] = kept - step
        below = mean_loss(stack, x, labels, caches, loss)
        stack.values[:, index] = kept
        numeric[:, index] = (above - below) / (2 * step)
    # Central differences: rounding 1e-16 * loss / step = 1e-9 or so, curvature step^2 = 1e-12.
    np.testing.assert_allclose(analytic, numeric, rtol=1e-5, atol=1e-7)


def test_loss_and_right_cases_are_those_of_the_formula():
    scores = np.random.default_rng(0).standard_normal((2, 9, 4)) * 5
    labels = np.arange(9) % 4
    p = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    expected = -np.log(np.take_along_axis(p, labels[None, :, None], axis=-1)).sum(axis=(1, 2))
    right, loss = CrossEntropy(2, 9, 4, scores.dtype).evaluate(scores.copy(), labels)
    np.testing.assert_allclose(loss, expected, rtol=1e-12)
    np.testing.assert_array_equal(right, (scores.argmax(axis=-1) == labels).sum(axis=-1))


def test_loss_stands_extreme_scores():
    scores = np.array([[[1e4, -1e4], [-1e4, 1e4]]])
    loss = CrossEntropy(1, 2, 2, scores.dtype)
    assert loss.evaluate(scores.copy(), np.array([0, 1]))[1][0] == 0
    assert loss.evaluate(scores.copy(), np.array([1, 0]))[1][0] == pytest.approx(4e4)
    np.testing.assert_array_equal(loss.gradient(scores.copy(), np.array([0, 0])), [[[0, 0], [-0.5, 0.5]]])


def test_adam_takes_the_steps_of_the_paper():
    """Against the algorithm as it is printed, with decay, for two members of different rates."""
    rng = np.random.default_rng(0)
    values, gradients = rng.standard_normal((2, 5)), np.empty((2, 5))
    rate, decay = np.array([0.1, 0.02]), np.array([0.0, 0.5])
    expected, m, v = values.copy(), np.zeros((2, 5)), np.zeros((2, 5))
    adam = Adam(values, gradients, [values[:, :3]], learning_rate=rate, weight_decay=decay)
    for t in range(1, 8):
        g = rng.standard_normal((2, 5))
        gradients[...] = g
        schedule = 1 / t
        adam.step(schedule)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        expected[:, :3] *= 1 - (schedule * rate * decay)[:, None]
        expected -= (schedule * rate)[:, None] * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(values, expected, rtol=1e-10)
