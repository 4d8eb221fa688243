"""What must hold before a population is trained: settings that fit each other, parts that fit the architecture."""

from itertools import pairwise

from kinetics.errors import require
from tasks.errors import DataError
from tasks.kinetics_network import KineticsNetwork
from tasks.learning.architecture import Architecture
from tasks.learning.training import Training
from tasks.readout.arrays import Integers
from tasks.task import Part


def check_settings(
    architecture: Architecture,
    training: Training,
    validation: Part | None,
    test_for_paper: Part | None,
) -> None:
    """Raise ``InvalidParameterError`` for arguments of ``train_networks`` that do not fit each other."""
    paper = training.keep == "best_test"
    require(
        (test_for_paper is not None) == paper,
        '`test_for_paper` comes with `keep` "best_test" and only with it',
        training.keep,
        "choose on validation, or name the optimistic protocol",
    )
    watched = test_for_paper if paper else validation
    require(
        watched is not None or training.keep == "last",
        "`validation` is given unless `keep` is 'last'",
        training.keep,
        "something must choose the epoch",
    )
    require(
        not training.standardise
        or (architecture.bias if len(architecture.hidden) > 0 else architecture.bias and architecture.last_bias)
        or (architecture.batch_norm and len(architecture.hidden) > 0),
        "`standardise` needs a bias or a batch norm in the first layer",
        architecture.bias,
        "set `bias` or `batch_norm`",
    )
    require(
        not (training.standardise and training.noisy_weights)
        or (architecture.bias and (len(architecture.hidden) > 0 or architecture.last_bias)),
        "`standardise` with noise on the weights needs a bias in the first layer",
        architecture.bias,
        "set `bias`, or leave out the noise",
    )
    words = architecture.embedding_words
    require(
        words is None or not training.augments,
        "words are not augmented",
        training,
        "set `input_noise`, `mixup` and `shift` to none; `word_dropout` is for words",
    )
    require(
        words is not None or training.word_dropout == 0,
        "`word_dropout` needs `embedding_words`",
        training.word_dropout,
        "samples have `input_noise`",
    )


def check_part(name: str, part: Part, architecture: Architecture) -> None:
    """Raise ``DataError`` unless a part has the architecture's shape, classes and range."""
    words = architecture.embedding_words
    shape = (architecture.steps, architecture.series if words is None else 1)
    if part.x.ndim != 3 or part.x.shape[:2] != shape or part.x.shape[2] != len(part.y) or part.cases == 0:
        raise DataError(
            f"The {name} part must hold x [{shape[0]}, {shape[1]}, case] and y [case], but has {part.x.shape} and "
            f"{part.y.shape}; set `steps` and `series` to the data's."
        )
    if part.y.min() < 0 or part.y.max() >= architecture.classes:
        raise DataError(
            f"Labels of the {name} part must be 0 to {architecture.classes - 1}, but are {part.y.min()} to "
            f"{part.y.max()}; number the classes from 0."
        )
    low, high = part.x.min(), part.x.max()
    if not (low >= 0 and high <= (1 if words is None else words - 1)):
        raise DataError(
            f"Samples of the {name} part must lie in {'[0, 1]' if words is None else f'0 to {words - 1}'}, but span "
            f"{low:g} to {high:g}; scale them, or give the words numbers."
        )


def check_start(network: KineticsNetwork, architecture: Architecture) -> None:
    """Raise ``DataError`` unless a network can be trained on as one of the architecture."""
    given = (network.law, [layer.weight.shape[::-1] for layer in network.layers], network.pool)
    widths = (architecture.features, *architecture.hidden, architecture.classes)
    wanted = (architecture.law, list(pairwise(widths)), architecture.pool)
    if given != wanted:
        raise DataError(
            f"A network to go on from must have the architecture's law, layers (in, out) and pool {wanted}, but has "
            f"{given}; start from one that was trained with it."
        )


def check_votes(part: str, labels: Integers, votes: int) -> None:
    """Raise ``DataError`` unless the cases are whole objects of one class each."""
    if len(labels) % votes or (labels.reshape(-1, votes) != labels[::votes, None]).any():
        raise DataError(
            f"Every {votes} consecutive cases of the {part} part must be one object of one class, but its "
            f"{len(labels)} cases are not; order the cases by object or set `votes` to 1."
        )
