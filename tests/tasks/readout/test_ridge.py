"""The closed form against the equations it solves, and the choice of the strength."""

import numpy as np
import pytest
import sklearn.linear_model

from tasks.readout import Readout, TrainingError, fit_readout
from tasks.readout.ridge import STRENGTHS, fit_ridge


def blobs(cases, *, features=6, classes=3, spread=1.0, seed=0):
    rng = np.random.default_rng(seed)
    centres = 3 * np.random.default_rng(99).standard_normal((classes, features))
    y = rng.integers(0, classes, cases)
    x = 20 + (centres[y] + spread * rng.standard_normal((cases, features))) * np.logspace(0, 1, features)
    return x.astype(np.float32), y


def standardised(x):
    x = x.astype(np.float64)
    return (x - x.mean(axis=0)) / np.sqrt(np.mean(x.var(axis=0)))


@pytest.mark.parametrize("strength", [1e-4, 0.1, 10.0])
def test_solves_the_normal_equations(strength):
    x, y = blobs(5000)
    s = standardised(x)
    targets = np.eye(3)[y]
    weight = np.linalg.solve(s.T @ s + len(x) * strength * np.eye(6), s.T @ targets).T
    expected = s @ weight.T + targets.mean(axis=0)
    fit = fit_ridge(x, y, *blobs(50, seed=1), 3, strengths=np.array([strength]))
    assert fit.strength == strength
    # float32 scores of order 1 whose terms W mu / sigma reach 10.
    np.testing.assert_allclose(fit.network.scores(x), expected, rtol=0, atol=2e-5)


def test_equals_scikit_learn():
    x, y = blobs(400, spread=3)
    model = sklearn.linear_model.Ridge(alpha=0.3 * len(x)).fit(standardised(x), np.eye(3)[y])
    fit = fit_ridge(x, y, *blobs(50, seed=1), 3, strengths=np.array([0.3]))
    np.testing.assert_allclose(fit.network.scores(x), model.predict(standardised(x)), rtol=0, atol=2e-5)


def test_singular_features_are_solved():
    x, y = blobs(300)
    x = np.hstack([x, x, np.full((300, 1), 7, np.float32)])
    validation_x, validation_y = blobs(200, seed=1)
    validation_x = np.hstack([validation_x, validation_x, np.full((200, 1), 9, np.float32)])
    fit = fit_ridge(x, y, validation_x, validation_y, 3)
    assert fit.validation_accuracy > 0.95
    np.testing.assert_array_equal(fit.network.layers[0].weight[:, -1], 0)


def noisy_choice():
    """More features than cases allow, so that strengths differ on the validation part."""
    rng = np.random.default_rng(3)
    direction = rng.standard_normal(40)

    def part(cases):
        x = rng.standard_normal((cases, 40)).astype(np.float32)
        return x, (x @ direction + 4 * rng.standard_normal(cases) > 0).astype(np.intp)

    return *part(50), *part(400)


def test_strength_is_the_best_on_validation():
    data = noisy_choice()
    single = [fit_ridge(*data, 2, strengths=np.array([s])).validation_accuracy for s in STRENGTHS]
    assert len(set(single)) > 3
    fit = fit_ridge(*data, 2)
    assert fit.validation_accuracy == max(single)
    assert fit.strength == STRENGTHS[int(np.argmax(single))]


def test_of_equals_the_strongest_is_taken():
    x, y = np.array([[0], [0.1], [1], [1.1]], np.float32), np.array([0, 0, 1, 1])
    fit = fit_ridge(x, y, x, y, 2)
    assert fit.validation_accuracy == 1
    assert fit.strength == STRENGTHS.max()


def test_dispatched_learns_a_separable_problem():
    fit = fit_readout(Readout(kind="ridge"), *blobs(500), *blobs(200, seed=1), 3, 0)
    assert fit.validation_accuracy > 0.95
    assert fit.epochs_run == 0
    assert fit.network.parameters == 3 * 7
    assert fit.validation_accuracy == fit.network.accuracy(*blobs(200, seed=1))


@pytest.mark.parametrize("part", [0, 2])
def test_features_must_be_finite(part):
    data = [*blobs(100), *blobs(100, seed=1)]
    data[part][3, 1] = np.nan
    with pytest.raises(TrainingError, match="case 3, feature 1"):
        fit_ridge(*data, 3)
