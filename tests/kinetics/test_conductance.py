import numpy as np

from kinetics import Device, conductance, get_law, pulse_current_A, rest_conductance_S

LAW = get_law("drift_diffusion")
WINDOW = {"g_rest_S": 1e-4, "g_min_S": 5e-5, "g_max_S": 2e-4}


def test_conductance_grows_with_the_state_and_its_window_counts() -> None:
    states = np.array([[0.25, 0.5, 1.0], [1.5, 2.0, 4.0]], np.float32)
    value_S, outside = conductance(LAW, states, Device.of(conducts_as="w", **WINDOW), 0.2)
    np.testing.assert_allclose(value_S, [[5e-5, 5e-5, 1e-4], [1.5e-4, 2e-4, 2e-4]], rtol=1e-6)
    assert outside == 2
    assert value_S.dtype == np.float32


def test_conductance_can_fall_with_the_state() -> None:
    states = np.array([0.25, 0.5, 1.0, 2.0, 4.0], np.float32)
    value_S, outside = conductance(LAW, states, Device.of(conducts_as="1/w", **WINDOW), 0.2)
    np.testing.assert_allclose(value_S, [2e-4, 2e-4, 1e-4, 5e-5, 5e-5], rtol=1e-6)
    assert outside == 2


def test_states_are_left_alone() -> None:
    states = np.array([0.1, 10.0], np.float32)
    conductance(LAW, states, Device(), 0.2)
    np.testing.assert_array_equal(states, np.array([0.1, 10.0], np.float32))


def test_leakage_stands_beside_the_window_at_rest_and_under_pulses() -> None:
    device = Device.of(g_leak_S=1e-5, **WINDOW)
    states = np.array([1.0, 4.0], np.float32)
    met_S, outside = conductance(LAW, states, device, 0.2)
    np.testing.assert_allclose(met_S, [1.1e-4, 2.1e-4], rtol=1e-6)
    assert outside == 1
    np.testing.assert_allclose(rest_conductance_S(LAW, device, 0.2), 1.1e-4, rtol=1e-6)
    np.testing.assert_allclose(pulse_current_A(LAW, states, 2.0, device, met_S), [2.2e-4, 4.2e-4], rtol=1e-6)
