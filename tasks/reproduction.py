"""Reproducing a row of the paper's table: train a recipe from several seeds, score the test part, beside the control.

Under ``honest`` nothing is chosen on the test part, which is scored once a seed. Under ``paper`` the epoch is, as the
authors do; ``optimistic`` says so wherever a number goes.
"""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from kinetics.errors import require
from tasks.chip_reproduction import ChipColumn, reproduce_chips
from tasks.data import load_task
from tasks.kinetics_network import KineticsNetwork
from tasks.learning import Architecture, FailedNetwork, TrainedNetwork, train_networks
from tasks.network_file import save_network
from tasks.network_score import score_network
from tasks.recipes import Recipe
from tasks.reference_networks import REFERENCE_NETWORKS
from tasks.task import Part, Task


@dataclass(frozen=True, kw_only=True)
class SeedResult:
    """What came of one seed."""

    seed: int
    """The seed."""
    test_accuracy: float | None
    """Share of objects told right in the test part; None if training failed."""
    epochs: int
    """Epochs run."""
    best_epoch: int | None
    """The kept one, from 1."""
    coefficients: dict[str, float]
    """Mean of each coefficient of the law after training."""
    error: str | None
    """Why training failed."""


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A row of the table."""

    task: str
    """Row."""
    protocol: str
    """Protocol."""
    optimistic: bool
    """Whether the test part chose the epoch."""
    seeds: tuple[SeedResult, ...]
    """One a seed."""
    control: tuple[SeedResult, ...]
    """The same network without kinetics, trained the same way."""
    parameters: int
    """Of the network, embedding apart."""
    embedding_parameters: int
    """Numbers in the embedding."""
    control_parameters: int
    """Of the control: as many, but for the coefficients."""
    macs: int
    """Of one case."""
    seconds: float
    """Time that the seeds took, control apart."""
    paper: dict[str, Any] | None
    """The chart's row."""
    references: tuple[dict[str, Any], ...]
    """The networks that the chart compares with: name, accuracy, parameters, MACs."""
    notes: tuple[str, ...]
    """Where data or way differ from the paper's."""
    chips: ChipColumn | None = None
    """The chip column, if asked for."""

    def to_dict(self) -> dict[str, Any]:
        """Plain form, with mean, standard deviation and best over the seeds that converged."""
        return {
            **asdict(self),
            "accuracy": summary(self.seeds),
            "control_accuracy": summary(self.control),
            "chips": None if self.chips is None else self.chips.to_dict(),
        }


def summary(seeds: tuple[SeedResult, ...]) -> dict[str, Any]:
    """Mean, standard deviation, best and number of the seeds that converged, and how many were tried."""
    found = [seed.test_accuracy for seed in seeds if seed.test_accuracy is not None]
    if not found:
        return {"mean": None, "std": None, "best": None, "converged": 0, "seeds": len(seeds)}
    return {
        "mean": float(np.mean(found)),
        "std": float(np.std(found)),
        "best": max(found),
        "converged": len(found),
        "seeds": len(seeds),
    }


def reproduce(recipe: Recipe, *, seeds: int, save: Path | None = None, chips: int | None = None) -> Reproduction:
    """Train a recipe and its control from seeds 0, 1, ...

    Args:
        recipe: what to train.
        seeds: how many.
        save: folder for the networks, ``<task>-<protocol>-<seed>.npz``; none are kept if absent.
        chips: noisy draws of each network's chip (see ``tasks.chip_reproduction``); no chip column if absent.

    Raises:
        DataError: the data are missing or not in order.
        InvalidParameterError: ``chips`` is below 1.
    """
    require(chips is None or chips >= 1, "`chips` >= 1", chips, "the paper takes 50; leave it out for none")
    task = load_task(recipe.data, protocol=recipe.protocol)
    architecture = recipe.architecture(task)
    start = time.perf_counter()
    trained = _train(recipe, architecture, task, seeds)
    seconds = time.perf_counter() - start
    results = tuple(_result(seed, member, task) for seed, member in enumerate(trained))
    control_architecture = architecture.control()
    controls = _train(recipe, control_architecture, task, seeds)
    network = _any_network(trained)
    control = _any_network(controls)
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        for seed, member in enumerate(trained):
            if isinstance(member, TrainedNetwork):
                save_network(save / f"{recipe.task}-{recipe.protocol}-{seed}.npz", member.network)
    series = architecture.series
    return Reproduction(
        task=recipe.task,
        protocol=recipe.protocol,
        optimistic=recipe.training.keep == "best_test",
        seeds=results,
        control=tuple(_result(seed, member, task) for seed, member in enumerate(controls)),
        parameters=network.parameters if network else 0,
        embedding_parameters=network.embedding_parameters if network else 0,
        control_parameters=control.parameters if control else 0,
        macs=network.macs(steps=task.steps, series=series) if network else 0,
        seconds=seconds,
        paper=asdict(recipe.paper) if recipe.paper else None,
        references=_references(recipe.task),
        notes=recipe.notes,
        chips=None if chips is None else reproduce_chips(recipe, task, trained, controls, draws=chips),
    )


def _train(recipe: Recipe, architecture: Architecture, task: Task, seeds: int) -> list[TrainedNetwork | FailedNetwork]:
    """Train on what the recipe says; the test part is handed over for the protocol ``paper`` alone."""
    training = recipe.training
    validation: Part | None = task.validation if recipe.fit_on == "train" else None
    test: Part | None = None
    if training.keep == "best_test":
        validation, test = None, task.test
    with threadpool_limits(limits=1):
        return train_networks(
            architecture,
            training,
            recipe.train_part(task),
            validation,
            test,
            seeds=list(range(seeds)),
            votes=task.votes,
            log_prior=task.log_prior if task.votes > 1 and training.vote == "soft" else None,
        )


def _result(seed: int, member: TrainedNetwork | FailedNetwork, task: Task) -> SeedResult:
    if isinstance(member, FailedNetwork):
        return SeedResult(
            seed=seed,
            test_accuracy=None,
            epochs=member.epochs_run,
            best_epoch=None,
            coefficients={},
            error=member.reason,
        )
    # Under ``paper`` the watched part is the test part, counted by the votes of the recipe.
    accuracy = member.watched_accuracy
    if not member.optimistic:
        accuracy = score_network(member.network, task, floor=member.floor).accuracy
    return SeedResult(
        seed=seed,
        test_accuracy=accuracy,
        epochs=member.epochs_run,
        best_epoch=member.best_epoch,
        coefficients={name: float(value.mean()) for name, value in member.network.coefficients.items()},
        error=None,
    )


def _any_network(members: list[TrainedNetwork | FailedNetwork]) -> KineticsNetwork | None:
    return next((member.network for member in members if isinstance(member, TrainedNetwork)), None)


def _references(task: str) -> tuple[dict[str, Any], ...]:
    """The chart's other networks on a task."""
    chart = "ucf101" if task == "utd_mhad" else task
    return tuple(
        {
            "name": network.name,
            "accuracy": network.accuracy,
            "paper_parameters": network.paper_parameters,
            "paper_macs": network.paper_macs,
            "parameters": network.counted.parameters,
            "macs": network.counted.macs,
            "note": network.note,
        }
        for network in REFERENCE_NETWORKS
        if network.task == chart
    )
