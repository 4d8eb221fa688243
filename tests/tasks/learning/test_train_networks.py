"""Populations: each member as if alone, epochs kept by the stated rule, failures with their reason."""

import dataclasses

import numpy as np
import pytest

from kinetics.errors import InvalidParameterError
from tasks import DataError, Part
from tasks.features import raw_matrix
from tasks.learning import Architecture, FailedNetwork, TrainedNetwork, Training, train_networks
from tasks.learning.batches import Words
from tasks.votes import object_predictions

STEPS, SERIES, CLASSES = 6, 4, 3
BASE = {"steps": STEPS, "series": SERIES, "classes": CLASSES, "hidden": (5,), "alpha": (0.3, 0.5), "beta": (0.3, 0.6)}
FAST = {"epochs": 3, "batch": 16, "learning_rate": 0.02}


def part(cases, seed=0, votes=1):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(50).random((STEPS, SERIES, CLASSES))
    y = np.repeat(rng.integers(0, CLASSES, cases // votes), votes)
    x = centres[:, :, y] + 0.25 * rng.standard_normal((STEPS, SERIES, cases))
    return Part(np.clip(x, 0, 1).astype(np.float32), y)


def words(cases, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, CLASSES, cases)
    x = rng.integers(0, 9, (STEPS, 1, cases)).astype(np.float32)
    x[rng.integers(0, STEPS, cases), 0, np.arange(cases)] = y  # one telling word somewhere
    return Part(x, y)


def train(seeds, architecture=None, training=None, data=None, **options):
    sets = data or (part(70), part(40, seed=1))
    changes = dict(architecture or {})
    control = changes.pop("control", False)
    network = Architecture(**(BASE | changes))
    return train_networks(
        network.control() if control else network,
        Training(**(FAST | (training or {}))),
        *sets,
        seeds=seeds,
        **options,
    )


def numbers(network):
    """All arrays of a network."""
    yield from network.coefficients.values()
    for layer in network.layers:
        yield from (value for value in layer if value is not None)
    for norm in network.batch_norms:
        if norm is not None:
            yield from norm[:4]
    if network.embedding is not None:
        yield network.embedding


CASES = {
    "scalar": ({}, {}),
    "per step, sgd, full batch": ({"learned": "per_step"}, {"optimiser": "sgd", "batch": 0, "learning_rate": 0.2}),
    "fixed, computed once": ({"learned": "none"}, {"standardise": True}),
    "fixed and equal": ({"learned": "none", "alpha": 0.3, "beta": 0.5}, {"standardise": True}),
    "batch norm, augmented": (
        {"batch_norm": True, "bias": False, "activation": "sigmoid"},
        {"input_noise": 0.1, "mixup": 0.4, "shift": (1, 1), "label_smoothing": 0.1, "standardise": True},
    ),
    "max, decay": ({"pool": "max", "activation": "tanh"}, {"optimiser": "adam_l2", "weight_decay": 0.01}),
    "words": ({"pool": "max", "embedding_words": 9}, {}),
    "words, rows alone": ({"pool": "max", "embedding_words": 9}, {"lazy_embedding": True}),
    "words dropped, no padding": (
        {"pool": "max", "embedding_words": 9, "pool_skips_padding": True, "hidden": (5, 4)},
        {"dropout": 0.3, "word_dropout": 0.2, "clip_norm": 0.05, "lazy_embedding": True},
    ),
    "words, min-max": ({"embedding_words": 9, "embedding_map": "min_max", "read_every": 4}, {"lazy_embedding": True}),
    "every fourth, after, dropout": (
        {"read_every": 4, "read_phase": "after", "hidden": (5, 4)},
        {"dropout": 0.3, "balanced": True},
    ),
    "every third, fixed, dropout": ({"learned": "none", "read_every": 3}, {"dropout": 0.3}),
    "means, max": ({"read_every": 4, "read_mean": True, "pool": "max", "learned": "per_step"}, {"batch": 0}),
    "control": ({"control": True}, {"dropout": 0.2}),
    "control, augmented": ({"control": True}, {"input_noise": 0.1, "batch": 0}),
    "control, every third, max": ({"control": True, "read_every": 3, "pool": "max"}, {"batch": 0}),
    "noisy weights, computed once": (
        {"learned": "none"},
        {"standardise": True, "weight_noise": 0.05, "weight_offset": 0.01, "weight_reach": 2.0},
    ),
    "noisy weights, batch norm, augmented": (
        {"batch_norm": True},
        {"standardise": True, "weight_noise": 0.05, "input_noise": 0.1},
    ),
    "noisy weights, words": ({"pool": "max", "embedding_words": 9}, {"weight_noise": 0.05, "standardise": True}),
    "control, words": ({"control": True, "pool": "max", "embedding_words": 9}, {}),
}


@pytest.mark.parametrize(("architecture", "training"), CASES.values(), ids=CASES)
def test_member_equals_alone_bit_for_bit(architecture, training):
    data = (words(70), words(40, seed=1)) if "embedding_words" in architecture else None
    seeds, rates = [3, np.random.SeedSequence(4), 3], [0.01, 0.02, 0.05]
    together = train(seeds, architecture, training, data, learning_rates=rates)
    for member in range(3):
        alone = train([seeds[member]], architecture, training, data, learning_rates=[rates[member]])[0]
        for ours, theirs in zip(numbers(together[member].network), numbers(alone.network), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        for name in ("train_loss", "loss", "accuracy"):
            np.testing.assert_array_equal(getattr(together[member].curve, name), getattr(alone.curve, name))
        assert together[member].best_epoch == alone.best_epoch
    assert any((a != b).any() for a, b in zip(numbers(together[0].network), numbers(together[1].network), strict=True))


@pytest.mark.parametrize("members", [2, 20])
def test_members_of_real_size_equal_alone(members):
    """MNIST's shape: blocked kernels of BLAS, more than one group, an odd last batch."""
    rng = np.random.default_rng(0)
    data = [Part(rng.random((28, 28, cases), np.float32), rng.integers(0, 10, cases)) for cases in (150, 700)]
    options = {"steps": 28, "series": 28, "classes": 10, "hidden": (64,)}
    together = train(range(members), options, {"epochs": 1, "batch": 64}, data)
    alone = train([members - 1], options, {"epochs": 1, "batch": 64}, data)[0]
    for ours, theirs in zip(numbers(together[-1].network), numbers(alone.network), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("architecture", "training"), CASES.values(), ids=CASES)
def test_the_network_scores_what_the_trainer_saw(architecture, training):
    """Also across the order of features, the folded standardisation, batch norms and the embedding."""
    data = (words(70), words(400, seed=1)) if "embedding_words" in architecture else (part(70), part(400, seed=1))
    for result in train([0, 1], architecture, training, data):
        scores = result.network.scores(data[1].x, floor=result.floor).astype(np.float64)
        # A score that moves by 1e-5 seldom changes a class of 400.
        accuracy = np.mean(scores.argmax(axis=-1) == data[1].y)
        assert accuracy == pytest.approx(result.watched_accuracy, abs=1 / 400 + 1e-9)
        log_p = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
        loss = -log_p[np.arange(400), data[1].y].mean()
        assert loss == pytest.approx(result.curve.loss[result.best_epoch - 1], rel=1e-4)


@pytest.mark.parametrize("read_every", [1, 4])
def test_the_control_is_a_plain_network_on_the_samples(read_every):
    """Its scores are those of its layers on what the control of sweeps reads; it trains as on means made before."""
    watched = part(40, seed=1)
    found = train([0, 1], {"control": True, "read_every": read_every})
    for result in found:
        first, last = result.network.layers
        hidden = np.maximum(raw_matrix(watched.x, read_every) @ first.weight.T + first.bias, 0)
        scores = result.network.scores(watched.x, floor=result.floor)
        np.testing.assert_allclose(scores, hidden @ last.weight.T + last.bias, rtol=1e-5, atol=1e-6)
        network = result.network
        assert network.parameters == sum(value.size for layer in network.layers for value in layer)
        assert network.macs(steps=STEPS, series=SERIES) == first.weight.size + last.weight.size
    readings = -(-STEPS // read_every)
    means = [
        Part(
            np.ascontiguousarray(raw_matrix(p.x, read_every).reshape(p.cases, SERIES, readings).transpose(2, 1, 0)), p.y
        )
        for p in (part(70), watched)
    ]
    for ours, theirs in zip(found, train([0, 1], {"control": True, "steps": readings}, None, means), strict=True):
        for own, other in zip(numbers(ours.network), numbers(theirs.network), strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)


def test_the_control_of_words_pools_the_embedding_itself():
    watched = words(40, seed=1)
    result = train([0], {"control": True, "pool": "max", "embedding_words": 9}, None, (words(70), watched))[0]
    network = result.network
    first, last = network.layers
    drive = network.embedding[watched.x[:, 0].astype(int)]  # [time, case, series]
    hidden = np.maximum(drive @ first.weight.T + first.bias, 0).max(axis=0)
    np.testing.assert_allclose(network.scores(watched.x), hidden @ last.weight.T + last.bias, rtol=1e-5, atol=1e-6)


def test_small_types_train_as_float32():
    for dtype in (np.uint8, np.float16):
        parts = [Part((part(n, seed=n).x > 0.5).astype(dtype), part(n, seed=n).y) for n in (70, 40)]
        wide = [Part(p.x.astype(np.float32), p.y) for p in parts]
        for training in ({}, {"batch": 0}, {"input_noise": 0.1, "shift": (1, 0)}):
            for ours, theirs in zip(train([0], None, training, parts), train([0], None, training, wide), strict=True):
                for own, other in zip(numbers(ours.network), numbers(theirs.network), strict=True):
                    np.testing.assert_array_equal(own, other)


def test_balanced_scores_are_those_of_equal_classes():
    """Samples that say nothing: a network can only learn how often each class comes, unless the loss knows it."""
    y = np.repeat([0, 0, 0, 1, 2], 20)
    data = (Part(np.full((STEPS, SERIES, 100), 0.5, np.float32), y),)
    options = {"batch": 0, "epochs": 400, "keep": "last", "schedule": "constant", "learning_rate": 0.05}
    for balanced, expected in ((False, np.log([0.6, 0.2, 0.2])), (True, np.zeros(3))):
        network = train([0], {"hidden": ()}, options | {"balanced": balanced}, data)[0].network
        scores = network.scores(data[0].x)[0]
        np.testing.assert_allclose(scores - scores.mean(), expected - expected.mean(), atol=0.01)
        assert network.balanced == balanced


def test_votes_of_balanced_networks_have_no_frequencies_to_correct_for():
    watched, prior = part(100, seed=1, votes=5), np.array([0.0, -50.0, -50.0])
    found = [
        train([0], None, {"balanced": True, "epochs": 20}, (part(60), watched), votes=5, log_prior=given)[0]
        for given in (None, prior)
    ]
    assert found[0].watched_accuracy == found[1].watched_accuracy
    wrong = object_predictions(found[0].network.scores(watched.x, floor=found[0].floor), 5, log_prior=prior)
    assert np.mean(wrong == watched.y[::5]) != found[0].watched_accuracy


def test_words_are_dropped_at_their_rate_but_padding_is_not():
    x = np.tile(np.array([0, 5], np.int32), 500).reshape(10, 1, 100)
    which = np.tile(np.arange(100), (2, 1))
    source = Words(x, Training(word_dropout=0.25))
    found = source.gather(which, which, [np.random.default_rng(k) for k in range(2)])[0]
    assert found.shape == (2, 10, 100)
    assert (found[:, x[:, 0] == 0] == 0).all()
    own = found[:, x[:, 0] == 5]
    assert set(np.unique(own)) == {1, 5}
    assert np.mean(own == 1) == pytest.approx(0.25, abs=0.05)  # 1,000 draws: standard error 0.014
    assert (found[0] != found[1]).any()
    assert (x[:, 0] != 1).all()


def test_dropout_is_off_when_scored_and_changes_training():
    plain, dropped = (train([0], None, {"dropout": rate})[0] for rate in (0.0, 0.5))
    assert any((a != b).any() for a, b in zip(numbers(plain.network), numbers(dropped.network), strict=True))


@pytest.mark.parametrize("augmented", [False, True])
def test_weights_learn_to_stand_the_error_they_meet(augmented):
    """A constant error of 30 % of the largest weight: the network works with it, and not without; and the reverse."""
    data = (part(200), part(400, seed=1))
    losses = {}
    for offset in (0.0, 0.3):
        options = {"epochs": 40, "weight_offset": offset, "standardise": True, "keep": "last"}
        [result] = train([0], None, options | {"input_noise": 0.05 * augmented}, data)
        for met in (0.0, 0.3):
            layers = tuple(
                each._replace(weight=each.weight + np.float32(met) * np.abs(each.weight).max())
                for each in result.network.layers
            )
            network = dataclasses.replace(result.network, layers=layers, floor=result.floor)
            scores = network.scores(data[1].x).astype(np.float64)
            log_p = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
            losses[offset, met] = -log_p[np.arange(400), data[1].y].mean()
    assert losses[0.3, 0.3] < 0.7 * losses[0.3, 0.0]
    assert losses[0.0, 0.0] < 0.7 * losses[0.0, 0.3]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"weight_noise": -0.1}, "`weight_noise` >= 0"),
        ({"weight_offset": 1.0}, "-1 < `weight_offset` < 1"),
        ({"weight_reach": 0.5}, "`weight_reach` >= 1"),
    ],
)
def test_noise_on_weights_has_its_rules(change, match):
    with pytest.raises(InvalidParameterError, match=match):
        Training(**change)


