"""Noise on weights in training: its size, whom it reaches, and what it is good for."""

import numpy as np
import pytest

from kinetics.crossbar import Crossbar, realise
from kinetics.errors import InvalidParameterError
from tasks import load_task
from tasks.readout import Readout, fit_readout, fit_readouts
from tasks.readout.stack import Stack, dense_layers
from tasks.readout.standardisation import Standardisation
from tasks.readout.trainer import train_population
from tasks.readout.weight_noise import NoisyWeights, cut_weights

MEMBERS = 2


def population(widths=(100, 80, 10)):
    stack = Stack(dense_layers(widths, "relu"), MEMBERS)
    stack.initialise([np.random.default_rng(k) for k in range(MEMBERS)])
    return stack


def dense(views):
    return [each for each in views if "weight" in each]


def test_noise_has_the_mean_and_the_deviation_it_says():
    """Relative to the largest weight of each layer and member; 20 draws of 8,000 weights: two-sided, 4 sigma."""
    stack = population()
    noisy = NoisyWeights(stack, 0.02, 0.005)
    rngs = [np.random.default_rng(k) for k in range(MEMBERS)]
    clean = stack.values.copy()
    found = []
    for _ in range(20):
        used = dense(noisy.draw(rngs))[0]["weight"]
        weight = dense(stack.views)[0]["weight"]
        found.append((used - weight) / np.abs(weight).max(axis=(1, 2), keepdims=True))
    np.testing.assert_array_equal(stack.values, clean)
    count = 20 * weight[0].size
    for member in range(MEMBERS):
        own = np.stack([draw[member] for draw in found]).astype(np.float64)
        assert own.mean() == pytest.approx(0.005, abs=4 * 0.02 / np.sqrt(count))
        assert own.std() == pytest.approx(0.02, rel=4 / np.sqrt(2 * count))
    # New at every draw, and of its own for each member.
    assert abs(np.corrcoef(found[0].ravel(), found[1].ravel())[0, 1]) < 4 / np.sqrt(found[0].size)
    assert abs(np.corrcoef(found[0][0].ravel(), found[0][1].ravel())[0, 1]) < 4 / np.sqrt(found[0][0].size)


