"""Adam by rows: dense Adam for rows that every batch meets, rest for the others."""

import numpy as np

from tasks.learning.row_adam import RowAdam
from tasks.readout.adam import Adam

MEMBERS, ROWS, COLUMNS, REST = 2, 5, 3, 4
SIZE = ROWS * COLUMNS + REST
RATES = {"learning_rate": np.array([0.01, 0.03]), "weight_decay": np.array([0.1, 0.2])}


def optimisers():
    """Both kinds with the same numbers: optimiser, values, gradients."""
    start = np.random.default_rng(0).standard_normal((MEMBERS, SIZE))
    for by_rows in (False, True):
        values, gradients = start.copy(), np.zeros_like(start)
        weights = [values[:, -2:]]
        if by_rows:
            yield RowAdam(values, gradients, (ROWS, COLUMNS), weights, **RATES), values, gradients
        else:
            yield Adam(values, gradients, weights, **RATES), values, gradients


def test_rows_that_are_always_met_move_as_in_dense_adam():
    (dense, dense_values, dense_gradients), (rows, values, gradients) = optimisers()
    rng = np.random.default_rng(1)
    for step in range(6):
        gradient = rng.standard_normal((MEMBERS, SIZE))
        dense_gradients[...] = gradients[...] = gradient
        dense.step(1 - step / 10)
        rows.step(1 - step / 10, [np.arange(ROWS)] * MEMBERS)
        assert (gradients[:, : ROWS * COLUMNS] == 0).all()
    np.testing.assert_allclose(values, dense_values, rtol=1e-12)


def test_other_rows_rest_and_keep_their_moments():
    _, (optimiser, values, gradients) = optimisers()
    table, slope = (block[:, : ROWS * COLUMNS].reshape(MEMBERS, ROWS, COLUMNS) for block in (values, gradients))
    met = [np.array([0, 2]), np.array([4])]
    for step in range(3):
        before = table.copy()
        some = met if step != 1 else [np.array([1]), np.array([1])]
        for member in range(MEMBERS):
            slope[member, some[member]] = 2.0
        optimiser.step(1.0, some)
        moved = (table != before).any(axis=2)
        assert [np.flatnonzero(row).tolist() for row in moved] == [row.tolist() for row in some]
    # Row 0 met g = 2 twice, steps 1 and 3: m = 2 (1 + b1), v = 4 (1 + b2), corrected for three steps.
    first, second = 2 * (1 + 0.9) * 0.1 / (1 - 0.9**3), 4 * (1 + 0.999) * 0.001 / (1 - 0.999**3)
    np.testing.assert_allclose((before - table)[0, 0], 0.01 * first / (np.sqrt(second) + 1e-8), rtol=1e-9)
    optimiser.reset(0)
    before = table.copy()
    slope[:, 0] = 2.0
    optimiser.step(1.0, [np.array([0])] * MEMBERS)
    assert (before - table)[0, 0, 0] != (before - table)[1, 0, 0]
