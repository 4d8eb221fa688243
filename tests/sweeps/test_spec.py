"""Sweep files: what they become."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics import InvalidParameterError
from sweeps.errors import SpecError
from sweeps.space import Choices, FloatRange, IntRange
from sweeps.spec import SAMPLERS, Budget, Spec, TaskChoice, load_spec, parse_spec
from tasks import OBJECTIVES, Configuration
from tasks.robust import Robust

EXAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "examples").glob("*.yaml")
    if "configuration" in yaml.safe_load(path.read_text())  # the others are studies of robustness
)
GOOD: dict[str, Any] = {
    "name": "good",
    "task": "digits",
    "configuration": {"pulse.amplitude_V": {"low": 0.5, "high": 3.0}},
}


# What a file becomes


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_is_a_sweep(path: Path) -> None:
    spec = load_spec(path)
    assert parse_spec(yaml.safe_load(yaml.safe_dump(spec.to_dict()))) == spec
    middle = spec.space.from_unit([0.5] * len(spec.space.dimensions))
    assert isinstance(spec.configuration(middle), Configuration)


def test_the_digits_example_is_the_documented_one() -> None:
    spec = load_spec(next(path for path in EXAMPLES if path.stem == "digits"))
    assert spec == Spec(
        name="digits",
        task=TaskChoice(kind="digits"),
        seed=0,
        configurations=200,
        chips=8,
        objectives={"accuracy": "maximize", "parameters": "minimize", "energy_J": "minimize"},
        sampler="auto",
        lag=32,
        fixed=spec.fixed,
        space=spec.space,
    )
    documented = {"device.law": "drift_diffusion", "device.d2d": 0.05, "readout.kind": "mlp"}
    assert documented.items() <= spec.fixed.items()  # beside settings of the training
    assert dict(spec.space.dimensions) == {
        "pulse.width_s": FloatRange(low=1e-8, high=1e-4, log=True),
        "pulse.interval_s": FloatRange(low=1e-8, high=1e-3, log=True),
        "pulse.amplitude_V": FloatRange(low=0.5, high=3.0),
        "pulse.read_every": Choices(choices=(1, 2, 4)),
        "readout.hidden": Choices(choices=(8, 16, 32)),
    }


def test_numbers_may_be_written_as_yaml_takes_for_text(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(
        "name: a\ntask: digits\nconfiguration:\n"
        "  pulse.width_s: {low: 1e-8, high: 1e-4, log: true}\n"
        "  pulse.interval_s: 2e-6\n"
        "  device.alpha: {choices: [null, 1e-2]}\n"
        "  readout.epochs: 1.0e+1\n"
    )
    spec = load_spec(file)
    assert spec.fixed == {"pulse.interval_s": 2e-6, "readout.epochs": 10}
    assert type(spec.fixed["readout.epochs"]) is int
    assert spec.space.dimensions["pulse.width_s"] == FloatRange(low=1e-8, high=1e-4, log=True)
    assert spec.space.dimensions["device.alpha"] == Choices(choices=(None, 0.01))


def test_fields_keep_their_types() -> None:
    configuration = {
        "device.d2d": {"low": 0, "high": 1},
        "device.alpha": {"low": 0.01, "high": 0.5},
        "readout.epochs": {"low": 1, "high": 64, "log": True},
        "readout.batch": {"low": 16, "high": 64.0, "step": 16},
        "readout.hidden": {"choices": [8, [32, 16]]},
        "readout.learning_rate": 1,
    }
    spec = parse_spec({**GOOD, "configuration": configuration})
    assert dict(spec.space.dimensions) == {
        "device.d2d": FloatRange(low=0.0, high=1.0),
        "device.alpha": FloatRange(low=0.01, high=0.5),
        "readout.epochs": IntRange(low=1, high=64, log=True),
        "readout.batch": IntRange(low=16, high=64, step=16),
        "readout.hidden": Choices(choices=(8, (32, 16))),
    }
    assert type(spec.fixed["readout.learning_rate"]) is float


def test_params_become_a_configuration() -> None:
    configuration = {"device.d2d": 0.05, "readout.hidden": {"choices": [8, [32, 16]]}}
    spec = parse_spec({**GOOD, "configuration": configuration})
    made = spec.configuration({"readout.hidden": "32-16"})
    assert made == Configuration.from_dotted({"device.d2d": 0.05, "readout.hidden": (32, 16)})


def test_dimensions_that_cross_are_refused_as_a_whole() -> None:
    configuration = {
        "device.g_min_S": {"low": 1e-5, "high": 9e-5},
        "device.g_rest_S": {"low": 8e-5, "high": 1e-4},
    }
    spec = parse_spec({**GOOD, "configuration": configuration})
    with pytest.raises(InvalidParameterError, match="g_rest_S"):
        spec.configuration({"device.g_min_S": 9e-5, "device.g_rest_S": 8e-5})


def test_a_path_starts_at_the_folder_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump({**GOOD, "task": {"kind": "arrays", "path": "data/my.npz"}}))
    spec = load_spec(str(file))
    assert spec.task == TaskChoice(kind="arrays", path=(tmp_path / "data/my.npz").resolve())


def test_a_path_in_an_override_starts_at_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = parse_spec(GOOD, {"task": "{kind: arrays, path: my.npz}"}, base_dir="/elsewhere")
    assert spec.task.path == tmp_path.resolve() / "my.npz"


def test_a_task_may_name_its_protocol() -> None:
    spec = parse_spec({**GOOD, "task": {"kind": "sitw", "protocol": "paper"}})
    assert spec.task == TaskChoice(kind="sitw", protocol="paper")
    assert parse_spec(spec.to_dict()) == spec
    with pytest.raises(SpecError, match=r"protocol of the task 'sitw' .* did you mean 'paper'"):
        parse_spec({**GOOD, "task": {"kind": "sitw", "protocol": "papers"}})
    assert parse_spec(spec.to_dict()) == spec  # the plain form does not depend on a folder


def test_yaml_merges_are_no_duplicates(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(
        "name: a\ntask: digits\nconfiguration:\n"
        "  pulse.width_s: &range {low: 1.0e-8, high: 1.0e-4}\n"
        "  pulse.interval_s: {<<: *range, high: 1.0e-3}\n"
    )
    assert load_spec(file).space.dimensions["pulse.interval_s"] == FloatRange(low=1e-8, high=1e-3)


@pytest.mark.parametrize(
    ("sampler", "configurations", "trials"),
    [("auto", 100, 3), ("auto", 2, 2), ("random", 100, 100), ("tpe", 100, 100), ("grid", 3, 3)],
)
def test_auto_visits_each_point_of_a_small_space_once(sampler: str, configurations: int, trials: int) -> None:
    small = {"sampler": sampler, "configurations": configurations}
    spec = parse_spec({**GOOD, **small, "configuration": {"readout.hidden": {"choices": [8, 16, 32]}}})
    assert spec.trials == trials


# Overrides


def test_overrides_replace_single_entries() -> None:
    spec = parse_spec(
        GOOD,
        {
            "seed": "3",
            "configurations": 50,
            "name": "other",
            "objectives.macs": "minimize",
            "pulse.amplitude_V": "1.5",
            "pulse.width_s": "{low: 1e-8, high: 1e-4, log: true}",
            "readout.hidden": "[32, 16]",
            "task": "{kind: arrays, path: /data/my.npz}",
        },
    )
    assert (spec.seed, spec.configurations, spec.name) == (3, 50, "other")
    assert list(spec.objectives) == ["accuracy", "parameters", "energy_J", "macs"]
    assert spec.fixed == {"pulse.amplitude_V": 1.5, "readout.hidden": (32, 16)}
    assert dict(spec.space.dimensions) == {"pulse.width_s": FloatRange(low=1e-8, high=1e-4, log=True)}
    assert GOOD["configuration"] == {"pulse.amplitude_V": {"low": 0.5, "high": 3.0}}  # left alone


def test_how_accuracies_are_judged_belongs_to_the_sweep() -> None:
    spec = parse_spec({**GOOD, "robust": {"yield_target": "9e-1", "racing_chips": 4.0}}, {"robust.fresh_chips": "20"})
    assert spec.robust == Robust(yield_target=0.9, racing_chips=4, fresh_chips=20)
    assert type(spec.robust.racing_chips) is int
    assert parse_spec(yaml.safe_load(yaml.safe_dump(spec.to_dict()))) == spec
    # A sweep that says nothing of it keeps its form.
    assert "robust" not in parse_spec(GOOD).to_dict()
    assert parse_spec(GOOD, {"robust.quantile": "0.1"}).robust == Robust(quantile=0.1)


# Round trip

SHARE = st.floats(0, 1)
POSITIVE = st.floats(1e-12, 1e3)


def ranges(values: st.SearchStrategy[float]) -> st.SearchStrategy[dict[str, Any]]:
    ends = st.lists(values, min_size=2, max_size=2, unique=True).map(sorted)
    return st.builds(lambda ends, log: {"low": ends[0], "high": ends[1], "log": log}, ends, st.booleans())


def either(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A fixed value, a choice of such values, or a given strategy."""
    fixed, *others = strategies
    return st.one_of(
        fixed,
        st.lists(fixed, min_size=1, max_size=3, unique_by=repr).map(lambda choices: {"choices": choices}),
        *others,
    )