def test_noise_on_standardised_features_is_that_of_the_folded_layer():
    """A layer on s = (x - c) k under noise gives what the folded layer gives on x with noise on its own weights."""
    rng = np.random.default_rng(5)
    stack = population((6, 4))
    maps = [Standardisation(rng.uniform(-2, 2, 6), rng.uniform(0.2, 3, 6) * (np.arange(6) > 0)) for _ in range(MEMBERS)]
    used = NoisyWeights(stack, 0.3, 0.1, maps).draw([np.random.default_rng(k) for k in (7, 8)])
    x = rng.uniform(-1, 1, (50, 6)).astype(np.float32)
    for member, own in enumerate(maps):
        x[:, 0] = own.mean[0]  # feature 0 is constant
        clean = own.fold(stack.views[0]["weight"][member], stack.views[0]["bias"][member])
        scores = own.apply(x) @ used[0]["weight"][member].T + used[0]["bias"][member]
        errors = scores - (x @ clean.weight.T + clean.bias)
        # The errors are linear in x: one error a weight, and none a bias.
        design = np.column_stack([x[:, 1:], np.ones(len(x))])
        noise, residual, *_ = np.linalg.lstsq(design, errors, rcond=None)
        assert residual.max() < 1e-9
        largest = np.abs(clean.weight).max()
        plain = np.random.default_rng((7, 8)[member])
        same = NoisyWeights(population((6, 4)), 0.3, 0.1)._noise((4, 6), float(largest), plain)
        np.testing.assert_allclose(noise[:-1].T, same[:, 1:], rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(noise[-1], same[:, 0] * own.mean[0], rtol=1e-3, atol=1e-5)


def digits():
    task = load_task("digits")
    for name in ("train", "validation", "test"):
        part = getattr(task, name)
        yield np.ascontiguousarray(part.x.transpose(2, 1, 0).reshape(part.cases, -1)), part.y


@pytest.mark.parametrize("kind", ["mlp", "ridge"])
def test_without_noise_the_bits_stay(kind):
    (train_x, train_y), (x, y), _ = digits()
    fits = [
        fit_readouts(Readout(kind=kind, epochs=3), [train_x], train_y, [x], y, 10, [3], **noise)[0]
        for noise in ({}, {"weight_noise": 0.0}, {"weight_noise": 0.2})
    ]
    for ours, theirs, noisy in zip(*(fit.network.layers for fit in fits), strict=True):
        np.testing.assert_array_equal(ours.weight, theirs.weight)
        assert (ours.weight != noisy.weight).any()


def test_members_under_noise_equal_alone():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((90, 12)).astype(np.float32), rng.integers(0, 3, 90)
    options = {"classes": 3, "hidden": (7,), "activation": "relu", "epochs": 3, "batch": 32, "patience": 9}
    options |= {"learning_rate": 0.02, "weight_decay": 0.1, "weight_noise": 0.1, "weight_offset": 0.02}
    together, alone = (train_population(x, y, x, y, seeds=seeds, **options) for seeds in ([4, 5, 4], [5]))
    for ours, theirs in zip(together.layers, alone.layers, strict=True):
        np.testing.assert_array_equal(ours["weight"][1], theirs["weight"][0])
        np.testing.assert_array_equal(ours["weight"][0], ours["weight"][2])


def test_training_under_noise_loses_less_on_a_noisy_crossbar():
    """Digits, four seeds, 20 crossbars each whose weights err by 10 % of the largest: 0.92 without, 0.94 with."""
    (train_x, train_y), (x, y), (test_x, test_y) = digits()
    crossbar = Crossbar(mapping="single", programming="relative", programming_sigma=0.05)
    common = np.float32(train_x.mean())
    means = []
    for noise in (0.0, 0.1):
        fits = fit_readouts(Readout(), [train_x] * 4, train_y, [x] * 4, y, 10, [0, 1, 2, 3], weight_noise=noise)
        right = []
        for fit in fits:
            held = [realise(layer.weight, crossbar, 20, np.random.default_rng(9)) for layer in fit.network.layers]
            (weight, bias), (last, last_bias) = fit.network.layers
            hidden = np.maximum((test_x - common) @ held[0].swapaxes(1, 2) + bias + common * weight.sum(axis=1), 0)
            scores = hidden @ held[1].swapaxes(1, 2) + last_bias
            right.append(np.mean(scores.argmax(axis=-1) == test_y))
            assert last.shape == held[1].shape[1:]
        means.append(np.mean(right))
    assert means[1] > means[0] + 0.01


def test_ridge_takes_a_stronger_penalty_under_noise():
    """Nearly equal features: small differences tell all, but the large weights that read them do not stand noise."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 400)
    shared = rng.standard_normal((400, 1)) + 2 * y[:, None]
    x = (shared + 0.02 * rng.standard_normal((400, 20))).astype(np.float32)
    x[:, 0] += np.float32(0.1) * y
    settings = Readout(kind="ridge")
    plain, noisy = (
        fit_readouts(settings, [x[:200]], y[:200], [x[200:]], y[200:], 2, [0], weight_noise=noise)[0]
        for noise in (0.0, 0.3)
    )
    assert plain.validation_accuracy > 0.95
    assert noisy.strength > 10 * plain.strength


def test_weights_are_cut_to_their_reach():
    stack = population()
    weight = dense(stack.views)[0]["weight"]
    weight[0, 0, 0] = 100
    limit = 3 * np.sqrt(np.mean(weight[0].astype(np.float64) ** 2))
    others = weight[0, 1:].copy()
    cut_weights(stack, 3.0)
    assert weight[0, 0, 0] == pytest.approx(limit, rel=1e-5)
    np.testing.assert_array_equal(weight[0, 1:], others)
    assert np.abs(weight[1]).max() <= 3 * np.sqrt(np.mean(weight[1] ** 2)) * 1.1


def test_negative_noise_is_refused():
    (train_x, train_y), (x, y), _ = digits()
    with pytest.raises(InvalidParameterError, match=r"`weight_noise` >= 0 must hold, but got -0\.1"):
        fit_readouts(Readout(), [train_x], train_y, [x], y, 10, [0], weight_noise=-0.1)
    assert fit_readout(Readout(epochs=1), train_x, train_y, x, y, 10, 0).epochs_run == 1
