"""The paper's chip column on a small recipe: one write a network, fine-tuning, noisy draws."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from kinetics.crossbar import realise
from kinetics.errors import InvalidParameterError
from tasks import load_task
from tasks.chip_reproduction import (
    CROSSBAR,
    SPREAD,
    WEIGHT_NOISE,
    WEIGHT_OFFSET,
    carry_over,
    fine_tuning,
    reproduce_chips,
    write,
)
from tasks.kinetics_network import BatchNorm, Dense, KineticsNetwork
from tasks.learning import Architecture, FailedNetwork, TrainedNetwork, Training, train_networks
from tasks.recipes import PAPER_TABLE, RECIPES, Recipe
from tasks.reproduction import reproduce
from tasks.task import Task


def small(task: Task) -> Architecture:
    return Architecture(steps=task.steps, series=task.series, classes=task.classes, hidden=(16,), learned="none")


def unstable(task: Task) -> Architecture:
    return replace(small(task), alpha=0.02, beta=1.0)


RECIPE = Recipe(
    task="digits",
    protocol="honest",
    data="digits",
    architecture=small,
    training=Training(learning_rate=0.01, epochs=20, standardise=True),
    paper=PAPER_TABLE["mnist"],
)


def network(**changes) -> KineticsNetwork:
    rng = np.random.default_rng(0)
    options = {
        "coefficients": {"alpha": np.float32(0.5), "beta": np.float32(0.8)},
        "layers": (Dense(rng.standard_normal((5, 12)).astype(np.float32), np.zeros(5, np.float32)),),
        "floor": 0.01,
    }
    return KineticsNetwork(**(options | changes))


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.8), (0.05, 0.3)])
def test_a_write_has_the_published_spread_cut_at_zero(alpha: float, beta: float) -> None:
    """4,000 steps with coefficients of their own: two-sided Kolmogorov-Smirnov against the redrawn normal law."""
    stepwise = {name: np.full(4000, value, np.float32) for name, value in (("alpha", alpha), ("beta", beta))}
    written = write(network(coefficients=stepwise), np.random.default_rng(1)).coefficients
    for name, value in (("alpha", alpha), ("beta", beta)):
        own = written[name].astype(np.float64)
        assert own.min() > 0
        law = stats.truncnorm(-value / SPREAD[name], np.inf, value, SPREAD[name])
        assert stats.kstest(own, law.cdf).pvalue > 0.01
    assert pytest.approx({"alpha": 0.0955, "beta": 0.276}, rel=1e-3) == SPREAD


def test_one_write_is_one_value_for_all_steps_unless_they_are_learned_apart() -> None:
    written = write(network(), np.random.default_rng(1)).coefficients
    assert written["alpha"].shape == written["beta"].shape == ()
    assert written["alpha"] != np.float32(0.5)


def test_a_law_without_published_spread_is_refused() -> None:
    rate_balance = network()
    object.__setattr__(rate_balance, "coefficients", {"decay": np.float32(1)})
    with pytest.raises(InvalidParameterError, match="coefficients are among alpha, beta"):
        write(rate_balance, np.random.default_rng(0))


def test_training_meets_the_noise_that_the_crossbar_has() -> None:
    """Mean and deviation of the error relative to the largest weight, 200 draws of 2,000 inner weights, 4 sigma."""
    weight = np.random.default_rng(0).uniform(-0.9, 0.9, (20, 100)).astype(np.float32)
    weight[0, 0] = 1.0
    error = (realise(weight, CROSSBAR, 200, np.random.default_rng(1)) - weight).astype(np.float64)[:, 1:]
    assert error.mean() == pytest.approx(WEIGHT_OFFSET, abs=4 * WEIGHT_NOISE / np.sqrt(error.size))
    assert error.std() == pytest.approx(WEIGHT_NOISE, rel=4 / np.sqrt(2 * error.size))
    assert pytest.approx(0.00882, rel=1e-3) == WEIGHT_NOISE
    assert pytest.approx(0.00156, rel=3e-3) == WEIGHT_OFFSET


@pytest.mark.parametrize("normed", [False, True])
@pytest.mark.parametrize("pool", ["none", "max"])
def test_carrying_over_takes_change_of_mean_and_deviation_back(pool: str, normed: bool) -> None:
    """With a feature alone, what the first layer makes of the train part keeps its mean and deviation."""
    rng = np.random.default_rng(3)
    x = rng.random((6, 2, 300)).astype(np.float32)
    inputs = 2 if pool == "max" else 12
    weight = rng.standard_normal((inputs, inputs)).astype(np.float32)
    norm = BatchNorm(*(np.ones(inputs, np.float32) for _ in range(4))) if normed else None
    layers = (
        Dense(np.diag(np.diag(weight)), None if normed else rng.random(inputs).astype(np.float32)),
        Dense(np.eye(inputs, dtype=np.float32)),
    )
    nominal = network(
        layers=layers, batch_norms=(norm, None), pool=pool, activation="tanh", read_phase="after", read_every=1
    )
    written = replace(nominal, coefficients={"alpha": np.float32(0.65), "beta": np.float32(0.5)})
    carried = carry_over(nominal, written, x)
    if pool == "max":  # the maximum hides the moments; a network that is carried nowhere stays as it is
        same = carry_over(nominal, nominal, x)
        np.testing.assert_allclose(same.scores(x), nominal.scores(x), rtol=1e-4, atol=1e-5)
        off, still_off = (np.abs(each.scores(x) - nominal.scores(x)).mean() for each in (written, carried))
        assert still_off < off
        return
    plain = [replace(each, layers=each.layers[:1], batch_norms=each.batch_norms[:1]) for each in (nominal, carried)]
    before, after = (each.scores(x).astype(np.float64) for each in plain)
    np.testing.assert_allclose(after.mean(axis=0), before.mean(axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(after.std(axis=0), before.std(axis=0), rtol=1e-3)


def test_a_small_recipe_end_to_end() -> None:
    row = reproduce(RECIPE, seeds=2, chips=6)
    column = row.chips
    assert column is not None
    assert column.draws == 6
    assert [chip.seed for chip in column.chips] == [0, 1]
    assert column.chips[0].coefficients != column.chips[1].coefficients
    for chip, seed in zip(column.chips, row.seeds, strict=True):
        assert chip.error is None
        assert chip.written is not None
        assert chip.tuned is not None
        assert len(set(chip.tuned.accuracies)) > 1
        assert chip.tuned.mean > chip.written.mean + 0.05
        assert chip.tuned.mean > seed.test_accuracy - 0.05
        assert chip.control is not None
        assert chip.control.mean > 0.8
        assert chip.tuned.mean == np.mean(chip.tuned.accuracies)
        assert min(chip.tuned.accuracies) <= chip.tuned.q05 <= chip.tuned.mean
    plain = row.to_dict()["chips"]
    assert plain["tuned"]["mean"] == pytest.approx(np.mean([chip.tuned.mean for chip in column.chips]))
    assert plain["tuned"]["std_seeds"] == pytest.approx(np.std([chip.tuned.mean for chip in column.chips]))
    # Without the column nothing changes, and fewer draws, or seeds, are the first ones of more.
    alone = reproduce(RECIPE, seeds=1)
    assert alone.chips is None
    assert alone.to_dict()["chips"] is None
    assert alone.seeds[0] == row.seeds[0]
    fewer = reproduce(RECIPE, seeds=1, chips=2).chips
    assert fewer.chips[0].tuned.accuracies == column.chips[0].tuned.accuracies[:2]
    assert fewer.chips[0].control.accuracies == column.chips[0].control.accuracies[:2]


def test_an_unstable_write_is_told_and_not_redrawn() -> None:
    column = reproduce(replace(RECIPE, architecture=unstable), seeds=3, chips=1).chips
    broken = [chip for chip in column.chips if chip.violations]
    assert broken
    for chip in column.chips:
        alpha, beta = chip.coefficients["alpha"], chip.coefficients["beta"]
        assert chip.violations == float(beta >= 2 * np.sqrt(alpha))
        assert chip.violations or chip.floor_hits == 0
    assert any(0 < chip.floor_hits < 1 for chip in broken)


def test_a_seed_that_failed_has_no_chip() -> None:
    task = load_task("digits")
    trained = train_networks(small(task), RECIPE.training, task.train, task.validation, seeds=[0, 1])
    controls = train_networks(small(task).control(), RECIPE.training, task.train, task.validation, seeds=[0, 1])
    failed = FailedNetwork(reason="it diverged", epochs_run=1)
    column = reproduce_chips(RECIPE, task, [failed, trained[1]], controls, draws=1)
    assert column.chips[0].error == "it diverged"
    assert column.chips[0].tuned is None
    assert column.summary("tuned")["seeds"] == 1
    whole = reproduce_chips(RECIPE, task, trained, controls, draws=1)
    assert whole.chips[1] == column.chips[1]
    none = reproduce_chips(RECIPE, task, [failed, failed], controls, draws=1)
    assert none.summary("tuned")["mean"] is None
    assert all(isinstance(each, TrainedNetwork) for each in trained)


def test_no_draw_is_refused_before_work() -> None:
    with pytest.raises(InvalidParameterError, match="`chips` >= 1 must hold, but got 0; the paper takes 50"):
        reproduce(RECIPE, seeds=1, chips=0)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.task}-{recipe.protocol}")
def test_fine_tuning_peeks_at_no_part(recipe: Recipe) -> None:
    settings = fine_tuning(recipe.training)
    assert settings.keep == "last"
    assert settings.weight_noise == WEIGHT_NOISE
    assert settings.epochs >= 1