def test_noise_on_standardised_features_needs_a_bias():
    with pytest.raises(InvalidParameterError, match="with noise on the weights needs a bias"):
        train([0], {"bias": False, "batch_norm": True}, {"weight_noise": 0.1, "standardise": True})


def test_settings_that_need_words_or_padding():
    with pytest.raises(InvalidParameterError, match="`word_dropout` needs"):
        train([0], None, {"word_dropout": 0.1})
    with pytest.raises(InvalidParameterError, match="`pool_skips_padding`"):
        Architecture(**(BASE | {"pool_skips_padding": True, "pool": "max"}))
    with pytest.raises(InvalidParameterError, match="`read_every` >= 1"):
        Architecture(**(BASE | {"read_every": 0}))
    with pytest.raises(InvalidParameterError, match="`dropout` < 1"):
        Training(dropout=1.0)


def test_learned_kinetics_beat_wrong_ones():
    """Two classes differ in when one pulse came, which the largest state over time tells if the kinetics move.

    The layers see nothing else, so the law must make the difference.
    """
    rng = np.random.default_rng(0)

    def timed(cases):
        y = rng.integers(0, 2, cases)
        x = np.zeros((12, 1, cases), np.float32)
        x[np.where(y, 2, 8) + rng.integers(-1, 2, cases), 0, np.arange(cases)] = 1
        return Part(x, y)

    data = (timed(300), timed(300))
    common = {"steps": 12, "series": 1, "classes": 2, "hidden": (2,), "pool": "max", "alpha": 0.001, "beta": 0.002}
    common |= {"activation": "tanh"}
    training = {"epochs": 40, "patience": None, "batch": 50, "learning_rate": 0.03}
    accuracy = {}
    for learned in ("none", "scalar"):
        results = train(range(3), common | {"learned": learned}, training, data)
        accuracy[learned] = np.median([result.watched_accuracy for result in results])
    assert accuracy["scalar"] > 0.95
    assert accuracy["none"] < accuracy["scalar"] - 0.1


