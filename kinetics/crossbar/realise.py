"""A layer's weights as the devices of many chips hold them.

Order: map, quantise, programming error, drift, stuck devices (which neither programming nor time moves), line
resistance, and back to weights. The reference of mapping ``single`` is exact and does not drift, as in Shi et al. 2025.
With line resistance it is a column of its own after the last output, so that its wires lose what those of a weight
lose. The two devices of a pair lie in two arrays of the same shape.
"""

from typing import NamedTuple

import numpy as np

from kinetics.arrays import Float32
from kinetics.crossbar import faults, line_resistance, programming_error, retention
from kinetics.crossbar.crossbar import Crossbar
from kinetics.crossbar.mapping import DEVICES, conductances, reference_S, unit_conductance_S, weights
from kinetics.errors import require
from kinetics.quantisation import quantise


class HeldLayer(NamedTuple):
    """A layer on many chips."""

    weights: Float32
    """Effective weights [chip, out, in]."""
    magnitudes: Float32
    """Root of the summed squares of the conductances behind each weight, in units of a weight, [chip, out, in].

    ``output_noise`` needs it; empty without read noise.
    """


def hold(weight: Float32, crossbar: Crossbar, chips: int, rng: np.random.Generator) -> HeldLayer:
    """Hold weights in the devices of ``chips`` chips: [out, in], or [chip, out, in] where each chip has its own.

    Each effect draws from a stream of its own and chip after chip. So equal generators give the same first chips for
    any number of chips, and the same draws of an effect whatever its size and the other effects (common random
    numbers).

    Raises:
        InvalidParameterError: no chip, weights of another number of chips, or a weight that is not finite.
    """
    require(chips >= 1, "`chips` >= 1", chips, "draw at least one chip")
    require(
        weight.ndim == 2 or (weight.ndim == 3 and len(weight) == chips),
        f"`weight` has axes [out, in] or [{chips}, out, in]",
        weight.shape,
        "give one layer, or one a chip",
    )
    programming, drifting, sticking = (np.random.default_rng(int(seed)) for seed in rng.integers(2**63, size=3))
    shape = (chips, *weight.shape[-2:])
    if crossbar.mapping == "ideal":
        return HeldLayer(np.broadcast_to(weight, shape).copy(), np.empty(0, np.float32))
    low, high = crossbar.g_min_S, crossbar.g_max_S
    unit_S = unit_conductance_S(weight, crossbar.mapping, low, high)
    wanted_S = conductances(weight, unit_S, crossbar.mapping, low, high)
    if crossbar.bits:
        quantise(wanted_S, crossbar.bits, low, high, out=wanted_S)
    if crossbar.programming == "none":
        held_S = np.broadcast_to(wanted_S, (chips, DEVICES[crossbar.mapping], *shape[1:]))
    else:
        held_S = programming_error.perturb(
            wanted_S,
            crossbar.programming,
            programming,
            g_min_S=low,
            g_max_S=high,
            relative_sigma=crossbar.programming_sigma,
            chips=chips if weight.ndim == 2 else None,
        )
    if crossbar.retention != "none":
        held_S = retention.drift(held_S, crossbar.retention, crossbar.retention_s, drifting, g_min_S=low, g_max_S=high)
    if crossbar.stuck_high or crossbar.stuck_low:
        held_S = faults.stick(
            held_S,
            sticking,
            share_high=crossbar.stuck_high,
            share_low=crossbar.stuck_low,
            g_min_S=low,
            g_max_S=high,
        )
    minus_S: Float32 | float = reference_S(low, high)
    if crossbar.line_resistance_ohm:
        held_S, minus_S = _behind_wires(held_S, crossbar)
    magnitudes = np.sqrt(np.square(held_S / unit_S[..., None, :, :]).sum(axis=1)) if crossbar.read_noise else held_S[:0]
    return HeldLayer(weights(held_S, unit_S, crossbar.mapping, minus_S), magnitudes)


def realise(weight: Float32, crossbar: Crossbar, chips: int, rng: np.random.Generator) -> Float32:
    """Effective weights [chip, out, in] of a layer on each chip; see ``hold``."""
    return hold(weight, crossbar, chips, rng).weights


def _behind_wires(held_S: Float32, crossbar: Crossbar) -> tuple[Float32, Float32 | float]:
    """What the wires leave of the devices [chip, device, out, in] and of the reference [chip, 1, in], S."""
    if crossbar.mapping == "pair":
        left = line_resistance.effective(held_S, crossbar.line_resistance_ohm, array_rows=crossbar.array_rows)
        return left, 0.0
    column = np.full_like(held_S[:, :, :1], reference_S(crossbar.g_min_S, crossbar.g_max_S))
    left = line_resistance.effective(
        np.concatenate([held_S, column], axis=2), crossbar.line_resistance_ohm, array_rows=crossbar.array_rows
    )
    return left[:, :, :-1], left[:, 0, -1:]
