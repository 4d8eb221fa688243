"""The reference of every law that follows a differential equation: SciPy's stiff solver, pulse by pulse."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from kinetics import Pulse

Rate = Callable[[float, float], float]
"""Rate of a state at a voltage, 1/s."""
Reference = Callable[[Rate, float, np.ndarray, Pulse], np.ndarray]


@pytest.fixture
def solve() -> Reference:
    """Solve ``rate(state, voltage_V)`` from a state through a train of pulses: states at the start of each period."""

    def through(rate: Rate, start: float, samples: np.ndarray, pulse: Pulse) -> np.ndarray:
        states = [start]
        for x in samples:
            by_amplitude = pulse.encoding == "amplitude"
            voltage_V = pulse.amplitude_V * (x if by_amplitude else 1.0)
            width_s = pulse.width_s * (1.0 if by_amplitude else x)
            state = _over(rate, states[-1], voltage_V, width_s)
            states.append(_over(rate, state, 0.0, pulse.period_s - width_s))
        return np.array(states)

    return through


def _over(rate: Rate, start: float, voltage_V: float, duration_s: float) -> float:
    solution = solve_ivp(
        lambda _, state: [rate(state[0], voltage_V)], (0, duration_s), [start], method="Radau", rtol=1e-10, atol=1e-13
    )
    return float(solution.y[0, -1])
