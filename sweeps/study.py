"""The Optuna study of a sweep: the one durable record of every configuration and what came of it.

One driver owns it; workers never touch it. A trial is asked with a fresh sampler (seeded from study seed and trial
number) and told with its evaluation as a user attribute, so a study read back holds all that was found.
"""

import copy
import math
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import optuna
from optuna.distributions import _get_single_value
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from sweeps.executor import Outcome
from sweeps.front import RunningFront
from sweeps.history import History
from sweeps.samplers import make_sampler
from sweeps.spec import Spec
from sweeps.storage import StorageError, open_storage
from tasks import Evaluation

_EVALUATION = "evaluation"
_ERROR = "error"
_DUPLICATE_OF = "duplicate_of"
_SPENT_S = "spent_s"
_OF_THE_WORKER = ("WorkerDied", "MemoryError")
"""How the kinds of failure end that another worker might not have had; numpy's own is an ``_ArrayMemoryError``."""


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
            StorageError: the database does not answer, ``storage`` is not where the sweep lives, or the journal cannot
                be written.
        """
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._spec = spec
        self._distributions = spec.space.distributions()
        with _writing():
            self._storage = open_storage(journal, storage, only=only, stop=stop)
            self._study = optuna.create_study(
                study_name=spec.name,
                storage=self._storage,
                directions=[StudyDirection[way.upper()] for way in spec.objectives.values()],
                sampler=make_sampler(spec, 0),
                load_if_exists=True,
            )
        self._asked: dict[int, FrozenTrial] = {}
        self._rivals = RunningFront(spec.objectives)

    def ask(self, number: int) -> dict[str, Any]:
        """Ask for trial ``number``, which must be the next; returns every field under its dotted name."""
        trial = create_trial(state=TrialState.RUNNING)
        trial.number = number
        with _writing():
            # Drawn before it is there, so that it can be made whole, by one transaction where there are such.
            self._draw(trial)
            trial_id = self._storage.add(self._study._study_id, trial)
        if trial_id is None:
            raise self._not_alone(number)
        trial._trial_id = trial_id
        return self._take(trial)

    def ask_again(self, number: int) -> dict[str, Any]:
        """Take up a trial that was asked by a driver that has ended; completes a half-written one."""
        written = self._study.get_trials(deepcopy=False)[number]
        trial = copy.deepcopy(written)
        if len(written.params) < len(self._distributions):
            with _writing():
                self._draw(trial)
                self._complete(written, trial)
        return self._take(trial)

    def _draw(self, trial: FrozenTrial) -> None:
        """Draw the params that a trial does not have."""
        study = copy.copy(self._study)
        study._storage = cast("BaseStorage", _Beforehand(self._storage, self._study_attrs, trial))
        study.sampler = make_sampler(self._spec, trial.number, self._history)
        drawn = study.sampler.sample_relative(study, trial, study.sampler.infer_relative_search_space(study, trial))
        for name, distribution in self._distributions.items():
            if name not in trial.params:
                value = drawn[name] if name in drawn else _get_single_value(distribution)
                # As it will be read back; raises for what cannot be stored.
                trial.params[name] = distribution.to_external_repr(distribution.to_internal_repr(value))
                trial.distributions[name] = distribution

    def _complete(self, written: FrozenTrial, trial: FrozenTrial) -> None:
        """Write what a trial has more than is written of it."""
        storage, trial_id = self._study._storage, trial._trial_id
        for key, value in trial.system_attrs.items():
            if key not in written.system_attrs:
                storage.set_trial_system_attr(trial_id, key, value)
        for name, distribution in trial.distributions.items():
            if name not in written.params:
                storage.set_trial_param(trial_id, name, distribution.to_internal_repr(trial.params[name]), distribution)

    def _take(self, trial: FrozenTrial) -> dict[str, Any]:
        self._asked[trial.number] = trial
        return self._spec.values(trial.params)

    def _not_alone(self, number: int) -> StorageError:
        return StorageError(
            f"One process at a time must drive the sweep {self._spec.name!r}, but another one wrote trial {number} of "
            "it; see that all of them have ended, then go on with `memsweep resume NAME`."
        )

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
        trial.user_attrs = {} if outcome.duplicate_of is None else {_DUPLICATE_OF: outcome.duplicate_of}
        if evaluation is None:
            trial.user_attrs[_ERROR] = error
            trial.state = TrialState.FAIL
        else:
            trial.user_attrs[_EVALUATION] = evaluation.to_dict()
            trial.state, trial.values = TrialState.COMPLETE, values
        trial.datetime_complete = datetime.now()
        history, first_told = self._history, self._first_told  # read, if they have not been, without this trial
        with _writing():
            ended = self._storage.end(trial)
        if not ended:
            raise self._not_alone(trial.number)
        history.add(trial)
        if _may_be_copied(trial):
            key = self._key(trial)
            first_told[key] = min(trial.number, first_told.get(key, trial.number))
        return Record(
            number=outcome.trial,
            state=State.FAILED if evaluation is None else State.FINISHED,
            configuration=configuration,
            evaluation=evaluation,
            error=error,
            duplicate_of=outcome.duplicate_of,
        )

    def copy_of_earlier(self, number: int, before: int) -> Outcome | None:
        """The outcome of the first told trial of the same configuration as ``number``, if that is below ``before``.

        A failure that may be the worker's, its death or want of memory, is not copied: the next one is tried anew.
        """
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

    def _key(self, trial: FrozenTrial) -> tuple[Any, ...]:
        """What two trials of the same configuration have in common."""
        return tuple(self._spec.space.decode(trial.params).values())

    @cached_property
    def _history(self) -> History:
        return History(self._study.get_trials(deepcopy=False))

    @cached_property
    def _study_attrs(self) -> dict[str, Any]:
        return copy.deepcopy(self._storage.get_study_system_attrs(self._study._study_id))

    @cached_property
    def _first_told(self) -> dict[tuple[Any, ...], int]:
        """The first told trial of each configuration whose outcome may be copied."""
        first: dict[tuple[Any, ...], int] = {}
        for trial in self._study.get_trials(deepcopy=False):
            if _may_be_copied(trial):
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
        # A driver that was killed between attribute and state may have left what another attempt then contradicted.
        state = {TrialState.COMPLETE: State.FINISHED, TrialState.FAIL: State.FAILED}.get(trial.state, State.RUNNING)
        return Record(
            number=trial.number,
            state=state,
            configuration=self._spec.values(trial.params),
            evaluation=Evaluation.from_dict(attributes[_EVALUATION]) if state is State.FINISHED else None,
            error=attributes.get(_ERROR) if state is State.FAILED else None,
            duplicate_of=attributes.get(_DUPLICATE_OF),
        )


class _Beforehand:
    """The storage as a sampler sees it before its trial is there: what it notes on the trial is kept with that.

    Attributes of the study are at hand, for only its driver writes them.
    """

    def __init__(self, storage: BaseStorage, study_attrs: dict[str, Any], trial: FrozenTrial) -> None:
        self._storage, self._study_attrs, self._trial = storage, study_attrs, trial

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._trial.system_attrs[key] = value

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._study_attrs

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._storage.set_study_system_attr(study_id, key, value)
        self._study_attrs[key] = value

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


def _may_be_copied(trial: FrozenTrial) -> bool:
    """Whether a trial has ended, and would have anywhere."""
    if trial.state != TrialState.FAIL:
        return trial.state.is_finished()
    return not trial.user_attrs.get(_ERROR, "").partition(":")[0].endswith(_OF_THE_WORKER)


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
