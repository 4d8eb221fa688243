r"""Layers of a population of networks, with explicit derivatives.

A layer is the shape of a map and holds no numbers: parameters and buffers are passed in, so that one layer
serves the batches of training and the validation part alike. Every array has the member in front, and
``np.matmul`` gives each member a product of its own, so that no member's numbers depend on another's. What
is summed over cases is summed by such a product too, since numpy leaves the order of its reductions open.

======  =====================================  ====================  ====
symbol  meaning                                shape                 unit
======  =====================================  ====================  ====
x       input                                  [member, case, in]    1
z       output                                 [member, case, out]   1
W, b    weight and bias                        [member, out, in], [member, out]  1
d_      derivative of the loss by _            as _                  1
======  =====================================  ====================  ====

Dense: z = x W^T + b, d_W = d_z^T x, d_b = 1^T d_z, d_x = d_z W.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tasks.readout.activation import ActivationName, activate, multiply_by_derivative
from tasks.readout.arrays import Floats

Views = Mapping[str, Floats]
"""Parameter name -> [member, ...]."""


@dataclass
class Cache:
    """Buffers of one layer for one number of cases: what forward leaves for backward."""

    inputs: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """Reference to the last input [member, case, in], or [case, in] if all members share it."""
    outputs: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """[member, case, out]."""
    input_gradient: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """[member, case, in]; empty in the first layer."""
    scratch: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    """Free use inside the layer."""
    training: bool = False
    """Whether forward serves a step of training: batch norm then uses, and follows, the batch's moments."""


class Layer(ABC):
    """One differentiable map."""

    @property
    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape of one member's."""

    @property
    def fixed(self) -> tuple[str, ...]:
        """Names of parameters that no optimiser moves: their gradients stay 0 and they do not decay."""
        return ()

    @abstractmethod
    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """Draw one member's parameters in place, from its own stream."""

    @abstractmethod
    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """Buffers for ``cases`` cases; the first layer of a stack needs no derivative by its input."""

    @abstractmethod
    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """Output [member, case, out], valid until the next call with this cache.

        The layer may overwrite ``inputs`` unless it is the first.
        """

    @abstractmethod
    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """Write the derivatives by the parameters into ``gradients``, return the one by the input.

        ``gradient`` is the derivative by the output and may be overwritten; the first layer returns an
        empty array.
        """


@dataclass(frozen=True)
class DenseLayer(Layer):
    """z = x W^T + b, drawn with a standard deviation of ``init_std``."""

    inputs: int
    """Width of x."""
    outputs: int
    """Width of z."""
    init_std: float
    """Standard deviation of the weights at the start."""
    bias: bool = True
    """Whether there is a b."""
    uniform: bool = False
    """Draw weights and bias from one uniform distribution, as PyTorch does; else weights normal and bias 0."""
    cases_last: bool = False
    """Keep the derivative by the input [member, in, case] in memory, as the kinetics have theirs."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Weight [out, in] and bias [out], if any."""
        weight: dict[str, tuple[int, ...]] = {"weight": (self.outputs, self.inputs)}
        return weight | {"bias": (self.outputs,)} if self.bias else weight

    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """Draw the weight and, if uniform, the bias."""
        for name in self.shapes:
            values = parameters[name][member]
            if self.uniform:
                reach = self.init_std * 3**0.5
                values[...] = rng.uniform(-reach, reach, values.shape)
            elif name == "weight":
                values[...] = rng.standard_normal(values.shape, np.float32) * self.init_std
            else:
                values[...] = 0

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """Output, derivative by the input, and the ones that sum over the cases."""
        if self.cases_last and not first:
            input_gradient = np.empty((members, self.inputs, cases), dtype).swapaxes(-1, -2)
        else:
            input_gradient = np.empty((members, 0 if first else cases, self.inputs), dtype)
        return Cache(
            outputs=np.empty((members, cases, self.outputs), dtype),
            input_gradient=input_gradient,
            scratch=np.ones((1, cases), dtype),
        )

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """z = x W^T + b."""
        cache.inputs = inputs
        np.matmul(inputs, parameters["weight"].swapaxes(-1, -2), out=cache.outputs)
        if self.bias:
            np.add(cache.outputs, parameters["bias"][:, None, :], out=cache.outputs)
        return cache.outputs

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """d_W = d_z^T x, d_b = 1^T d_z, d_x = d_z W."""
        np.matmul(gradient.swapaxes(-1, -2), cache.inputs, out=gradients["weight"])
        if self.bias:
            np.matmul(cache.scratch, gradient, out=gradients["bias"][:, None, :])
        if cache.input_gradient.size:
            np.matmul(gradient, parameters["weight"], out=cache.input_gradient)
        return cache.input_gradient


@dataclass(frozen=True)
class ActivationLayer(Layer):
    """y(z), in place of its input; never the first layer."""

    name: ActivationName
    """Which one."""
    width: int
    """Width of z."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """No parameters."""
        return {}

    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """Nothing to draw."""

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """Room for the derivative."""
        return Cache(scratch=np.empty((members, cases, self.width), dtype))

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """y(z)."""
        activate(self.name, inputs)
        cache.outputs = inputs
        return inputs

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """d_z = d_y * dy/dz."""
        multiply_by_derivative(self.name, cache.outputs, gradient, cache.scratch)
        return gradient
