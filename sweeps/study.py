"""The Optuna study of a sweep: the one durable record of every configuration and what came of it.

One driver owns it; workers never touch it. A trial is asked with a fresh sampler (seeded from study seed and trial
number) and told with its evaluation as a user attribute, so a study read back holds all that was found.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from sweeps.executor import Outcome
from sweeps.samplers import make_sampler
from sweeps.spec import Spec
from sweeps.storage import open_storage
from tasks import Evaluation
from tasks.robust import dominated

_EVALUATION = "evaluation"
_ERROR = "error"


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


class SweepStudy:
    """Ask, tell and read back."""

    def __init__(self, spec: Spec, journal: Path, storage: str | None = None) -> None:
        """Open the study where its sweep lives, or make it.

        Args:
            spec: the sweep.
            journal: the journal in the sweep's folder, whose note says if the study is in a database instead.
            storage: that database with its password, if neither environment nor password file has it.

        Raises:
            StorageError: the database does not answer, or ``storage`` is not where the sweep lives.
        """
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._spec = spec
        self._distributions = spec.space.distributions()
        self._study = optuna.create_study(
            study_name=spec.name,
            storage=open_storage(journal, storage),
            directions=[StudyDirection[way.upper()] for way in spec.objectives.values()],
            sampler=make_sampler(spec, 0),
            load_if_exists=True,
        )
        self._asked: dict[int, optuna.Trial] = {}
        self._rivals: tuple[dict[str, float], ...] = ()
        self._rivals_of = 0

    def ask(self, number: int) -> dict[str, Any]:
        """Ask for trial ``number``, which must be the next; returns every field under its dotted name."""
        self._study.sampler = make_sampler(self._spec, number)
        trial = self._study.ask(self._distributions)
        if trial.number != number:
            raise RuntimeError(f"asked for trial {number}, got {trial.number}; another driver owns this study")
        self._asked[number] = trial
        return self._spec.values(trial.params)

    def ask_again(self, number: int) -> dict[str, Any]:
        """Take up a trial that was asked by a driver that has ended; completes a half-written one."""
        self._study.sampler = make_sampler(self._spec, number)
        frozen = self._study.get_trials(deepcopy=False)[number]
        trial = optuna.Trial(self._study, frozen._trial_id)
        for name, distribution in self._distributions.items():
            trial._suggest(name, distribution)  # what ``Study.ask`` does; Optuna has no public way for a known trial
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
        if error is not None or outcome.evaluation is None:
            trial.set_user_attr(_ERROR, error)
            self._study.tell(trial, state=TrialState.FAIL)
            return Record(number=outcome.trial, state=State.FAILED, configuration=configuration, error=error)
        trial.set_user_attr(_EVALUATION, outcome.evaluation.to_dict())
        self._study.tell(trial, values)
        return Record(
            number=outcome.trial,
            state=State.FINISHED,
            configuration=configuration,
            evaluation=outcome.evaluation,
        )

    def records(self) -> list[Record]:
        """Every trial so far, in order; a half-written one at the end is left out."""
        return [
            self._record(trial)
            for trial in self._study.get_trials(deepcopy=False)
            if len(trial.params) == len(self._distributions)
        ]

    def counts(self) -> tuple[int, int]:
        """(trials asked, trials told)."""
        trials = self._study.get_trials(deepcopy=False)
        return len(trials), sum(trial.state.is_finished() for trial in trials)

    def front(self) -> list[Record]:
        """The trials that no other beats in every objective (the best one, for a single objective)."""
        if len(self._spec.objectives) > 1:
            return [self._record(trial) for trial in self._study.best_trials]
        finished = [t for t in self._study.get_trials(deepcopy=False) if t.state == TrialState.COMPLETE]
        return [self._record(self._study.best_trial)] if finished else []

    def rivals(self, count: int) -> tuple[dict[str, float], ...]:
        """Objectives of the front among the first ``count`` trials, all of which have been told."""
        if count < self._rivals_of:
            self._rivals, self._rivals_of = (), 0
        trials = self._study.get_trials(deepcopy=False)
        for trial in trials[self._rivals_of : count]:
            if trial.state == TrialState.COMPLETE:
                new = dict(zip(self._spec.objectives, trial.values, strict=True))
                directions: dict[str, str] = dict(self._spec.objectives)
                if not dominated(new, self._rivals, directions):
                    kept = tuple(rival for rival in self._rivals if not dominated(rival, (new,), directions))
                    self._rivals = (*kept, new)
        self._rivals_of = count
        return self._rivals

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
        )
