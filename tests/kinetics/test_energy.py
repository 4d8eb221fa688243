"""Energy by component and latency against sums done one by one, and what each component must follow."""

from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics import Energy, InvalidParameterError, Pulse, inference_energy, inference_latency_s
from kinetics.components import (
    ADC_CONVERSION,
    CROSSBAR_MAC,
    DAC_BITS,
    DAC_CONVERSION_PER_BIT,
    LINE_CAPACITANCE_PER_CELL,
    ROWS_PER_ARRAY,
)
from kinetics.energy import readout_energy
from kinetics.latency import inference_latency
from kinetics.periphery import Periphery
from kinetics.readout_load import CrossbarLayer, ReadoutLoad

approx = partial(pytest.approx, abs=0)  # pytest's own 1e-12 would be a picojoule here

STEPS, SERIES, CASES = 4, 3, 5
LOAD = ReadoutLoad(layers=(CrossbarLayer(48, 784), CrossbarLayer(10, 48)), conductance_S=170e-6)


def population() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    samples = rng.random((STEPS, SERIES, CASES), dtype=np.float32)
    samples[1, 1] = 0  # no pulse at all
    return samples, (1e-4 * (1 + rng.random(samples.shape))).astype(np.float32)


def one_by_one(pulse: Pulse, x: float) -> tuple[float, float, int]:
    """Voltage, time and number of the single pulses of a sample."""
    match pulse.encoding:
        case "width":
            return pulse.amplitude_V, pulse.width_s * x, int(x > 0)
        case "amplitude":
            return pulse.amplitude_V * x, pulse.width_s, 1
        case "count":
            return pulse.amplitude_V, pulse.width_s / pulse.count, round(x * pulse.count)


@pytest.mark.parametrize("encoding", ["width", "amplitude", "count"])
@pytest.mark.parametrize("read_phase", ["before", "after"])
@pytest.mark.parametrize("ohmic", [True, False])
def test_components_are_the_sums_over_all_pulses(encoding: str, read_phase: str, ohmic: bool) -> None:
    samples, conductance_S = population()
    pulse = Pulse(encoding=encoding, read_phase=read_phase, amplitude_V=1.5, width_s=2e-7, count=7)  # type: ignore[arg-type]  # parametrised as text
    fired = STEPS - 1 if read_phase == "before" else STEPS
    current_A = np.zeros_like(samples)
    pulses_J = reads_J = lines_J = dac_J = 0.0
    bits = DAC_BITS if encoding == "amplitude" else 1
    line_F = ROWS_PER_ARRAY * LINE_CAPACITANCE_PER_CELL.value
    for k, s, c in np.ndindex(samples.shape):
        x, g = float(samples[k, s, c]), float(conductance_S[k, s, c])
        volts, seconds, number = one_by_one(pulse, x)
        current_A[k, s, c] = amperes = g * volts if ohmic else g * np.sinh(volts)
        reads_J += 0.2**2 * g * 1e-7 / CASES
        lines_J += line_F * 0.2**2 / CASES
        if k < fired:
            pulses_J += number * volts * amperes * seconds / CASES
            lines_J += number * line_F * volts**2 / CASES
            dac_J += (number if encoding == "count" else 1) * bits * DAC_CONVERSION_PER_BIT.value / CASES
    energy = inference_energy(
        pulse,
        samples=samples,
        conductance_S=conductance_S,
        readout_macs=1000,
        pulse_current_A=None if ohmic else current_A,
    )
    assert energy.pulses_J == approx(pulses_J, rel=1e-5)  # float32 terms
    assert energy.reads_J == approx(reads_J, rel=1e-5)
    assert energy.lines_J == approx(lines_J, rel=1e-5)
    assert energy.dac_J == approx(dac_J, rel=1e-6)
    assert energy.adc_J == approx(SERIES * STEPS * ADC_CONVERSION.value, rel=1e-12)
    assert energy.readout_array_J == approx(1000 * CROSSBAR_MAC.value, rel=1e-12)


def test_the_total_has_every_component_once() -> None:
    energy = Energy(**{field.name: 2.0**index for index, field in enumerate(fields(Energy))})
    assert energy.total_J == 2 ** len(fields(Energy)) - 1
    assert energy.total_J == energy.pulses_J + energy.reads_J + energy.converters_J + energy.readout_J
    assert (energy + energy).total_J == 2 * energy.total_J


@given(factor=st.floats(0.01, 1000))
def test_pulse_energy_is_linear_in_the_width(factor: float) -> None:
    samples, conductance_S = population()
    base, scaled = (
        inference_energy(Pulse(width_s=width), samples=samples, conductance_S=conductance_S)
        for width in (1e-7, 1e-7 * factor)
    )
    assert scaled.pulses_J == approx(factor * base.pulses_J, rel=1e-6)
    assert replace(scaled, pulses_J=base.pulses_J) == base


