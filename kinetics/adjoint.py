r"""Gradients through trajectories: the explicit adjoint of a law's recurrence.

With ``w[k+1] = F(w[k], x[k]; c[k])`` and a loss L of the states, backward in time

.. math::
    \lambda_k = \frac{\partial L}{\partial w_{k+1}} + \lambda_{k+1} \frac{\partial F}{\partial w}(w_{k+1}), \quad
    \frac{dL}{dc} = \sum_k \lambda_k \frac{\partial F}{\partial c}(w_k), \quad
    \frac{dL}{dx_k} = \lambda_k \frac{\partial F}{\partial x}(w_k)

=========  ==============================================  ============
symbol     meaning                                         shape
=========  ==============================================  ============
w          states, row 0 at rest                           [time + 1, ...]
x          drive                                           [time, ...]
c          coefficient                                     see ``adjoint``
lambda_k   total derivative of the loss by w[k+1]          [time, ...]
=========  ==============================================  ============

A state that the floor policy ``clip`` holds does not move with anything before it: its gradient is 0, so
nothing flows back through it. Arrays keep the type of the states, float64 for checks.

What is summed over the last axis is a dot product a row, and what is summed over time one of float64, so
that the gradients of a population's member are the same bits as those of the member alone.
"""

import math
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinetics.arrays import Coefficients, Float32
from kinetics.errors import require
from kinetics.laws.base import Factors, InPlaceLaw, Law
from kinetics.simulate import align_stepwise

CHUNK_DEVICE_STEPS = 65536
"""Device-steps whose derivatives are held at once: few calls for small batches, and still in the cache."""

Derive = Callable[[Float32, Float32, Coefficients, Float32, Float32], Factors]
_ONE = np.ones((), np.float32)


class Gradients(NamedTuple):
    """Derivatives of a loss."""

    coefficients: Coefficients
    """By each coefficient, in its shape."""
    drive: Float32 | None
    """By the drive [time, ...] of every device, in the memory of the states' gradient; None unless asked for."""


