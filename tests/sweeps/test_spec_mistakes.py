"""Sweep files with mistakes: one clear error for each, which says the rule, the value and the way out."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from sweeps.errors import SpecError, SweepError
from sweeps.spec import load_spec, parse_spec
from tests.sweeps.test_spec import GOOD


def mistakes_of(document: Any, **keywords: Any) -> tuple[str, ...]:
    with pytest.raises(SpecError) as caught:
        parse_spec(document, **keywords)
    return caught.value.messages


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("sed", "3", ("override", "'sed'", "did you mean 'seed'?")),
        ("widht_s", "3", ("override", "'widht_s'", "did you mean 'pulse.width_s'?")),
        ("configuration", "3", ("override", "'configuration'", "did you mean 'configurations'?")),
        ("pulse.width_s", "{low: 1", ("Override `pulse.width_s`", "must be YAML", "line 1", "correct")),
        ("pulse.width_s", "{low: 1, low: 2}", ("Override `pulse.width_s`", "once", "'low'", "remove")),
        ("pulse.width_s", "-1", ("`pulse.width_s` > 0", "-1.0", "seconds")),
        ("objectives.speed", "maximize", ("objective", "'speed'", "choose from accuracy")),
        ("chips", "", ("`chips` must be a whole number >= 1", "None", "`chips: 8`")),
    ],
)
def test_a_mistaken_override_is_one_error(name: str, value: str, parts: tuple[str, ...]) -> None:
    (message,) = mistakes_of(GOOD, overrides={name: value})
    assert all(part in message for part in parts), message


def test_each_mistake_of_how_accuracies_are_judged_is_told() -> None:
    (message,) = mistakes_of(GOOD, overrides={"robust.quantile": "2"})
    assert message.startswith("0 <= `robust.quantile` <= 1")
    messages = mistakes_of({**GOOD, "robust": {"quantile": 2, "confidence": 1, "fresh": 3}})
    assert len(messages) == 3


# (key, value, what the one message says: rule, value, way out)

TOP_LEVEL = [
    ("sampeler", "tpe", ("key of the sweep file", "'sampeler'", "did you mean 'sampler'?")),
    (7, "tpe", ("key of the sweep file", "7", "choose from name")),
    ("name", "a/b", ("`name` must be 1 to 100 letters", "'a/b'", "`name: digits-2`")),
    ("name", ".a", ("the first no `.`", "'.a'", "write")),
    ("name", "a" * 101, ("1 to 100", "aaa", "write")),
    ("name", "a\n", ("1 to 100", r"'a\n'", "write")),
    ("name", 3, ("`name`", "3", "write")),
    ("task", "digit", ("`task`", "'digit'", "did you mean 'digits'?")),
    ("task", ["digits"], ("`task`", "['digits']", "did you mean 'digits'?")),
    ("task", "arrays", ("'arrays' must have a path", "None", "`task: {kind: arrays, path: my.npz}`")),
    ("task", {"kind": "arrays", "path": 3}, ("must have a path", "3", "path: my.npz")),
    ("task", {"kind": "digits", "path": "x.npz"}, ("must have no path", "'x.npz'", "`task: digits`")),
    ("task", {"kind": "digits", "pth": 3}, ("key of `task`", "'pth'", "did you mean 'path'?")),
    ("seed", -1, ("`seed` must be a whole number >= 0", "-1", "write")),
    ("seed", True, ("`seed` must be a whole number", "True", "write")),
    ("configurations", 0, ("`configurations` must be a whole number >= 1", "0", "`configurations: 8`")),
    ("configurations", "many", ("`configurations`", "'many'", "write")),
    ("chips", 0, ("`chips` must be a whole number >= 1", "0", "`chips: 8`")),
    ("chips", 2.5, ("`chips` must be a whole number", "2.5", "`chips: 8`")),
    ("lag", 0, ("`lag` must be a whole number >= 1", "0", "`lag: 8`")),
    ("objectives", {}, ("`objectives` must be a mapping of at least one", "{}", "{accuracy: maximize}")),
    ("objectives", ["accuracy"], ("`objectives` must be a mapping", "['accuracy']", "{accuracy: maximize}")),
    ("objectives", {"acuracy": "maximize"}, ("objective", "'acuracy'", "did you mean 'accuracy'?")),
    ("objectives", {"accuracy": "max"}, ("direction", "'max'", "choose from maximize, minimize")),
    ("objectives", {"accuracy": True}, ("direction of the objective `accuracy`", "True", "maximize, mini")),
    ("robust", 0.9, ("`robust` must be a mapping", "0.9", "`robust: {yield_target: 0.9}`")),
    ("robust", {"yield": 0.9}, ("setting of `robust`", "'yield'", "choose from std_factor")),
    ("robust", {"quantil": 0.9}, ("setting of `robust`", "'quantil'", "did you mean 'quantile'?")),
    ("robust", {"yield_target": 90}, ("0 <= `robust.yield_target` <= 1", "90.0", "0.9 being 90 %")),
    ("robust", {"fresh_chips": 0}, ("`robust.fresh_chips` >= 1", "0", "50 is customary")),
    ("robust", {"racing_chips": 2.5}, ("`robust.racing_chips` must be a whole number", "2.5", "such as 16")),
    ("robust", {"racing_chips": 1}, ("one chip tells no spread", "1", "3 or more")),
    ("robust", {"confidence": "high"}, ("`robust.confidence` must be a finite number", "'high'", "such as 0.05")),
    ("robust", {"std_factor": float("inf")}, ("`robust.std_factor` must be a finite number", "inf", "such as 0.05")),
    ("sampler", "tep", ("`sampler`", "'tep'", "did you mean 'tpe'?")),
    ("sampler", None, ("`sampler`", "None", "choose from auto, tpe")),
    ("sampler", "grid", ("needs a finite space", "`pulse.amplitude_V` without a step", "`sampler: qmc`")),
    ("configuration", [1], ("`configuration` must be a mapping", "[1]", "write")),
    ("configuration", None, ("`configuration` must be a mapping", "None", "write")),
    ("configuration", {}, ("`configurations` = 1 must hold", "100", "set `configurations: 1`")),
]


@pytest.mark.parametrize(("key", "value", "parts"), TOP_LEVEL)
def test_a_mistake_at_the_top_is_one_error(key: Any, value: Any, parts: tuple[str, ...]) -> None:
    (message,) = mistakes_of({**GOOD, key: value})
    assert all(part in message for part in parts), message
    assert "\n" not in message


RANGE = {"low": 0.5, "high": 3.0}
FIELDS = [
    ("pulse.widht_s", 1e-7, ("field of `configuration`", "'pulse.widht_s'", "did you mean 'pulse.width_s'?")),
    ("width_s", 1e-7, ("field of `configuration`", "'width_s'", "did you mean 'pulse.width_s'?")),
    ("quux", 1, ("field of `configuration`", "'quux'", "choose from device.law")),
    ("pulse.width_s", "long", ("`pulse.width_s` must be a finite number", "'long'", "such as 0.05")),
    ("pulse.width_s", True, ("`pulse.width_s` must be a finite number", "True", "such as 0.05")),
    ("pulse.width_s", float("inf"), ("`pulse.width_s` must be a finite number", "inf", "such as 0.05")),
    ("pulse.width_s", 10**400, ("`pulse.width_s` must be a finite number", "000...", "such as 0.05")),
    ("pulse.width_s", None, ("`pulse.width_s` must be a finite number", "None", "leave it out")),
    ("pulse.width_s", [1e-7], ("`pulse.width_s` must be a finite number", "[1e-07]", "such as 0.05")),
    ("device.alpha", "x", ("`device.alpha` must be a finite number or null", "'x'", "such as 0.05")),
    ("device.law", 3, ("`device.law` must be text", "3", "put it in quotes")),
    ("device.law", "drift_difusion", ("`device.law`", "'drift_difusion'", "did you mean 'drift_diffusion'?")),
    ("device.law", {"choices": ["drift"]}, ("`device.law`", "'drift'", "drift_diffusion")),
    ("readout.epochs", 2.5, ("`readout.epochs` must be a whole number", "2.5", "such as 16")),
    (
        "readout.epochs",
        2**60,
        ("`readout.epochs` must be a whole number", "1152921504606846976", "such as 16"),
    ),
    ("readout.hidden", ["a"], ("`readout.hidden` must be a whole number or a list", "['a']", "[32, 16]")),
    ("readout.hidden", [], ("`readout.hidden` >= 1", "()", "give the units")),
    ("readout.kind", "mpl", ("`readout.kind`", "'mpl'", "did you mean 'mlp'?")),
    (
        "pulse.width_s",
        {"low": 3, "high": 1},
        ("`low` < `high` of `pulse.width_s`", "(3.0, 1.0)", "swap them"),
    ),
    ("pulse.width_s", {"low": 1, "high": 1}, ("`low` < `high`", "(1.0, 1.0)", "a single value")),
    ("pulse.width_s", {"low": 1}, ("must give `low` and `high`, or `choices`", "{'low': 1}", "write")),
    ("pulse.width_s", {}, ("must give `low` and `high`, or `choices`", "{}", "write")),
    ("pulse.width_s", {**RANGE, "low": "a"}, ("`low` of `pulse.width_s` must be", "'a'", "such as 0.05")),
    ("pulse.width_s", {**RANGE, "high": False}, ("`high` of `pulse.width_s`", "False", "such as 0.05")),
    ("pulse.width_s", {**RANGE, "log": 1}, ("`log` of `pulse.width_s` must be true", "1", "`log: true`")),
    ("pulse.width_s", {**RANGE, "logg": True}, ("keyword of `pulse.width_s`", "'logg'", "mean 'log'?")),
    ("pulse.width_s", {"lo": 1, "high": 2}, ("keyword of `pulse.width_s`", "'lo'", "mean 'low'?")),
    ("pulse.width_s", {**RANGE, "step": 0}, ("0 < `step` <= `high` - `low`", "0.0", "positive step")),
    ("pulse.width_s", {**RANGE, "step": 9}, ("0 < `step` <= `high` - `low`", "9.0", "smaller")),
    ("pulse.width_s", {**RANGE, "step": 1e-300}, ("at most 1,000,000,000 points", "1e-300", "larger step")),
    ("pulse.width_s", {**RANGE, "step": 1, "log": True}, ("`log` and `step`", "1.0", "one of them")),
    ("pulse.interval_s", {"low": 0, "high": 1, "log": True}, ("`low` > 0", "0.0", "leave `log` out")),
    ("readout.epochs", {"low": 1.5, "high": 3}, ("`low` of `readout.epochs` must be a whole", "1.5", "16")),
    ("readout.epochs", {"low": 1, "high": 9, "step": 0.5}, ("`step` of `readout.epochs`", "0.5", "16")),
    ("readout.kind", {"low": 1, "high": 2}, ("no number: it must vary by `choices`", "'low': 1", "choices")),
    ("readout.kind", {"choices": ["ridge", "x"]}, ("`choices` of `readout.kind`", "'x'", "ridge, mlp")),
    ("readout.kind", {"choices": []}, ("list of at least one value", "[]", "{choices: [...]}")),
    ("readout.kind", {"choices": "mlp"}, ("list of at least one value", "'mlp'", "{choices: [...]}")),
    ("readout.hidden", {"choices": [8, 8.0]}, ("must be given once", "8", "remove one")),
    ("pulse.width_s", {"choices": [1], "low": 1}, ("`choices` and `low`", "1", "one of them")),
    ("pulse.width_s", {"low": -1, "high": 1}, ("`pulse.width_s` > 0", "-1.0", "seconds")),
    ("device.d2d", {"low": 0, "high": 2}, ("0 <= `device.d2d` <= 1", "2.0", "share")),
    ("device.d2d", {"low": -2, "high": -1}, ("0 <= `device.d2d` <= 1", "-2.0", "share")),
    ("device.alpha", {"choices": [None, 0.1, -1]}, ("`device.alpha` > 0", "-1.0", "positive")),
    ("device.d2d", 2, ("0 <= `device.d2d` <= 1", "2.0", "share")),
    ("device.g_min_S", 2e-4, ("`device.g_min_S` <= `device.g_rest_S`", "0.0002", "inside the window")),
    ("device.g_rest_S", {"low": 5e-5, "high": 1}, ("`device.g_rest_S` <= `device.g_max_S`", "1.0", "inside")),
]


@pytest.mark.parametrize(("field", "value", "parts"), FIELDS)
def test_a_mistake_in_a_field_is_one_error(field: str, value: Any, parts: tuple[str, ...]) -> None:
    (message,) = mistakes_of({**GOOD, "configuration": {**GOOD["configuration"], field: value}})
    assert all(part in message for part in parts), message
    assert "\n" not in message


@pytest.mark.parametrize("key", ["name", "task", "configuration"])
def test_a_missing_key_is_one_error(key: str) -> None:
    (message,) = mistakes_of({other: value for other, value in GOOD.items() if other != key})
    assert message.startswith(f"`{key}` must be given, but is missing; write for example `{key}: ")


def test_a_grid_of_too_many_configurations_says_its_size() -> None:
    small = {"readout.hidden": {"choices": [8, 16, 32]}}
    (message,) = mistakes_of({**GOOD, "sampler": "grid", "configurations": 4, "configuration": small})
    assert "`configurations` <= 3" in message
    assert "got 4; set `configurations: 3`" in message


def test_all_mistakes_are_reported_together_in_the_order_of_the_file() -> None:
    document = {
        "nam": "a",
        "task": "digts",
        "configurations": 0,
        "objectives": {"acuracy": "max"},
        "configuration": {
            "device.d2d": -1,
            "device.c2c": 7,
            "device.floor": 2,
            "pulse.read_V": {"low": -1, "high": 0},
            "pulse.width_s": {"low": 3, "high": 1, "logg": True},
            "readout.kind": "x",
        },
    }
    messages = mistakes_of(document, overrides={"sed": "1"})
    starts = [
        "The name of an override",
        "A key of the sweep file",
        "`name` must be given",
        "`task`",
        "`configurations`",
        "An objective",
        "The direction",
        "A keyword of `pulse.width_s`",
        "`low` < `high` of `pulse.width_s`",
        "`readout.kind`",
        "`device.floor` < 1",
        "0 <= `device.d2d` <= 1",
        "0 <= `device.c2c` <= 1",
        "`pulse.read_V` > 0",
    ]
    assert len(messages) == len(starts)
    for start in starts:
        assert sum(message.startswith(start) for message in messages) == 1, start


def test_a_rule_is_reported_once_where_the_user_wrote_it() -> None:
    """Neither the middle of a range nor its other end repeats what the low end said."""
    crossed = {"device.g_min_S": {"low": 2e-4, "high": 2.5e-4}, "device.d2d": {"choices": [0.05, 2, 3]}}
    messages = mistakes_of({**GOOD, "configuration": crossed})
    assert len(messages) == 2
    assert "(0.0002, 0.0001, 0.0003)" in messages[0]
    assert "got 2.0" in messages[1]


# Files


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("name: [", ("must be YAML", "line 1", "correct")),
        ("- 1\n- 2\n", ("must be a mapping", "[1, 2]", "start it with")),
        ("", ("must be a mapping", "None", "start it with")),
        ("name: a\ntask: digits\nname: b\n", ("given once", "'name' again in line 3", "remove one")),
        ("a: {b: 1, b: 1}\n", ("given once", "'b' again in line 1", "remove one")),
        ("? [a]\n: b\n", ("must be YAML", "unhashable", "correct")),
        ("name: !!python/object/apply:os.getcwd []\n", ("must be YAML", "constructor", "correct")),
        ("name: 2024-99-99\n", ("must be YAML", "month", "correct")),
        ("name: \x07\n", ("must be YAML", "special characters", "correct")),
    ],
)
def test_a_file_that_is_no_sweep_is_one_error(tmp_path: Path, text: str, parts: tuple[str, ...]) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        load_spec(file)
    (message,) = caught.value.messages
    assert all(part in message for part in parts), message
    assert "\n" not in message


def test_a_file_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"must exist, but got '.*absent.yaml'; check the path"):
        load_spec(tmp_path / "absent.yaml")
    with pytest.raises(SpecError, match="must be readable text"):
        load_spec(tmp_path)
    (tmp_path / "image.yaml").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(SpecError, match="must be readable text"):
        load_spec(tmp_path / "image.yaml")


def test_the_error_keeps_its_messages() -> None:
    error = pickle.loads(pickle.dumps(SpecError(["one", "two"])))
    assert error.messages == ("one", "two")
    assert str(error) == "one\ntwo"
    assert isinstance(error, SweepError)
    assert isinstance(error, ValueError)
