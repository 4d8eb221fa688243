"""A parameter file of the user's own: written out into the sweep, and refused where it does not fit."""

from pathlib import Path
from typing import Any

import pytest

from kinetics.parameter_sets import load_parameter_set
from sweeps.errors import SpecError
from sweeps.home import Home
from sweeps.parameter_file import fields_of
from sweeps.run import Options, resume, run
from sweeps.spec import Spec, parse_spec

TEXT = """
name = "mine"
law = "wox"
source = "my bench"
temperature_K = [295.0, 305.0]
voltage_V = [0.0, 1.5]

[parameters]
tau_s = {value = 0.02, unit = "s"}

[coefficients]
growth = 0.4

[device]
g_min_S = 2e-6

[pulse]
amplitude_V = 0.7
width_s = 1e-4
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.toml").write_text(TEXT.replace("growth", next(iter(_wox_coefficients()))))
    return tmp_path


def _wox_coefficients() -> tuple[str, ...]:
    from kinetics import LAWS

    return LAWS["wox"].coefficient_names


def document(**fields: Any) -> dict[str, Any]:
    configuration = {"device.parameter_set": "mine.toml", "device.d2d": {"low": 0.0, "high": 0.2}}
    return {"name": "own", "task": "digits", "configuration": {**configuration, **fields}}


def mistakes_of(folder: Path, **fields: Any) -> tuple[str, ...]:
    with pytest.raises(SpecError) as caught:
        parse_spec(document(**fields), base_dir=folder)
    return caught.value.messages


def test_a_file_becomes_fields(folder: Path) -> None:
    spec = parse_spec(document(), base_dir=folder)
    assert spec.fixed == fields_of(load_parameter_set(folder / "mine.toml"))
    made = spec.configuration({"device.d2d": 0.1})
    assert (made.device.law, made.device.parameter_set) == ("wox", "own")
    assert made.device.parameter("tau_s") == 0.02
    assert made.device.coefficients == {_wox_coefficients()[0]: 0.4}
    assert (made.device.g_min_S, made.pulse.amplitude_V, made.pulse.width_s) == (2e-6, 0.7, 1e-4)
    assert parse_spec(spec.to_dict(), base_dir="/elsewhere") == spec


def test_the_ranges_of_a_file_bind_and_not_those_of_the_published_set(folder: Path) -> None:
    (folder / "mine.toml").write_text(
        (folder / "mine.toml")
        .read_text()
        .replace("[295.0, 305.0]", "[300.0, 400.0]")
        .replace("[0.0, 1.5]", "[0.0, 5.0]")
    )
    spec = parse_spec(document(**{"device.temperature_K": 390.0, "pulse.amplitude_V": 4.5}), base_dir=folder)
    assert spec.configuration({"device.d2d": 0.1}).device.temperature_K == 390.0


def test_what_the_sweep_says_itself_comes_first(folder: Path) -> None:
    spec = parse_spec(document(**{"device.tau_s": 0.5, "pulse.width_s": {"low": 1e-5, "high": 1e-3}}), base_dir=folder)
    assert spec.fixed["device.tau_s"] == 0.5
    assert set(spec.space.dimensions) == {"device.d2d", "pulse.width_s"}
    assert "pulse.width_s" not in spec.fixed


def test_an_override_may_name_the_file(folder: Path) -> None:
    plain = {**document(), "configuration": {"device.d2d": {"low": 0.0, "high": 0.2}}}
    spec = parse_spec(plain, {"device.parameter_set": "mine.toml"}, base_dir=folder)
    assert spec == parse_spec(document(), base_dir=folder)


RULE = "0 <= `pulse.amplitude_V` <= 1.5 must hold for the parameter set 'mine.toml'"


@pytest.mark.parametrize(
    "value", [1.6, "16e-1", {"low": 0.5, "high": 1.6}, {"low": "5e-1", "high": "1.6e0"}, {"choices": [1.0, 1.6]}]
)
def test_values_outside_of_the_file_s_range_are_refused(value: Any, folder: Path) -> None:
    (message,) = mistakes_of(folder, **{"pulse.amplitude_V": value})
    assert message.startswith(f"{RULE}, but got ")
    assert message.endswith("; stay in the range that it was measured in.")


def test_what_the_sweep_leaves_out_must_lie_in_the_range_too(folder: Path) -> None:
    (folder / "mine.toml").write_text(
        TEXT.replace("[295.0, 305.0]", "[302.0, 305.0]").replace("[coefficients]\ngrowth = 0.4", "")
    )
    (message,) = mistakes_of(folder)
    assert message.startswith(
        "302 <= `device.temperature_K` <= 305 must hold for the parameter set 'mine.toml', but got 300"
    )
    assert parse_spec(document(**{"device.temperature_K": 303}), base_dir=folder).fixed["device.temperature_K"] == 303


def test_mistakes_beside_the_range_are_told_once(folder: Path) -> None:
    (message,) = mistakes_of(folder, **{"pulse.amplitude_V": {"choices": 5}})
    assert "`choices` of `pulse.amplitude_V` must be a list" in message
    (message,) = mistakes_of(folder, **{"pulse.amplitude_V": "high"})
    assert "`pulse.amplitude_V` must be a finite number" in message


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (None, ("readable file", "mine.toml", "check the path")),
        ("name = ", ("must be TOML", "mine.toml")),
        (TEXT.replace('"wox"', '"wax"'), ("The law of 'mine.toml'", "'wax'", "did you mean 'wox'?")),
        (TEXT.replace("[pulse]", "[pulses]"), ("key of the parameter set", "'pulses'", "remove it")),
        (TEXT.replace("growth", "growht"), ("field of `configuration`", "'device.growht'")),
    ],
)
def test_a_file_that_cannot_be_used_is_one_error(text: str | None, parts: tuple[str, ...], tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "mine.toml").write_text(text)
    (message,) = mistakes_of(tmp_path)
    assert all(part in message for part in parts), message
    assert "\n" not in message


def test_a_sweep_goes_on_when_the_file_is_gone(folder: Path) -> None:
    small = {"seed": 1, "configurations": 2, "chips": 2, "readout.kind": "ridge"}
    spec: Spec = parse_spec(document(), small, base_dir=folder)
    home = Home(folder / "home")
    done = run(spec, home, Options(executor="inline"))
    (folder / "mine.toml").unlink()
    done.folder.path.joinpath("result.json").unlink(missing_ok=True)
    again = resume(done.folder, Options(executor="inline"))
    assert again.folder.spec() == spec
    assert (again.complete, again.finished, again.failed) == (True, 2, 0)
