"""Every layer and whole stacks against finite differences, in float64."""

import numpy as np
import pytest

from tasks.learning import Architecture, Training
from tasks.learning.build import build_layers
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
}


@pytest.mark.parametrize("changes", STACKS.values(), ids=STACKS)
@pytest.mark.parametrize("standardise", [False, True])
def test_gradients_equal_finite_differences(changes, standardise):
    """Central differences: rounding about 1e-16 / h = 1e-10, curvature h^2 = 1e-12; corners are met by no step."""
    architecture = Architecture(**(BASE | changes))
    layers = build_layers(architecture, Training(standardise=standardise), with_kinetics=True)
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
    caches, loss = stack.allocate(CASES, training=True), CrossEntropy(MEMBERS, CASES, CLASSES, stack.dtype)

    def mean_loss():
        kept = stack.values.copy()  # batch norm moves its running moments
        result = loss.evaluate(stack.forward(inputs, caches), labels)[1] / CASES
        stack.values[...] = kept
        return result

    stack.backward(loss.gradient(stack.forward(inputs, caches), labels), caches)
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
    if changes.get("floor"):
        assert any(getattr(cache, "floor_hits", 0) for cache in caches)


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