CONFIGURATIONS = st.fixed_dictionaries(
    {},
    optional={
        "device.law": st.just("drift_diffusion"),
        "device.alpha": either(st.none() | POSITIVE, ranges(POSITIVE)),
        "device.d2d": either(SHARE),
        "device.conducts_as": either(st.sampled_from(["w", "1/w"])),
        "pulse.width_s": either(POSITIVE, ranges(POSITIVE)),
        "pulse.amplitude_V": st.just({"low": 0.5, "high": 3, "step": 0.1}),
        "readout.hidden": either(st.integers(1, 99) | st.lists(st.integers(1, 99), min_size=1, max_size=3)),
        "readout.epochs": either(st.integers(1, 99), st.just({"low": 1, "high": 9, "step": 2})),
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,20}", fullmatch=True),
        "task": st.sampled_from(["digits", "mnist", "sitw", {"kind": "arrays", "path": "a/b.npz"}]),
        "configuration": CONFIGURATIONS,
        "configurations": st.just(1),
    },
    optional={
        "seed": st.integers(0, 2**53),
        "chips": st.integers(1, 99),
        "lag": st.integers(1, 99),
        "sampler": st.sampled_from([name for name in SAMPLERS if name != "grid"]),
        "objectives": st.dictionaries(
            st.sampled_from(OBJECTIVES), st.sampled_from(["maximize", "minimize"]), min_size=1
        ),
    },
)