def test_few_bits_move_the_samples_and_cost_less() -> None:
    samples, conductance_S = population()
    pulse = Pulse(encoding="amplitude", dac_bits=1, adc_bits=4)
    fine = inference_energy(Pulse(encoding="amplitude"), samples=samples, conductance_S=conductance_S, readout=LOAD)
    coarse = inference_energy(pulse, samples=samples, conductance_S=conductance_S, readout=LOAD)
    rounded = inference_energy(
        Pulse(encoding="amplitude"), samples=np.rint(samples), conductance_S=conductance_S, readout=LOAD
    )
    assert coarse.pulses_J == approx(rounded.pulses_J, rel=1e-6)
    assert coarse.dac_J == approx(fine.dac_J / 8, rel=1e-9)
    assert coarse.adc_J == approx(fine.adc_J * 23.8 / 44.1, rel=1e-9)
    assert coarse.buffers_J == approx(fine.buffers_J / 2, rel=1e-9)
    assert coarse.readout_converters_J < fine.readout_converters_J


def test_reads_may_meet_another_conductance_than_pulses() -> None:
    samples, conductance_S = population()
    same, doubled = (
        inference_energy(
            Pulse(read_phase="after"), samples=samples, conductance_S=conductance_S, read_conductance_S=read
        )
        for read in (None, 2 * conductance_S)
    )
    assert doubled.reads_J == approx(2 * same.reads_J, rel=1e-6)
    assert doubled.pulses_J == same.pulses_J


def test_currents_must_fit_the_samples() -> None:
    samples, conductance_S = population()
    with pytest.raises(InvalidParameterError, match=r"`pulse_current_A` of the samples' shape \(4, 3, 5\) must hold"):
        inference_energy(
            Pulse(), samples=samples, conductance_S=conductance_S, pulse_current_A=np.ones((2, 3, 5), np.float32)
        )


def test_a_layer_that_is_used_more_costs_as_much_more() -> None:
    once, often, copies = (
        readout_energy(Pulse(), replace(LOAD, layers=(layer,)))
        for layer in (CrossbarLayer(48, 300), CrossbarLayer(48, 300, 64), CrossbarLayer(48, 300, 1, 64))
    )
    assert often == copies
    for field in fields(Energy):
        assert getattr(often, field.name) == approx(64 * getattr(once, field.name), rel=1e-12)


def test_the_node_scales_circuits_and_leaves_memristors() -> None:
    samples, conductance_S = population()
    published, scaled = (
        inference_energy(
            Pulse(), samples=samples, conductance_S=conductance_S, readout=LOAD, periphery=Periphery(node_nm=node)
        )
        for node in (None, 45)
    )
    for name in ("pulses_J", "reads_J", "readout_array_J", "buffers_J"):  # the SRAM is published for 45 nm
        assert getattr(scaled, name) == getattr(published, name)
    assert scaled.adc_J == approx(published.adc_J / 16, rel=1e-12)
    assert scaled.lines_J == approx(published.lines_J * 45 / 130, rel=1e-12)


def test_a_reference_column_replaces_the_second_devices() -> None:
    single = replace(LOAD, scheme="single")
    assert LOAD.total_devices == 2 * (48 * 784 + 10 * 48)
    assert single.total_devices == 49 * 784 + 11 * 48
    assert LOAD.macs == single.macs == 48 * 784 + 10 * 48


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"conductance_S": 0.0}, "`conductance_S` > 0"),
        ({"conductance_S": 170.0}, "`conductance_S` > 0"),
        ({"mean_square_input": -0.1}, "`mean_square_input` from 0 to 1"),
        ({"layers": (CrossbarLayer(10, 0),)}, "`layers` of sizes, uses and copies >= 1"),
    ],
)
def test_impossible_loads_are_refused(change: dict[str, object], rule: str) -> None:
    with pytest.raises(InvalidParameterError, match=rule):
        replace(LOAD, **change)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("change", [{"columns_per_adc": 0}, {"rows_per_array": -1}, {"node_nm": 3}])
def test_impossible_circuits_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(InvalidParameterError, match=f"`{next(iter(change))}`"):
        Periphery(**change)  # type: ignore[arg-type]  # wrong on purpose


def test_latency_with_a_converter_each_is_the_train_then_the_layers() -> None:
    """28 x (0.1 + 0.1 + 1.0) us + 1 us for the last conversion + 2 x (0.1 + 1.0) us = 36.8 us."""
    assert inference_latency_s(Pulse(), steps=28, readout_layers=2) == approx(36.8e-6, rel=1e-9)
    latency = inference_latency(Pulse(), steps=28, series=28, readout=LOAD, periphery=Periphery(columns_per_adc=1))
    assert latency.total_s == approx(36.8e-6, rel=1e-9)


def test_shared_converters_hold_the_train_up() -> None:
    """Eight turns of 1 us a reading: 27 x 8 us > 33.6 us; then 8 us, and twice 0.1 us + 8 us: 240.2 us."""
    latency = inference_latency(Pulse(), steps=28, series=28, readout=LOAD)
    assert latency.train_s == approx(216e-6, rel=1e-9)
    assert latency.total_s == approx(240.2e-6, rel=1e-9)
    rarely = inference_latency(Pulse(read_every=28), steps=28, series=28, readout=LOAD)
    assert rarely.train_s == approx(33.6e-6, rel=1e-9)
    layers = inference_latency(Pulse(), steps=0, series=0, readout=LOAD)
    assert layers.total_s == approx(16.2e-6, rel=1e-9)
