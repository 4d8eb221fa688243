"""Read-outs that are trained through the kinetics (``readout.kind``: network), as plain layers on features.

The coefficients are those of the device and its pulses, fixed. Batch norms are folded into the layers, so that scoring
needs none; they are counted all the same.
"""

from dataclasses import dataclass, replace

import numpy as np

from kinetics import Pulse, get_law, lowest_state, rest_conductance_S
from kinetics.errors import require
from tasks.configuration import Configuration
from tasks.kinetics_network import KineticsNetwork
from tasks.learning import Architecture, FailedNetwork, Training, train_networks
from tasks.readout import Dense, Network, Readout, TrainingError
from tasks.readout.trainer import Seed
from tasks.task import Part, Task


@dataclass(frozen=True, kw_only=True)
class TrainedReadout:
    """Layers that act on features, and what they count."""

    network: Network
    """Acts on raw features [case, feature]."""
    parameters: int
    """Weights, biases and batch norms."""
    macs: int
    """Multiply-accumulates of the layers, batch norms included."""
    centre: float = 0.0
    """Mean of the features that it was trained on."""


def train_through_kinetics(
    configuration: Configuration, coefficients: dict[str, float], task: Task, seed: Seed
) -> TrainedReadout:
    """Train on the nominal device.

    Args:
        configuration: its law's readings must be a straight line in the state (see ``reading_line``).
        coefficients: of the nominal device.
        task: trained on its train part, stopped on its validation part.
        seed: the result follows from it and the arguments alone.

    Raises:
        InvalidParameterError: readings are no straight line.
        TrainingError: the training left the numbers.
    """
    device, pulse, readout = configuration.device, configuration.pulse, configuration.readout
    offset, slope = reading_line(configuration)
    law = get_law(device.law)

    def driven(part: Part) -> Part:
        return Part(law.drive(pulse.coded(part.samples()), device, pulse), part.y)

    architecture = _architecture(readout, task, pulse, law.name, coefficients, lowest_state(device))
    trained = _train(
        architecture, readout, replace(task, train=driven(task.train), validation=driven(task.validation)), seed
    )
    first, *rest = trained.network.layers
    # The network was trained on states w, and will read features offset + slope * w.
    weight = first.weight / np.float32(slope)
    moved = Dense(weight, first.bias - np.float32(offset) * weight.sum(axis=1))
    return replace(trained, network=replace(trained.network, layers=(moved, *rest)))


def reading_line(configuration: Configuration) -> tuple[float, float]:
    """Offset and slope of the feature as a straight line in the state.

    Raises:
        InvalidParameterError: it is none.
    """
    device, pulse = configuration.device, configuration.pulse
    law = get_law(device.law)
    low, high = lowest_state(device), law.state_range[1]
    points = np.linspace(low, high if high < np.inf else 4 * law.initial_state, 5, dtype=np.float32)
    features = (law.current_A(points, pulse.read_V, device) / pulse.read_V + device.g_leak_S).astype(np.float64)
    features /= rest_conductance_S(law, device, pulse.read_V)
    slope = (features[-1] - features[0]) / (points[-1] - points[0])
    offset = features[0] - slope * points[0]
    straight = np.allclose(features, offset + slope * points, rtol=1e-4)
    require(
        bool(straight),
        "`readout.kind`: network goes with a `device.law` whose readings are linear in the state, which",
        device.law,
        "it trains through plain states; use `readout.kind`: mlp",
    )
    return float(offset), float(slope)


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
        common_spread=True,
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
