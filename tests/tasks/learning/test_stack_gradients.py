"""Every layer and whole stacks against finite differences, in float64."""

import numpy as np
import pytest

from tasks.learning import Architecture, Training
from tasks.learning.build import allocate, build_layers
from tasks.learning.dropout_layer import DropoutLayer
from tasks.readout.loss import CrossEntropy, Mixing
from tasks.readout.stack import Stack

STEPS, SERIES, CASES, CLASSES, MEMBERS = 4, 3, 5, 3, 2
BASE = {"steps": STEPS, "series": SERIES, "classes": CLASSES, "hidden": (4,), "activation": "tanh"}
BASE |= {"alpha": (0.3, 0.6), "beta": (0.1, 0.6)}
STACKS = {
    "scalar": {},
    "per step, sigmoid, two hidden, after": {
        "learned": "per_step",
        "activation": "sigmoid",
        "hidden": (4, 3),
        "read_phase": "after",
    },
    "batch norm without bias": {"batch_norm": True, "bias": False},
    "max over time": {"pool": "max"},
    "max over time, batch norm, relu": {"pool": "max", "batch_norm": True, "activation": "relu"},
    "words": {"pool": "max", "embedding_words": 6},
    "words, min-max, no pool, after": {
        "embedding_words": 6,
        "embedding_map": "min_max",
        "read_phase": "after",
        "learned": "per_step",
    },
    "words, fixed kinetics": {"pool": "max", "embedding_words": 6, "learned": "none"},
    "held at the floor": {"alpha": (0.01, 0.02), "beta": (0.6, 0.9), "stable": False, "floor": 0.2},
    "linear": {"hidden": ()},
    "every second": {"read_every": 2, "learned": "per_step"},
    "every third, after": {"read_every": 3, "read_phase": "after", "floor": 0.9, "stable": False},
    "means": {"read_every": 3, "read_mean": True, "batch_norm": True},
    "means, after, max over time": {"read_every": 3, "read_mean": True, "read_phase": "after", "pool": "max"},
    "words, every third, no padding": {
        "pool": "max",
        "embedding_words": 6,
        "read_every": 3,
        "pool_skips_padding": True,
    },
    "words, no padding, batch norm": {
        "pool": "max",
        "embedding_words": 3,
        "pool_skips_padding": True,
        "batch_norm": True,
        "read_phase": "after",
    },
    "max over time without a bias": {"pool": "max", "bias": False, "hidden": (4, 3)},
}
CONTROLS = {f"control of {name}": STACKS[name] for name in ("scalar", "max over time", "means", "words")}
CONTROLS |= {f"control of {name}": STACKS[name] for name in ("words, min-max, no pool, after", "every third, after")}


def architecture_of(name):
    if name in CONTROLS:
        return Architecture(**(BASE | CONTROLS[name])).control()
    return Architecture(**(BASE | STACKS[name]))


@pytest.mark.parametrize("name", [*STACKS, *CONTROLS])
@pytest.mark.parametrize("training", [{}, {"standardise": True}, {"dropout": 0.4}], ids=str)
def test_gradients_equal_finite_differences(name, training):
    """Central differences: rounding about 1e-16 / h = 1e-10, curvature h^2 = 1e-12; corners are met by no step."""
    architecture = architecture_of(name)
    layers = build_layers(architecture, Training(**training), with_kinetics=True)
    stack = Stack(layers, MEMBERS, np.float64)
    stack.initialise([np.random.default_rng(k) for k in range(MEMBERS)])
    rng = np.random.default_rng(9)
    for layer, views in zip(layers, stack.views, strict=True):
        for name, view in views.items():  # away from the special values of a start
            if name in ("bias", "shift", "scale", "mean") and layer.shapes:
                view += rng.uniform(0.1, 0.5, view.shape)
    if architecture.embedding_words:
        inputs = rng.integers(0, architecture.embedding_words, (MEMBERS, STEPS, CASES))
    else:
        inputs = rng.random((MEMBERS, STEPS, SERIES * CASES))
    labels = rng.integers(0, CLASSES, (MEMBERS, CASES))
    rngs = [None] * MEMBERS
    caches, loss = allocate(stack, CASES, rngs), CrossEntropy(MEMBERS, CASES, CLASSES, stack.dtype)

    def scores():
        rngs[:] = [np.random.default_rng(k) for k in range(MEMBERS)]  # the same masks of dropout every time
        return stack.forward(inputs, caches)

    def mean_loss():
        kept = stack.values.copy()  # batch norm moves its running moments
        result = loss.evaluate(scores(), labels)[1] / CASES
        stack.values[...] = kept
        return result

    stack.backward(loss.gradient(scores(), labels), caches)
    fixed = np.ones(stack.values.shape[1], bool)
    mask = Stack(layers, 1, bool)
    for _, view in mask.moved():
        view[...] = True
    fixed = ~mask.values[0]
    analytic = stack.gradients.copy()
    assert (analytic[:, fixed] == 0).all()
    h = 1e-6
    numeric = np.zeros_like(analytic)
    for index in np.flatnonzero(~fixed):
        kept = stack.values[:, index].copy()
        stack.values[:, index] = kept + h
        above = mean_loss()
        stack.values[:, index] = kept - h
        numeric[:, index] = (above - mean_loss()) / (2 * h)
        stack.values[:, index] = kept
    np.testing.assert_allclose(analytic, numeric, rtol=1e-5, atol=1e-8)
    if "floor" in STACKS.get(name, {}):
        assert any(getattr(cache, "floor_hits", 0) for cache in caches)


