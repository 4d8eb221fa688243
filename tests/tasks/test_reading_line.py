"""Read-outs trained through the kinetics of devices that leak: the straight line between state and reading."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from kinetics import LAWS, Device, InvalidParameterError, Pulse, device_coefficients, simulate
from kinetics.coefficients import lowest_state
from tasks import Configuration, load_task
from tasks.evaluator import Evaluator
from tasks.features import feature_matrix
from tasks.readout import Readout
from tasks.trained_readout import reading_line

WIDE = {"g_min_S": 1e-9, "g_max_S": 1.0}
STRAIGHT = ("drift_diffusion", "rate_balance", "tiox", "wox")


def of_law(law: str, **fields: Any) -> Configuration:
    configuration = Configuration.from_dotted({"device.law": law})
    wide = dataclasses.replace(configuration.device, **WIDE, **fields)
    return dataclasses.replace(configuration, device=wide)


def test_a_reading_without_leakage_is_the_state_itself() -> None:
    assert reading_line(of_law("drift_diffusion")) == pytest.approx((0, 1), abs=1e-6)


def test_leakage_makes_an_offset_by_hand() -> None:
    configuration = Configuration(device=Device.of(g_rest_S=1e-4, g_leak_S=3e-4, **WIDE))
    assert reading_line(configuration) == pytest.approx((0.75, 0.25), rel=1e-5)


@pytest.mark.parametrize("leak_S", [0.0, 2e-5])
@pytest.mark.parametrize("law", STRAIGHT)
def test_features_lie_on_the_line(law: str, leak_S: float) -> None:
    configuration = of_law(law, g_leak_S=leak_S)
    device, pulse = configuration.device, configuration.pulse
    x = np.random.default_rng(0).random((7, 1, 20), np.float32)
    nominal = {name: np.full((1, 1), v, np.float32) for name, v in device_coefficients(device, pulse).items()}
    own = LAWS[law]
    states = simulate(own, nominal, own.drive(x, device, pulse), floor=lowest_state(device)).states[:-1]
    offset, slope = reading_line(configuration)
    features = feature_matrix(own, configuration, nominal, x)
    np.testing.assert_allclose(features, offset + slope * states[:, 0].T, rtol=2e-4)
    assert np.ptp(features) > 0.01


@pytest.mark.parametrize("law", sorted(set(LAWS) - set(STRAIGHT)))
def test_curved_readings_are_refused_with_the_way_out(law: str) -> None:
    with pytest.raises(InvalidParameterError, match=rf"linear in the state.*'{law}'; .* use `readout\.kind`: mlp"):
        reading_line(of_law(law))


def test_a_network_on_a_leaky_device_scores_as_on_a_tight_one() -> None:
    """States are the same, so is the training; only the line between them and the readings differs."""
    task = load_task("digits")
    tight = Configuration(
        device=Device.of(alpha=0.05, beta=0.2, **WIDE),
        pulse=Pulse(read_phase="after"),
        readout=Readout(kind="network", hidden=8, epochs=6),
    )
    leaky = dataclasses.replace(tight, device=dataclasses.replace(tight.device, g_leak_S=5e-5))
    one, other = (Evaluator(task, seed=2, chips=1).evaluate(c, trial=0).accuracy for c in (tight, leaky))
    assert one > 0.5
    assert other == pytest.approx(one, abs=2 / task.validation.cases)  # a case may tip over with the last bit
