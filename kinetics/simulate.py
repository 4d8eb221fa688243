"""Trajectories of whole populations, time-major: ``[time + 1, ..., device]`` in float32.

The loop runs over time only; every step is a few vector operations on all devices at once. Small blocks
pay for the calls, blocks that overflow the cache pay for the memory, so callers with many cases simulate
block by block (see ``CACHE_DEVICES``, ``NOISY_DEVICES``).
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from kinetics.arrays import Coefficients, Float32
from kinetics.errors import DivergenceError, InvalidParameterError, require
from kinetics.laws.base import Law
from kinetics.noise import FastNormal

CACHE_DEVICES = 32768
"""Devices per block: near the fastest for series of 8 to 128 steps (``benchmarks`` measures it)."""
NOISY_DEVICES = 65536
"""The same with cycle-to-cycle noise, whose calls cost more."""


class Trajectory(NamedTuple):
    """States of a population and how often the floor held one."""

    states: Float32
    """[time + 1, ...]: row 0 at rest, row k + 1 after pulse k."""
    floor_hits: int
    """Device-steps in which the floor policy ``clip`` held a state at the floor."""


def simulate(
    law: Law,
    coefficients: Coefficients,
    drive: Float32,
    *,
    floor: float,
    floor_policy: str = "clip",
    c2c: float = 0.0,
    rng: np.random.Generator | None = None,
    out: Float32 | None = None,
    stepwise: Collection[str] = (),
) -> Trajectory:
    """Run every device from rest through its series.

    Args:
        law: the law of motion.
        coefficients: name -> array that broadcasts against one row of states; see ``stepwise``.
        drive: effective drive [time, ...], float32; a row broadcasts against a row of states. It must lie in
            [0, 1], or the law's bound does not hold; unchecked, for that would cost up to a third of the time.
        floor: smallest state.
        floor_policy: ``clip`` holds a state at the floor and counts it, ``fail`` raises.
        c2c: relative standard deviation of every single change of state; needs ``rng``.
        rng: source of the cycle-to-cycle noise.
        out: [time + 1, ...] buffer for the states; allocated if absent. A float64 buffer for a float64 drive
            makes the run float64, which checks of derivatives need.
        stepwise: names of coefficients with one value a step: their first axis is time, [time, ...], and what
            is left broadcasts against one row of states.

    Raises:
        DivergenceError: a state is not finite, or reaches the floor under ``fail``.
        InvalidParameterError: an argument breaks its rule.
    """
    row_shape = np.broadcast_shapes(
        drive.shape[1:], *(value.shape[name in stepwise :] for name, value in coefficients.items())
    )
    coefficients = align_stepwise(coefficients, stepwise, drive.shape[0], len(row_shape))
    shape = (drive.shape[0] + 1, *row_shape)
    require(floor <= law.initial_state, f"`floor` <= {law.initial_state:g}", floor, "start above the floor")
    require(
        floor_policy in ("clip", "fail"),
        "`floor_policy` in ('clip', 'fail')",
        floor_policy,
        "choose one of the two",
    )
    require(0 <= c2c < float("inf"), "`c2c` >= 0", c2c, "give it as a share, 0.05 being 5 %")
    states = np.empty(shape, np.float32) if out is None else out
    if states.shape != shape or states.dtype not in (np.float32, drive.dtype):
        raise InvalidParameterError(
            f"`out` must be float32 of shape {shape}, but got {states.dtype} of shape {states.shape}; "
            "give a fitting buffer or none."
        )
    noise = _change_noise(c2c, rng, states[1:].size)
    # NumPy is fastest with scalars and with full rows, slowest with rows that repeat an element.
    plain = {name: _scalar_or_row(value, row_shape) for name, value in coefficients.items() if name not in stepwise}
    # A law that guarantees its bound spares the comparison of every state with the floor.
    guarded = noise is not None or bool((law.lower_bound(coefficients) < floor).any())
    highest = law.state_range[1]
    scratch = np.empty(row_shape, states.dtype)
    factors = np.empty(row_shape, np.float32) if noise is not None else scratch
    hits = 0
    state = states[0, ...]  # the dots keep a view where a population is a single device
    state[...] = law.initial_state
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for k in range(shape[0] - 1):
            for name in stepwise:
                plain[name] = coefficients[name][k]
            following = states[k + 1, ...]
            law.step(state, drive[k], plain, following, scratch)
            if noise is not None:
                noise.fill(factors, c2c)
                _vary_change(state, following, factors, scratch)
                if highest < np.inf:
                    np.minimum(following, states.dtype.type(highest), out=following)
            if guarded and following.min() < floor:
                below = following < floor
                if floor_policy == "fail":
                    raise DivergenceError(
                        f"{np.count_nonzero(below)} of {below.size} devices reached the floor {floor:g} "
                        f"in step {k} with {_describe(coefficients, below, stepwise)}; "
                        "lower the drift or set `device.floor_policy` to 'clip'."
                    )
                hits += int(np.count_nonzero(below))
                np.maximum(following, states.dtype.type(floor), out=following)
            state = following
    # Not-a-number and infinity never leave a trajectory again, so the last row tells.
    if not np.isfinite(state).all():
        finite = np.isfinite(states)
        row = int(np.argmin(finite.reshape(shape[0], -1).all(axis=1)))
        raise DivergenceError(
            f"The trajectory is not finite from step {row - 1} on "
            f"with {_describe(coefficients, ~finite[row], stepwise)}; choose a weaker pulse or a shorter interval."
        )
    return Trajectory(states, hits)


def align_stepwise(coefficients: Coefficients, stepwise: Collection[str], steps: int, row_axes: int) -> Coefficients:
    """Give stepwise coefficients [time, ...] all ``row_axes`` axes of a row, so that they broadcast to [time, row].

    Raises:
        InvalidParameterError: one is not named by the coefficients, or has not ``steps`` steps.
    """
    aligned = dict(coefficients)
    for name in stepwise:
        require(
            name in coefficients, f"`stepwise` names coefficients ({', '.join(coefficients)})", name, "leave it out"
        )
        value = coefficients[name]
        require(
            value.ndim > 0 and len(value) == steps,
            f"the stepwise coefficient {name} has {steps} steps",
            value.shape,
            "give one value a step of the drive, first axis time",
        )
        aligned[name] = value.reshape(steps, *[1] * (row_axes + 1 - value.ndim), *value.shape[1:])
    return aligned


def _scalar_or_row(value: Float32, row_shape: tuple[int, ...]) -> Float32:
    """A coefficient as one number or as a full row."""
    return value.reshape(()) if value.size == 1 else np.ascontiguousarray(np.broadcast_to(value, row_shape))


def _change_noise(c2c: float, rng: np.random.Generator | None, count: int) -> FastNormal | None:
    """The source of cycle-to-cycle noise, if there is any."""
    if c2c == 0:
        return None
    if rng is None:
        raise TypeError("cycle-to-cycle noise needs a random generator")
    return FastNormal(rng, count)


def _vary_change(state: Float32, following: Float32, factors: Float32, scratch: Float32) -> None:
    """Add to each change of state the share of it that ``factors`` says."""
    np.subtract(following, state, scratch)
    np.multiply(scratch, factors, scratch)
    np.add(following, scratch, following)


def _describe(
    coefficients: Coefficients, culprits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], stepwise: Collection[str]
) -> str:
    """Range of each coefficient over the devices to blame (over all steps, if stepwise), for messages."""
    parts = []
    for name, value in coefficients.items():
        own = value if name in stepwise else np.broadcast_to(value, culprits.shape)[culprits]
        low, high = own.min(), own.max()
        parts.append(f"{name} {low:.3g}" if low == high else f"{name} {low:.3g} to {high:.3g}")
    return ", ".join(parts)