@pytest.mark.parametrize("learned", ["scalar", "per_step"])
@pytest.mark.parametrize("stable", [True, False])
def test_learned_coefficients_stay_where_they_must(learned, stable):
    results = train(
        range(4),
        {"learned": learned, "stable": stable, "alpha": (0.01, 0.1), "beta": (0.05, 0.1)},
        {"learning_rate": 0.2, "keep": "last", "schedule": "constant"},
    )
    for result in results:
        alpha, beta = (result.network.coefficients[name] for name in ("alpha", "beta"))
        assert alpha.shape == ((STEPS,) if learned == "per_step" else ())
        assert alpha.min() >= 0.001 and alpha.max() <= 1 and beta.min() >= 0.001 and beta.max() <= 1
        if stable:
            assert (2 * np.sqrt(alpha) - beta >= 0.0099).all()


def test_kinetics_of_their_own_rate_move_less():
    moved = []
    for rate in (1.0, 0.01):
        start = {"alpha": 0.4, "beta": 0.4}
        result = train([0], start, {"kinetics_rate": rate, "keep": "last", "epochs": 1, "batch": 0})[0]
        moved.append(abs(result.network.coefficients["alpha"] - np.float32(0.4)))
    assert moved[1] == pytest.approx(moved[0] / 100, rel=1e-3)