@settings(deadline=None, max_examples=50)  # one example is a few ms, but the machine may be busy
@given(DOCUMENTS)
def test_the_plain_form_parses_back_to_the_same(document: dict[str, Any]) -> None:
    spec = parse_spec(document)
    again = parse_spec(yaml.safe_load(yaml.safe_dump(spec.to_dict(), sort_keys=False)))
    assert again == spec
    assert list(again.objectives) == list(spec.objectives)
    assert list(again.space.dimensions) == list(spec.space.dimensions)
    assert again.to_dict() == spec.to_dict()


def test_mode_and_budget_are_read_kept_and_checked() -> None:
    document = {
        "name": "x",
        "task": "digits",
        "mode": "throughput",
        "budget": {"seconds": 600, "no_progress": 50},
        "configuration": {"pulse.width_s": {"low": 1e-8, "high": 1e-4}},
    }
    spec = parse_spec(document)
    assert (spec.mode, spec.budget) == ("throughput", Budget(seconds=600.0, no_progress=50))
    assert parse_spec(spec.to_dict()) == spec
    assert parse_spec(document, {"budget.seconds": "60"}).budget == Budget(seconds=60.0, no_progress=50)
    plain = parse_spec({name: document[name] for name in ("name", "task", "configuration")})
    assert (plain.mode, plain.budget) == ("reproducible", Budget())
    assert not {"mode", "budget"} & set(plain.to_dict())
    with pytest.raises(SpecError) as caught:
        parse_spec({**document, "mode": "troughput", "budget": {"seconds": 0, "no_progress": 1.5, "hours": 1}})
    told = "\n".join(caught.value.messages)
    for part in ("did you mean 'throughput'", "`budget.seconds` > 0", "`budget.no_progress` must be", "A setting of"):
        assert part in told
