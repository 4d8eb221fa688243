"""News (AG News): 64 words, a learned embedding of 300 series, 128 units a word, the maximum over the words.

Of the set's 120,000 training rows those at hand are used (27,940 where the file is partial); the vocabulary is cut from
them. It starts with small, standardised states and skips padding at the maximum. ``paper`` differs in its split and in
keeping the best epoch on the test part.
"""

from dataclasses import replace

from tasks.learning import Architecture, Training
from tasks.recipes.paper_table import PAPER_TABLE
from tasks.recipes.recipe import Recipe
from tasks.task import Task

_WIDTH = 300
_NOTE = "trained on the rows at hand: 27,940 of 120,000 where the file is partial"


def _network(task: Task) -> Architecture:
    return Architecture(
        steps=task.steps,
        series=_WIDTH,
        classes=task.classes,
        hidden=(128,),
        activation="tanh",
        pool="max",
        pool_skips_padding=True,
        embedding_words=task.words,
        embedding_std=0.3,
        learned="none",
        alpha=0.5,
        beta=0.8,
        read_phase="after",
    )


_TRAINING = Training(
    learning_rate=0.003,
    batch=128,
    epochs=4,
    patience=4,
    dropout=0.3,
    word_dropout=0.1,
    initialisation="pytorch",
    standardise=True,
)

RECIPES = (
    Recipe(
        task="agnews",
        protocol="honest",
        data="agnews",
        architecture=_network,
        training=_TRAINING,
        paper=PAPER_TABLE["agnews"],
        notes=(_NOTE,),
    ),
    Recipe(
        task="agnews",
        protocol="paper",
        data="agnews",
        architecture=_network,
        training=replace(_TRAINING, keep="best_test"),
        paper=PAPER_TABLE["agnews"],
        notes=(_NOTE, "the best epoch on the test part is reported, as the authors do: optimistic"),
    ),
)
