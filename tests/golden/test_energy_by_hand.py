"""V^2 G t worked by hand."""

import numpy as np
import pytest

from kinetics import Pulse, inference_energy


def one_device(pulse: Pulse, conductance_S: float) -> tuple[float, float]:
    """Energy of the pulse and of the read of a single full-scale step, J."""
    energy = inference_energy(
        pulse,
        samples=np.ones((1, 1, 1), np.float32),
        conductance_S=np.full((1, 1, 1), conductance_S, np.float32),
        readout_macs=0,
    )
    return energy.pulses_J, energy.reads_J


def test_a_read_of_170_uS_at_200_mV_for_100_ns_is_0_68_pJ() -> None:
    """0.04 V^2 x 170e-6 S x 1e-7 s = 6.8e-13 J."""
    _, read_J = one_device(Pulse(read_V=0.2, read_width_s=1e-7, read_phase="after"), 170e-6)
    assert read_J == pytest.approx(0.68e-12, rel=1e-6)


def test_a_pulse_of_1_5_V_for_half_a_millisecond_at_170_uS_is_191_nJ() -> None:
    """2.25 V^2 x 170e-6 S x 5e-4 s = 1.9125e-7 J."""
    pulse_J, _ = one_device(Pulse(amplitude_V=1.5, width_s=5e-4, read_phase="after"), 170e-6)
    assert pulse_J == pytest.approx(1.9125e-7, rel=1e-6)
    assert pulse_J == pytest.approx(191e-9, rel=2e-3)
