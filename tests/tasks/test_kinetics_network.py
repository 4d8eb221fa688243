"""Networks behind kinetics: against the equations written out, and the counts of the paper's chart."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tasks.kinetics_network
from kinetics import DivergenceError
from tasks import DataError
from tasks.kinetics_network import BatchNorm, Dense, KineticsNetwork


def dense(rng: np.random.Generator, inputs: int, outputs: int, *, bias: bool = True) -> Dense:
    weight = rng.normal(0, 1 / np.sqrt(inputs), (outputs, inputs)).astype(np.float32)
    return Dense(weight, rng.normal(0, 0.1, outputs).astype(np.float32) if bias else None)


def norm(rng: np.random.Generator, outputs: int) -> BatchNorm:
    drawn = rng.random((4, outputs), np.float32)
    return BatchNorm(drawn[0] + 0.5, drawn[1] - 0.5, drawn[2] - 0.5, drawn[3] + 0.1)


def network(
    sizes: tuple[int, ...],
    *,
    steps: int = 0,
    bias: bool = True,
    last_bias: bool = True,
    norms: bool = False,
    **fields: Any,
) -> KineticsNetwork:
    """Random numbers in the given shapes; ``steps`` > 0 gives coefficients a step."""
    rng = np.random.default_rng(len(sizes))
    shape = (steps,) if steps else ()
    last = len(sizes) - 2
    return KineticsNetwork(
        coefficients={
            "alpha": np.asarray(rng.uniform(0.3, 0.5, shape), np.float32),
            "beta": np.asarray(rng.uniform(0.5, 0.8, shape), np.float32),
        },
        layers=tuple(
            dense(rng, sizes[i], sizes[i + 1], bias=bias and (last_bias or i < last)) for i in range(last + 1)
        ),
        batch_norms=tuple(norm(rng, sizes[i + 1]) if norms and i < last else None for i in range(last + 1)),
        **fields,
    )


def written_out(net: KineticsNetwork, x: np.ndarray, factors: dict[str, np.ndarray] | None = None) -> np.ndarray:
    """Scores [case, class] of x [time, series, case], case by case in float64, as the equations stand."""
    activation = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
    y = activation[net.activation]
    steps, series, cases = x.shape
    every = []
    for case in range(cases):
        features = np.empty((series, steps))
        for s in range(series):
            w = 1.0
            for k in range(steps):
                features[s, k] = w
                own = {
                    name: float(np.broadcast_to(value, steps)[k])
                    * (1.0 if factors is None else float(factors[name][s]))
                    for name, value in net.coefficients.items()
                }
                w = w + own["alpha"] / w - own["beta"] * float(x[k, s, case])
            if net.read_phase == "after":
                features[s] = np.append(features[s, 1:], w)
        # Backward from the last reading; the first mean takes what is left.
        ends = list(range(steps, 0, -net.read_every))[::-1]
        if net.read_mean:
            starts = [0, *ends[:-1]]
            features = np.stack([features[:, a:b].mean(axis=1) for a, b in zip(starts, ends, strict=True)], axis=1)
        else:
            features = features[:, [end - 1 for end in ends]]
        heads = features.T if net.pool == "max" else features.reshape(1, -1)
        for i, (layer, batch_norm) in enumerate(zip(net.layers, net.batch_norms, strict=True)):
            heads = heads @ layer.weight.T.astype(np.float64)
            if layer.bias is not None:
                heads = heads + layer.bias
            if batch_norm is not None:
                scale, shift, mean, variance = (v.astype(np.float64) for v in batch_norm[:4])
                heads = (heads - mean) / np.sqrt(variance + batch_norm.epsilon) * scale + shift
            if i < len(net.layers) - 1:
                heads = y(heads)
            if i == 0 and net.pool == "max":
                heads = heads.max(axis=0, keepdims=True)
        every.append(heads[0])
    return np.array(every)


NETWORKS = {
    "plain": network((15, 7, 4)),
    "deep, batch norms, coefficients a step": network((15, 7, 6, 5, 4), steps=5, norms=True, activation="sigmoid"),
    "no biases": network((15, 6, 4), bias=False, norms=True, activation="tanh"),
    "one layer": network((15, 4)),
    "text": network((3, 8, 4), pool="max", activation="tanh"),
    "text with norms and coefficients a step": network((3, 8, 6, 4), pool="max", steps=5, norms=True),
    "after": network((15, 7, 4), read_phase="after"),
    "every second": network((9, 7, 4), read_every=2, steps=5),
    "every fourth, after": network((6, 7, 4), read_every=4, read_phase="after"),
    "only the last": network((3, 4), read_every=5),
    "means of three": network((6, 7, 4), read_every=3, read_mean=True),
    "text, every second, means, after": network(
        (3, 8, 4), pool="max", read_every=2, read_phase="after", read_mean=True
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_scores_are_the_equations(name: str) -> None:
    x = np.random.default_rng(7).random((5, 3, 6), np.float32)
    # float32 against float64 over 5 steps and at most 5 layers of numbers near 1
    np.testing.assert_allclose(NETWORKS[name].scores(x), written_out(NETWORKS[name], x), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_chips_have_devices_of_their_own(name: str) -> None:
    net = NETWORKS[name]
    x = np.random.default_rng(7).random((5, 3, 4), np.float32)
    factors = net.draw_factors(chips=3, series=3, d2d=0.2, rng=np.random.default_rng(1))
    scores = net.chip_scores(x, factors)
    assert scores.shape == (3, 4, 4)
    for chip in range(3):
        own = {key: value[chip] for key, value in factors.items()}
        np.testing.assert_allclose(scores[chip], written_out(net, x, own), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_chips_without_spread_are_the_nominal_device(name: str) -> None:
    net = NETWORKS[name]
    x = np.random.default_rng(7).random((5, 3, 4), np.float32)
    factors = net.draw_factors(chips=2, series=3, d2d=0.0, rng=np.random.default_rng(1))
    for scores in net.chip_scores(x, factors):
        np.testing.assert_allclose(scores, net.scores(x), rtol=1e-6, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(block=st.integers(1, 40), cases=st.integers(1, 9), name=st.sampled_from(sorted(NETWORKS)))
def test_blocks_change_nothing(block: int, cases: int, name: str) -> None:
    x = np.random.default_rng(cases).random((5, 3, cases), np.float32)
    whole = NETWORKS[name].scores(x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.kinetics_network, "CACHE_DEVICES", block)
        pieces = NETWORKS[name].scores(x)
    # a product may sum in another order for another number of columns
    np.testing.assert_allclose(pieces, whole, rtol=1e-5, atol=1e-6)


def test_words_drive_the_series_through_the_embedding() -> None:
    rng = np.random.default_rng(3)
    embedding = rng.random((11, 3), np.float32)
    net = network((3, 8, 4), pool="max", activation="tanh", embedding=embedding)
    words = rng.integers(0, 11, (5, 6))
    expected = written_out(net, embedding[words].transpose(0, 2, 1))
    np.testing.assert_allclose(net.scores(words), expected, rtol=2e-5, atol=2e-5)
    np.testing.assert_array_equal(net.scores(words[:, None, :].astype(np.float32)), net.scores(words))
    np.testing.assert_array_equal(net.predict(words), expected.argmax(axis=1))
    for wrong in (words + 11, words - 20, words + 0.5):
        with pytest.raises(DataError, match="whole numbers from 0 to 10"):
            net.scores(wrong)


PAPER = {
    # name: (network, steps, series, parameters, multiply-accumulates)
    "sitw": (network((128, 16, 10)), 128, 1, 2236, 2464),
    "agnews": (network((300, 128, 4), pool="max", activation="tanh"), 64, 300, 39046, 2496512),
    "mnist": (network((784, 48, 10)), 28, 28, 38172, 39680),
    "ucf": (network((4800, 128, 128, 128, 10), steps=60, norms=True, last_bias=False), 60, 80, 649720, 659584),
    "modelnet10": (network((1024, 128, 128, 128, 10), steps=32, norms=True, bias=False), 32, 32, 165952, 168704),
}


@pytest.mark.parametrize("task", PAPER)
def test_counts_are_those_of_the_papers_chart(task: str) -> None:
    net, steps, series, parameters, macs = PAPER[task]
    assert (net.parameters, net.macs(steps=steps, series=series)) == (parameters, macs)
    assert net.embedding_parameters == 0
    net.check_task(steps=steps, series=series, classes=4 if task == "agnews" else 10)


def test_the_embedding_is_counted_apart() -> None:
    net = network((300, 128, 4), pool="max", embedding=np.zeros((8000, 300), np.float32))
    assert (net.parameters, net.embedding_parameters) == (39046, 2_400_000)


def test_reading_less_saves_the_layer_but_not_the_kinetics() -> None:
    every, third = (network((4, 8, 2), pool="max", read_every=n) for n in (1, 3))
    assert every.macs(steps=7, series=4) == 2 * 7 * 4 + 7 * 32 + 16
    assert third.macs(steps=7, series=4) == 2 * 7 * 4 + 3 * 32 + 16
    assert network((12, 8, 2), read_every=3).macs(steps=7, series=4) == 2 * 7 * 4 + 96 + 16


def test_without_kinetics_the_samples_themselves() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((5, 3, 6), np.float32)
    net = KineticsNetwork(law="none", coefficients={}, layers=(dense(rng, 15, 4),), read_phase="after")
    expected = x.transpose(2, 1, 0).reshape(6, -1) @ net.layers[0].weight.T + net.layers[0].bias
    np.testing.assert_allclose(net.scores(x), expected, rtol=1e-5, atol=1e-6)
    assert (net.parameters, net.macs(steps=5, series=3)) == (64, 60)
    factors = net.draw_factors(chips=3, series=3, d2d=0.2, rng=rng)
    np.testing.assert_array_equal(net.chip_scores(x, factors), net.scores(x)[None])
    with pytest.raises(DataError, match="coefficients must be those of the law `none`"):
        replace(net, coefficients={"alpha": np.ones((), np.float32)})


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("every", [1, 2])
def test_skipped_padding_leaves_a_text_as_short_as_it_is(phase: str, every: int) -> None:
    fields: dict[str, Any] = {
        "activation": "tanh",
        "pool": "max",
        "embedding": np.random.default_rng(0).random((9, 3), np.float32),
    }
    fields |= {"read_phase": phase, "read_every": every}
    skipping, taking = (network((3, 8, 4), pool_skips_padding=skips, **fields) for skips in (True, False))
    short = np.random.default_rng(1).integers(1, 9, (4, 20))
    # Before pulses, the state that the last word leaves is read with the word after it: with the first padding.
    extra = every if phase == "before" else 0
    alone = taking.scores(np.vstack([short, np.zeros((extra, 20), int)]))
    padded = np.vstack([short, np.zeros((4, 20), int)])
    np.testing.assert_allclose(skipping.scores(padded), alone, rtol=1e-5, atol=1e-6)
    assert np.abs(taking.scores(padded) - alone).max() > 1e-3
    assert np.isfinite(skipping.scores(np.zeros((8, 2), int))).all()


def test_a_floor_holds_states_and_none_is_the_equation() -> None:
    rising = Dense(np.eye(5, dtype=np.float32))
    for shape in ((), (5,)):
        net = KineticsNetwork(
            coefficients={"alpha": np.full(shape, 0.01, np.float32), "beta": np.full(shape, 1.5, np.float32)},
            layers=(rising,),
        )
        x = np.ones((5, 1, 1), np.float32)
        np.testing.assert_allclose(net.scores(x), written_out(net, x), rtol=1e-4)
        assert net.scores(x).min() < 0
        assert net.scores(x, floor=0.1).min() == np.float32(0.1)
        np.testing.assert_array_equal(replace(net, floor=0.1).scores(x), net.scores(x, floor=0.1))


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_diverging_network_says_so(shape: tuple[int, ...]) -> None:
    net = KineticsNetwork(
        coefficients={"alpha": np.full(shape, 0.5, np.float32), "beta": np.full(shape, 1.5, np.float32)},
        layers=(Dense(np.ones((2, 3), np.float32)),),
    )
    with pytest.raises(DivergenceError, match="not finite"):
        net.scores(np.ones((3, 1, 1), np.float32))  # 1 + 0.5 - 1.5 = 0, and then alpha / 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"layers": (Dense(np.ones((4, 6), np.float32)), Dense(np.ones((2, 5), np.float32)))},
            "4 outputs .* 5 columns",
        ),
        ({"layers": ()}, "at least one dense layer"),
        ({"layers": (Dense(np.ones((4, 6), np.float32), np.ones(3, np.float32)),)}, r"`dense0.bias` .* \(4,\)"),
        ({"coefficients": {"alpha": np.ones((), np.float32)}}, r"alpha, beta"),
        ({"activation": "gelu"}, "relu, tanh or sigmoid"),
        ({"pool": "mean"}, "none or max"),
        ({"embedding": np.ones(3, np.float32)}, r"\[word, series\]"),
        ({"floor": 1.0}, "below the state at rest"),
        ({"read_phase": "during"}, "before or after, but is 'during'"),
        ({"read_every": 0}, "whole number from 1 up, but is 0"),
        ({"pool_skips_padding": True}, "with an `embedding` and `pool` max"),
        ({"batch_norms": (None, None)}, r"one entry a layer \(1\)"),
    ],
)
def test_networks_that_cannot_be(fields: dict[str, Any], message: str) -> None:
    one = np.ones((), np.float32)
    good: dict[str, Any] = {
        "coefficients": {"alpha": one, "beta": one},
        "layers": (Dense(np.ones((4, 6), np.float32)),),
    }
    KineticsNetwork(**good)
    with pytest.raises(DataError, match=message):
        KineticsNetwork(**good | fields)


def test_samples_of_another_shape_are_refused() -> None:
    with pytest.raises(DataError, match=r"4 series x 5 steps = 20 features, but its weight has 15 columns"):
        NETWORKS["plain"].scores(np.zeros((5, 4, 2), np.float32))
    with pytest.raises(DataError, match=r"3 series x 2 readings = 6 features, but its weight has 9 columns"):
        NETWORKS["every second"].scores(np.zeros((4, 3, 2), np.float32))
    with pytest.raises(DataError, match=r"each of the 3 steps, but has 5"):
        NETWORKS["deep, batch norms, coefficients a step"].scores(np.zeros((3, 5, 2), np.float32))
    with pytest.raises(DataError, match=r"10 classes of the task, but ends in 4"):
        NETWORKS["plain"].check_task(steps=5, series=3, classes=10)
    with pytest.raises(DataError, match="the task holds samples"):
        network((3, 8, 4), pool="max", embedding=np.ones((9, 3), np.float32)).check_task(steps=5, series=3, classes=4)
    with pytest.raises(DataError, match="embedding of the 8000 words"):
        NETWORKS["text"].check_task(steps=5, series=3, classes=4, words=8000)
