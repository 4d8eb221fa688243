"""Which configurations of a sweep are studied, and the control that stands beside each."""

from dataclasses import dataclass
from typing import Literal

from sweeps.errors import SweepError
from sweeps.home import SweepFolder
from sweeps.results import front_of, why_none_finished
from sweeps.study import SweepStudy
from tasks import Configuration, Evaluation

Part = Literal["validation", "test"]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """One configuration to study."""

    trial: int
    """Its number in the sweep."""
    configuration: Configuration
    """As the sweep evaluated it."""
    control_accuracy: float
    """The same read-out without kinetics, on the part that is studied."""


class ChoiceError(SweepError):
    """There is no such configuration to study; the text says why and the way out."""


def choose(folder: SweepFolder, wanted: int | Literal["pareto"], *, part: Part, most: int) -> list[Chosen]:
    """A trial by its number, or the front: up to ``most``, the best first.

    The test part is for configurations that have been chosen, those of a final front; no other is scored on it.

    Raises:
        ChoiceError: there is no such trial, it has not finished, or its test part is not to be seen.
    """
    result = folder.result()
    study = SweepStudy(folder.spec(), folder.journal)
    records = study.records()
    evaluations = {record.number: record.evaluation for record in records if record.evaluation is not None}
    if not evaluations:
        raise ChoiceError(f"A study needs a finished trial, but {why_none_finished(folder, records)}")
    final = {entry["trial"]: Evaluation.from_dict(entry["evaluation"]) for entry in (result or {}).get("pareto", [])}
    evaluations |= final
    if wanted == "pareto":
        numbers = [entry["trial"] for entry in front_of(result if final else None, study, records)[:most]]
    elif wanted in evaluations:
        numbers = [wanted]
    elif 0 <= wanted < len(records):
        raise ChoiceError(
            f"A trial to study must have finished, but trial {wanted} of {folder.name!r} is {records[wanted].state}; "
            "choose another."
        )
    else:
        raise ChoiceError(
            f"The sweep {folder.name!r} has no trial {wanted}; its trials are 0 to {len(records) - 1}, of which "
            f"{len(evaluations)} have finished."
        )
    return [
        Chosen(
            trial=number,
            configuration=Configuration.from_dotted(records[number].configuration),
            control_accuracy=_control(folder.name, number, evaluations[number], part),
        )
        for number in numbers
    ]


def _control(sweep: str, number: int, evaluation: Evaluation, part: Part) -> float:
    control = evaluation.control_accuracy if part == "validation" else evaluation.control_test_accuracy
    if control is None:
        raise ChoiceError(
            "`part: test` must be asked for configurations of a final front only, whose test part has been scored, but "
            f"trial {number} of {sweep!r} is on none; set `part: validation` or choose one that is."
        )
    return control
