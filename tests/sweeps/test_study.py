"""What a study holds after accidents: what a killed driver left, another driver's trials, failures of workers."""

import dataclasses
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage

from sweeps import study as studies
from sweeps.driver import drive
from sweeps.executor import Job, Outcome
from sweeps.inline_executor import InlineExecutor
from sweeps.space import Choices, Space
from sweeps.spec import Spec
from sweeps.storage import PatientStorage, Storage, StorageError
from sweeps.study import Record, State, SweepStudy
from tasks import Configuration, Evaluation, Task


@pytest.fixture
def evaluation(tiny_spec: Spec, tiny_task: Task) -> Evaluation:
    executor = InlineExecutor(tiny_task, tiny_spec.evaluator)
    executor.submit([Job(trial=0, configuration=Configuration.from_dotted({"readout.kind": "ridge"}))])
    found = executor.wait()[0].evaluation
    assert found is not None
    return found


def test_what_a_killed_driver_had_begun_to_tell_does_not_contradict_the_end(
    tiny_spec: Spec, evaluation: Evaluation, tmp_path: Path
) -> None:
    begun = SweepStudy(tiny_spec, tmp_path / "journal.log")
    begun.ask(0)
    begun.ask(1)
    begun._storage.set_trial_user_attr(0, "error", "WorkerDied: three times")
    begun._storage.set_trial_user_attr(1, "evaluation", evaluation.to_dict())
    resumed = SweepStudy(tiny_spec, tmp_path / "journal.log")
    assert [record.evaluation or record.error for record in resumed.records()] == [None, None]
    for number, outcome in enumerate((Outcome(trial=0, evaluation=evaluation), Outcome(trial=1, error="Worse: x"))):
        resumed.ask_again(number)
        told = resumed.tell(outcome)
        read = SweepStudy(tiny_spec, tmp_path / "journal.log").record(number)
        assert read == told
        assert (read.evaluation, read.error) == (outcome.evaluation, outcome.error)


@pytest.mark.parametrize(
    ("error", "copied"),
    [
        ("WorkerDied: its worker died 3 times: (1) no answer", False),
        ("MemoryError: no room for 32 GB", False),
        ("_ArrayMemoryError: Unable to allocate 32 GiB", False),
        ("DivergenceError: a WorkerDied: in the text", True),
    ],
)
def test_a_failure_that_may_be_the_workers_is_not_copied_to_duplicates(
    error: str, copied: bool, tiny_spec: Spec, evaluation: Evaluation, tmp_path: Path
) -> None:
    one_point = Space({"device.beta": Choices(choices=(0.1,))})
    spec = dataclasses.replace(tiny_spec, space=one_point, sampler="random")
    study = SweepStudy(spec, tmp_path / "journal.log")
    study.ask(0)
    study.tell(Outcome(trial=0, error=error))
    study.ask(1)
    copy = study.copy_of_earlier(1, 1)
    assert (copy.error if copy else None) == (error if copied else None)
    study.tell(copy or Outcome(trial=1, evaluation=evaluation))
    study.ask(2)
    resumed = SweepStudy(spec, tmp_path / "journal.log")
    resumed.ask_again(2)
    for each in (study, resumed):
        copy = each.copy_of_earlier(2, 2)
        assert copy is not None
        assert copy.duplicate_of == (0 if copied else 1)
        assert copy.error == (error if copied else None)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database in the place of every study's storage; SQLite, which takes the same statements."""
    address = f"sqlite:///{tmp_path / 'study.db'}"

    class Database(PatientStorage):
        def __init__(self) -> None:
            self._storage, self._stop = Storage(url="postgresql+psycopg://db/optuna"), lambda: False
            RDBStorage.__init__(self, address)

    monkeypatch.setattr(studies, "open_storage", lambda *words, **named: Database())
    return address


@pytest.mark.parametrize(("sampler", "trials"), [("tpe", 14), ("nsga2", 56)])  # with trials that were learnt from
def test_a_study_in_a_database_is_the_one_of_the_journal_and_anybodys(
    sampler: str,
    trials: int,
    database: str,
    tiny_spec: Spec,
    tiny_task: Task,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = dataclasses.replace(tiny_spec, sampler=sampler, configurations=trials, lag=3)

    def run(stop_after: int | None) -> SweepStudy:
        """Drive, perhaps stopped after some trials and gone on with from a study opened anew."""
        for most in (stop_after, trials + 1):
            study = SweepStudy(spec, tmp_path / "journal.log")
            told: list[Record] = []
            drive(
                study,
                InlineExecutor(tiny_task, spec.evaluator),
                configurations=trials,
                lag=spec.lag,
                on_told=told.append,
                stop=lambda told=told, most=most: most is not None and len(told) >= most,
            )
        return study

    def plain(study: SweepStudy) -> list[tuple[object, ...]]:
        return [
            (trial.number, trial.params, trial.distributions, trial.values, trial.system_attrs, trial.state)
            for trial in study._study.trials
        ]

    stored = plain(run(trials - 3))
    read = optuna.load_study(study_name=spec.name, storage=database)
    assert [trial.user_attrs["evaluation"]["accuracy"] for trial in read.trials] == [values[3][0] for values in stored]
    monkeypatch.undo()
    assert plain(run(None)) == stored


def test_a_second_driver_is_told_so_and_the_first_goes_on(database: str, tiny_spec: Spec, tmp_path: Path) -> None:
    first, second = (SweepStudy(tiny_spec, tmp_path / "journal.log") for _ in range(2))
    first.ask(0)
    with pytest.raises(StorageError, match=r"One process at a time must drive .* wrote trial 0 .* `memsweep resume"):
        second.ask(0)
    second.ask_again(0)
    first.tell(Outcome(trial=0, error="Worse: x"))
    with pytest.raises(StorageError, match="wrote trial 0"):
        second.tell(Outcome(trial=0, error="Better: y"))
    first.ask(1)
    assert [(record.state, record.error) for record in first.records()] == [
        (State.FAILED, "Worse: x"),
        (State.RUNNING, None),
    ]
