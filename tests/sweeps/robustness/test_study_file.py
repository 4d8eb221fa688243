"""The study file: what it may say, and that every mistake is told at once with its way out."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from sweeps.errors import SpecError
from sweeps.robustness import load_study, parse_study

EXAMPLE = Path(__file__).parents[3] / "examples" / "robustness.yaml"


def refused(**document: Any) -> str:
    with pytest.raises(SpecError) as caught:
        parse_study({"curves": {"device.d2d": [0, 0.1]}} | document, "s")
    return str(caught.value)


def test_the_plain_form_parses_back_to_the_same() -> None:
    study = load_study(EXAMPLE)
    assert parse_study(yaml.safe_load(yaml.safe_dump(study.to_dict(), sort_keys=False)), study.name) == study
    assert parse_study({"corners": {}}, "s").to_dict()["corners"] == {"sigmas": 2.0, "temperature_shift_K": 0.0}


def test_ranges_become_the_values_that_a_person_would_write() -> None:
    curves = {
        "crossbar.retention_s": {"low": 1, "high": 3.2e8, "points": 6, "log": True},
        "device.d2d": {"low": 0, "high": 0.3, "points": 4},
        "pulse.adc_bits": {"low": 1, "high": 8, "points": 20},
    }
    time, spread, bits = (curve.values for curve in parse_study({"curves": curves}, "s").curves)
    assert (len(time), time[0], time[-1]) == (6, 1.0, 3.2e8)
    assert all(later / earlier == pytest.approx(3.2e8**0.2, rel=1e-3) for earlier, later in pairwise(time))
    assert all(value == float(f"{value:.4g}") for value in time)
    assert spread == (0.0, 0.1, 0.2, 0.3)
    assert bits == (1, 2, 3, 4, 5, 6, 7, 8)


def test_every_mistake_is_told_at_once() -> None:
    told = refused(
        chips=0,
        part="tset",
        yield_target=1.2,
        curvs=1,
        curves={"device.d2": [0], "readout.hidden": [8], "device.c2c": [0, "much"]},
        sobol={"samples": 100, "parameters": {"device.d2d": [0, 0.2], "device.c2c": [0.2, 0]}},
    ).splitlines()
    assert len(told) == 9
    for said in (
        "`chips` must be a whole number from 1",
        "did you mean 'test'?",
        "`yield_target` must be a number from 0 to 1, but got 1.2; give it as a share, 0.9 being 90 %.",
        "did you mean 'curves'?",
        "did you mean 'device.d2d'?",
        "one that can vary after training, but got 'readout.hidden'; choose from device.d2d, ",
        "`device.c2c` must be a finite number, but got 'much'",
        "`sobol.samples` is a power of 2 must hold, but got 100; the next one is 128",
        "`low` < `high` of `device.c2c` must hold, but got (0.2, 0.0); swap them.",
    ):
        assert sum(said in line for line in told) == 1, (said, told)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"yield_target": -0.1}, "`yield_target` must be a number from 0 to 1"),
        ({"yield_target": "good"}, "`yield_target` must be a number from 0 to 1"),
        ({"chips": -3}, "`chips` must be a whole number"),
        ({"chips": 2.5}, "`chips` must be a whole number"),
        ({"others": "ideal"}, "`others` must be one that is known"),
        ({"curves": {}}, "`curves` must be a mapping of at least one field"),
        ({"curves": {"device.d2d": []}}, "`device.d2d` must be a list of at least one value"),
        ({"curves": {"device.d2d": 0.1}}, "`device.d2d` must be a list of at least one value"),
        ({"curves": {"device.d2d": [0.1, 0.1]}}, "Each value of `device.d2d` must be given once"),
        ({"curves": {"device.d2d": {"low": 0, "high": 1}}}, "`points` of `device.d2d`"),
        ({"curves": {"crossbar.mapping": {"low": 0, "high": 1, "points": 3}}}, "is no number"),
        ({"curves": {"device.d2d": {"low": 0, "high": 1, "points": 3, "log": True}}}, "`low` > 0"),
        ({"curves": {"device.d2d + pulse.adc_bits": [1]}}, "must be different and of one kind"),
        ({"curves": {"device.d2d + device.d2d": [1]}}, "must be different and of one kind"),
        ({"with": {"pulse.width_s": 1e-7}}, "one that can vary after training, but got 'pulse.width_s'"),
        ({"with": {"device.d2d + device.c2c": 0.1}}, "must stand alone"),
        ({"corners": {"sigmas": -1}}, "`sigmas` of `corners` must be a number >= 0"),
        ({"corners": 2}, "`corners` must be a mapping"),
        ({"sobol": {"parameters": {"device.d2d": [0, 0.2]}}}, "must name at least 2 fields"),
        ({"sobol": {"parameters": {"device.d2d": [0, 1, 2], "device.c2c": [0, 1]}}}, "must be a range"),
        ({"sobol": {"chips": 0, "parameters": {"device.d2d": [0, 1], "device.c2c": [0, 1]}}}, "`sobol.chips`"),
        ({"sobol": {"samples": 64}}, "`parameters` must be a mapping"),
    ],
)
def test_mistakes_one_by_one(document: dict[str, Any], said: str) -> None:
    assert said in refused(**document)


def test_a_study_of_nothing_is_refused() -> None:
    with pytest.raises(SpecError, match="must have `curves`, `corners` or `sobol`"):
        parse_study({"chips": 50}, "s")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="must exist"):
        load_study(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("curves: [")
    with pytest.raises(SpecError, match="must be YAML"):
        load_study(tmp_path / "bad.yaml")
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(SpecError, match="must be a mapping"):
        load_study(tmp_path / "list.yaml")
    (tmp_path / "raw.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="must be readable text"):
        load_study(tmp_path / "raw.yaml")
    (tmp_path / "a b.yaml").write_text("corners: {}")
    with pytest.raises(SpecError, match="rename the file"):
        load_study(tmp_path / "a b.yaml")
