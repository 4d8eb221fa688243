r"""The question of a sweep and its answer, in plain words; what is not known or not better is said as plainly.

Whether the kinetics add anything is judged against the luck of which test cases there are: two accuracies over n cases
are called level if they differ by less than two standard errors,

.. math:: e = 2 \sqrt{(p (1 - p) + q (1 - q)) / n}

that two independent sets of cases would have, p with and q without kinetics. Both are of the same cases, so their
errors go together and the rule is on the careful side. It holds for cases that nothing was chosen on; on others, where
the best of many figures stands beside its control, the difference alone is told.
"""

import math
from collections import Counter
from collections.abc import Sequence

from sweeps.report.view import Entry, View
from sweeps.study import State
from tasks import TASKS, Task
from tracking.labels import in_sentence, quantity, unit_of
from tracking.report.content import Importance, PaperPoint, Study

_OPTIMISTIC = " All this is optimistic: with the protocol `paper` everything is chosen on the test part."
_TOLD_SHARE = 0.15
"""Share of the importance from which on a field is named."""
_COUNTED = ("parameters", "macs")
_TOLD_PAIR = 0.05
"""The same for pairs."""
_SMALLEST = 5e-4
"""Difference that is not told any more."""
_MOST = 3
"""Things of a kind that are named."""


def question(view: View, task: Task | None) -> str:
    """What was asked."""
    kind = view.spec.task.kind
    goals = [
        f"the {'highest' if way == 'maximize' else _least(name)} {in_sentence(name)}"
        for name, way in view.spec.objectives.items()
    ]
    about = task.description if task else TASKS[kind].summary
    searched = list(view.spec.space.dimensions)
    fields = f"{_list(searched)} {'were' if len(searched) > 1 else 'was'} searched" if searched else "all is fixed"
    return f"Which memristor, pulses and read-out give {_list(goals)} on {kind} ({about})? Of these, {fields}."


