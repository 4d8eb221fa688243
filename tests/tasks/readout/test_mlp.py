"""What the trained network learns, and the errors on the way."""

import numpy as np
import pytest
import sklearn.datasets

from tasks.errors import DataError, TaskError
from tasks.readout import Readout, TrainingError, fit_readout


def xor(cases, seed):
    """Two classes that no line parts, far from the origin and of unequal scale."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 2, (cases, 2))
    x = corners + 0.15 * rng.standard_normal((cases, 2))
    return (x * [5, 3] + [40, 1]).astype(np.float32), corners[:, 0] ^ corners[:, 1]


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("hidden", [12, (8, 8)])
def test_learns_xor_where_ridge_cannot(activation, hidden):
    data = (*xor(600, 0), *xor(300, 1))
    settings = Readout(hidden=hidden, activation=activation, epochs=80, learning_rate=0.05, patience=80)
    fit = fit_readout(settings, *data, 2, 0)
    assert fit.validation_accuracy > 0.97
    assert fit.validation_accuracy == fit.network.accuracy(*data[2:])
    assert fit.strength is None
    assert fit_readout(Readout(kind="ridge"), *data, 2, 0).validation_accuracy < 0.7


def test_learns_the_digits():
    x, y = sklearn.datasets.load_digits(return_X_y=True)
    fit = fit_readout(Readout(epochs=30), x[:1100], y[:1100], x[1100:], y[1100:], 10, 0)
    assert fit.validation_accuracy > 0.9
    assert fit.network.parameters == 64 * 16 + 16 + 16 * 10 + 10


def test_same_seed_same_bits_and_untouched_input():
    data = (*xor(100, 0), *xor(50, 1))
    before = [part.copy() for part in data]
    fits = [fit_readout(Readout(epochs=3), *data, 2, np.random.SeedSequence(4)) for _ in range(2)]
    for ours, theirs in zip(fits[0].network.layers, fits[1].network.layers, strict=True):
        np.testing.assert_array_equal(ours.weight, theirs.weight)
        np.testing.assert_array_equal(ours.bias, theirs.bias)
    for part, copy in zip(data, before, strict=True):
        np.testing.assert_array_equal(part, copy)


def test_input_may_be_read_only_float64_and_strided():
    data = (*xor(100, 0), *xor(50, 1))
    other = [np.asfortranarray(part.astype(np.float64)) if part.ndim == 2 else part[:] for part in data]
    for part in other:
        part.flags.writeable = False
    settings = Readout(epochs=2)
    ours, theirs = (fit_readout(settings, *d, 2, 0) for d in (data, other))
    np.testing.assert_array_equal(ours.network.layers[0].weight, theirs.network.layers[0].weight)


def test_early_stopping_ends_the_training():
    fit = fit_readout(Readout(epochs=200, patience=3, learning_rate=0.05), *xor(200, 0), *xor(50, 1), 2, 0)
    assert fit.epochs_run < 200


@pytest.mark.parametrize("kind", ["ridge", "mlp"])
@pytest.mark.parametrize(("part", "name"), [(0, "train"), (2, "validation")])
def test_features_must_be_finite(kind, part, name):
    data = [*xor(100, 0), *xor(50, 1)]
    data[part][9, 1] = np.nan
    with pytest.raises(TrainingError, match=f"1 of .* of the {name} part .* case 9, feature 1"):
        fit_readout(Readout(kind=kind), *data, 2, 0)


def test_a_diverging_training_says_so():
    with pytest.raises(TrainingError, match=r"validation loss is .* after epoch 1; lower") as raised:
        fit_readout(Readout(learning_rate=1e35), *xor(100, 0), *xor(50, 1), 2, 0)
    assert isinstance(raised.value, TaskError)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda x, y, vx, vy: (x, y + 1, vx, vy), "train part has 1 to 2"),
        (lambda x, y, vx, vy: (x, y, vx, vy - 1), "validation part has -1 to 0"),
        (lambda x, y, vx, vy: (x[:, None], y, vx, vy), r"train part has \(100, 1, 2\)"),
        (lambda x, y, vx, vy: (x, y[:-1], vx, vy), r"train part has \(100, 2\) and \(99,\)"),
        (lambda x, y, vx, vy: (x, y, vx[:0], vy[:0]), "validation part"),
        (lambda x, y, vx, vy: (x, y, vx[:, :1], vy), "same features"),
    ],
)
def test_shapes_and_labels_must_match(change, match):
    with pytest.raises(DataError, match=match):
        fit_readout(Readout(), *change(*xor(100, 0), *xor(50, 1)), 2, 0)
