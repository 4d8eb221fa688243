"""The Optuna study of a sweep: the one durable record of every configuration and what came of it.

One driver owns it; workers never touch it. A trial is asked with a fresh sampler (seeded from study seed and trial
number) and told with its evaluation as a user attribute, so a study read back holds all that was found.
"""

import math
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from sweeps.executor import Outcome
from sweeps.front import RunningFront
from sweeps.journal import sync
from sweeps.samplers import History, make_sampler
from sweeps.spec import Spec
from sweeps.storage import StorageError, open_storage
from tasks import Evaluation

_EVALUATION = "evaluation"
_ERROR = "error"
_DUPLICATE_OF = "duplicate_of"
_SPENT_S = "spent_s"


class State(StrEnum):
    """Life of a trial: asked -> finished | failed; nothing leads back."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One trial of a sweep."""

    number: int
    """Number of the trial."""
    state: State
    """Where it is in its life."""
    configuration: dict[str, Any]
    """The point of the design space, every field under its dotted name."""
    evaluation: Evaluation | None = None
    """What came of it, if it finished."""
    error: str | None = None
    """Why it failed, if it did."""
    duplicate_of: int | None = None
    """The earlier trial of the same configuration whose outcome it took over, if it did."""


class SweepStudy:
    """Ask, tell and read back."""

    def __init__(
        self,
        spec: Spec,
        journal: Path,
        storage: str | None = None,
        *,
        only: int | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Open the study where its sweep lives, or make it.

        Args:
            spec: the sweep.
            journal: the journal in the sweep's folder, whose note says if the study is in a database instead.
            storage: that database with its password, if neither environment nor password file has it.
            only: the one trial that will be read, so that it is read quickly; nothing can then be asked or told.
            stop: asked while a database is waited for; true ends that wait soon.

        Raises:
            StorageError: the database does not answer, or ``storage`` is not where the sweep lives.
        """
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._spec = spec
        self._distributions = spec.space.distributions()
        self._study = optuna.create_study(
            study_name=spec.name,
            storage=open_storage(journal, storage, only=only, stop=stop),
            directions=[StudyDirection[way.upper()] for way in spec.objectives.values()],
            sampler=make_sampler(spec, 0),
            load_if_exists=True,
        )
        self._asked: dict[int, optuna.Trial] = {}
        self._rivals = RunningFront(spec.objectives)

    def ask(self, number: int) -> dict[str, Any]:
        """Ask for trial ``number``, which must be the next; returns every field under its dotted name."""
        with _writing():
            # What ``Study.ask`` does, which first searches all trials for one that waits; there is none here.
            trial_id = self._study._storage.create_new_trial(self._study._study_id)
            return self._suggest(number, trial_id)

    def ask_again(self, number: int) -> dict[str, Any]:
        """Take up a trial that was asked by a driver that has ended; completes a half-written one."""
        with _writing():
            return self._suggest(number, self._study.get_trials(deepcopy=False)[number]._trial_id)

    def _suggest(self, number: int, trial_id: int) -> dict[str, Any]:
        self._study.sampler = make_sampler(self._spec, number, self._history)
        trial = optuna.Trial(self._study, trial_id)
        if trial.number != number:
            raise RuntimeError(f"asked for trial {number}, got {trial.number}; another driver owns this study")
        for name, distribution in self._distributions.items():
            trial._suggest(name, distribution)
        self._asked[number] = trial
        return self._spec.values(trial.params)

    def tell(self, outcome: Outcome) -> Record:
        """Write an outcome down; an objective that is not finite makes it a failure."""
        trial = self._asked.pop(outcome.trial)
        configuration = self._spec.values(trial.params)
        error = outcome.error
        values: list[float] = []
        if outcome.evaluation is not None:
            values = [float(getattr(outcome.evaluation, name)) for name in self._spec.objectives]
            if not all(math.isfinite(value) for value in values):
                named = dict(zip(self._spec.objectives, values, strict=True))
                error = f"NonFiniteObjective: every objective must be a finite number, but got {named}"
        evaluation = None if error is not None else outcome.evaluation
        with _writing():
            if outcome.duplicate_of is not None:
                trial.set_user_attr(_DUPLICATE_OF, outcome.duplicate_of)
            if evaluation is None:
                trial.set_user_attr(_ERROR, error)
                told = self._study.tell(trial, state=TrialState.FAIL)
            else:
                trial.set_user_attr(_EVALUATION, evaluation.to_dict())
                told = self._study.tell(trial, values)
            sync(self._study._storage)
        self._history.add(told)
        self._note_first(told)
        return Record(
            number=outcome.trial,
            state=State.FAILED if evaluation is None else State.FINISHED,
            configuration=configuration,
            evaluation=evaluation,
            error=error,
            duplicate_of=outcome.duplicate_of,
        )

    def copy_of_earlier(self, number: int, before: int) -> Outcome | None:
        """The outcome of the first told trial of the same configuration as ``number``, if that is below ``before``."""
        first = self._first_told.get(self._key(self._asked[number]), before)
        if first >= before:
            return None
        record = self._record(self._history[first])
        return Outcome(
            trial=number,
            evaluation=record.evaluation and replace(record.evaluation, seconds=0.0),
            error=record.error,
            duplicate_of=first,
        )

    def _note_first(self, told: FrozenTrial) -> None:
        key = self._key(told)
        self._first_told[key] = min(told.number, self._first_told.get(key, told.number))

    def _key(self, trial: optuna.Trial | FrozenTrial) -> tuple[Any, ...]:
        """What two trials of the same configuration have in common."""
        return tuple(self._spec.space.decode(trial.params).values())

    @cached_property
    def _history(self) -> History:
        return History(self._study.get_trials(deepcopy=False))

    @cached_property
    def _first_told(self) -> dict[tuple[Any, ...], int]:
        """The first told trial of each configuration."""
        first: dict[tuple[Any, ...], int] = {}
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state.is_finished():
                first.setdefault(self._key(trial), trial.number)
        return first

    def records(self) -> list[Record]:
        """Every trial so far, in order; a half-written one at the end is left out."""
        return [
            self._record(trial)
            for trial in self._study.get_trials(deepcopy=False)
            if len(trial.params) == len(self._distributions)
        ]

    def ended_beyond(self, known: Container[int]) -> list[Record]:
        """The trials that have ended and are not known yet, in order."""
        trials = self._study.get_trials(deepcopy=False)
        return [self._record(trial) for trial in trials if trial.state.is_finished() and trial.number not in known]

    def record(self, number: int) -> Record | None:
        """One trial, as ``records`` gives it; None if there is none of that number."""
        trials = self._study.get_trials(deepcopy=False)
        if not 0 <= number < len(trials) or len(trials[number].params) != len(self._distributions):
            return None
        return self._record(trials[number])

    def ended(self) -> tuple[int, int]:
        """(trials finished, trials failed)."""
        states = [trial.state for trial in self._study.get_trials(deepcopy=False)]
        return states.count(TrialState.COMPLETE), states.count(TrialState.FAIL)

    def counts(self) -> tuple[int, int]:
        """(trials asked, trials told)."""
        trials = self._study.get_trials(deepcopy=False)
        return len(trials), sum(trial.state.is_finished() for trial in trials)

    def untold(self) -> tuple[int, set[int]]:
        """(trials asked, numbers of those that have not been told)."""
        trials = self._study.get_trials(deepcopy=False)
        return len(trials), {trial.number for trial in trials if not trial.state.is_finished()}

    def front(self) -> list[Record]:
        """The trials that no other beats in every objective (the best one, for a single objective), each once."""
        if len(self._spec.objectives) > 1:
            best = self._study.best_trials
            return [self._record(trial) for trial in best if _DUPLICATE_OF not in trial.user_attrs]
        finished = [t for t in self._study.get_trials(deepcopy=False) if t.state == TrialState.COMPLETE]
        return [self._record(self._study.best_trial)] if finished else []

    @property
    def directions(self) -> Mapping[str, str]:
        """Objective -> ``maximize`` or ``minimize``."""
        return self._spec.objectives

    def objectives(self) -> dict[int, dict[str, float] | None]:
        """Objectives of every trial that has been told, by its number; None for one that failed."""
        return {
            trial.number: self._objectives(trial)
            for trial in self._study.get_trials(deepcopy=False)
            if trial.state.is_finished()
        }

    def objectives_of(self, record: Record) -> dict[str, float] | None:
        """Objectives of one trial; None if it failed."""
        if record.evaluation is None:
            return None
        return {name: float(getattr(record.evaluation, name)) for name in self._spec.objectives}

    def rivals(self, count: int) -> tuple[dict[str, float], ...]:
        """Objectives of the front among the first ``count`` trials, all of which have been told."""
        if count < self._rivals.seen:
            self._rivals = RunningFront(self._spec.objectives)
        for number in range(self._rivals.seen, count):
            self._rivals.add(self._objectives(self._history[number]))
        return self._rivals.points

    @property
    def spent_s(self) -> float:
        """Time that was noted as spent on the sweep, s."""
        return float(self._study.user_attrs.get(_SPENT_S, 0.0))

    def note_spent(self, seconds: float) -> None:
        """Note the time spent on the sweep, all its runs together."""
        with _writing():
            self._study.set_user_attr(_SPENT_S, seconds)

    def _objectives(self, trial: FrozenTrial) -> dict[str, float] | None:
        if trial.state != TrialState.COMPLETE:
            return None
        return dict(zip(self._spec.objectives, trial.values, strict=True))

    def _record(self, trial: FrozenTrial) -> Record:
        attributes: dict[str, Any] = trial.user_attrs
        evaluation = attributes.get(_EVALUATION)
        state = {TrialState.COMPLETE: State.FINISHED, TrialState.FAIL: State.FAILED}.get(trial.state, State.RUNNING)
        return Record(
            number=trial.number,
            state=state,
            configuration=self._spec.values(trial.params),
            evaluation=Evaluation.from_dict(evaluation) if evaluation else None,
            error=attributes.get(_ERROR),
            duplicate_of=attributes.get(_DUPLICATE_OF),
        )


@contextmanager
def _writing() -> Iterator[None]:
    """Turn what keeps the journal from being written, such as a full disk, into a ``StorageError``."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The study cannot be written ({error.strerror or error}); all that was told is kept. Make room, or put "
            "right what is wrong with the disk."
        ) from error
