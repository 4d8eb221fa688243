"""The stability rule, counted over populations."""

import numpy as np

from kinetics.arrays import Coefficients
from kinetics.laws.base import Law


def violating_share(law: Law, coefficients: Coefficients) -> float:
    """Share of devices whose state is not guaranteed to stay in the range of the law for every input (0 to 1).

    For drift-diffusion, whose range is open at 0: the share with ``beta >= 2 sqrt(alpha)``.
    """
    lowest, rest = law.state_range[0], law.initial_state
    bound = law.lower_bound(coefficients)
    return float(np.mean(bound < lowest if lowest == rest or lowest > 0 else bound <= lowest))
