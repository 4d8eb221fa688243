r"""What laws share whose state grows in proportion to what is left and decays in proportion to what is there.

.. math:: \dot{s} = k_P(V) (1 - s) - k_D(V)\, s

======  ======================================================  =====
symbol  meaning                                                 unit
======  ======================================================  =====
s       state in [0, 1], 0 at rest                              1
x       drive: share of the slot that the pulse fills           1
k_P     rate of potentiation, 0 at 0 V                          1/s
k_D     rate of depression, k_0 at 0 V                          1/s
P       k_P t, potentiation during a full-scale pulse           1
D       k_D t, depression during a full-scale pulse             1
S       k_0 t, depression in a slot without a pulse             1
R       k_0 (period - t), depression outside the slot           1
======  ======================================================  =====

With t the width of a full-scale pulse. The equation is linear for a constant voltage; its exact solution over one
period, from the start of a pulse to that of the next, is

.. math::
    s' = s + \left(s - \frac{P}{P+D}\right)(e^{-(P+D)x} - 1), \qquad
    F = s'\, e^{-(1-x)S - R}

F stays in [0, 1] for any positive P, D, S, R and x in [0, 1].
"""

from typing import NamedTuple

import numpy as np

from kinetics.arrays import Float32


class Exposure(NamedTuple):
    """P, D, S and R of one period, each one number or a row of devices."""

    potentiation: Float32
    """P."""
    depression: Float32
    """D."""
    slot: Float32
    """S."""
    pause: Float32
    """R."""


class Slopes(NamedTuple):
    """First derivatives of one period, each in the shape of the state."""

    state: Float32
    """dF/ds."""
    drive: Float32
    """dF/dx."""
    exposure: Exposure
    """dF/dP, dF/dD, dF/dS and dF/dR."""


def advance(state: Float32, drive: Float32, exposure: Exposure, out: Float32, scratch: Float32) -> None:
    """Write F into ``out``; ``scratch`` has its shape and is overwritten."""
    potentiation, depression, slot, pause = exposure
    both = potentiation + depression
    np.multiply(-both, drive, scratch)
    np.exp(scratch, scratch)  # several times as fast as expm1, and the state rounds as coarsely
    np.subtract(scratch, 1, scratch)
    np.subtract(state, potentiation / both, out)
    np.multiply(out, scratch, out)
    np.add(out, state, out)
    np.multiply(slot, drive, scratch)
    np.subtract(scratch, slot + pause, scratch)
    np.exp(scratch, scratch)
    np.multiply(out, scratch, out)


def slopes(state: Float32, drive: Float32, exposure: Exposure) -> Slopes:
    """First derivatives of F at ``state``."""
    potentiation, depression, slot, pause = exposure
    both = potentiation + depression
    away = state - potentiation / both
    left = np.exp(-both * drive)
    kept = np.exp(slot * drive - (slot + pause))
    after = (state + away * np.expm1(-both * drive)) * kept
    moved = -away * left * kept  # by an exposure of 1
    gained = (1 - left) * kept / (both * both)
    return Slopes(
        state=left * kept,
        drive=moved * both + after * slot,
        exposure=Exposure(
            potentiation=moved * drive + gained * depression,
            depression=moved * drive - gained * potentiation,
            slot=(drive - 1) * after,
            pause=-after,
        ),
    )