def adjoint(
    law: Law,
    coefficients: Coefficients,
    drive: Float32,
    states: Float32,
    gradient: Float32,
    *,
    stepwise: Collection[str] = (),
    held_at: float | None = None,
    with_drive: bool = False,
) -> Gradients:
    """Gradients by coefficients and, if asked for, by the drive.

    Args:
        law: the law of motion; one with ``factors`` (see ``InPlaceLaw``) is several times as fast.
        coefficients: as given to ``simulate``: name -> array that broadcasts against one row of states.
        drive: [time, ...], as given to ``simulate``.
        states: [time + 1, ...], as it came from ``simulate``; without cycle-to-cycle noise.
        gradient: derivative of the loss by ``states[1:]``, the full [time, ...]; overwritten.
        stepwise: names of coefficients whose first axis is time.
        held_at: the floor, where the trajectory has floor hits; None spares the comparison.
        with_drive: whether to return the gradient by the drive.

    Raises:
        InvalidParameterError: shapes do not match.
    """
    steps = drive.shape[0]
    require(
        states.shape[0] == steps + 1 and gradient.shape == (steps, *states.shape[1:]),
        f"`gradient` has the shape of `states[1:]`, {steps} steps",
        (gradient.shape, states.shape),
        "give the derivative by every state after the first",
    )
    row_axes = states.ndim - 1
    aligned = align_stepwise(coefficients, stepwise, steps, row_axes)
    # NumPy is fastest with plain numbers.
    aligned = {n: v.reshape(()) if v.size == 1 and n not in stepwise else v for n, v in aligned.items()}
    if row_axes == 0:  # one device: give the row an axis
        drive, states, gradient = drive[:, None], states[:, None], gradient[:, None]
        aligned = {n: v[:, None] if n in stepwise else v for n, v in aligned.items()}
    row_shape = states.shape[1:]
    sums = {
        name: _Sum(value.shape[name in stepwise :], steps, row_shape, per_step=name in stepwise)
        for name, value in aligned.items()
    }
    derive = _fast_form(law) or _partials_of(law)
    chunk = max(1, min(steps, CHUNK_DEVICE_STEPS // max(1, math.prod(row_shape))))
    slope, scratch = (np.empty((chunk, *row_shape), states.dtype) for _ in range(2))
    rows = list(gradient)  # views, made once
    carried = np.empty(row_shape, states.dtype)
    for stop in range(steps, 0, -chunk):
        start = max(0, stop - chunk)
        some = slice(start, stop)
        own = {name: value[some] if name in stepwise else value for name, value in aligned.items()}
        factors = derive(states[some], drive[some], own, slope[: stop - start], scratch[: stop - start])
        for k in range(stop - 1, start - 1, -1):
            if held_at is not None:
                rows[k][states[k + 1] <= held_at] = 0
            if k > 0:
                np.multiply(rows[k], factors.state[k - start], carried)
                np.add(rows[k - 1], carried, rows[k - 1])
        for name, (scale, values) in factors.coefficients.items():
            sums[name].add(some, scale, gradient[some], values)
        if with_drive:
            np.multiply(gradient[some], factors.drive, out=gradient[some])
    result = {name: sums[name].result(value.shape, states.dtype) for name, value in coefficients.items()}
    if row_axes == 0:
        gradient = gradient[:, 0]
    return Gradients(result, gradient if with_drive else None)


def _fast_form(law: Law | InPlaceLaw) -> Derive | None:
    """The law's own ``factors``; asking for the attribute costs far less than ``isinstance`` with a protocol."""
    fast: Derive | None = getattr(law, "factors", None)
    return fast


def _partials_of(law: Law) -> Derive:
    """The partials of a law that offers no faster form."""

    def factors(
        state: Float32, drive: Float32, coefficients: Coefficients, slope: Float32, scratch: Float32
    ) -> Factors:
        partials = law.partials(state, drive, coefficients)
        return Factors(partials.state, partials.drive, {name: (_ONE, p) for name, p in partials.coefficients.items()})

    return factors


class _Sum:
    """Adds up the gradient of one coefficient, in float64 from the first sum on."""

    def __init__(self, shape: tuple[int, ...], steps: int, row_shape: tuple[int, ...], *, per_step: bool) -> None:
        self._shape = (1,) * (len(row_shape) - len(shape)) + shape
        self._per_step, self._scale = per_step, 1.0
        # A coefficient that is one number along the last axis needs one dot product a row.
        self._dots = self._shape[-1] == 1
        inner = row_shape[:-1] if self._dots else row_shape
        self._total: NDArray[np.float64] = np.zeros((steps, *inner))

    def add(self, some: slice, scale: Float32, gradient: Float32, values: Float32) -> None:
        """Add scale * gradient * values of some steps."""
        total = self._total[some]
        if self._dots:
            total[...] = np.vecdot(gradient, values)
        else:
            np.multiply(gradient, values, out=total)
        if scale.ndim == 0:
            self._scale = float(scale)  # the same for all steps, so it waits for the sum
        else:
            total *= scale[..., 0] if self._dots else scale

    def result(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Float32:
        """The sum in the coefficient's shape."""
        total = self._total[..., None] if self._dots else self._total
        axes = tuple(axis + 1 for axis, size in enumerate(self._shape) if size == 1 and total.shape[axis + 1] != 1)
        if not self._per_step:
            axes = (0, *axes)
        if axes:
            # One contiguous row of numbers a result, so that its sum has one order whatever lies beside it.
            kept = [axis for axis in range(total.ndim) if axis not in axes]
            rows = np.ascontiguousarray(total.transpose(*kept, *axes))
            rows = rows.reshape(*rows.shape[: len(kept)], -1)
            total = np.vecdot(rows, np.ones(rows.shape[-1]))
        result: Float32 = (total.reshape(shape) * self._scale).astype(dtype)
        return result
