"""How a sweep stands: what its trials come to so far, kept up to date one by one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.hypervolume import Hypervolume
from sweeps.spec import Spec
from sweeps.study import Record


@dataclass(frozen=True, kw_only=True)
class Leader:
    """The best configuration so far by the first objective."""

    value: float
    """Its value of that objective."""
    trial: int
    """Its number; the lowest one of those that are level."""


class Standing:
    """Counts, best configuration and front of the trials that it was shown, each once, in any order."""

    def __init__(self, spec: Spec) -> None:
        """Start with no trial."""
        self.finished = self.failed = 0
        """Trials by how they ended."""
        self.best_accuracy: float | None = None
        """The highest accuracy on the validation part."""
        self.leader: Leader | None = None
        """The best one by the first objective."""
        self.objective, way = next(iter(spec.objectives.items()))
        """The first objective."""
        self._sign = 1 if way == "maximize" else -1
        self._objectives = tuple(spec.objectives)
        self._hypervolume = Hypervolume(spec.objectives)
        self._next = 0
        self._early: dict[int, dict[str, float] | None] = {}

    @property
    def ended(self) -> int:
        """Trials that ended."""
        return self.finished + self.failed

    @property
    def front_size(self) -> int:
        """Points of the front among the first trials that have all ended."""
        return self._hypervolume.front_size

    @property
    def hypervolume(self) -> float:
        """Hypervolume of that front."""
        return self._hypervolume.value

    def add(self, record: Record) -> None:
        """Take in a trial that has ended."""
        evaluation = record.evaluation
        if evaluation is None:
            self.failed += 1
            objectives = None
        else:
            self.finished += 1
            objectives = {name: float(getattr(evaluation, name)) for name in self._objectives}
            if self.best_accuracy is None or evaluation.accuracy > self.best_accuracy:
                self.best_accuracy = evaluation.accuracy
            leader = Leader(value=objectives[self.objective], trial=record.number)
            if self.leader is None or self._rank(leader) > self._rank(self.leader):
                self.leader = leader
        self._early[record.number] = objectives
        # The hypervolume depends on the order of the first trials, so it takes them by their numbers.
        while self._next in self._early:
            self._hypervolume.add(self._early.pop(self._next))
            self._next += 1

    def _rank(self, leader: Leader) -> tuple[float, int]:
        return self._sign * leader.value, -leader.trial


def growth(spec: Spec, records: Sequence[Record]) -> dict[str, list[float]]:
    """How the front grew over trials that have ended, given in the order of their numbers.

    Returns:
        ``trial``, ``hypervolume``, ``front_size``, ``best_accuracy``: after each trial where one of them changed.
    """
    standing = Standing(spec)
    grown: dict[str, list[float]] = {"trial": [], "hypervolume": [], "front_size": [], "best_accuracy": []}
    before = None
    for record in records:
        standing.add(record)
        if standing.best_accuracy is None:
            continue
        now = (standing.hypervolume, standing.front_size, standing.best_accuracy)
        if now != before:
            for column, value in zip(grown.values(), (record.number, *now), strict=True):
                column.append(value)
            before = now
    return grown
