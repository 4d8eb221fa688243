"""An architecture as a stack of layers, and a trained stack as a network."""

import math
from itertools import pairwise

import numpy as np

from tasks.kinetics_network import BatchNorm, Dense, KineticsNetwork
from tasks.learning.architecture import Architecture
from tasks.learning.batch_norm_layer import EPSILON, BatchNormLayer
from tasks.learning.embedding_layer import EmbeddingLayer
from tasks.learning.kinetics_layer import KineticsLayer
from tasks.learning.shape_layers import FlattenLayer, MaxOverTimeLayer, PerStepLayer, StandardiseLayer, StepsLayer
from tasks.learning.training import Training
from tasks.readout.arrays import Floats, Integers
from tasks.readout.layers import ActivationLayer, DenseLayer, Layer, Views
from tasks.readout.standardisation import Standardisation


def cases_last(architecture: Architecture) -> bool:
    """Whether the devices of a batch are ordered [series, case]."""
    return architecture.pool == "none"


def build_layers(architecture: Architecture, training: Training, *, with_kinetics: bool) -> list[Layer]:
    """All layers; without kinetics, those that act on features [member, case, feature]."""
    steps, series = architecture.steps, architecture.series
    pooled = architecture.pool == "max"
    layers: list[Layer] = []
    if with_kinetics:
        if architecture.embedding_words is not None:
            layers.append(
                EmbeddingLayer(
                    architecture.embedding_words, series, steps, architecture.embedding_map, cases_last(architecture)
                )
            )
        layers.append(KineticsLayer(architecture))
        layers.append(StepsLayer(steps, series) if pooled else FlattenLayer(series))
        if training.standardise:
            standardise = StandardiseLayer(architecture.features, not pooled)
            layers.append(PerStepLayer(standardise, steps) if pooled else standardise)
    widths = (architecture.features, *architecture.hidden, architecture.classes)
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        last = index == len(widths) - 2
        block: list[Layer] = [
            DenseLayer(
                inputs,
                outputs,
                _init_std(inputs, outputs, architecture, training, last=last),
                bias=architecture.bias and (architecture.last_bias or not last),
                uniform=training.initialisation == "pytorch",
                cases_last=index == 0 and with_kinetics and not pooled,
            )
        ]
        if not last:
            if architecture.batch_norm:
                block.append(BatchNormLayer(outputs))
            block.append(ActivationLayer(architecture.activation, outputs))
        if index == 0 and pooled:
            block = [PerStepLayer(layer, steps) for layer in block]
            block.append(MaxOverTimeLayer(steps, outputs))
        layers += block
    return layers


def export(
    layers: list[Layer],
    views: tuple[Views, ...],
    member: int,
    architecture: Architecture,
    coefficients: dict[str, Floats],
    standardisation: Standardisation | None,
) -> KineticsNetwork:
    """One member as a network on raw features, in the order of features that networks have.

    Args:
        layers: those of the stack.
        views: their parameters.
        member: which member.
        architecture: its shape.
        coefficients: of the member, where the stack holds no kinetics.
        standardisation: of its features, to be folded.
    """
    dense: list[Dense] = []
    norms: list[BatchNorm | None] = []
    table = None
    for outer, parameters in zip(layers, views, strict=True):
        layer = outer.layer if isinstance(outer, PerStepLayer) else outer
        own = {name: np.array(value[member]) for name, value in parameters.items()}
        if isinstance(layer, EmbeddingLayer):
            table = layer.drive_table(own["table"])
        elif isinstance(layer, KineticsLayer):
            coefficients = own
        elif isinstance(layer, DenseLayer):
            dense.append(Dense(own["weight"], own.get("bias")))
            norms.append(None)
        elif isinstance(layer, BatchNormLayer):
            norms[-1] = BatchNorm(own["scale"], own["shift"], own["mean"], own["variance"], EPSILON)
    if standardisation is not None:
        dense[0], norms[0] = _fold(dense[0], norms[0], standardisation)
    if architecture.pool == "none":
        weight = dense[0].weight[:, series_major(architecture)]
        dense[0] = Dense(np.ascontiguousarray(weight), dense[0].bias)
    return KineticsNetwork(
        law=architecture.law,
        coefficients={name: np.asarray(value, np.float32) for name, value in coefficients.items()},
        layers=tuple(dense),
        activation=architecture.activation,
        batch_norms=tuple(norms),
        embedding=table,
        pool=architecture.pool,
    )


def series_major(architecture: Architecture) -> Integers:
    """Place of each feature, ordered series by series, among features ordered step by step."""
    steps, series = architecture.steps, architecture.series
    return np.arange(steps * series).reshape(steps, series).T.reshape(-1)


def _fold(dense: Dense, norm: BatchNorm | None, standardisation: Standardisation) -> tuple[Dense, BatchNorm | None]:
    """The same layer on raw features; without a bias, the shift goes into the mean of the batch norm."""
    bias = np.zeros(len(dense.weight)) if dense.bias is None else dense.bias
    folded = standardisation.fold(dense.weight, bias)
    if dense.bias is not None:
        return Dense(folded.weight, folded.bias), norm
    if norm is None:
        raise ValueError("a layer with neither bias nor batch norm cannot swallow a standardisation")
    return Dense(folded.weight, None), norm._replace(mean=norm.mean - folded.bias)


def _init_std(inputs: int, outputs: int, architecture: Architecture, training: Training, *, last: bool) -> float:
    if training.initialisation == "pytorch":
        return math.sqrt(1 / (3 * inputs))
    fan = inputs if architecture.activation == "relu" and not last else inputs + outputs
    return math.sqrt(2 / fan)
