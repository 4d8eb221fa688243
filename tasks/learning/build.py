"""An architecture as a stack of layers, and a trained stack as a network."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from tasks.kinetics_network import BatchNorm, Dense, KineticsNetwork
from tasks.learning.architecture import Architecture
from tasks.learning.batch_norm_layer import EPSILON, BatchNormLayer
from tasks.learning.dropout_layer import DropoutCache, DropoutLayer
from tasks.learning.embedding_layer import EmbeddingCache, EmbeddingLayer
from tasks.learning.kinetics_layer import KineticsCache, KineticsLayer
from tasks.learning.max_over_time_layer import MaxOverTimeCache, MaxOverTimeLayer
from tasks.learning.pooled_dense_layer import PooledDenseLayer
from tasks.learning.shape_layers import FlattenLayer, PerStepLayer, StandardiseLayer, StepsLayer
from tasks.learning.training import Training
from tasks.readout.arrays import Floats, Integers
from tasks.readout.layers import ActivationLayer, Cache, DenseLayer, Layer, Views
from tasks.readout.stack import Stack
from tasks.readout.standardisation import Standardisation


def cases_last(architecture: Architecture) -> bool:
    """Whether the devices of a batch are ordered [series, case]."""
    return architecture.pool == "none"


def build_layers(
    architecture: Architecture, training: Training, *, with_kinetics: bool, written: bool = False
) -> list[Layer]:
    """All layers; without kinetics, those that act on features [member, case, feature].

    ``written``: coefficients and embedding are given and stay.
    """
    steps, series, readings = architecture.steps, architecture.series, architecture.reading.count
    pooled = architecture.pool == "max"
    layers: list[Layer] = []
    if with_kinetics:
        if architecture.embedding_words is not None:
            layers.append(
                EmbeddingLayer(
                    architecture.embedding_words,
                    series,
                    steps,
                    "written" if written else architecture.embedding_map,
                    cases_last(architecture),
                    architecture.embedding_std,
                )
            )
        layers.append(KineticsLayer(architecture, written))
        layers.append(StepsLayer(readings, series) if pooled else FlattenLayer(series))
        if training.standardise:
            standardise = StandardiseLayer(architecture.features, not pooled)
            layers.append(PerStepLayer(standardise, readings) if pooled else standardise)
    widths = (architecture.features, *architecture.hidden, architecture.classes)
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        last = index == len(widths) - 2
        dense = DenseLayer(
            inputs,
            outputs,
            _init_std(inputs, outputs, architecture, training, last=last),
            bias=architecture.bias and (architecture.last_bias or not last),
            uniform=training.initialisation == "pytorch",
            cases_last=index == 0 and with_kinetics and not pooled,
        )
        block: list[Layer] = [dense]
        if not last:
            if architecture.batch_norm:
                block.append(BatchNormLayer(outputs))
            if index == 0 and pooled and architecture.batch_norm:
                block = [PerStepLayer(layer, readings) for layer in block]
                block.append(MaxOverTimeLayer(architecture, outputs))
            elif index == 0 and pooled:
                block = [PooledDenseLayer(dense, architecture)]
            # Activations rise, so the maximum may as well come first: one activation a case, not one a reading.
            block.append(ActivationLayer(architecture.activation, outputs))
            if training.dropout > 0:
                block.append(DropoutLayer(outputs, training.dropout))
        layers += block
    return layers


def allocate(
    stack: Stack, cases: int, rngs: Sequence[np.random.Generator] | None = None, *, rows_alone: bool = False
) -> tuple[Cache, ...]:
    """Buffers of a stack with what layers must know of each other.

    Args:
        stack: the layers.
        cases: how many pass at once.
        rngs: one a member, for steps of training.
        rows_alone: whether the optimiser moves only the rows of the embedding that a batch met.
    """
    caches = stack.allocate(cases, training=rngs is not None)
    first = stack.layers[0]
    for cache in caches:
        if isinstance(cache, DropoutCache):
            cache.rngs = rngs or ()
        elif isinstance(cache, EmbeddingCache) and rows_alone:
            cache.moved = []
        elif isinstance(cache, KineticsCache) and isinstance(first, EmbeddingLayer) and first.mapping == "written":
            cache.first = True  # nobody asks for the derivative by the drive
        elif isinstance(cache, MaxOverTimeCache) and isinstance(caches[0], EmbeddingCache):
            cache.embedding = caches[0]
    return caches


def export(
    layers: list[Layer],
    views: tuple[Views, ...],
    member: int,
    architecture: Architecture,
    coefficients: dict[str, Floats],
    standardisation: Standardisation | None,
    *,
    balanced: bool = False,
) -> KineticsNetwork:
    """One member as a network on raw features, in the order of features that networks have.

    Args:
        layers: those of the stack.
        views: their parameters.
        member: which member.
        architecture: its shape.
        coefficients: of the member, where the stack holds no kinetics.
        standardisation: of its features, to be folded.
        balanced: whether it was trained so.
    """
    dense: list[Dense] = []
    norms: list[BatchNorm | None] = []
    table = None
    for outer, parameters in zip(layers, views, strict=True):
        layer = outer.layer if isinstance(outer, PerStepLayer | PooledDenseLayer) else outer
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
        dense[0], norms[0] = fold(dense[0], norms[0], standardisation)
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
        read_every=architecture.read_every,
        read_phase=architecture.read_phase,
        read_mean=architecture.read_mean,
        pool_skips_padding=architecture.pool_skips_padding,
        balanced=balanced,
    )


def load_written(layers: Sequence[Layer], views: Sequence[Views], member: int, network: KineticsNetwork) -> None:
    """Give one member the coefficients and the table of a network; the stack must be ``written``."""
    for layer, parameters in zip(layers, views, strict=True):
        if isinstance(layer, EmbeddingLayer) and network.embedding is not None:
            parameters["table"][member] = network.embedding
        elif isinstance(layer, KineticsLayer):
            for name, value in network.coefficients.items():
                parameters[name][member] = value


def load_dense(
    layers: Sequence[Layer],
    views: Sequence[Views],
    member: int,
    network: KineticsNetwork,
    architecture: Architecture,
    standardisation: Standardisation | None,
) -> None:
    """Give one member the dense layers and batch norms of a network: the inverse of ``export``."""
    dense, norms = list(network.layers), list(network.batch_norms)
    if architecture.pool == "none":
        weight = np.empty_like(dense[0].weight)
        weight[:, series_major(architecture)] = dense[0].weight
        dense[0] = dense[0]._replace(weight=weight)
    if standardisation is not None:
        dense[0], norms[0] = unfold(dense[0], norms[0], standardisation)
    place = -1
    for outer, parameters in zip(layers, views, strict=True):
        layer = outer.layer if isinstance(outer, PerStepLayer | PooledDenseLayer) else outer
        if isinstance(layer, DenseLayer):
            place += 1
            for name, value in zip(("weight", "bias"), dense[place], strict=True):
                if name in parameters:
                    parameters[name][member] = value
        elif isinstance(layer, BatchNormLayer):
            norm = norms[place]
            if norm is not None:
                for name in ("scale", "shift", "mean", "variance"):
                    parameters[name][member] = getattr(norm, name)


def series_major(architecture: Architecture) -> Integers:
    """Place of each feature, ordered series by series, among features ordered step by step."""
    readings, series = architecture.reading.count, architecture.series
    return np.arange(readings * series).reshape(readings, series).T.reshape(-1)


def fold(dense: Dense, norm: BatchNorm | None, standardisation: Standardisation) -> tuple[Dense, BatchNorm | None]:
    """The same layer on raw features; without a bias, the shift goes into the mean of the batch norm."""
    bias = np.zeros(len(dense.weight)) if dense.bias is None else dense.bias
    folded = standardisation.fold(dense.weight, bias)
    if dense.bias is not None:
        return Dense(folded.weight, folded.bias), norm
    if norm is None:
        raise ValueError("a layer with neither bias nor batch norm cannot swallow a standardisation")
    return Dense(folded.weight, None), norm._replace(mean=norm.mean - folded.bias)


def unfold(dense: Dense, norm: BatchNorm | None, standardisation: Standardisation) -> tuple[Dense, BatchNorm | None]:
    """The inverse of ``fold``; what the weight of a constant feature adds goes into the bias."""
    shift = (dense.weight @ standardisation.mean).astype(np.float32)
    scale = standardisation.scale
    weight = (dense.weight * np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)).astype(np.float32)
    if dense.bias is not None:
        return Dense(weight, dense.bias + shift), norm
    if norm is None:
        raise ValueError("a layer with neither bias nor batch norm cannot swallow a standardisation")
    return Dense(weight, None), norm._replace(mean=norm.mean - shift)


def _init_std(inputs: int, outputs: int, architecture: Architecture, training: Training, *, last: bool) -> float:
    if training.initialisation == "pytorch":
        return math.sqrt(1 / (3 * inputs))
    fan = inputs if architecture.activation == "relu" and not last else inputs + outputs
    return math.sqrt(2 / fan)
