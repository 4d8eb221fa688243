"""A crossbar with its wires, solved exactly: Kirchhoff's current law at every node, by SciPy's sparse solver."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

Transfer = Callable[[NDArray[np.floating], float], NDArray[np.float64]]


def transfer_S(conductance_S: NDArray[np.floating], line_resistance_ohm: float) -> NDArray[np.float64]:
    """Current of every output for a unit voltage on every input alone: [out, in], S.

    Inputs drive the rows before output 0; columns end in a virtual ground after the last input.
    """
    outputs, inputs = conductance_S.shape
    wire_S = 1 / line_resistance_ohm
    row = np.arange(inputs * outputs).reshape(inputs, outputs)
    column = row + row.size
    branches = [
        (row, column, conductance_S.T),
        (row[:, :-1], row[:, 1:], wire_S),
        (column[:-1], column[1:], wire_S),
    ]
    first = np.concatenate([a.ravel() for a, _, _ in branches])
    second = np.concatenate([b.ravel() for _, b, _ in branches])
    value = np.concatenate([np.broadcast_to(g, a.shape).ravel() for a, _, g in branches])
    ends = np.concatenate([row[:, 0], column[-1]])
    nodal = sparse.coo_array(
        (
            np.concatenate([value, value, -value, -value, np.full(ends.size, wire_S)]),
            (
                np.concatenate([first, second, first, second, ends]),
                np.concatenate([first, second, second, first, ends]),
            ),
        )
    ).tocsc()
    driven = np.zeros((2 * row.size, inputs))
    driven[row[:, 0], np.arange(inputs)] = wire_S
    return np.asarray(wire_S * splu(nodal).solve(driven)[column[-1]])


@pytest.fixture
def exact_transfer_S() -> Transfer:
    """The exact solver: (conductances [out, in], resistance from cell to cell) -> transfer [out, in], S."""
    return transfer_S
