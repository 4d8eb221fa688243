"""Names for the arrays that this package passes around; every docstring names their axes."""

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Coefficients = dict[str, Float32]
"""Coefficient name -> values that broadcast against the state of all devices."""
