"""Texts whose states are standardised: the map is folded into the network that comes out."""

import numpy as np
import pytest

from kinetics import InvalidParameterError
from tasks.learning import Architecture, TrainedNetwork, Training, train_networks
from tasks.task import Part

WORDS, STEPS, CASES = 12, 6, 80


def texts(seed: int) -> Part:
    """The class is whether word 7 occurs; zeros pad."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, WORDS - 1, (STEPS, 1, CASES)).astype(np.int32)
    x[x == 7] = 8
    y = np.arange(CASES) % 2
    x[rng.integers(0, 3, CASES)[y == 1], 0, np.flatnonzero(y == 1)] = 7
    x[4:, 0, ::3] = 0
    return Part(x, y)


ARCHITECTURE = Architecture(
    steps=STEPS,
    series=8,
    classes=2,
    hidden=(10,),
    activation="tanh",
    pool="max",
    pool_skips_padding=True,
    embedding_words=WORDS,
    embedding_std=0.3,
    learned="none",
    read_phase="after",
)
TRAINING = Training(learning_rate=0.02, batch=16, epochs=25, patience=25, standardise=True)


@pytest.mark.parametrize("control", [False, True])
def test_the_network_that_comes_out_is_the_one_that_was_watched(control: bool) -> None:
    architecture = ARCHITECTURE.control() if control else ARCHITECTURE
    validation = texts(1)
    [trained] = train_networks(architecture, TRAINING, texts(0), validation, seeds=[3])
    assert isinstance(trained, TrainedNetwork)
    scores = trained.network.scores(validation.x, floor=trained.floor)
    assert trained.watched_accuracy == np.mean(scores.argmax(axis=1) == validation.y)
    assert trained.watched_accuracy > 0.9


def test_the_table_starts_as_wide_as_it_is_told() -> None:
    with pytest.raises(InvalidParameterError, match="embedding_std"):
        Architecture(steps=2, series=2, classes=2, embedding_words=4, embedding_std=0.0)
