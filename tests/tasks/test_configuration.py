"""Configurations under flat, dotted names: nothing is lost on the way, and nothing is taken that does not fit."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics import LAWS, Crossbar, Device, InvalidParameterError, Pulse
from kinetics.parameter_sets import default_parameter_set, get_parameter_set
from tasks import Configuration, configuration_fields
from tasks.readout import Readout


@st.composite
def values(draw: st.DrawFn, law: str) -> dict[str, Any]:
    """Some fields of a configuration with a law."""
    chosen = default_parameter_set(law)
    assert chosen is not None
    near = {f"device.{name}": p.value for name, p in chosen.parameters.items()}
    some = draw(st.sets(st.sampled_from(sorted(near)), max_size=2))
    return {
        "device.law": law,
        "device.d2d": draw(st.floats(0, 1)),
        "device.stuck_low": draw(st.floats(0, 0.5)),
        **{name: near[name] * draw(st.floats(1, 1.001)) for name in some},
        **{f"device.{name}": draw(st.none() | st.floats(1e-3, 1)) for name in LAWS[law].coefficient_names},
        "pulse.width_s": draw(st.floats(1e-8, 1e-5)),
        "pulse.encoding": draw(st.sampled_from(["width", "amplitude", "count"])),
        "readout.hidden": draw(st.integers(1, 64) | st.lists(st.integers(1, 64), min_size=1, max_size=3).map(tuple)),
        "crossbar.mapping": "pair",
        "crossbar.read_noise": draw(st.floats(0, 1)),
    }


@pytest.mark.parametrize("law", sorted(LAWS))
@given(data=st.data())
def test_every_law_survives_its_dotted_form(law: str, data: st.DataObject) -> None:
    wanted = data.draw(values(law))
    configuration = Configuration.from_dotted(wanted)
    dotted = configuration.to_dotted()
    assert wanted.items() <= dotted.items()
    assert set(dotted) <= set(configuration_fields())
    assert Configuration.from_dotted(dotted) == configuration
    # As it lies in the study: lists for tuples.
    assert Configuration.from_dotted(json.loads(json.dumps(dotted))) == configuration
    assert hash(configuration) == hash(Configuration.from_dotted(dotted))


def test_a_derived_coefficient_is_none_and_a_published_one_is_a_number() -> None:
    assert Configuration().to_dotted()["device.alpha"] is None
    published = Configuration.from_dotted({"device.parameter_set": "shi2025"})
    assert published.to_dotted()["device.alpha"] == get_parameter_set("shi2025").coefficients["alpha"]


def test_pulses_are_the_sets_unless_said_otherwise() -> None:
    chosen = default_parameter_set("wox")
    assert chosen is not None
    own = Configuration.from_dotted({"device.law": "wox", "pulse.width_s": 1e-6})
    assert (own.pulse.width_s, own.pulse.interval_s) == (1e-6, chosen.pulse["interval_s"])
    assert Configuration.defaults({"device.law": "wox", "device.d2d": 0.3}) == {
        **own.to_dotted(),
        "pulse.width_s": chosen.pulse["width_s"],
    }


def test_defaults_of_an_impossible_device_are_the_usual_ones() -> None:
    """The mistake is told where the whole is built."""
    assert (
        Configuration.defaults({"device.law": "wox", "device.parameter_set": "hopping"}) == Configuration().to_dotted()
    )


@pytest.mark.parametrize("law", sorted(set(LAWS) - {"drift_diffusion"}))
def test_coefficients_and_parameters_of_another_law_are_refused(law: str) -> None:
    for name in ("alpha", "hop_distance_m"):
        with pytest.raises(
            InvalidParameterError, match=rf"`device\.{name}` must be a parameter or a coefficient.*'{law}'"
        ):
            Configuration.from_dotted({"device.law": law, f"device.{name}": 0.3})


@pytest.mark.parametrize("name", ["alpha", "device.speed", "device", "device.alpha.beta", "device.parameters"])
def test_an_unknown_name_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        Configuration.from_dotted({name: 1})


def test_an_amplitude_outside_of_the_set_is_refused() -> None:
    with pytest.raises(
        InvalidParameterError, match=r"0 <= `pulse\.amplitude_V` <= 1, .*'memtorch', .* got 1\.5; stay inside"
    ):
        Configuration.from_dotted({"device.law": "vteam", "pulse.amplitude_V": 1.5})
    Configuration(device=Device(law="vteam"), pulse=Pulse(amplitude_V=1.0))


@pytest.mark.parametrize("mode", ["insitu", "noise_aware"])
def test_a_network_through_the_kinetics_is_trained_on_the_nominal_device(mode: str) -> None:
    readout = Readout(kind="network", trained_for=mode)  # type: ignore[arg-type]  # parametrised
    with pytest.raises(
        InvalidParameterError, match=rf"`readout\.trained_for`: exsitu .*'{mode}'; .*`readout\.kind`: mlp"
    ):
        Configuration(readout=readout)
    dataclasses.replace(readout, trained_for="exsitu")


def test_nothing_said_is_the_default() -> None:
    parts = {"device": Device(), "pulse": Pulse(), "readout": Readout(), "crossbar": Crossbar()}
    assert Configuration.from_dotted({}) == Configuration(**parts) == Configuration()  # type: ignore[arg-type]  # one dict of all
