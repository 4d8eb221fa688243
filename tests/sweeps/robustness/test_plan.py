"""The points of a study: what varies, what stays, and that impossible ones are refused before work starts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kinetics import Crossbar, Device, Pulse, device_coefficients
from sweeps.errors import SpecError
from sweeps.robustness import Study
from sweeps.robustness.plan import make_plan
from tasks import Configuration

BuildStudy = Callable[..., Study]
CONFIGURATION = Configuration(device=Device(d2d=0.05, c2c=0.01), pulse=Pulse(adc_bits=8))


def test_a_curve_changes_its_fields_alone(study: BuildStudy) -> None:
    plan = make_plan(study(), CONFIGURATION, 0)
    held = replace(CONFIGURATION, crossbar=Crossbar(mapping="pair"))
    assert plan.points[plan.studied] == (held, 6)
    for value, number in zip([0, 0.05, 0.3], plan.curves["device.d2d"], strict=True):
        assert plan.points[number] == (replace(held, device=replace(held.device, d2d=value)), 6)
    both = plan.curves["crossbar.stuck_high + crossbar.stuck_low"][1]
    crossbar = plan.points[both].used.crossbar
    assert (crossbar.stuck_high, crossbar.stuck_low) == (0.02, 0.02)
    assert plan.points[plan.nominal] == (replace(CONFIGURATION, device=CONFIGURATION.device.nominal()), 1)


def test_equal_points_are_scored_once(study: BuildStudy) -> None:
    plan = make_plan(study(), CONFIGURATION, 0)
    assert len(set(plan.points)) == len(plan.points)
    assert plan.curves["device.d2d"][1] == plan.studied  # 0.05 is what the configuration has


def test_others_may_be_nominal(study: BuildStudy) -> None:
    plan = make_plan(study(others="nominal"), CONFIGURATION, 0)
    noisy = plan.points[plan.curves["pulse.adc_bits"][0]].used
    assert (noisy.device.d2d, noisy.device.c2c, noisy.crossbar.mapping) == (0.0, 0.0, "pair")
    assert plan.points[plan.studied].used.device.d2d == 0.05


def test_corners_are_every_combination_at_every_temperature(study: BuildStudy) -> None:
    plan = make_plan(study(), CONFIGURATION, 0)
    told = [
        (corner.coefficients["alpha"], corner.coefficients["beta"], corner.temperature_K) for corner in plan.corners
    ]
    assert told == [(a, b, t) for a in ("low", "high") for b in ("low", "high") for t in (280.0, 300.0, 320.0)]
    nominal = device_coefficients(CONFIGURATION.device, CONFIGURATION.pulse)
    used, chips = plan.points[plan.corners[3].point]
    assert chips == 1
    assert not used.device.varies
    assert used.crossbar == Crossbar()
    assert used.device.coefficients["alpha"] == pytest.approx(0.9 * nominal["alpha"], rel=1e-6)
    assert used.device.coefficients["beta"] == pytest.approx(1.1 * nominal["beta"], rel=1e-6)
    assert used.device.temperature_shift_K == -20.0


def test_corners_without_spread_differ_by_temperature_only(study: BuildStudy) -> None:
    plan = make_plan(study(**{"with": {"device.d2d": 0.0, "crossbar.mapping": "pair"}}), CONFIGURATION, 0)
    assert [set(corner.coefficients.values()) for corner in plan.corners] == [{"nominal"}] * 3


def test_sobol_points_span_their_ranges_and_depend_on_the_seed(study: BuildStudy) -> None:
    plans = [make_plan(study(), CONFIGURATION, seed) for seed in (0, 0, 1)]
    assert plans[0].points == plans[1].points != plans[2].points
    assert plans[0].sobol.shape == (4, 4)
    used = [plans[0].points[number].used.device for number in plans[0].sobol.ravel()]
    spreads = np.array([(device.d2d, device.read_noise) for device in used])
    assert (spreads >= 0).all()
    assert (spreads <= [0.2, 0.1]).all()
    assert (np.ptp(spreads, axis=0) > [0.1, 0.05]).all()


def test_every_broken_rule_is_told_before_work_starts(study: BuildStudy) -> None:
    curves = {
        "device.d2d": [0, 1.5],
        "device.temperature_shift_K": [0, 900],
        "crossbar.retention_s": [1, 10],
        "pulse.adc_bits": [8, 40],
    }
    with pytest.raises(SpecError) as caught:
        make_plan(study(curves=curves), CONFIGURATION, 0)
    told = str(caught.value)
    assert "0 <= `device.d2d` <= 1 must hold, but got 1.5" in told
    assert "the range of the parameter set" in told
    assert "choose a model of drift" in told
    assert "`pulse.adc_bits` is a whole number from 0 to 16" in told
    with pytest.raises(SpecError, match="ideal"):
        make_plan(study(**{"with": {"crossbar.stuck_high": 0.1}}), CONFIGURATION, 0)


def test_a_law_without_temperature_is_told_before_work_starts(study: BuildStudy) -> None:
    # What only shows when devices are drawn is found all the same.
    configuration = Configuration(device=Device(law="wox", d2d=0.05))
    with pytest.raises(SpecError, match="no dependence on temperature"):
        make_plan(study(corners={"temperature_shift_K": 10}), configuration, 0)
