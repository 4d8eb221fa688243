"""A network of one or more hidden layers, trained by mini-batch Adam with early stopping."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.readout.arrays import Float32, Integers
from tasks.readout.errors import TrainingError
from tasks.readout.fit import Fit
from tasks.readout.network import Dense, Network
from tasks.readout.settings import Readout
from tasks.readout.standardisation import Standardisation, fit_standardisation, require_finite
from tasks.readout.trainer import Seed, train_population


def fit_mlp(
    train_x: Float32,
    train_y: Integers,
    validation_x: Float32,
    validation_y: Integers,
    classes: int,
    settings: Readout,
    seed: Seed,
) -> Fit:
    """Train one network; see ``fit_mlps``, of which it is the case of one. Raises ``TrainingError``."""
    [fit] = fit_mlps([train_x], train_y, [validation_x], validation_y, classes, settings, [seed])
    if isinstance(fit, TrainingError):
        raise fit
    return fit


def fit_mlps(
    train_xs: Sequence[Float32],
    train_y: Integers,
    validation_xs: Sequence[Float32],
    validation_y: Integers,
    classes: int,
    settings: Readout,
    seeds: Sequence[Seed],
    *,
    weight_noise: float = 0.0,
) -> list[Fit | TrainingError]:
    """Train a network on each of several feature maps at once, each with the bits that it would have alone.

    Features are standardised, each map by its own train part, and the standardisation is folded into the first layer.

    Args:
        train_xs: [case, feature] each, raw features of the same cases.
        train_y: [case], labels 0 to ``classes`` - 1.
        validation_xs: [case, feature] each; stop the training.
        validation_y: [case].
        classes: number of classes.
        settings: shape and training of the networks.
        seeds: the start, the shuffles and the noise of each follow from its own alone.
        weight_noise: see ``train_population``.

    Returns:
        For each map its fit, or the error that says which feature or loss was not finite.
    """
    results: list[Fit | TrainingError] = [TrainingError("not trained")] * len(train_xs)
    prepared: list[tuple[int, Standardisation]] = []
    for place, (train_x, validation_x) in enumerate(zip(train_xs, validation_xs, strict=True)):
        try:
            standardisation = fit_standardisation(train_x)
            require_finite("validation", validation_x)
        except TrainingError as error:
            results[place] = error
        else:
            prepared.append((place, standardisation))
    if not prepared:
        return results
    trained = train_population(
        _stacked([standardisation.apply(train_xs[place]) for place, standardisation in prepared]),
        train_y,
        _stacked([standardisation.apply(validation_xs[place]) for place, standardisation in prepared]),
        validation_y,
        classes=classes,
        hidden=settings.layers,
        activation=settings.activation,
        epochs=settings.epochs,
        batch=settings.batch,
        patience=settings.patience,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        seeds=[seeds[place] for place, _ in prepared],
        weight_noise=weight_noise,
        maps=[_less_common_mean(standardisation) for _, standardisation in prepared],
    )
    for member, (place, standardisation) in enumerate(prepared):
        if trained.failures[member] is not None:
            results[place] = TrainingError(f"The training diverged: {trained.failures[member]}.")
            continue
        first, *rest = ((views["weight"][member], views["bias"][member]) for views in trained.layers)
        network = Network(
            layers=(standardisation.fold(*first), *(Dense(*layer) for layer in rest)),
            activation=settings.activation,
        )
        results[place] = Fit(
            network=network,
            validation_accuracy=network.accuracy(validation_xs[place], validation_y),
            epochs_run=int(trained.epochs_run[member]),
            strength=None,
        )
    return results


def _less_common_mean(standardisation: Standardisation) -> Standardisation:
    """That of features less their common mean, as a crossbar reads them (see ``tasks.held_network``)."""
    return replace(standardisation, mean=standardisation.mean - standardisation.mean.mean())


def _stacked(maps: list[Float32]) -> Float32:
    """[member, case, feature]; a single, maybe large one without a copy."""
    return maps[0][None] if len(maps) == 1 else np.stack(maps)
