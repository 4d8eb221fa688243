"""Costs by hand, on one memristor and two steps."""

import numpy as np
import pytest

from kinetics import Crossbar, Device, Pulse
from kinetics import components as constants
from kinetics.arrays import Coefficients
from kinetics.readout_load import ReadoutLoad
from tasks import Configuration, Part, Task
from tasks.cost import Cost, cost_of
from tasks.readout import Dense, Network

WEIGHT = np.array([[1.0, -1.0], [0.5, 0.0]], np.float32)
NETWORK = Network(layers=(Dense(WEIGHT, np.zeros(2, np.float32)),))
NOMINAL: Coefficients = {name: np.full((1, 1), value, np.float32) for name, value in (("alpha", 0.1), ("beta", 0.4))}
DEVICE = Device.of(alpha=0.1, beta=0.4, g_rest_S=170e-6, g_min_S=1e-6, g_max_S=1e-3)
PULSE = Pulse(width_s=0.5e-3, amplitude_V=1.5, read_V=0.2, read_width_s=1e-7)


@pytest.fixture
def task() -> Task:
    """One memristor sees a half and then a whole pulse."""
    part = Part(np.array([[[0.5]], [[1.0]]], np.float32), np.zeros(1, np.int64))
    return Task(name="two", description="", classes=2, train=part, validation=part, test=part)


def cost(task: Task, pulse: Pulse = PULSE, device: Device = DEVICE, crossbar: Crossbar | None = None) -> Cost:
    configuration = Configuration(device=device, pulse=pulse, crossbar=crossbar or Crossbar())
    return cost_of(configuration, NOMINAL, NETWORK, 4, task)


def test_pulses_and_reads_by_hand(task: Task) -> None:
    energy = cost(task).energy
    # 1.5 V over 170 uS for 0.5 ms is 191 nJ; the first pulse lasts half of that, the second is never fired.
    assert energy.pulses_J == pytest.approx(1.5**2 * 170e-6 * 0.5e-3 / 2, rel=1e-6, abs=0)
    assert energy.pulses_J == pytest.approx(191e-9 / 2, rel=2e-3, abs=0)
    # Two reads of 0.68 pJ, the second of a state of 1 + 0.1 - 0.4 / 2 = 0.9.
    assert energy.reads_J == pytest.approx((1 + 0.9) * 170e-6 * 0.2**2 * 1e-7, rel=1e-6, abs=0)
    assert energy.reads_J == pytest.approx(1.9 * 0.68e-12, rel=1e-6, abs=0)


def test_a_pulse_of_half_the_amplitude_costs_a_quarter_of_the_power(task: Task) -> None:
    pulse = Pulse(width_s=0.5e-3, amplitude_V=1.5, encoding="amplitude")
    assert cost(task, pulse).energy.pulses_J == pytest.approx(0.75**2 * 170e-6 * 0.5e-3, rel=1e-6, abs=0)


def test_reading_after_the_pulse_fires_the_last_one_too(task: Task) -> None:
    pulse = Pulse(width_s=0.5e-3, amplitude_V=1.5, read_phase="after", read_every=2)
    energy = cost(task, pulse).energy
    assert energy.pulses_J == pytest.approx(1.5**2 * 170e-6 * 0.5e-3 * (0.5 + 0.9), rel=1e-6, abs=0)
    assert energy.reads_J == pytest.approx((0.9 + 0.1 / 0.9 - 0.4) * 170e-6 * 0.2**2 * 1e-7, rel=1e-5, abs=0)


def test_a_crossbar_is_counted_device_by_device_and_ideal_weights_by_the_macro(task: Task) -> None:
    ideal = cost(task).energy.readout_array_J
    assert ideal == pytest.approx(4 * constants.CROSSBAR_MAC.value, rel=1e-12, abs=0)
    single, pair = (
        cost(task, crossbar=Crossbar(mapping=mapping)).energy.readout_array_J  # type: ignore[arg-type]  # in a loop
        for mapping in ("single", "pair")
    )
    # In uS: 170 + 130 w for one device a weight, and a column of references that counts as their mean; 40 + 260 |w|
    # beside 40 for two.
    in_single, in_pair = (300 + 40 + 235 + 170) * 6 / 4, (300 + 40) + (40 + 300) + (170 + 40) + (40 + 40)
    assert pair / single == pytest.approx(in_pair / in_single, rel=1e-6, abs=0)
    square_V2 = ReadoutLoad(layers=(), conductance_S=1e-4).mean_square_input * 0.2**2
    assert pair == pytest.approx(square_V2 * in_pair * 1e-6 * 1e-7, rel=1e-6, abs=0)
    narrow = cost(task, crossbar=Crossbar(mapping="pair", g_max_S=100e-6)).energy.readout_array_J
    assert narrow / pair == pytest.approx(((100 + 40) * 2 + (70 + 40) + 80) / in_pair, rel=1e-6, abs=0)


def test_pairs_take_more_cells_and_ideal_weights_are_counted_as_pairs(task: Task) -> None:
    ideal, single, pair = (
        cost(task, crossbar=Crossbar(mapping=mapping)).area_m2  # type: ignore[arg-type]  # in a loop
        for mapping in ("ideal", "single", "pair")
    )
    assert ideal == pair
    # Two inputs and two outputs: eight devices in pairs, four and two references otherwise.
    assert pair - single == pytest.approx(2 * constants.CELL_AREA.value, rel=1e-6, abs=0)


def test_spread_faults_and_temperature_of_chips_change_no_cost(task: Task) -> None:
    rough = Device.of(
        **{**DEVICE.parameters, **DEVICE.coefficients},
        g_min_S=DEVICE.g_min_S,
        g_max_S=DEVICE.g_max_S,
        d2d=0.3,
        c2c=0.2,
        read_noise=0.1,
        stuck_high=0.1,
        temperature_shift_K=40.0,
    )
    assert cost(task, device=rough) == cost(task)


def test_a_longer_pause_costs_time_and_no_energy(task: Task) -> None:
    slow = Pulse(width_s=0.5e-3, amplitude_V=1.5, read_V=0.2, read_width_s=1e-7, interval_s=1e-3)
    # The same coefficients: here only what pulses do counts.
    assert cost(task, slow).energy == cost(task).energy
    assert cost(task, slow).latency_s - cost(task).latency_s == pytest.approx(2 * (1e-3 - 1e-6), rel=1e-6, abs=0)