@pytest.mark.parametrize("name", ["words", "words, min-max, no pool, after", "words, no padding, batch norm"])
def test_rows_alone_hold_the_whole_gradient(name):
    architecture = architecture_of(name)
    found = []
    for rows_alone in (False, True):
        stack = Stack(build_layers(architecture, Training(), with_kinetics=True), MEMBERS, np.float64)
        stack.initialise([np.random.default_rng(k) for k in range(MEMBERS)])
        rng = np.random.default_rng(9)
        inputs = rng.integers(0, 3, (MEMBERS, STEPS, CASES))
        labels = rng.integers(0, CLASSES, (MEMBERS, CASES))
        caches = allocate(stack, CASES, [rng] * MEMBERS, rows_alone=rows_alone)
        loss = CrossEntropy(MEMBERS, CASES, CLASSES, stack.dtype)
        stack.backward(loss.gradient(stack.forward(inputs, caches), labels), caches)
        found.append(stack.gradients.copy())
    np.testing.assert_array_equal(*found)
    table = stack.view(stack.gradients)[0]["table"]
    for member, rows in enumerate(caches[0].moved):
        rest = np.setdiff1d(np.arange(table.shape[1]), rows)
        assert (table[member, rest] == 0).all()
        assert len(rows) == len(np.unique(rows))


def test_dropout_leaves_out_its_share_and_keeps_the_mean():
    layer = DropoutLayer(200, 0.3)
    cache = layer.allocate(2, 100, np.dtype(np.float32), first=False)
    ones = np.ones((2, 100, 200), np.float32)
    np.testing.assert_array_equal(layer.forward({}, ones, cache), ones)  # no training
    cache.training, cache.rngs = True, [np.random.default_rng(k) for k in (3, 4)]
    found = layer.forward({}, ones, cache)
    # 40,000 draws: standard error 0.0023
    assert np.mean(found == 0) == pytest.approx(0.3, abs=0.01)
    np.testing.assert_allclose(found[found > 0], 1 / 0.7, rtol=1e-6)
    assert (found[0] != found[1]).any()
    assert (ones == 1).all()
    np.testing.assert_array_equal(layer.backward({}, {}, ones.copy(), cache), found)


def test_smoothed_and_mixed_targets():
    """Against the formula: p - target, target = (1 - e) (share, 1 - share) + e / classes."""
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((2, 6, 4))
    first, second, share = rng.integers(0, 4, (2, 6)), rng.integers(0, 4, (2, 6)), rng.random((2, 6))
    target = 0.9 * (share[..., None] * np.eye(4)[first] + (1 - share[..., None]) * np.eye(4)[second]) + 0.1 / 4
    p = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    loss = CrossEntropy(2, 6, 4, scores.dtype, smoothing=0.1, track=True)
    found = loss.gradient(scores.copy(), first, Mixing(second, share))
    np.testing.assert_allclose(found, (p - target) / 6, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(loss.mean_loss, -np.log(p)[np.eye(4)[first] == 1].reshape(2, 6).mean(axis=1))


def test_batch_norm_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    from tasks.learning.batch_norm_layer import BatchNormLayer

    stack = Stack([BatchNormLayer(4)], 1, np.float64)
    stack.initialise([np.random.default_rng(0)])
    theirs = torch.nn.BatchNorm1d(4, dtype=torch.float64)
    rng = np.random.default_rng(1)
    for cases in (8, 5):
        x, weight = rng.standard_normal((cases, 4)) * 3 + 1, rng.standard_normal((cases, 4))
        tensor = torch.tensor(x, requires_grad=True)
        out = theirs(tensor)
        theirs.zero_grad()
        (out * torch.tensor(weight)).sum().backward()
        caches = stack.allocate(cases, training=True)
        np.testing.assert_allclose(stack.forward(x[None].copy(), caches)[0], out.detach().numpy(), rtol=1e-9)
        gradients = stack.view(stack.gradients)[0]
        found = stack.layers[0].backward(stack.views[0], gradients, weight[None].copy(), caches[0])
        np.testing.assert_allclose(found[0], tensor.grad.numpy(), rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(gradients["scale"][0], theirs.weight.grad.numpy(), rtol=1e-9)
        np.testing.assert_allclose(gradients["shift"][0], theirs.bias.grad.numpy(), rtol=1e-9)
    np.testing.assert_allclose(stack.views[0]["mean"][0], theirs.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(stack.views[0]["variance"][0], theirs.running_var.numpy(), rtol=1e-12)
    x = rng.standard_normal((3, 4))
    ours = stack.forward(x[None].copy(), stack.allocate(3))[0]
    np.testing.assert_allclose(ours, theirs.eval()(torch.tensor(x)).detach().numpy(), rtol=1e-9)
