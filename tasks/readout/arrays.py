"""Names for the arrays that the read-outs pass around; every docstring names their axes.

Read-outs are float32. The layers, the loss and the optimiser follow the type that they are given, so that
their derivatives can be checked in float64.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
