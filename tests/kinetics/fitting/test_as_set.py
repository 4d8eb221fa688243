"""A set that was written of a fit makes a device that behaves as the fitted curve."""

from pathlib import Path

import numpy as np
import pytest

from kinetics import LAWS, Device, Pulse, conductance, device_coefficients, get_law, lowest_state, simulate
from kinetics.fitting import Trace, fit_trace, parameter_set
from kinetics.fitting.forms import usual_pulse
from kinetics.parameter_sets import ParameterSet, load_parameter_set


def device_of(chosen: ParameterSet) -> tuple[Device, Pulse]:
    parameters = {name: item.value for name, item in chosen.parameters.items()}
    device = Device(law=chosen.law, parameters=parameters, coefficients=chosen.coefficients, **chosen.device)
    return device, Pulse(**chosen.pulse)


def response_S(chosen: ParameterSet, drive: np.ndarray) -> np.ndarray:
    """What a device of the set shows before each step and after the last."""
    device, pulse = device_of(chosen)
    law = get_law(device.law)
    arrays = {name: np.full(1, value, np.float32) for name, value in device_coefficients(device, pulse).items()}
    states = simulate(law, arrays, drive[:, None].astype(np.float32), floor=lowest_state(device)).states[:, 0]
    return conductance(law, states, device, pulse.read_V).value_S.astype(np.float64)


@pytest.mark.parametrize("name", sorted(LAWS))
def test_a_pulse_response_is_the_same_again(name: str, tmp_path: Path) -> None:
    """Of every law, at three times the conductance of its default device and with a leakage."""
    law, device, pulse = get_law(name), Device(law=name), usual_pulse(name)
    drive = np.array(([1.0] * 5 + [0.0] * 6) * 5)
    arrays = {key: np.full(1, value, np.float32) for key, value in device_coefficients(device, pulse).items()}
    states = simulate(law, arrays, drive[:, None].astype(np.float32), floor=lowest_state(device)).states[:, 0]
    rest_S = float(law.current_A(np.array([law.initial_state], np.float32), pulse.read_V, device)[0]) / pulse.read_V
    truth_S = 3 * law.current_A(states, pulse.read_V, device) / pulse.read_V + 0.2 * rest_S
    rows = []
    for k, value in enumerate(truth_S):
        rows.append((k, pulse.read_V, value * pulse.read_V))
        if k < len(drive) and drive[k]:
            rows += [(k + 0.3, pulse.read_V * 5, 1.0), (k + 0.4, pulse.read_V * 5, 1.0), (k + 0.5, 0.0, 0.0)]
    t, v, i = np.array(rows).T
    trace = Trace(x=t * pulse.period_s, voltage_V=v, response=i, response_unit="A", name="t.csv", sha256="ab")
    fit = fit_trace(trace, name, leakage_only=True)
    path = tmp_path / "mine.toml"
    path.write_text(parameter_set(fit, "mine").to_toml(), encoding="utf-8")
    chosen = load_parameter_set(path)
    assert chosen == parameter_set(fit, "mine")
    assert (chosen.name, chosen.law) == ("mine", name)
    assert chosen.source.startswith("fit of t.csv (SHA-256 ab), pulses, R2 ")
    assert chosen.voltage_V == pytest.approx((5 * pulse.read_V, 5 * pulse.read_V))
    assert device_of(chosen)[1].period_s == pytest.approx(pulse.period_s, rel=1e-6)
    np.testing.assert_allclose(response_S(chosen, drive), fit.curve, rtol=2e-3)
    assert fit.r2 > 0.999


def test_a_relaxation_leaves_the_drift_to_the_law() -> None:
    t = np.arange(300) * 1e-3
    trace = Trace(x=t, response=8e-5 / np.sqrt(1 + t / 0.05) + 4e-6, response_unit="S")
    chosen = parameter_set(fit_trace(trace), "mine", temperature_K=(295.0, 300.0))
    assert set(chosen.coefficients) == {"alpha"}
    assert chosen.coefficients["alpha"] == pytest.approx(1e-3 / 0.1, rel=1e-4)
    assert chosen.temperature_K == (295.0, 300.0)
    confirmed = {name for name, item in chosen.parameters.items() if item.confirmed}
    assert confirmed == {"g_rest_S"}
    # The step of the law is explicit, so it is off by a share of alpha.
    np.testing.assert_allclose(response_S(chosen, np.zeros(299)), trace.response, rtol=0.01)


def test_without_volts_the_conductance_stays_that_of_another_device() -> None:
    t = np.arange(100) * 1e-3
    chosen = parameter_set(fit_trace(Trace(x=t, response=3 / np.sqrt(1 + t / 0.05), response_unit="A")), "mine")
    assert "g_leak_S" not in chosen.device
    assert not any(item.confirmed for item in chosen.parameters.values())
