"""News (AG News): 64 words, a learned embedding of 300 series, 128 units a word, the maximum over the words.

Of the 120,000 training rows of the set 27,940 are at hand. The vocabulary is cut from them.
"""

from tasks.learning import Architecture, Training
from tasks.recipes.paper_table import PAPER_TABLE
from tasks.recipes.recipe import Recipe
from tasks.task import Task

_WIDTH = 300
_NOTE = "27,940 of the set's 120,000 training rows"


def _honest(task: Task) -> Architecture:
    return Architecture(
        steps=task.steps,
        series=_WIDTH,
        classes=task.classes,
        hidden=(128,),
        activation="tanh",
        pool="max",
        embedding_words=task.words,
        learned="none",
        alpha=0.5,
        beta=0.8,
    )


def _paper(task: Task) -> Architecture:
    return Architecture(
        steps=task.steps,
        series=_WIDTH,
        classes=task.classes,
        hidden=(128,),
        activation="tanh",
        pool="max",
        embedding_words=task.words,
        embedding_map="min_max",
        learned="scalar",
        alpha=(0.001, 1.0),
        beta=(0.001, 1.0),
    )


RECIPES = (
    Recipe(
        task="agnews",
        protocol="honest",
        data="agnews",
        architecture=_honest,
        training=Training(learning_rate=0.003, batch=128, epochs=4, patience=4, dropout=0.3, word_dropout=0.1),
        paper=PAPER_TABLE["agnews"],
        notes=(_NOTE,),
    ),
    Recipe(
        task="agnews",
        protocol="paper",
        data="agnews",
        architecture=_paper,
        training=Training(
            learning_rate=0.001,
            schedule="constant",
            batch=64,
            epochs=20,
            patience=None,
            initialisation="pytorch",
            keep="best_test",
            clip_norm=None,
        ),
        paper=PAPER_TABLE["agnews"],
        notes=(_NOTE, "the best epoch on the test part is reported, as the authors do: optimistic"),
    ),
)