def test_the_paper_keeps_the_best_epoch_on_the_test_part():
    training = {"epochs": 12, "learning_rate": 0.1, "schedule": "constant", "patience": None}
    test = part(30, seed=2)
    result = train([0], None, training | {"keep": "best_test"}, (part(40), None, test))[0]
    last = train([0], None, training | {"keep": "last"}, (part(40), test))[0]
    assert result.optimistic and not last.optimistic
    assert result.watched_accuracy == result.curve.accuracy.max() == last.curve.accuracy.max()
    assert last.best_epoch == 12
    assert result.best_epoch < 12
    accuracy = np.mean(result.network.predict(test.x, floor=result.floor) == test.y)
    assert accuracy == pytest.approx(result.watched_accuracy)


def test_nothing_peeks_unnamed():
    with pytest.raises(InvalidParameterError, match="test_for_paper"):
        train([0], data=(part(20), part(20), part(20)))
    with pytest.raises(InvalidParameterError, match="`validation`"):
        train([0], data=(part(20),))


def test_nothing_watched_keeps_the_last():
    result = train([0], None, {"keep": "last", "patience": 1}, (part(40),))[0]
    assert (result.best_epoch, result.epochs_run, result.watched_accuracy) == (3, 3, None)


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_failing_member_says_why_and_leaves_the_others_alone(optimiser):
    options = {"optimiser": optimiser, "clip_norm": None, "epochs": 4}
    together = train([0, 1, 2], None, options, learning_rates=[0.01, 1e30, 0.01])
    assert isinstance(together[1], FailedNetwork)
    assert "not finite" in together[1].reason or "loss is" in together[1].reason
    assert "learning_rate" in together[1].reason
    for member in (0, 2):
        alone = train([member], None, options, learning_rates=[0.01])[0]
        assert isinstance(together[member], TrainedNetwork)
        for ours, theirs in zip(numbers(together[member].network), numbers(alone.network), strict=True):
            assert np.isfinite(ours).all()
            np.testing.assert_array_equal(ours, theirs)


