"""Parameter sets: what the published ones must hold, and what a file of one's own is refused for."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics import LAWS, Device, InvalidParameterError, Pulse, device_coefficients
from kinetics.parameter_sets import (
    FOLDER,
    Parameter,
    ParameterSet,
    default_parameter_set,
    get_parameter_set,
    load_parameter_set,
    parameter_sets,
)

PUBLISHED = sorted(path.stem for path in FOLDER.glob("*.toml"))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
SETS = st.builds(
    ParameterSet,
    name=WORDS,
    law=WORDS,
    source=WORDS,
    default=st.booleans(),
    temperature_K=st.tuples(st.floats(0, 300), st.floats(300, 500)),
    voltage_V=st.tuples(st.floats(0, 1), st.floats(1, 5)),
    parameters=st.dictionaries(
        NAMES, st.builds(Parameter, value=NUMBERS, unit=WORDS, confirmed=st.booleans(), source=WORDS), max_size=3
    ),
    coefficients=st.dictionaries(NAMES, NUMBERS, max_size=3),
    device=st.dictionaries(NAMES, NUMBERS, max_size=3),
    pulse=st.dictionaries(NAMES, NUMBERS | WORDS, max_size=3),
)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_set_describes_a_device_that_works(name: str) -> None:
    """It is named after its file, cites its source, gives each number one, and yields coefficients as it stands."""
    chosen = get_parameter_set(name)
    assert chosen.name == name
    assert chosen.source
    assert all(parameter.source and parameter.unit for parameter in chosen.parameters.values())
    device = Device(law=chosen.law, parameter_set=name)
    pulse = Pulse(**chosen.pulse)
    assert (device.g_min_S, device.g_max_S) == (chosen.device["g_min_S"], chosen.device["g_max_S"])
    assert chosen.temperature_K[0] <= device.temperature_K <= chosen.temperature_K[1]
    assert chosen.voltage_V[0] <= pulse.amplitude_V <= chosen.voltage_V[1] < math.inf
    assert set(device_coefficients(device, pulse)) == set(LAWS[chosen.law].coefficient_names)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_window_holds_what_the_device_can_be(name: str) -> None:
    """From the state at rest to the far end of its range, where it has one; rounding included."""
    chosen = get_parameter_set(name)
    law, device, read_V = LAWS[chosen.law], Device(law=chosen.law, parameter_set=name), Pulse(**chosen.pulse).read_V
    ends = [law.initial_state] + [end for end in law.state_range if end > 0 and math.isfinite(end)]
    for end in ends:
        conductance_S = law.current_A(_one(end), read_V, device)[0] / read_V
        assert device.g_min_S < conductance_S < device.g_max_S


def _one(state: float) -> np.ndarray:
    return np.array([state], np.float32)


def test_every_law_has_one_default_set() -> None:
    for law in LAWS:
        assert sum(each.law == law and each.default for each in parameter_sets().values()) == 1
    assert default_parameter_set("none") is None


def test_published_numbers_are_those_of_the_papers() -> None:
    """Read again from the papers' tables, in their units."""
    expected = {
        "du2017": {"tau_s": 50e-3, "growth_rate_Hz": 1e-3 / 1e-3, "growth_per_V": 8, "tunnel_A": 1e-5, "w_min": 0.1},
        "zhong2021": {"tau_s": 400e-6, "g_rest": 0.5, "strength_per_V": 0.23, "step_s": -400e-6 * math.log(0.99)},
        "milano2021": {"potentiation_Hz": 2.555e-6, "depression_Hz": 64.89, "potentiation_per_V": 34.92},
        "memtorch": {"set_rate_m_per_s": 10, "v_set_V": 0.2, "set_exponent": 3, "r_on_Ohm": 50, "thickness_m": 3e-9},
        "wei": {"drift_m_per_s": 100, "diffusion_m4_per_s": 3e-26, "drift_barrier_eV": 0.99, "compliance_A": 3.5e-6},
        "hopping": {"activation_energy_eV": 0.36},
    }
    for name, values in expected.items():
        for parameter, value in values.items():
            assert get_parameter_set(name).parameters[parameter].value == pytest.approx(value, rel=1e-6), parameter
    assert get_parameter_set("shi2025").coefficients == {"alpha": 0.354447, "beta": 0.854424}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("zhong2021", "step_s"), ("memtorch", "tau_s"), ("hopping", "size_m"), ("shi2025", "activation_energy_eV")],
)
def test_what_no_paper_says_is_not_called_confirmed(name: str, parameter: str) -> None:
    assert not get_parameter_set(name).parameters[parameter].confirmed


@given(chosen=SETS)
def test_a_set_survives_its_file(chosen: ParameterSet, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("set") / "own.toml"
    path.write_text(chosen.to_toml(), encoding="utf-8")
    assert load_parameter_set(path) == chosen


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "`name` of .* is text"),
        ("name = 1", "`name` of .* is text"),
        ("name = 'a'\nlaw = 'wox'", "`source` of .* is text"),
        ("name = ", "must be TOML"),
        ("speed = 3", "A key of the parameter set .* 'speed'; remove it"),
        ("temperature_K = [400, 300]", r"`temperature_K` of .* is \[low, high\]"),
        ("voltage_V = 3", r"`voltage_V` of .* is \[low, high\]"),
        ("[parameters]\ntau_s = 3", "The parameter `tau_s` .* write its value as a number"),
        ("[parameters]\ntau_s = {value = '3'}", "The parameter `tau_s`"),
        ("[parameters]\ntau_s = {value = 3, colour = 'red'}", "The parameter `tau_s`"),
        ("[coefficients]\nalpha = 'large'", "The coefficient `alpha`"),
    ],
)
def test_a_file_of_another_form_is_refused(text: str, match: str, tmp_path: Path) -> None:
    head = "" if "name" in text or not text else "name = 'own'\nlaw = 'wox'\nsource = 'me'\n"
    path = tmp_path / "own.toml"
    path.write_text(head + text)
    with pytest.raises(InvalidParameterError, match=match):
        load_parameter_set(path)


def test_a_missing_file_and_a_misspelt_set_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match=r"readable file.*check the path"):
        load_parameter_set(tmp_path / "nothing.toml")
    with pytest.raises(InvalidParameterError, match="did you mean 'du2017'"):
        get_parameter_set("du2107")


def test_a_device_replaces_parameters_of_its_set() -> None:
    device = Device.of(law="wox", tau_s=1.0)
    assert device.parameter("tau_s") == 1.0
    assert device.parameter("w_min") == get_parameter_set("du2017").parameters["w_min"].value
    with pytest.raises(InvalidParameterError, match=r"'wei' goes with `device\.law`: ag_diffusion"):
        dataclasses.replace(device, parameter_set="wei")
