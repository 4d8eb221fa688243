r"""Read noise: every reading finds each conductance a little off, by a factor 1 + sigma z of its own.

A layer reads all its devices at once, and only the sums of their currents are seen. A sum of independent normal terms
is normal, so the sums are drawn and not the terms:

.. math:: y_j = \sum_i x_i w_{ji} + \sigma \, z_j \sqrt{\textstyle\sum_i x_i^2 m_{ji}^2}

======  ========================================================================================  ==================
symbol  meaning                                                                                   shape
======  ========================================================================================  ==================
x       inputs                                                                                    [..., case, in]
m       root of the summed squares of the conductances that hold a weight, in units of a weight   [..., out, in]
y       outputs                                                                                   [..., case, out]
sigma   relative standard deviation of a reading                                                  1
z       close to normal numbers (``kinetics.noise``), a new one for every reading                 [..., case, out]
======  ========================================================================================  ==================
"""

import numpy as np

from kinetics.arrays import Float32
from kinetics.noise import FastNormal


def vary(conductance_S: Float32, sigma: float, rng: np.random.Generator) -> Float32:
    """One reading of each conductance, in their shape."""
    factors = np.empty(conductance_S.shape, np.float32)
    FastNormal(rng, factors.size).fill(factors, sigma)
    factors += 1
    factors *= conductance_S
    return factors


def output_noise(inputs: Float32, magnitudes: Float32, sigma: float, rng: np.random.Generator) -> Float32:
    """What read noise adds to the outputs of a layer, [..., case, out]; leading axes broadcast."""
    variance = np.square(inputs) @ np.square(magnitudes).swapaxes(-2, -1)
    np.sqrt(variance, out=variance)
    noise = np.empty(variance.shape, np.float32)
    FastNormal(rng, noise.size).fill(noise, sigma)
    noise *= variance
    return noise
