"""Networks that are trained on from where they are, as after a chip was written."""

from dataclasses import replace

import numpy as np
import pytest

from tasks import DataError, Part
from tasks.learning import Architecture, Training, train_networks
from tasks.learning.build import build_layers, export, load_dense, load_written
from tasks.readout.stack import Stack
from tasks.readout.standardisation import Standardisation

STEPS, SERIES, CLASSES = 6, 4, 3
BASE = {"steps": STEPS, "series": SERIES, "classes": CLASSES, "hidden": (5,), "alpha": (0.3, 0.5), "beta": (0.3, 0.6)}
SHAPES = {
    "plain": {},
    "per step, two hidden": {"learned": "per_step", "hidden": (5, 4)},
    "batch norm without bias": {"batch_norm": True, "bias": False, "read_every": 2},
    "max": {"pool": "max", "activation": "tanh"},
    "max, batch norm": {"pool": "max", "batch_norm": True},
    "words": {"pool": "max", "embedding_words": 9, "pool_skips_padding": True},
    "words, no pool": {"embedding_words": 9},
}


def data(architecture, cases=60, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, CLASSES, cases)
    if architecture.embedding_words:
        x = rng.integers(0, 9, (STEPS, 1, cases)).astype(np.float32)
        x[0, 0] = y + 1
    else:
        centres = np.random.default_rng(50).random((STEPS, SERIES, CLASSES))
        x = np.clip(centres[:, :, y] + 0.25 * rng.standard_normal((STEPS, SERIES, cases)), 0, 1).astype(np.float32)
    return Part(x, y)


def trained(architecture, epochs=3, **options):
    [result] = train_networks(
        architecture,
        Training(epochs=epochs, batch=16, learning_rate=0.02, keep="last"),
        data(architecture),
        seeds=[0],
        **options,
    )
    return replace(result.network, floor=result.floor)


def numbers(network):
    yield from network.coefficients.values()
    for layer in network.layers:
        yield from (value for value in layer if value is not None)
    for norm in network.batch_norms:
        if norm is not None:
            yield from norm[:4]
    if network.embedding is not None:
        yield network.embedding


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_loading_is_the_inverse_of_exporting(shape):
    """Across the order of features, the map of the features, batch norms and the embedding."""
    architecture = Architecture(**(BASE | shape))
    network, training = trained(architecture), Training(standardise=True)
    rng = np.random.default_rng(3)
    features = architecture.features
    standardisation = Standardisation(rng.uniform(1, 2, features), rng.uniform(0.5, 2, features))
    layers = build_layers(architecture, training, with_kinetics=True, written=True)
    stack = Stack(layers, 2)
    load_written(layers, stack.views, 1, network)
    load_dense(layers, stack.views, 1, network, architecture, standardisation)
    found = export(layers, stack.views, 1, architecture, {}, standardisation)
    for ours, theirs in zip(numbers(found), numbers(network), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("augmented", [False, True])
def test_coefficients_and_embedding_stay_and_the_rest_goes_on(shape, augmented):
    architecture = Architecture(**(BASE | shape))
    start = trained(architecture)
    written = {n: np.asarray(value * np.float32(0.9), np.float32) for n, value in start.coefficients.items()}
    start = replace(start, coefficients=written)
    part = data(architecture)
    words = architecture.embedding_words is not None
    training = Training(
        epochs=30,
        batch=20,
        learning_rate=0.01,
        keep="last",
        standardise=architecture.bias,
        weight_noise=0.01 if architecture.bias else 0.0,
        input_noise=0.05 if augmented and not words else 0.0,
        dropout=0.1 if augmented else 0.0,
    )
    [result] = train_networks(architecture, training, part, seeds=[4], start=[start])
    network = replace(result.network, floor=result.floor)
    for name, value in written.items():
        np.testing.assert_array_equal(network.coefficients[name], value)
    if words:
        np.testing.assert_array_equal(network.embedding, start.embedding)
    losses = []
    for each in (start, network):
        scores = each.scores(part.x).astype(np.float64)
        log_p = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
        losses.append(-log_p[np.arange(part.cases), part.y].mean())
    assert losses[1] < 0.9 * losses[0]


def test_each_goes_on_from_its_own():
    """Coefficients differ, so features may not be shared, and each has the bits that it would have alone."""
    architecture = Architecture(**(BASE | {"learned": "none", "alpha": 0.4, "beta": 0.5}))
    start = trained(architecture)
    starts = [
        replace(start, coefficients={n: np.float32(share * value) for n, value in start.coefficients.items()})
        for share in (0.5, 1.0)
    ]
    training = Training(epochs=2, batch=20, keep="last", standardise=True, weight_noise=0.02)
    together = train_networks(architecture, training, data(architecture), seeds=[1, 1], start=starts)
    for own, result in zip(starts, together, strict=True):
        [alone] = train_networks(architecture, training, data(architecture), seeds=[1], start=[own])
        for ours, theirs in zip(numbers(result.network), numbers(alone.network), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert (together[0].network.layers[0].weight != together[1].network.layers[0].weight).any()


def test_a_start_of_another_shape_is_refused():
    start = trained(Architecture(**BASE))
    with pytest.raises(DataError, match=r"must have the architecture's law, layers \(in, out\) and pool"):
        trained(Architecture(**(BASE | {"hidden": (6,)})), start=[start])
