"""How well a network does on the test part of a task, on nominal devices and on chips that vary.

Where several cases form an object (``Task.votes``), their soft votes are scored, corrected for the frequencies of the
classes in the task's train part unless the network is ``balanced``; counts are those of one case.
"""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from kinetics import get_law, violating_share
from kinetics.arrays import Float32
from tasks.kinetics_network import KineticsNetwork
from tasks.task import Task
from tasks.votes import object_labels, object_predictions


@dataclass(frozen=True, kw_only=True)
class ChipAccuracy:
    """Accuracy over chips, each one draw of all devices."""

    count: int
    """Number of chips."""
    d2d: float
    """Relative device-to-device spread of each coefficient."""
    seed: int
    """What the chips were drawn from."""
    mean: float
    """Mean over the chips."""
    std: float
    """Standard deviation over the chips."""
    q05: float
    """5 % quantile over the chips."""
    violations: float
    """Share of devices, and of steps where coefficients differ, that break the law's stability rule."""


@dataclass(frozen=True, kw_only=True)
class NetworkScore:
    """What came of a network on a task."""

    accuracy: float
    """Share of objects told right on nominal devices, test part."""
    parameters: int
    """Weights, biases, batch norms and coefficients."""
    embedding_parameters: int
    """Numbers in the embedding, counted apart."""
    macs: int
    """Multiply-accumulates of one inference."""
    chips: ChipAccuracy | None
    """The same on chips that vary, if asked for."""


def score_network(
    network: KineticsNetwork, task: Task, *, chips: int = 0, d2d: float = 0.0, seed: int = 0, floor: float | None = None
) -> NetworkScore:
    """Score a network on the test part of a task.

    Args:
        network: the network.
        task: the task.
        chips: number of chips to draw, none if 0. Chips are drawn in order, so the first ones of more are the same.
        d2d: relative device-to-device spread; every device of a chip has its own factor for each coefficient.
        seed: of the chips.
        floor: smallest state, in place of the network's own.

    Raises:
        DataError: network and task do not fit.
        DivergenceError: a trajectory left the numbers.
    """
    test = task.test
    series = task.series if network.embedding is None else network.embedding.shape[1]
    network.check_task(steps=task.steps, series=series, classes=task.classes, words=task.words)
    with threadpool_limits(limits=1):
        accuracy = _accuracy(network, network.scores(test.x, floor=floor), task)
        drawn = _score_chips(network, task, series, chips, d2d, seed, floor) if chips else None
    return NetworkScore(
        accuracy=accuracy,
        parameters=network.parameters,
        embedding_parameters=network.embedding_parameters,
        macs=network.macs(steps=task.steps, series=series),
        chips=drawn,
    )


def _score_chips(
    network: KineticsNetwork, task: Task, series: int, chips: int, d2d: float, seed: int, floor: float | None
) -> ChipAccuracy:
    factors = network.draw_factors(chips=chips, series=series, d2d=d2d, rng=np.random.default_rng(seed))
    accuracy = np.array(
        [
            _accuracy(
                network,
                network.chip_scores(
                    task.test.x, {name: value[chip : chip + 1] for name, value in factors.items()}, floor=floor
                )[0],
                task,
            )
            for chip in range(chips)
        ]
    )
    # [chip, series, 1] x () or [time]
    coefficients = {name: value[:, :, None] * network.coefficients[name] for name, value in factors.items()}
    return ChipAccuracy(
        count=chips,
        d2d=d2d,
        seed=seed,
        mean=float(accuracy.mean()),
        std=float(accuracy.std()),
        q05=float(np.quantile(accuracy, 0.05)),
        violations=violating_share(get_law(network.law), coefficients) if coefficients else 0.0,
    )


def _accuracy(network: KineticsNetwork, scores: Float32, task: Task) -> float:
    """Share of the objects of the test part (of its cases, where these do not vote) that are told right."""
    found = object_predictions(scores, task.votes, log_prior=None if network.balanced else task.log_prior)
    return float(np.mean(found == object_labels(task.test.y, task.votes)))
