"""Scoring networks on tasks: votes of objects, words, chips."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tasks import DataError, Part, Task
from tasks.kinetics_network import Dense, KineticsNetwork
from tasks.network_score import score_network
from tasks.votes import object_predictions

ONE = np.ones((), np.float32)


def task(x: np.ndarray, y: Any, **fields: Any) -> Task:
    part = Part(x, np.asarray(y, np.int64))
    return Task(name="made", description="", classes=3, train=part, validation=part, test=part, **fields)


def network(inputs: int, **fields: Any) -> KineticsNetwork:
    weight = np.random.default_rng(1).normal(size=(3, inputs)).astype(np.float32)
    return KineticsNetwork(coefficients={"alpha": 0.4 * ONE, "beta": 0.8 * ONE}, layers=(Dense(weight),), **fields)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
def test_objects_are_scored_by_their_votes(dtype: type) -> None:
    x = np.random.default_rng(0).integers(0, 2, (4, 2, 60)).astype(dtype)
    net = network(8)
    predicted = object_predictions(net.scores(x), 5)
    y = np.where(np.arange(12) < 9, predicted, (predicted + 1) % 3)  # 9 of 12 objects are told right
    made = task(x, np.repeat(y, 5), votes=5)
    score = score_network(replace(net, balanced=True), made)
    assert score.accuracy == 0.75
    # Unless it is balanced, the votes are corrected for the classes' frequencies in training.
    corrected = object_predictions(net.scores(x), 5, log_prior=made.log_prior)
    assert score_network(net, made).accuracy == np.mean(corrected == y) != 0.75
    assert score.macs == 3 * 8 + 2 * 8  # of one case
    assert score.chips is None


def test_words_go_through_the_embedding() -> None:
    rng = np.random.default_rng(0)
    words = rng.integers(0, 7, (4, 1, 30)).astype(np.int32)
    net = network(8, embedding=rng.random((7, 2), np.float32))
    score = score_network(net, task(words, net.scores(words).argmax(axis=1), words=7), chips=3, d2d=0.0)
    assert score.accuracy == 1
    assert score.embedding_parameters == 14
    assert score.chips is not None
    assert (score.chips.mean, score.chips.std, score.chips.q05) == (1, 0, 1)
    with pytest.raises(DataError, match="embedding of the 9 words of the task, but has one of 7"):
        score_network(net, task(words, np.zeros(30), words=9))
    with pytest.raises(DataError, match="the task holds samples"):
        score_network(net, task(words / np.float32(7), np.zeros(30)))


def test_the_first_chips_do_not_depend_on_how_many_there_are() -> None:
    x = np.random.default_rng(0).random((4, 2, 40), np.float32)
    net = network(8)
    factors = [net.draw_factors(chips=n, series=2, d2d=0.1, rng=np.random.default_rng(5)) for n in (3, 6)]
    for name in ("alpha", "beta"):
        np.testing.assert_array_equal(factors[0][name], factors[1][name][:3])
    made = task(x, net.scores(x).argmax(axis=1))
    one = score_network(net, made, chips=1, d2d=0.3, seed=5).chips
    assert one is not None
    drawn = net.draw_factors(chips=1, series=2, d2d=0.3, rng=np.random.default_rng(5))
    assert one.mean == np.mean(net.chip_scores(x, drawn)[0].argmax(axis=1) == made.test.y)


def test_violations_count_devices_beyond_the_rule() -> None:
    x = np.zeros((4, 2, 3), np.float32)
    steady = score_network(network(8), task(x, [0, 1, 2]), chips=50, d2d=0.01).chips
    wild = score_network(network(8), task(x, [0, 1, 2]), chips=50, d2d=0.5).chips
    assert steady is not None
    assert wild is not None
    assert steady.violations == 0  # 0.8 < 2 sqrt(0.4) by 40 times the spread
    assert 0.05 < wild.violations < 0.5


def test_without_kinetics_no_chip_differs() -> None:
    x = np.random.default_rng(0).random((4, 2, 30)).astype(np.float32)
    weight = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    net = KineticsNetwork(law="none", coefficients={}, layers=(Dense(weight),), read_phase="after")
    score = score_network(net, task(x, net.predict(x)), chips=3, d2d=0.3)
    assert score.chips is not None
    assert (score.accuracy, score.chips.mean, score.chips.std, score.chips.violations) == (1, 1, 0, 0)