def answer(
    view: View,
    task: Task | None,
    *,
    importance: Sequence[Importance],
    paper: Sequence[PaperPoint],
    studies: Sequence[Study],
) -> list[str]:
    """What was found: paragraphs, the most important first."""
    paragraphs = [
        _best(view),
        _controls(view, task),
        _costs(view),
        _paper(paper),
        _importance(importance),
        *(_robustness(study) for study in studies[:_MOST]),
        "" if studies else "How the best configurations bear other spreads, faults or temperatures was not studied.",
        _failures(view),
        view.left_out,
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def _best(view: View) -> str:
    best, finished = view.best, sum(record.state is State.FINISHED for record in view.records)
    e = best["evaluation"]
    own = percent(e[view.merit])
    if view.merit != "accuracy":
        own += f" {in_sentence(view.merit)} (mean accuracy {percent(e['accuracy'])})"
    spread = f" ({e['chips']} chips, standard deviation {points(e['accuracy_std'])})" if e["chips"] > 1 else ""
    costs = f"with {e['parameters']:,} parameters and {quantity(e['energy_J'], 'J')} per inference"
    text = f"The best of {finished:,} configurations is trial {best['trial']}: {own} of the validation part{spread}"
    if not view.complete:
        return (
            f"The sweep is incomplete, {finished:,} of {view.spec.trials:,} configurations have finished, so this is "
            f"no final result. {text}, {costs}."
        )
    fresh = ""
    if e["fresh_chips"] > 1:
        low, high = percent(e["test_accuracy_low"], unit=False), percent(e["test_accuracy_high"])
        fresh = (
            f" ({e['fresh_chips']} fresh chips, standard deviation {points(e['test_accuracy_std'])}, interval of the "
            f"mean {low} to {high})"
        )
    once = "" if view.chosen_on_test else ", scored once"
    return f"{text} and {percent(e['test_accuracy'])} of the test part{once}{fresh}, {costs}."


def _controls(view: View, task: Task | None) -> str:
    e, control = view.best["evaluation"], view.control
    if not view.complete:
        text = _beside_control("on the validation part", e["accuracy"], e["control_accuracy"], view, task)
        return text + (_OPTIMISTIC if view.chosen_on_test else "")
    text = _beside_control("on the test part", e["test_accuracy"], e["control_test_accuracy"], view, task)
    if control["accuracy"] != e["control_accuracy"]:
        text += (
            f" Of the front's controls the one that is best on the validation part, with {control['parameters']:,} "
            f"parameters, has {percent(control['test_accuracy'])}."
        )
    return text + (_OPTIMISTIC if view.chosen_on_test else "")


def _beside_control(where: str, accuracy: float, control: float, view: View, task: Task | None) -> str:
    """What the kinetics add, if anything."""
    text = f"Its control, the same read-out without kinetics, has {percent(control)} {where}"
    gain = accuracy - control
    lead = " in favour of the control" if gain < 0 else ""
    if not view.complete or view.chosen_on_test:
        wait = "" if view.chosen_on_test else ", before the test part is scored"
        return (
            f"{text}, a difference of {points(abs(gain))}{lead}. Whether that is more than luck cannot be judged"
            f"{wait}: this configuration was chosen for its figures on the same cases."
        )
    if task is None:
        return f"{text}, a difference of {points(abs(gain))}{lead}."
    cases = task.test.cases // task.votes
    error = 2 * math.sqrt((accuracy * (1 - accuracy) + control * (1 - control)) / cases)
    if abs(gain) <= error:
        return (
            f"{text}: the two are level, for {cases:,} cases cannot tell differences below {points(error)} and this is "
            f"one of {points(abs(gain))}{lead}. By this measure the kinetics add no accuracy that is certain."
        )
    if gain < 0:
        return f"{text}: better by {points(-gain)}, so the kinetics cost accuracy here."
    return f"{text}: the kinetics add {points(gain)}, more than the luck of {cases:,} cases explains ({points(error)})."


def _costs(view: View) -> str:
    best, cheap, knee = view.best, view.cheapest, view.knee
    words, unit = in_sentence(view.cost), unit_of(view.cost)

    def told(entry: Entry) -> str:
        evaluation = entry["evaluation"]
        test = f", {percent(evaluation['test_accuracy'])} of the test part" if evaluation["test_accuracy"] else ""
        return f"trial {entry['trial']} ({percent(view.merit_of(entry))}{test})"

    within = f"within {points(view.loss)} of it"
    if cheap["trial"] == best["trial"]:
        text = f"None {within} has less {words}."
    else:
        text = (
            f"The least {words} {within} has {told(cheap)}: {quantity(view.cost_of(cheap), unit)} in place of "
            f"{quantity(view.cost_of(best), unit)}, {_ratio(view.cost_of(best), view.cost_of(cheap))} less."
        )
    if knee is not None and knee["trial"] not in (best["trial"], cheap["trial"]):
        text += (
            f" The front bends most at {told(knee)}: {quantity(view.cost_of(knee), unit)}; from there to the best, "
            f"{points(view.merit_of(best) - view.merit_of(knee))} take {view.cost_of(best) / view.cost_of(knee):.3g} "
            "times as much."
        )
    return text


def _paper(paper: Sequence[PaperPoint]) -> str:
    own = [point for point in paper if not point.is_reference]
    if not own:
        return ""
    told = _list([f"{percent(point.accuracy)} ({point.label})" for point in own])
    return (
        f"The paper reports {told} for its network of {own[0].parameters:,.0f} parameters; its way of training and "
        "choosing is another one, so this is a landmark rather than a comparison."
    )


def _importance(importance: Sequence[Importance]) -> str:
    told = []
    # Counts follow from the read-out alone, whatever the search moved along with it.
    importance = [each for each in importance if each.objective not in _COUNTED]
    for each in importance:
        named = [
            f"{name} ({percent(share, digits=0)})" for name, share in each.fields.items() if share >= _TOLD_SHARE
        ] or [f"{name} ({percent(share, digits=0)})" for name, share in list(each.fields.items())[:1]]
        if named:
            told.append(f"about {in_sentence(each.objective)}, {_list(named[:_MOST])}")
    pairs = dict.fromkeys(
        tuple(sorted(pair[:2])) for each in importance for pair in each.pairs[:1] if pair[2] >= _TOLD_PAIR
    )
    text = f"What decides most (share of the importance): {'; '.join(told)}." if told else ""
    if pairs:
        named_pairs = _list([f"{one} with {other}" for one, other in list(pairs)[:_MOST]])
        text += f" To be chosen together: {named_pairs}."
    return text


def _robustness(study: Study) -> str:
    result = study.result
    curves = [(name, point) for name, curve in result["curves"].items() for point in curve]
    text = (
        f"Robustness, study `{study.name}`: trial {study.trial} has {percent(result['studied']['mean'])} on its chips "
        f"({result['part']} part)"
    )
    if curves:
        name, worst = min(curves, key=lambda point: point[1]["mean"])
        text += f", and at the least {percent(worst['mean'])}, at {name} = {quantity(worst['value'])}"
    if result.get("corners"):
        text += f"; the worst corner has {percent(min(corner['accuracy'] for corner in result['corners']))}"
    text += f"; its control has {percent(result['control_accuracy'])}."
    sobol = result.get("sobol")
    if sobol:
        words = sobol["fix_first"]["words"]
        text += f" {words[:1].upper()}{words[1:]}."
    return text


def _failures(view: View) -> str:
    failed = [record for record in view.records if record.state is State.FAILED]
    if not failed:
        return ""
    kinds = Counter((record.error or "unknown").partition(":")[0] for record in failed)
    told = _list([f"{kind} ({count:,})" for kind, count in kinds.most_common(_MOST)])
    return f"{len(failed):,} configurations failed: {told}. For example trial {failed[0].number}: {failed[0].error}"


def percent(share: float, *, digits: int = 1, unit: bool = True) -> str:
    """0.9675 -> 96.8 %."""
    return f"{100 * share:.{digits}f}{' %' if unit else ''}"


def points(difference: float) -> str:
    """0.0123 -> 1.2 points."""
    if 0 < difference < _SMALLEST:
        return "less than 0.1 points"
    text = f"{100 * difference:.1f}"
    return f"{text} point{'' if text == '1.0' else 's'}"


def _least(name: str) -> str:
    return "fewest" if name in ("parameters", "macs") else "lowest"


def _ratio(large: float, small: float) -> str:
    ratio = large / small
    return f"{100 * (1 - 1 / ratio):.0f} %" if ratio < 10 else f"{ratio:,.0f} times"


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
