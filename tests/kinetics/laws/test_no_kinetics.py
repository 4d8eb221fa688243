"""The control without kinetics: found by name, listed nowhere, and nothing but its samples."""

import numpy as np
import pytest

from kinetics import LAWS, Device, InvalidParameterError, Pulse, adjoint, get_law, simulate

LAW = get_law("none")


def test_it_is_no_device() -> None:
    assert "none" not in LAWS
    with pytest.raises(InvalidParameterError, match="must be a law of motion"):
        LAW.coefficients(Device(), Pulse())
    with pytest.raises(InvalidParameterError, match="names no law"):
        get_law("non")


def test_states_are_the_samples_and_cost_nothing() -> None:
    x = np.random.default_rng(0).random((5, 7), np.float32)
    np.testing.assert_array_equal(LAW.drive(x, Device(), Pulse(encoding="amplitude")), x)
    trajectory = simulate(LAW, {}, x, floor=-np.inf)
    np.testing.assert_array_equal(trajectory.states[1:], x)
    assert (trajectory.states[0] == 1).all()
    assert (trajectory.floor_hits, LAW.macs_per_step, LAW.coefficient_names) == (0, 0, ())
    assert (trajectory.states >= LAW.lower_bound({})).all()


@pytest.mark.parametrize("fast", [True, False])
def test_the_gradient_by_the_drive_is_that_by_the_states(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, gradient = rng.random((5, 7), np.float32), rng.random((5, 7), np.float32)
    states = simulate(LAW, {}, x, floor=-np.inf).states
    if not fast:
        monkeypatch.setattr(type(LAW), "factors", None)
    result = adjoint(LAW, {}, x, states, gradient.copy(), with_drive=True)
    assert result.drive is not None
    np.testing.assert_array_equal(result.drive, gradient)
    assert result.coefficients == {}
