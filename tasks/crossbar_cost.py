"""Counted layers (``tasks.layer_counts``) put on memristor crossbars: matrices, and what is left to digital circuits.

=====================  ========================================  ==================================================
layer                  matrix [outputs, inputs] x uses           digital
=====================  ========================================  ==================================================
convolution            [channels out, channels in x kernel]      -
                       x places
dense                  [outputs, inputs] x steps                 -
LSTM                   [4 hidden, inputs + hidden] x steps,      4 products a unit and step; the activation of the
                       both directions at the same time          cell's state is left out
Transformer encoder    [3 features, features], [features,        both products of steps with steps, whose numbers pass
                       features], [hidden, features],            the buffer; 4 products a feature for each layer norm;
                       [features, hidden], x steps               the soft-max is left out
maximum                -                                         a comparison a number
batch norm             folded into the matrix before it          -
embedding              looked up, left out                       -
=====================  ========================================  ==================================================

Left out is what is small or equal in all networks of a task, and always to the advantage of the larger network.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kinetics.readout_load import CrossbarLayer
from tasks.kinetics_network import BATCH_NORM_MACS
from tasks.layer_counts import (
    LSTM,
    BatchNorm,
    Convolution,
    CountedLayer,
    Embedding,
    Flatten,
    Linear,
    MaxOverTime,
    MaxPool,
    Shape,
    TransformerEncoder,
)


@dataclass(frozen=True, kw_only=True)
class CrossbarWork:
    """What layers ask of crossbars and of digital circuits, for one case."""

    layers: tuple[CrossbarLayer, ...] = ()
    """Matrices, first to last."""
    digital_macs: int = 0
    """Multiply-accumulates that no matrix of weights does."""
    digital_numbers: int = 0
    """Numbers that pass the buffer for these."""
    comparisons: int = 0
    """Comparisons of maxima."""


def put_on_crossbars(layers: Sequence[CountedLayer], shape: Shape) -> CrossbarWork:
    """Put layers, one after the other, on crossbars, for one case of ``shape``.

    Raises:
        TypeError: a layer of a kind that no rule is for.
        ValueError: a layer does not fit.
    """
    works = []
    for layer in layers:
        works.append(_work(layer, shape))
        shape = layer.count(shape).shape
    return CrossbarWork(
        layers=tuple(matrix for work in works for matrix in work.layers),
        digital_macs=sum(work.digital_macs for work in works),
        digital_numbers=sum(work.digital_numbers for work in works),
        comparisons=sum(work.comparisons for work in works),
    )


def _work(layer: CountedLayer, shape: Shape) -> CrossbarWork:
    match layer:
        case Convolution():
            places = math.prod(layer.count(shape).shape[1:])
            inputs = layer.inputs * math.prod(layer.kernel)
            fresh = min(math.prod(shape), inputs * places)  # strides beyond the kernel leave numbers out
            return CrossbarWork(layers=(CrossbarLayer(layer.outputs, inputs, places, fresh_inputs=fresh),))
        case Linear():
            return CrossbarWork(layers=(CrossbarLayer(layer.outputs, layer.inputs, math.prod(shape[:-1])),))
        case LSTM():
            directions = 2 if layer.bidirectional else 1
            gates = CrossbarLayer(4 * layer.hidden, layer.inputs + layer.hidden, shape[0], directions)
            return CrossbarWork(layers=(gates,), digital_macs=4 * layer.hidden * shape[0] * directions)
        case TransformerEncoder():
            return _encoder(layer, steps=shape[0])
        case MaxPool() | MaxOverTime():
            return CrossbarWork(comparisons=math.prod(shape))
        case BatchNorm() | Embedding() | Flatten():
            return CrossbarWork()
        case _:
            raise TypeError(f"There must be a rule for the layer, but there is none for {type(layer).__name__}.")


def _encoder(layer: TransformerEncoder, *, steps: int) -> CrossbarWork:
    features, hidden = layer.features, layer.hidden
    matrices = ((3 * features, features), (features, features), (hidden, features), (features, hidden))
    attention = 2 * steps * steps * features
    layer_norms = 2 * BATCH_NORM_MACS * steps * features
    return CrossbarWork(
        layers=tuple(CrossbarLayer(outputs, inputs, steps) for outputs, inputs in matrices),
        digital_macs=attention + layer_norms,
        digital_numbers=3 * steps * features + steps * steps,
    )
