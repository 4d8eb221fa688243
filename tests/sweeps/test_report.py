"""What a report says of real sweeps: true numbers, plain words, and no crash where something is missing."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweeps.errors import SweepError
from sweeps.home import Home, SweepFolder
from sweeps.report import collect_content
from sweeps.report.answer import answer
from sweeps.report.collect import paper_points
from sweeps.report.methods import methods
from sweeps.report.view import View
from sweeps.robustness.choose import choose
from sweeps.run import NoObserver, Options, run
from sweeps.spec import parse_spec
from sweeps.study import Record, State, SweepStudy
from tasks import load_task
from tracking.report.content import Content

SWEEP: dict[str, Any] = {
    "name": "small",
    "task": "digits",
    "seed": 2,
    "configurations": 40,
    "chips": 3,
    "robust": {"fresh_chips": 6},
    "objectives": {"accuracy": "maximize", "parameters": "minimize", "energy_J": "minimize"},
    "sampler": "random",
    "configuration": {
        "device.d2d": 0.1,
        "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
        "pulse.interval_s": {"low": 1e-7, "high": 1e-5, "log": True},
        "pulse.read_every": {"choices": [1, 4]},
        "readout.kind": "ridge",
    },
}


def run_it(home: Path, **changes: Any) -> SweepFolder:
    spec = parse_spec({**SWEEP, **changes})
    return run(spec, Home(home), Options(executor="inline")).folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    return run_it(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def content(small: SweepFolder) -> Content:
    return collect_content(small)


def test_a_report_is_plain_data_of_all_trials(small: SweepFolder, content: Content) -> None:
    plain = json.loads(json.dumps(asdict(content), allow_nan=False))
    assert (plain["complete"], plain["planned"], plain["finished"], plain["failed"]) == (True, 40, 40, 0)
    records = SweepStudy(small.spec(), small.journal).records()
    assert {len(column) for column in content.columns.values()} == {40}
    assert content.columns["trial"] == list(range(40))
    for name in ("pulse.width_s", "accuracy", "energy_J", "parameters"):
        for shown, record in zip(content.columns[name], records, strict=True):
            assert record.evaluation is not None
            exact = record.configuration[name] if "." in name else getattr(record.evaluation, name)
            assert shown == pytest.approx(exact, rel=5e-6)
    front = [trial for trial, on in zip(content.columns["trial"], content.columns["on_front"], strict=True) if on]
    assert front == sorted(entry["trial"] for entry in content.front)
    result = small.result()
    assert result is not None
    assert content.front == result["pareto"]
    assert content.control == result["control"]
    assert content.growth["front_size"][-1] == len(front)
    assert content.growth["best_accuracy"][-1] == pytest.approx(max(content.columns["accuracy"]), rel=1e-5)
    assert content.hypervolume_unit == "accuracy x decades of parameters x decades of energy per inference"
    assert set(content.checksums) == {"training", "validation", "test"}
    assert content.checksums["test"] == load_task("digits").test.sha256
    assert parse_spec({**SWEEP}) == small.spec()
    assert "pulse.width_s" in content.spec


def test_portraits_are_of_the_chosen_and_have_the_recorded_accuracy(content: Content) -> None:
    evaluations = {entry["trial"]: entry["evaluation"] for entry in content.front}
    whys = {portrait.trial: portrait.why for portrait in content.portraits}
    best = max(evaluations, key=lambda trial: (evaluations[trial]["accuracy"], -evaluations[trial]["energy_J"]))
    assert "best accuracy" in whys[best]
    assert 1 <= len(whys) <= 3
    e = evaluations[best]
    loss = max(0.01, e["accuracy_std"] / 3**0.5)
    enough = [each for each in evaluations.values() if each["accuracy"] >= e["accuracy"] - loss]
    [cheap] = [trial for trial, why in whys.items() if "least energy" in why]
    assert evaluations[cheap]["energy_J"] == min(each["energy_J"] for each in enough)
    # The answer names the one that is portrayed.
    told = re.search(r"The least energy per inference within .*? has trial (\d+)", " ".join(content.answer))
    assert (int(told[1]) if told else best) == cheap
    for portrait in content.portraits:
        assert portrait.part == "test"
        assert np.mean(portrait.accuracy) == evaluations[portrait.trial]["test_accuracy"]
        assert np.sum(portrait.confusion) == 6 * 359
        assert [example.label for example in portrait.examples] == list(portrait.classes)
        assert sum(portrait.energy_J.values()) == pytest.approx(portrait.evaluation["energy_J"], rel=1e-12)
        state = portrait.examples[3].state[5]
        assert state == float(f"{state:.4g}")
    assert not any("trained once more" in note for note in content.assumptions)


def test_a_trial_off_the_front_never_sees_the_test_part(small: SweepFolder) -> None:
    off = next(t for t in range(40) if t not in [entry["trial"] for entry in View.of(small).front])
    content = collect_content(small, trials=[off])
    [portrait] = [each for each in content.portraits if each.trial == off]
    assert (portrait.part, portrait.why) == ("validation", "asked for")
    assert np.mean(portrait.accuracy) == portrait.evaluation["accuracy"]
    with pytest.raises(SweepError, match="has no trial 99; its trials are 0 to 39"):
        collect_content(small, trials=[99])


def test_the_knee_lies_farthest_above_the_line_between_the_ends(small: SweepFolder) -> None:
    view = View.of(small)

    def point(trial: int, accuracy: float, energy_J: float) -> dict[str, Any]:
        evaluation = {**view.front[0]["evaluation"], "accuracy": accuracy, "accuracy_std": 0.0, "energy_J": energy_J}
        return {"trial": trial, "configuration": {}, "evaluation": evaluation}

    # On the scale of logarithms: 1 and 2 decades saved of 3, for 1/10 and 4/10 of the accuracy.
    front = [point(0, 0.9, 1e-9), point(1, 0.85, 1e-10), point(2, 0.7, 1e-11), point(3, 0.4, 1e-12)]
    bent = replace(view, front=front)
    assert bent.knee is not None
    assert bent.knee["trial"] == 2  # 0.6 + 2/3 - 1 = 0.267 exceeds 0.9 + 1/3 - 1 = 0.233
    assert bent.cheapest["trial"] == 0
    noisy = {**front[0], "evaluation": {**front[0]["evaluation"], "accuracy_std": 0.06 * 3**0.5}}
    assert replace(view, front=[noisy, *front[1:]]).cheapest["trial"] == 1
    straight = replace(view, front=[point(0, 0.9, 1e-9), point(1, 0.6, 1e-11)])
    assert straight.knee is None
    assert (straight.best["trial"], straight.cheapest["trial"]) == (0, 0)


@pytest.mark.parametrize(
    ("test", "control", "words"),
    [
        (0.97, 0.90, "the kinetics add 7.0 points, more than the luck of 359 cases explains (3.6 points)"),
        (0.97, 0.96, "the two are level, for 359 cases cannot tell differences below 2.7 points"),
        (0.95, 0.96, "one of 1.0 point in favour of the control"),
        (0.90, 0.97, "better by 7.0 points, so the kinetics cost accuracy here"),
    ],
)
def test_the_answer_says_what_the_kinetics_add(small: SweepFolder, test: float, control: float, words: str) -> None:
    view = View.of(small)
    best = view.best
    scores = {"test_accuracy": test, "control_test_accuracy": control}
    changed = {**best, "evaluation": {**best["evaluation"], **scores}}
    front = [changed if entry is best else entry for entry in view.front]
    told = answer(replace(view, front=front), load_task("digits"), importance=[], paper=[], studies=[])
    assert f"trial {best['trial']}: " in told[0]
    assert f"{test:.1%} of the test part".replace("%", " %") in told[0]
    assert words in told[1]


def test_figures_that_were_chosen_are_not_judged_as_if_they_were_not(small: SweepFolder) -> None:
    view, task = View.of(small), load_task("digits")
    best = view.best
    scores = {"accuracy": 0.97, "control_accuracy": 0.9, "test_accuracy": 0.97, "control_test_accuracy": 0.9}
    front = [{**best, "evaluation": {**best["evaluation"], **scores}}]
    paper = replace(view.spec, task=replace(view.spec.task, protocol="paper"))

    def told(**changes: Any) -> tuple[str, str]:
        changed = replace(view, front=front, **changes)
        said = answer(changed, task, importance=[], paper=[], studies=[])
        return " ".join(said), " ".join(methods(changed, task, []).values())

    said, how = told()
    assert "the kinetics add 7.0 points, more than the luck" in said
    assert "scored once" in said
    assert "chips, which no choice has seen" in how
    assert "the test figures are not" in how
    for changes in ({"complete": False}, {"spec": paper}, {"spec": paper, "complete": False}):
        said, how = told(**changes)
        assert "a difference of 7.0 points. Whether that is more than luck cannot be judged" in said
        assert "the kinetics add" not in said
        optimistic = changes.get("spec") is paper
        assert ("All this is optimistic" in said) is optimistic
        assert ("no choice has seen" in how) is not optimistic
        assert ("so are the test figures" in how) is optimistic
        assert "scored once" not in said


def test_the_best_is_the_same_one_everywhere(tmp_path: Path) -> None:
    folder = run_it(tmp_path, objectives={"accuracy_low": "maximize", "energy_J": "minimize"}, configurations=12)
    result = folder.result()
    assert result is not None
    assert len(result["pareto"]) > 1
    lows = [entry["evaluation"]["accuracy_low"] for entry in result["pareto"]]
    assert lows == sorted(lows, reverse=True)
    # The one of the highest mean is another one, in the order of an earlier version.
    last = result["pareto"].pop()
    last["evaluation"]["accuracy"] = 1.0
    folder.write_result({**result, "pareto": [last, *result["pareto"]]})
    best = result["pareto"][0]["trial"]
    content = collect_content(folder, portraits=False)
    assert [entry["evaluation"]["accuracy_low"] for entry in content.front] == lows
    assert (
        f"trial {best}: {100 * lows[0]:.1f} % accuracy less its spread over chips (mean accuracy" in content.answer[0]
    )
    assert [each.trial for each in choose(folder, "pareto", part="test", most=1)] == [best]
    assert View.of(folder).best["trial"] == best


def test_the_answer_names_failures_studies_and_what_matters(small: SweepFolder, content: Content) -> None:
    view = View.of(small)
    failed = [
        Record(number=40 + i, state=State.FAILED, configuration={}, error=f"DivergenceError: at {i}") for i in range(3)
    ]
    told = answer(
        replace(view, records=[*view.records, *failed], left_out="Left out: trial 7."),
        None,
        importance=content.importance,
        paper=[],
        studies=[],
    )
    *told, failures, left_out = told
    assert failures == "3 configurations failed: DivergenceError (3). For example trial 40: DivergenceError: at 0"
    assert left_out == "Left out: trial 7."
    assert any("share of the importance" in paragraph and "about accuracy" in paragraph for paragraph in told)
    assert "was not studied" in told[-1]


def test_a_study_of_robustness_is_told(small: SweepFolder) -> None:
    point = {"mean": 0.91, "accuracy": [0.91]}
    result = {
        "study": "hot",
        "trial": 3,
        "part": "validation",
        "nominal": point,
        "studied": point,
        "curves": {"device.d2d": [{"value": 0.0, **point}, {"value": 0.5, "mean": 0.42, "accuracy": [0.42]}]},
        "control_accuracy": 0.93,
        "yield_target": 0.9,
    }
    folder = small.path / "robustness" / "hot-3"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result))
    content = collect_content(small, portraits=False)
    [study] = content.studies
    assert (study.name, study.trial, study.result) == ("hot", 3, result)
    [told] = [paragraph for paragraph in content.answer if "Robustness" in paragraph]
    assert "at the least 42.0 %, at device.d2d = 0.5" in told


class _StopAfter(NoObserver):
    """Stops a sweep as Ctrl-C does."""

    def __init__(self, trials: int) -> None:
        self._left = trials

    def told(self, record: Record) -> None:
        self._left -= 1
        if self._left == 0:
            import os
            import signal

            os.kill(os.getpid(), signal.SIGINT)


def test_an_incomplete_sweep_says_so_and_shows_the_validation_part(tmp_path: Path) -> None:
    spec = parse_spec(SWEEP)
    outcome = run(spec, Home(tmp_path), Options(executor="inline", observer=_StopAfter(10)))
    assert not outcome.complete
    content = collect_content(outcome.folder)
    assert not content.complete
    assert content.answer[0].startswith("The sweep is incomplete")
    assert "on the validation part, a difference of" in content.answer[1]
    assert "before the test part is scored" in content.answer[1]
    assert "of the test part" not in " ".join(content.answer)
    assert {portrait.part for portrait in content.portraits} == {"validation"}
    assert all(portrait.evaluation["test_accuracy"] is None for portrait in content.portraits)
    assert list(content.importance) == []
    assert "At least 20 finished trials" in content.methods["Importance"]
    json.dumps(asdict(content), allow_nan=False)


@pytest.mark.parametrize(
    ("objectives", "configuration"),
    [
        ({"accuracy": "maximize"}, {}),
        ({"energy_J": "minimize"}, {}),
        ({"accuracy_low": "maximize", "latency_s": "minimize"}, {}),
        ({"accuracy": "maximize"}, {"pulse.width_s": 1e-6, "pulse.interval_s": 1e-6, "pulse.read_every": 1}),
    ],
    ids=["one", "no accuracy", "robust", "nothing searched"],
)
def test_any_objectives_are_told(tmp_path: Path, objectives: dict[str, str], configuration: dict[str, Any]) -> None:
    folder = run_it(
        tmp_path,
        objectives=objectives,
        configurations=1 if configuration else 6,
        configuration={**SWEEP["configuration"], **configuration},
    )
    content = collect_content(folder, portraits=len(objectives) > 1)
    assert content.answer[0].startswith("The best of ")
    assert content.question.endswith("?") or "Of these" in content.question
    json.dumps(asdict(content), allow_nan=False)


def test_without_finished_configurations_the_way_out_is_named(tmp_path: Path) -> None:
    hopeless = {"device.alpha": 1e-3, "device.beta": 5.0, "device.floor_policy": "fail"}
    folder = run_it(tmp_path, configurations=3, configuration={**SWEEP["configuration"], **hopeless})
    way_out = f"DivergenceError.*`memsweep show small 0 --home {tmp_path}`, then run it under another name"
    with pytest.raises(SweepError, match=f"needs a finished configuration, but all 3 .*{way_out}"):
        collect_content(folder)
    with pytest.raises(SweepError, match=f"needs a finished trial, but all 3 .*{way_out}"):
        choose(folder, "pareto", part="validation", most=1)
    folder.result_file.unlink()
    with pytest.raises(SweepError, match=r"has none \(trial 0: DivergenceError.*go on with `memsweep resume small"):
        collect_content(folder)


def test_when_the_data_have_gone_the_rest_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / "my.npz"
    y = np.arange(60) % 2

    def save(scale: float) -> None:
        x = rng.random((60, 2, 5)) * scale + 0.3 * y[:, None, None]
        np.savez(file, train_x=x, train_y=y, test_x=x, test_y=y)

    save(0.5)
    folder = run_it(tmp_path, task={"kind": "arrays", "path": str(file)}, configurations=6)
    before = collect_content(folder)
    assert before.portraits
    save(0.6)
    changed = collect_content(folder)
    assert any("data have changed" in note for note in changed.assumptions)
    assert changed.checksums == before.checksums
    file.unlink()
    gone = collect_content(folder)
    assert not gone.portraits
    assert any("The data are not at hand" in note and "my.npz" in note for note in gone.assumptions)
    assert gone.checksums == before.checksums
    assert gone.columns == before.columns


@pytest.mark.parametrize(
    ("task", "labels", "parameters"),
    [
        ("mnist", ["DDK", "DDK-exp, on a chip", "LeNet"], 38_200),
        ("mnist_scans", ["DDK", "DDK-exp, on a chip", "LeNet"], 38_200),
        ("sitw", ["DDK", "DDK-exp, on a chip", "SL-CNN", "MFCC"], 2_200),
        ("modelnet10_lines", ["DDK", "DDK-exp, on a chip", "VoxNet"], 166_000),
        ("utd_mhad", ["DDK, UCF101", "DDK-exp, on a chip, UCF101", "C3D, UCF101"], 649_700),
        ("ucf101", ["DDK", "DDK-exp, on a chip", "C3D"], 649_700),
        ("digits", [], None),
        ("fsdd", [], None),
    ],
)
def test_the_papers_points(task: str, labels: list[str], parameters: float | None) -> None:
    points = paper_points(task)
    assert [point.label for point in points] == labels
    assert {point.parameters for point in points if not point.is_reference} == ({parameters} if parameters else set())


def test_columns_of_metrics_are_short_those_of_fields_exact_and_what_is_missing_is_kept(small: SweepFolder) -> None:
    def rounded(value: Any) -> bool:
        return value is None or value == float(f"{value:.6g}")

    content = collect_content(small, portraits=False)
    assert all(rounded(value) for value in content.columns["energy_J"])
    records = SweepStudy(small.spec(), small.journal).records()
    assert content.columns["pulse.width_s"] == [record.configuration["pulse.width_s"] for record in records]
    tested = [value is not None for value in content.columns["test_accuracy"]]
    assert tested == content.columns["on_front"]