def test_diverging_kinetics_fail_alone():
    """Drawn, fixed and without a floor: some members' states run through 0 to infinity and back, or overflow."""
    options = {"learned": "none", "floor": -np.inf, "alpha": (0.2, 3e38), "beta": 0.5}
    results = train(range(6), options, {"epochs": 1})
    failed = [result for result in results if isinstance(result, FailedNetwork)]
    assert failed
    assert all("not finite" in result.reason for result in failed)


@pytest.mark.parametrize("vote", ["soft", "majority"])
def test_objects_are_scored_by_the_votes_of_their_cases(vote):
    votes, watched = 5, part(100, seed=1, votes=5)
    prior = np.log([0.5, 0.3, 0.2])
    result = train([0], None, {"vote": vote, "epochs": 1}, (part(60), watched), votes=votes, log_prior=prior)[0]
    scores = result.network.scores(watched.x, floor=result.floor)
    chosen = object_predictions(scores, votes, vote, prior)
    assert result.watched_accuracy == np.mean(chosen == watched.y[::votes])
    assert result.watched_accuracy != np.mean(scores.argmax(axis=-1) == watched.y)
    with pytest.raises(DataError, match="consecutive cases"):
        train([0], None, None, (part(60), part(100, seed=1)), votes=votes)


@pytest.mark.parametrize("optimiser", ["adam_l2", "sgd"])
def test_steps_are_those_of_pytorch(optimiser):
    """Three full-batch steps of everything, decay included; float32 on both sides."""
    torch = pytest.importorskip("torch")
    data = part(50)
    architecture = {"alpha": 0.4, "beta": 0.4, "activation": "sigmoid"}
    rate = 0.01 if optimiser == "adam_l2" else 0.5
    training = {"optimiser": optimiser, "learning_rate": rate, "weight_decay": 0.01, "momentum": 0.5, "batch": 0}
    training |= {"schedule": "constant", "keep": "last", "clip_norm": None, "initialisation": "pytorch"}
    tiny = train([7], architecture, training | {"epochs": 1, "learning_rate": 1e-30}, (data,))[0].network
    ours = train([7], architecture, training | {"epochs": 3}, (data,))[0].network
    parameters = [torch.tensor(np.array(value), requires_grad=True) for value in numbers(tiny)]
    alpha, beta, w1, b1, w2, b2 = parameters
    make = {"adam_l2": torch.optim.Adam, "sgd": lambda p, **o: torch.optim.SGD(p, momentum=0.5, **o)}[optimiser]
    optimizer = make(parameters, lr=rate, weight_decay=0.01)
    for _ in range(3):
        state, states = torch.ones(SERIES, 50), []
        for k in range(STEPS):
            states.append(state)
            state = state + alpha / state - beta * torch.tensor(data.x[k])
        features = torch.stack(states, dim=1).reshape(SERIES * STEPS, 50).T
        scores = torch.sigmoid(features @ w1.T + b1) @ w2.T + b2
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(scores, torch.tensor(data.y)).backward()
        optimizer.step()
    # Adam divides by the root of a square: a gradient near 0 keeps the share of its rounding error.
    for found, expected in zip(numbers(ours), parameters, strict=True):
        np.testing.assert_allclose(
            found, expected.detach().numpy(), rtol=2e-3, atol=2e-4 if optimiser == "adam_l2" else 1e-5
        )


