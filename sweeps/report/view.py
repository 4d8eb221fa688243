"""A sweep as a report sees it, and the configurations that it singles out.

=========  =======================================================================================
word       meaning
=========  =======================================================================================
merit      see ``tracking.front_table``
cost       see there
entry      ``trial``, ``configuration``, ``evaluation`` as plain values
best       the entry of the highest merit; of several the one of the least cost
loss       merit that is taken for none: one point, or the standard error of the best mean if that is more
cheapest   the entry of the least cost whose merit is at most this loss below the best
knee       the entry that lies farthest above the line from the cheapest of all to the best, merit
           against the logarithm of cost, both scaled to their ranges
=========  =======================================================================================

They are singled out among the front. With a single objective, whose front is one configuration, the cheapest is
singled out among all that finished.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweeps.errors import SweepError
from sweeps.home import SweepFolder
from sweeps.results import best_control, front_of, left_out, why_none_finished
from sweeps.spec import Spec
from sweeps.study import Record, SweepStudy
from tasks.data.protocol import PAPER
from tracking.front_table import cost_of, merit_of

Entry = Mapping[str, Any]

_LOSS = 0.01
"""The least loss."""
_LEVEL = 1e-9
"""How far above the line a knee is at the least."""


@dataclass(frozen=True, kw_only=True)
class View:
    """A sweep, read."""

    spec: Spec
    """What was asked for."""
    records: Sequence[Record]
    """Every trial so far, in order."""
    complete: bool
    """Whether the front is scored on the test part."""
    front: Sequence[Entry]
    """The front, the best first."""
    left_out: str = ""
    """What the front lacks, and why; empty if it is whole."""

    @classmethod
    def of(cls, folder: SweepFolder, storage: str | None = None) -> "View":
        """Read a sweep.

        Raises:
            SweepError: no configuration has finished yet.
            StorageError: the database of the study does not answer.
        """
        spec, result = folder.spec(), folder.result()
        study = SweepStudy(spec, folder.journal, storage)
        records = study.records()
        if not any(record.evaluation for record in records):
            raise SweepError(f"A report needs a finished configuration, but {why_none_finished(folder, records)}")
        scored = result is not None and bool(result["pareto"])
        front = front_of(result if scored else None, study, records)
        return cls(spec=spec, records=records, complete=scored, front=front, left_out=left_out(result))

    @property
    def chosen_on_test(self) -> bool:
        """Whether the test part is no other than the validation part, as with the protocol ``paper``."""
        return self.spec.task.protocol == PAPER

    @property
    def control(self) -> dict[str, Any]:
        """The best control of the front."""
        return best_control(list(self.front))

    @property
    def merit(self) -> str:
        """Metric."""
        return merit_of(self.spec.objectives)

    @property
    def cost(self) -> str:
        """Metric."""
        return cost_of(self.spec.objectives)

    @property
    def best(self) -> Entry:
        """Of the front."""
        return self.front[0]

    @property
    def loss(self) -> float:
        """Merit that is taken for none."""
        e = self.best["evaluation"]
        return max(_LOSS, float(e["accuracy_std"]) / math.sqrt(e["chips"]))

    @property
    def cheapest(self) -> Entry:
        """Of those whose merit is hardly below the best."""
        least = self.merit_of(self.best) - self.loss
        enough = [entry for entry in self._candidates if self.merit_of(entry) >= least]
        return min(enough, key=lambda entry: (self.cost_of(entry), -self.merit_of(entry), entry["trial"]))

    @property
    def knee(self) -> Entry | None:
        """None if no entry lies above the line."""
        best, cheapest = self.best, min(self.front, key=lambda entry: (self.cost_of(entry), -self.merit_of(entry)))
        merits = self.merit_of(cheapest), self.merit_of(best)
        costs = self.cost_of(cheapest), self.cost_of(best)
        if not (merits[0] < merits[1] and 0 < costs[0] < costs[1]):
            return None

        def height(entry: Entry) -> float:
            gain = (self.merit_of(entry) - merits[0]) / (merits[1] - merits[0])
            saving = math.log(costs[1] / self.cost_of(entry)) / math.log(costs[1] / costs[0])
            return gain + saving - 1

        knee = max(self.front, key=lambda entry: (height(entry), -entry["trial"]))
        return knee if height(knee) > _LEVEL else None

    def entry(self, trial: int) -> Entry:
        """That of any trial, with test scores where it was chosen.

        Raises:
            SweepError: there is no such trial, or it has not finished.
        """
        for entry in self.front:
            if entry["trial"] == trial:
                return entry
        record = next((record for record in self.records if record.number == trial), None)
        if record is None:
            raise SweepError(
                f"The sweep {self.spec.name!r} has no trial {trial}; its trials are 0 to {self.records[-1].number}."
            )
        if record.evaluation is None:
            raise SweepError(
                f"A trial to look at must have finished, but trial {trial} of {self.spec.name!r} is {record.state}"
                f"{f' ({record.error})' if record.error else ''}; choose another."
            )
        return _plain(record)

    def merit_of(self, entry: Entry) -> float:
        """Its value."""
        return float(entry["evaluation"][self.merit])

    def cost_of(self, entry: Entry) -> float:
        """Its value."""
        return float(entry["evaluation"][self.cost])

    @property
    def _candidates(self) -> Sequence[Entry]:
        if len(self.spec.objectives) > 1:
            return self.front
        others = (r for r in self.records if r.evaluation and not r.evaluation.raced_out and r.duplicate_of is None)
        known = {entry["trial"] for entry in self.front}
        return [*self.front, *(_plain(record) for record in others if record.number not in known)]


def _plain(record: Record) -> Entry:
    evaluation = record.evaluation.to_dict() if record.evaluation else {}
    return {"trial": record.number, "configuration": record.configuration, "evaluation": evaluation}
