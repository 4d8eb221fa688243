r"""Weights as conductances and back.

==========  ===================================================================  =====================================
scheme      devices of a weight                                                  effective weight
==========  ===================================================================  =====================================
single      :math:`G = g_{mid} + k w`, :math:`k = (g_{max} - g_{mid}) / m`       :math:`(G - g_{mid}) / k`
pair        :math:`G_\pm = g_{min} + k \max(\pm w, 0)`,                          :math:`(G_+ - G_-) / k`
            :math:`k = (g_{max} - g_{min}) / m`
==========  ===================================================================  =====================================

======================  ==========================================================  =======================
symbol                  meaning                                                     shape, unit
======================  ==========================================================  =======================
w                       weight                                                      [..., out, in], 1
G                       conductances                                                [..., device, out, in], S
m                       largest magnitude of a layer's weights                      [..., 1, 1], 1
k                       conductance of a unit weight                                [..., 1, 1], S
g_min, g_max, g_mid     window of the devices and its middle                        S
======================  ==========================================================  =======================

``single`` over 40 to 300 uS is the map of Shi et al. 2025 (their published code): g_mid = 170 uS, the reference that is
subtracted. ``pair`` leaves the device that is not needed at g_min. Axis ``device`` has 1 or 2 members.
"""

from typing import Literal

import numpy as np

from kinetics.arrays import Float32
from kinetics.errors import InvalidParameterError

Scheme = Literal["single", "pair"]
DEVICES: dict[str, int] = {"single": 1, "pair": 2}
"""Scheme -> devices a weight."""


def reference_S(g_min_S: float, g_max_S: float) -> float:
    """Conductance that stands for the weight 0 where one device holds a weight, S."""
    return (g_min_S + g_max_S) / 2


def unit_conductance_S(weight: Float32, scheme: Scheme, g_min_S: float, g_max_S: float) -> Float32:
    """Conductance of a unit weight in a layer [..., out, in], S: [..., 1, 1]; a layer of zeros counts as one of ones.

    Raises:
        InvalidParameterError: a weight is not finite.
    """
    largest = np.abs(weight).max(axis=(-2, -1), keepdims=True)
    if not np.isfinite(largest).all():
        raise InvalidParameterError("A weight is not finite, so no conductance can hold it; train the layer again.")
    span = (g_max_S - g_min_S) / (2 if scheme == "single" else 1)
    return np.float32(span) / np.where(largest > 0, largest, 1).astype(np.float32)


def conductances(weight: Float32, unit_S: Float32, scheme: Scheme, g_min_S: float, g_max_S: float) -> Float32:
    """Conductances [..., device, out, in] that hold the weights [..., out, in], S, clipped to the window."""
    scaled = unit_S * weight
    if scheme == "single":
        held = (scaled + np.float32(reference_S(g_min_S, g_max_S)))[..., None, :, :]
    else:
        held = np.stack([scaled, -scaled], axis=-3)
        np.maximum(held, 0, out=held)
        held += np.float32(g_min_S)
    return np.clip(held, np.float32(g_min_S), np.float32(g_max_S), out=held)


def weights(held_S: Float32, unit_S: Float32, scheme: Scheme, minus_S: Float32 | float) -> Float32:
    """Effective weights [..., out, in] of the conductances [..., device, out, in], the inverse of ``conductances``.

    ``minus_S`` is what one device is compared with: ``reference_S``, or what the wires leave of it, broadcasting to
    [..., out, in]. A pair compares its own two devices and ignores it.
    """
    if scheme == "single":
        return (held_S[..., 0, :, :] - np.asarray(minus_S, np.float32)) / unit_S
    return (held_S[..., 0, :, :] - held_S[..., 1, :, :]) / unit_S