@pytest.mark.parametrize(
    ("shape", "parameters"),
    [
        ({"steps": 60, "series": 80, "learned": "per_step", "last_bias": False}, 649_720),
        ({"steps": 32, "series": 32, "learned": "per_step", "bias": False}, 165_952),
    ],
)
def test_the_deep_networks_count_as_the_papers(shape, parameters):
    rng = np.random.default_rng(0)
    data = Part(rng.random((shape["steps"], shape["series"], 10), np.float32), rng.integers(0, 10, 10))
    deep = {"classes": 10, "hidden": (128, 128, 128), "batch_norm": True}
    result = train([0], shape | deep, {"epochs": 1, "keep": "last"}, (data,))[0]
    assert result.network.parameters == parameters


def test_misfits_are_refused():
    with pytest.raises(DataError, match="train part must hold x"):
        train([0], {"series": SERIES + 1})
    with pytest.raises(DataError, match="must lie in"):
        train([0], data=(Part(part(20).x * 3, part(20).y), part(20)))
    with pytest.raises(InvalidParameterError, match="`standardise` needs a bias"):
        train([0], {"bias": False}, {"standardise": True})
    with pytest.raises(InvalidParameterError, match="coefficient_range"):
        Architecture(**(BASE | {"alpha": 2.0}))
    with pytest.raises(dataclasses.FrozenInstanceError):
        Training().epochs = 3
