"""A network of one or more hidden layers, trained by mini-batch Adam with early stopping."""

from tasks.readout.arrays import Float32, Integers
from tasks.readout.errors import TrainingError
from tasks.readout.fit import Fit
from tasks.readout.network import Dense, Network
from tasks.readout.settings import Readout
from tasks.readout.standardisation import fit_standardisation, require_finite
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
    """Train one network on standardised features and fold the standardisation into its first layer.

    Args:
        train_x: [case, feature], raw features.
        train_y: [case], labels 0 to ``classes`` - 1.
        validation_x: [case, feature]; stops the training.
        validation_y: [case].
        classes: number of classes.
        settings: shape and training of the network.
        seed: its start and its shuffles follow from it alone.

    Raises:
        TrainingError: a feature, or the loss, is not finite.
    """
    standardisation = fit_standardisation(train_x)
    require_finite("validation", validation_x)
    trained = train_population(
        standardisation.apply(train_x),
        train_y,
        standardisation.apply(validation_x),
        validation_y,
        classes=classes,
        hidden=settings.layers,
        activation=settings.activation,
        epochs=settings.epochs,
        batch=settings.batch,
        patience=settings.patience,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        seeds=[seed],
    )
    if trained.failures[0] is not None:
        raise TrainingError(f"The training diverged: {trained.failures[0]}.")
    first, *rest = ((views["weight"][0], views["bias"][0]) for views in trained.layers)
    network = Network(
        layers=(standardisation.fold(*first), *(Dense(*layer) for layer in rest)),
        activation=settings.activation,
    )
    return Fit(
        network=network,
        validation_accuracy=network.accuracy(validation_x, validation_y),
        epochs_run=int(trained.epochs_run[0]),
        strength=None,
    )
