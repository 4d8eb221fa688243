"""Energies worked by hand."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from kinetics import Energy, Pulse, inference_energy
from kinetics.energy import readout_energy
from kinetics.readout_load import CrossbarLayer, ReadoutLoad

approx = partial(pytest.approx, abs=0)  # pytest's own 1e-12 would be a picojoule here


def one_device(pulse: Pulse, conductance_S: float, current_A: float | None = None) -> Energy:
    """Energy of a single full-scale step without layers."""
    return inference_energy(
        pulse,
        samples=np.ones((1, 1, 1), np.float32),
        conductance_S=np.full((1, 1, 1), conductance_S, np.float32),
        pulse_current_A=None if current_A is None else np.full((1, 1, 1), current_A, np.float32),
    )


def test_a_read_of_170_uS_at_200_mV_for_100_ns_is_0_68_pJ() -> None:
    """0.04 V^2 x 170e-6 S x 1e-7 s = 6.8e-13 J."""
    energy = one_device(Pulse(read_V=0.2, read_width_s=1e-7, read_phase="after"), 170e-6)
    assert energy.reads_J == approx(0.68e-12, rel=1e-6)


def test_a_pulse_of_1_5_V_for_half_a_millisecond_at_170_uS_is_191_nJ() -> None:
    """2.25 V^2 x 170e-6 S x 5e-4 s = 1.9125e-7 J."""
    energy = one_device(Pulse(amplitude_V=1.5, width_s=5e-4, read_phase="after"), 170e-6)
    assert energy.pulses_J == approx(1.9125e-7, rel=1e-6)
    assert energy.pulses_J == approx(191e-9, rel=2e-3)


def test_a_pulse_whose_current_is_not_ohmic() -> None:
    """1.5 V x 1 uA x 5e-4 s = 0.75 nJ, whatever the conductance at the read voltage."""
    energy = one_device(Pulse(amplitude_V=1.5, width_s=5e-4, read_phase="after"), 170e-6, current_A=1e-6)
    assert energy.pulses_J == approx(0.75e-9, rel=1e-6)


def test_circuits_of_one_step() -> None:
    """A switch of 0.417 pJ, a conversion of 44.1 pJ, a line of 128 fF to 1 V and to 0.2 V: 0.128 + 0.00512 pJ."""
    energy = one_device(Pulse(read_phase="after"), 170e-6)
    assert energy.dac_J == approx(0.417e-12, rel=1e-9)
    assert energy.adc_J == approx(44.1e-12, rel=1e-9)
    assert energy.lines_J == approx(0.13312e-12, rel=1e-6)


def test_a_layer_of_784_inputs_and_10_outputs() -> None:
    """A differential layer at 170 uS, read at 0.2 V for 100 ns with inputs equally frequent from 0 to 1.

    * array: 15,680 devices x 170e-6 S x 0.04 / 3 V^2 x 1e-7 s = 3.55413 nJ
    * lines: 15,680 fF x 0.04 / 3 V^2 = 0.209067 pJ
    * converters: 784 x 8 x 0.417 pJ + 10 columns x 7 arrays x 44.1 pJ = 2.615424 + 3.087 nJ
    * digital: 10 x (6 x 0.021 + 0.1 + 0.2 + 0.1) pJ = 5.26 pJ
    * buffers: 784 numbers x 8 bits x 2 x 10 / 64 pJ = 1.96 nJ
    """
    energy = readout_energy(Pulse(), ReadoutLoad(layers=(CrossbarLayer(10, 784),), conductance_S=170e-6))
    assert energy.readout_array_J == approx(3.55413e-9, rel=1e-5)
    assert energy.lines_J == approx(0.209067e-12, rel=1e-5)
    assert energy.readout_converters_J == approx(5.702424e-9, rel=1e-9)
    assert energy.digital_J == approx(5.26e-12, rel=1e-9)
    assert energy.buffers_J == approx(1.96e-9, rel=1e-9)
    assert energy.total_J == approx(11.22202e-9, rel=1e-5)


def test_what_is_left_to_digital_circuits() -> None:
    """1,000 products of 0.2 + 0.1 pJ, 100 comparisons of 0.03 pJ, 50 numbers x 8 bits x 2 x 10 / 64 pJ of buffer."""
    bare = ReadoutLoad(layers=(CrossbarLayer(10, 784),), conductance_S=170e-6)
    more = replace(bare, digital_macs=1000, comparisons=100, digital_numbers=50)
    without, with_it = readout_energy(Pulse(), bare), readout_energy(Pulse(), more)
    assert with_it.digital_J - without.digital_J == approx(303e-12, rel=1e-9)
    assert with_it.buffers_J - without.buffers_J == approx(125e-12, rel=1e-9)
