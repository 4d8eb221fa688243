r"""Uniform quantisation: what a converter of few bits makes of a value, and a device of few levels of a conductance.

.. math:: q(v) = l + \Delta \, \mathrm{round}\frac{\mathrm{clip}(v, l, h) - l}{\Delta}, \qquad
    \Delta = \frac{h - l}{2^b - 1}

======  ==================================================  ======
symbol  meaning                                             unit
======  ==================================================  ======
v       value                                               any
b       resolution                                          bit
l, h    ends of the range, both of them levels (mid-tread)  as v
======  ==================================================  ======

A value within the range is moved by half a step at most, and a level not at all. As the number of levels is even, the
middle of the range is none.
"""

import numpy as np

from kinetics.arrays import Float32
from kinetics.errors import require

MAX_BITS = 16
"""Beyond, steps come near to the resolution of float32."""


def quantise(values: Float32, bits: int, low: float, high: float, *, out: Float32 | None = None) -> Float32:
    """Hold values within [``low``, ``high``] and round them to the nearest of ``2**bits`` levels, in their shape.

    ``out`` takes the result; it may be ``values``.

    Raises:
        InvalidParameterError: ``bits`` is no whole number from 1 to 16, or ``low`` not below ``high``.
    """
    require(
        1 <= bits <= MAX_BITS and bits == int(bits),
        f"`bits` is a whole number from 1 to {MAX_BITS}",
        bits,
        "leave quantisation out instead of asking for none",
    )
    require(-np.inf < low < high < np.inf, "`low` < `high`", (low, high), "give a finite range, low end first")
    last = 2 ** int(bits) - 1
    step = np.float32((high - low) / last)
    levels = np.subtract(values, np.float32(low), out=out)
    levels /= step
    np.clip(levels, 0, last, out=levels)
    np.rint(levels, out=levels)
    levels *= step
    levels += np.float32(low)
    return levels
