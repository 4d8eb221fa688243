"""The stability rule, counted over populations."""

import numpy as np

from kinetics.arrays import Coefficients
from kinetics.laws.base import Law


def violating_share(law: Law, coefficients: Coefficients) -> float:
    """Share of devices whose state is not guaranteed to stay positive for every input (0 to 1).

    For drift-diffusion: the share with ``beta >= 2 sqrt(alpha)``.
    """
    return float(np.mean(law.lower_bound(coefficients) <= 0))
