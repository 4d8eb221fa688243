"""Read-outs that are trained through the kinetics (``readout.kind``: network), as plain layers on features.

The coefficients are those of the device and its pulses, fixed. Batch norms are folded into the layers, so that scoring
needs none; they are counted all the same.
"""

from dataclasses import dataclass

import numpy as np

from kinetics import Law, Pulse, get_law
from tasks.kinetics_network import KineticsNetwork
from tasks.learning import Architecture, FailedNetwork, Training, train_networks
from tasks.readout import Dense, Network, Readout, TrainingError
from tasks.readout.trainer import Seed
from tasks.task import Task


@dataclass(frozen=True, kw_only=True)
class TrainedReadout:
    """Layers that act on features, and what they count."""

    network: Network
    """Acts on raw features [case, feature]."""
    parameters: int
    """Weights, biases and batch norms."""
    macs: int
    """Multiply-accumulates of the layers, batch norms included."""


def train_through_kinetics(
    readout: Readout, law: Law, coefficients: dict[str, float], pulse: Pulse, floor: float, task: Task, seed: Seed
) -> TrainedReadout:
    """Train on the nominal device.

    Args:
        readout: shape and training.
        law: the law of motion.
        coefficients: of the nominal device.
        pulse: which states are read.
        floor: smallest state.
        task: trained on its train part, stopped on its validation part.
        seed: the result follows from it and the arguments alone.

    Raises:
        TrainingError: the training left the numbers.
    """
    architecture = _architecture(readout, task, pulse, law.name, coefficients, floor)
    return _train(architecture, readout, task, seed)


def train_control(readout: Readout, pulse: Pulse, task: Task, seed: Seed) -> TrainedReadout:
    """The same without kinetics; raises ``TrainingError``."""
    any_values = {"alpha": 1.0, "beta": 1.0}
    architecture = _architecture(readout, task, pulse, "drift_diffusion", any_values, 0.01).control()
    return _train(architecture, readout, task, seed)


def _architecture(
    readout: Readout, task: Task, pulse: Pulse, law: str, coefficients: dict[str, float], floor: float
) -> Architecture:
    return Architecture(
        steps=task.steps,
        series=task.series,
        classes=task.classes,
        hidden=readout.layers,
        activation=readout.activation,
        batch_norm=readout.batch_norm,
        law=law,
        learned="none",
        start=coefficients,
        floor=floor,
        read_phase=pulse.read_phase,
        read_every=pulse.read_every,
    )


def _train(architecture: Architecture, readout: Readout, task: Task, seed: Seed) -> TrainedReadout:
    training = Training(
        learning_rate=readout.learning_rate,
        weight_decay=readout.weight_decay,
        batch=readout.batch,
        epochs=readout.epochs,
        patience=readout.patience,
        label_smoothing=readout.label_smoothing,
        input_noise=readout.input_noise,
        mixup=readout.mixup,
        dropout=readout.dropout,
        standardise=True,
    )
    [trained] = train_networks(
        architecture,
        training,
        task.train,
        task.validation,
        seeds=[seed],
        votes=task.votes,
        log_prior=task.log_prior if task.votes > 1 else None,
    )
    if isinstance(trained, FailedNetwork):
        raise TrainingError(f"The training diverged: {trained.reason}")
    network = trained.network
    coefficients = sum(value.size for value in network.coefficients.values())
    kinetics_macs = get_law(network.law).macs_per_step * task.steps * task.series
    return TrainedReadout(
        network=Network(layers=_folded(network), activation=network.activation),
        parameters=network.parameters - coefficients,
        macs=network.macs(steps=task.steps, series=task.series) - kinetics_macs,
    )


def _folded(network: KineticsNetwork) -> tuple[Dense, ...]:
    """Every layer with its batch norm inside."""
    layers = []
    for layer, norm in zip(network.layers, network.batch_norms, strict=True):
        bias = np.zeros(len(layer.weight), np.float32) if layer.bias is None else layer.bias
        if norm is None:
            layers.append(Dense(layer.weight, bias))
            continue
        factor = norm.scale / np.sqrt(norm.variance + np.float32(norm.epsilon))
        layers.append(Dense(layer.weight * factor[:, None], (bias - norm.mean) * factor + norm.shift))
    return tuple(layers)
