"""Layers that are only counted: parameters, multiply-accumulates and the shape that goes on.

The rule is the one by which the paper's chart was made, so that a network with kinetics and its rival are
counted alike. Parameters: every trained number, but those of a word embedding, which are counted apart.
Multiply-accumulates of one case: one a weight and use (biases cost none), four a batch-norm feature, and what an
LSTM cell does element by element (see ``LSTM``). Activations, pooling, look-ups, layer norms and soft-maxima cost none.

Shapes are those of one case: (channel, length...) for convolutions, (step, feature) for sequences.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tasks.kinetics_network import BATCH_NORM_MACS

Shape = tuple[int, ...]


class Count(NamedTuple):
    """What a layer costs."""

    parameters: int
    """Trained numbers."""
    macs: int
    """Multiply-accumulates of one case."""
    shape: Shape
    """Of what goes on, one case."""


class CountedLayer(Protocol):
    """A layer of which only the size matters."""

    def count(self, shape: Shape) -> Count:
        """Cost of the layer for one case of that shape; raises ``ValueError`` if it does not fit."""
        ...


class NetworkCount(NamedTuple):
    """What a network costs."""

    parameters: int
    """Without the embedding."""
    embedding_parameters: int
    """Of the word embedding."""
    macs: int
    """Multiply-accumulates of one case."""
    shape: Shape
    """Of the output."""


def count_network(layers: Sequence[CountedLayer], shape: Shape) -> NetworkCount:
    """Cost of layers, one after the other, for one case of ``shape``."""
    parameters = embedding = macs = 0
    for layer in layers:
        count = layer.count(shape)
        if isinstance(layer, Embedding):
            embedding += count.parameters
        else:
            parameters += count.parameters
        macs += count.macs
        shape = count.shape
    return NetworkCount(parameters, embedding, macs, shape)


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """A convolution in 1, 2 or 3 dimensions, told by the length of ``kernel``."""

    inputs: int
    """Channels in."""
    outputs: int
    """Channels out."""
    kernel: tuple[int, ...]
    """Size in each dimension."""
    stride: int = 1
    """Step, the same in every dimension."""
    padding: int = 0
    """Zeros on each side, the same in every dimension."""
    bias: bool = True
    """Whether every channel has one."""

    def count(self, shape: Shape) -> Count:
        """Weights at every place of the output."""
        _require(shape, self.inputs, len(self.kernel))
        places = _places(shape[1:], self.kernel, (self.stride,) * len(self.kernel), (self.padding,) * len(self.kernel))
        weights = self.inputs * self.outputs * math.prod(self.kernel)
        return Count(weights + (self.outputs if self.bias else 0), weights * math.prod(places), (self.outputs, *places))


@dataclass(frozen=True, kw_only=True)
class MaxPool:
    """The maximum of each window; windows do not overlap."""

    kernel: tuple[int, ...]
    """Size in each dimension."""
    padding: tuple[int, ...] = ()
    """On each side, in each dimension; none if absent."""

    def count(self, shape: Shape) -> Count:
        """Free."""
        _require(shape, shape[0], len(self.kernel))
        padding = self.padding or (0,) * len(self.kernel)
        return Count(0, 0, (shape[0], *_places(shape[1:], self.kernel, self.kernel, padding)))


@dataclass(frozen=True, kw_only=True)
class BatchNorm:
    """A batch norm over the channels."""

    def count(self, shape: Shape) -> Count:
        """Scale and shift a channel; four operations a number."""
        return Count(2 * shape[0], BATCH_NORM_MACS * math.prod(shape), shape)


@dataclass(frozen=True, kw_only=True)
class Flatten:
    """All numbers in a row."""

    def count(self, shape: Shape) -> Count:
        """Free."""
        return Count(0, 0, (math.prod(shape),))


@dataclass(frozen=True, kw_only=True)
class Linear:
    """A dense layer on the last axis, at every step if there are steps."""

    inputs: int
    """Features in."""
    outputs: int
    """Features out."""
    bias: bool = True
    """Whether every feature has one."""

    def count(self, shape: Shape) -> Count:
        """Weights at every step."""
        _require_features(shape, self.inputs)
        weights = self.inputs * self.outputs
        return Count(
            weights + (self.outputs if self.bias else 0),
            weights * math.prod(shape[:-1]),
            (*shape[:-1], self.outputs),
        )


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """A vector a word: (step,) -> (step, feature)."""

    words: int
    """Size of the vocabulary."""
    features: int
    """Length of the vectors."""

    def count(self, shape: Shape) -> Count:
        """A table; looking up is free."""
        return Count(self.words * self.features, 0, (*shape, self.features))


@dataclass(frozen=True, kw_only=True)
class LSTM:
    """One layer of long short-term memory, (step, feature) -> (step, directions x hidden).

    Four gates with two biases each. Multiply-accumulates of a step and direction are those of the counter that the
    paper's authors used: 4 ((inputs + hidden) hidden + 3 hidden) + 4 hidden, that is, here alone biases and
    products of gates count too (0.4 % of the sum in the paper's network).
    """

    inputs: int
    """Features in."""
    hidden: int
    """Features out, of one direction."""
    bidirectional: bool = False
    """Whether a second one reads backwards."""
    keep_inputs: bool = False
    """Whether the inputs are put beside the outputs."""

    def count(self, shape: Shape) -> Count:
        """All gates at every step."""
        _require_features(shape, self.inputs)
        directions = 2 if self.bidirectional else 1
        weights = 4 * (self.inputs + self.hidden) * self.hidden
        macs = weights + 4 * 3 * self.hidden + 4 * self.hidden
        outputs = directions * self.hidden + (self.inputs if self.keep_inputs else 0)
        return Count(directions * (weights + 4 * 2 * self.hidden), directions * macs * shape[0], (shape[0], outputs))


@dataclass(frozen=True, kw_only=True)
class MaxOverTime:
    """The maximum over the steps, (step, feature) -> (feature,)."""

    def count(self, shape: Shape) -> Count:
        """Free."""
        return Count(0, 0, shape[1:])


@dataclass(frozen=True, kw_only=True)
class TransformerEncoder:
    """Self-attention and two dense layers, each with a residual and a layer norm; (step, feature) stays."""

    features: int
    """Features in and out."""
    hidden: int
    """Features between the two dense layers."""

    def count(self, shape: Shape) -> Count:
        """Four projections, two products of steps with steps, two dense layers; heads change nothing."""
        _require_features(shape, self.features)
        steps = shape[0]
        attention = 4 * self.features * self.features
        feed_forward = 2 * self.features * self.hidden
        biases = 4 * self.features + self.hidden + self.features
        layer_norms = 2 * 2 * self.features
        return Count(
            attention + feed_forward + biases + layer_norms,
            steps * (attention + feed_forward) + 2 * steps * steps * self.features,
            shape,
        )


def _places(lengths: Shape, kernel: Shape, stride: Shape, padding: Shape) -> Shape:
    """Places of a window in each dimension."""
    places = tuple(
        (length + 2 * zeros - size) // step + 1
        for length, size, step, zeros in zip(lengths, kernel, stride, padding, strict=True)
    )
    if min(places) < 1:
        raise ValueError(f"A window must fit into its input, but {kernel} does not into {lengths}; pad the input.")
    return places


def _require(shape: Shape, channels: int, dimensions: int) -> None:
    if len(shape) != dimensions + 1 or shape[0] != channels:
        raise ValueError(f"The layer takes {channels} channels in {dimensions} dimensions, but gets the shape {shape}.")


def _require_features(shape: Shape, features: int) -> None:
    if shape[-1] != features:
        raise ValueError(f"The layer takes {features} features, but gets the shape {shape}.")
