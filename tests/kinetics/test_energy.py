"""Energy by component and latency; the constants are looked up, the sums are done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics import Pulse, inference_energy, inference_latency_s
from kinetics.components import ADC_CONVERSION, COMPONENTS, CROSSBAR_MAC, DAC_BITS, DAC_CONVERSION_PER_BIT

STEPS, SERIES, CASES = 4, 3, 5


def population() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    samples = rng.random((STEPS, SERIES, CASES), dtype=np.float32)
    return samples, (1e-4 * (1 + rng.random(samples.shape))).astype(np.float32)


@pytest.mark.parametrize("encoding", ["width", "amplitude"])
@pytest.mark.parametrize("read_phase", ["before", "after"])
def test_components_are_the_sums_over_all_pulses(encoding: str, read_phase: str) -> None:
    samples, conductance_S = population()
    pulse = Pulse(encoding=encoding, read_phase=read_phase, amplitude_V=1.5, width_s=2e-7)  # type: ignore[arg-type]  # parametrised, in part wrong on purpose
    energy = inference_energy(pulse, samples=samples, conductance_S=conductance_S, readout_macs=1000)
    fired = STEPS - 1 if read_phase == "before" else STEPS
    pulses_J = reads_J = 0.0
    for k, s, c in np.ndindex(samples.shape):
        x, g = float(samples[k, s, c]), float(conductance_S[k, s, c])
        volts, seconds = (1.5, 2e-7 * x) if encoding == "width" else (1.5 * x, 2e-7)
        pulses_J += volts**2 * g * seconds * (k < fired) / CASES
        reads_J += 0.2**2 * g * 1e-7 / CASES
    bits = 1 if encoding == "width" else DAC_BITS
    converters_J = SERIES * (fired * bits * DAC_CONVERSION_PER_BIT.value + STEPS * ADC_CONVERSION.value)
    assert energy.pulses_J == pytest.approx(pulses_J, rel=1e-5)  # float32 terms
    assert energy.reads_J == pytest.approx(reads_J, rel=1e-5)
    assert energy.converters_J == pytest.approx(converters_J, rel=1e-12)
    assert energy.readout_J == pytest.approx(1000 * CROSSBAR_MAC.value, rel=1e-12)
    assert energy.total_J == pytest.approx(
        energy.pulses_J + energy.reads_J + energy.converters_J + energy.readout_J, rel=1e-12
    )


@given(factor=st.floats(0.01, 1000))
def test_pulse_energy_is_linear_in_the_width(factor: float) -> None:
    samples, conductance_S = population()
    base, scaled = (
        inference_energy(Pulse(width_s=width), samples=samples, conductance_S=conductance_S, readout_macs=0)
        for width in (1e-7, 1e-7 * factor)
    )
    assert scaled.pulses_J == pytest.approx(factor * base.pulses_J, rel=1e-6)
    assert scaled.reads_J == base.reads_J


def test_reads_may_meet_another_conductance_than_pulses() -> None:
    samples, conductance_S = population()
    same, doubled = (
        inference_energy(
            Pulse(read_phase="after"),
            samples=samples,
            conductance_S=conductance_S,
            read_conductance_S=read,
            readout_macs=0,
        )
        for read in (None, 2 * conductance_S)
    )
    assert doubled.reads_J == pytest.approx(2 * same.reads_J, rel=1e-6)
    assert doubled.pulses_J == same.pulses_J


def test_latency_is_the_train_then_the_layers() -> None:
    """28 x (0.1 + 0.1 + 1.0) us + 1 us for the last conversion + 2 x (0.1 + 1.0) us = 36.8 us."""
    assert inference_latency_s(Pulse(), steps=28, readout_layers=2) == pytest.approx(36.8e-6, rel=1e-9)


@pytest.mark.parametrize("component", COMPONENTS.values(), ids=list(COMPONENTS))
def test_every_constant_has_a_pedigree(component: object) -> None:
    assert component.value > 0  # type: ignore[attr-defined]  # parametrised as objects
    assert component.unit in ("J", "s")  # type: ignore[attr-defined]  # parametrised as objects
    assert component.source  # type: ignore[attr-defined]  # parametrised as objects
