"""Reproducing a row of the table, on a small recipe; and that every real recipe fits its data and its budget."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tasks import load_task
from tasks.learning import Architecture, TrainedNetwork, Training, train_networks
from tasks.network_file import load_network
from tasks.network_score import score_network
from tasks.recipes import PAPER_TABLE, RECIPES, Recipe
from tasks.reproduction import reproduce, summary
from tasks.task import Part, Task

BUDGET = {"sitw": 2_236, "mnist": 38_172, "agnews": 39_046, "modelnet10": 165_952, "utd_mhad": 649_720}
"""Parameters at the most, as the paper's networks have; an embedding counts apart."""


def small(task: Task) -> Architecture:
    return Architecture(
        steps=task.steps, series=task.series, classes=task.classes, hidden=(16,), learned="none", alpha=0.02, beta=0.1
    )


RECIPE = Recipe(
    task="digits",
    protocol="honest",
    data="digits",
    architecture=small,
    training=Training(learning_rate=0.01, epochs=8, standardise=True),
    paper=PAPER_TABLE["mnist"],
)


def test_rows_hold_seeds_control_and_counts_and_networks_are_kept(tmp_path: Path) -> None:
    row = reproduce(RECIPE, seeds=2, save=tmp_path)
    assert [seed.seed for seed in row.seeds] == [0, 1]
    assert row.parameters == 64 * 16 + 16 + 16 * 10 + 10 + 2
    assert row.control_parameters == row.parameters - 2
    assert not row.optimistic
    mean = summary(row.seeds)["mean"]
    assert mean > 0.85
    assert summary(row.control)["mean"] > 0.85
    assert row.to_dict()["paper"]["accuracy"] == 0.966
    # The file that was kept is the network that was scored.
    network = load_network(tmp_path / "digits-honest-1.npz")
    assert score_network(network, load_task("digits")).accuracy == row.seeds[1].test_accuracy


def test_the_same_seed_gives_the_same_row() -> None:
    one, other = reproduce(RECIPE, seeds=1), reproduce(RECIPE, seeds=2)
    assert one.seeds[0] == other.seeds[0]
    assert one.control[0] == other.control[0]


def test_fitting_on_both_parts_keeps_the_last_epoch() -> None:
    both = replace(RECIPE, training=replace(RECIPE.training, keep="last", epochs=5), fit_on="train and validation")
    row = reproduce(both, seeds=1)
    assert row.seeds[0].epochs == row.seeds[0].best_epoch == 5
    # It is what training by hand on the two parts together gives, and not what the train part alone gives.
    task = load_task("digits")
    joined = Part(
        np.concatenate([task.train.x, task.validation.x], axis=2), np.concatenate([task.train.y, task.validation.y])
    )
    accuracies = []
    for part in (joined, task.train):
        [trained] = train_networks(small(task), both.training, part, seeds=[0])
        assert isinstance(trained, TrainedNetwork)
        accuracies.append(score_network(trained.network, task, floor=trained.floor).accuracy)
    assert row.seeds[0].test_accuracy == accuracies[0] != accuracies[1]


def test_a_seed_that_diverges_is_told_and_counted_apart() -> None:
    wild = replace(RECIPE, training=replace(RECIPE.training, learning_rate=1e30, clip_norm=None))
    row = reproduce(wild, seeds=2)
    assert all(seed.error for seed in row.seeds)
    assert summary(row.seeds) == {"mean": None, "std": None, "best": None, "converged": 0, "seeds": 2}


@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.task}-{recipe.protocol}")
def test_every_recipe_fits_its_data_and_its_budget(recipe: Recipe) -> None:
    task = load_task(recipe.data, protocol=recipe.protocol)
    architecture = recipe.architecture(task)
    dense = np.array([architecture.features, *architecture.hidden, architecture.classes])
    weights = int((dense[:-1] * dense[1:]).sum())
    biases = int(dense[1:].sum()) if architecture.bias else 0
    norms = 2 * sum(architecture.hidden) if architecture.batch_norm else 0
    last = 0 if architecture.last_bias or not architecture.bias else architecture.classes
    coefficients = 2 * (task.steps if architecture.learned == "per_step" else 1)
    assert weights + biases + norms - last + coefficients <= BUDGET.get(recipe.task, 20_000)
    assert task.protocol == recipe.protocol
    # Only the authors' protocol may choose on the test part, and it must.
    assert (recipe.training.keep == "best_test") == task.optimistic


def test_every_task_of_the_paper_has_both_protocols() -> None:
    known = {(recipe.task, recipe.protocol) for recipe in RECIPES}
    assert {(task, protocol) for task in PAPER_TABLE for protocol in ("honest", "paper")} <= known
