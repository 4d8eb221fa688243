"""How a sweep was done, and what was assumed on the way."""

from collections.abc import Mapping, Sequence

from kinetics import components
from kinetics.parameter_sets import ParameterSet, find_parameter_set
from kinetics.periphery import Periphery, adc_bits
from sweeps.importance import QUANTILE
from sweeps.report.view import View
from sweeps.samplers import choose_sampler
from tasks import TASKS, Configuration, Task
from tracking.report.content import Importance

_PERIPHERY = Periphery()


def methods(view: View, task: Task | None, importance: Sequence[Importance]) -> Mapping[str, str]:
    """Heading -> how it was done."""
    spec, robust = view.spec, view.spec.robust
    kind, protocol, optimistic = spec.task.kind, spec.task.protocol, view.chosen_on_test
    sampler = choose_sampler(spec)
    parts = "The data are not at hand, so their sizes are not told."
    if task is not None:
        votes = f" {task.votes} consecutive cases form an object and vote." if task.votes > 1 else ""
        parts = (
            f"{task.description}. {task.train.cases:,} cases to train on, {task.validation.cases:,} to choose on "
            f"(validation), {task.test.cases:,} to test.{votes}"
        )
    pace = f"At most {spec.lag} in flight"
    pace += (
        ", told in the order of their numbers: the result does not depend on the machine or its workers."
        if spec.mode == "reproducible"
        else ", told as they came: which configurations were tried depended on the machine."
    )
    racing = (
        f" A configuration that after {robust.racing_chips} chips could not reach the front any more was left."
        if robust.racing_chips
        else ""
    )
    budget = "".join(f" Ended by {name} = {value:g} if sooner." for name, value in spec.budget.to_plain().items())
    silent = dict.fromkeys(each.baseline for each in importance if not each.fields)
    return {
        "Protocol": f"{protocol}: {TASKS[kind].protocols.get(protocol, '')}. "
        + (
            "Everything is chosen on the test part, as the paper's authors do: optimistic."
            if optimistic
            else "Everything is chosen on the validation part; the test part is scored once, for the front alone."
        ),
        "Data": parts,
        "Control": "The same read-out, trained the same way on the raw samples without kinetics; where states are read "
        "at every n-th step only, on means over as many steps.",
        "Chips": f"Each configuration is scored on {spec.chips} virtual chips, draws of all its devices, if anything "
        f"varies; all configurations on the same deviations. The front is scored again on {robust.fresh_chips} fresh "
        + ("chips, but on the cases that it was chosen on." if optimistic else "chips, which no choice has seen."),
        "Search": f"{sampler.name}: {sampler.why} {spec.trials:,} configurations asked for. {pace}{racing}{budget} "
        "A configuration that came up again took over the outcome of the first.",
        "Seeds": f"Study seed {spec.seed}; every random draw of a trial follows from it and the number of the trial.",
        "Statistics": "Accuracies are means over chips, standard deviations and quantiles are over chips. Intervals "
        f"of means are bootstrap intervals (BCa) of {100 * robust.confidence:g} % over the fresh chips: they tell how "
        "well the mean over chips is known, not the luck of the test cases. The best of many validation figures is "
        + (
            "biased upwards, and the test part is the same cases: so are the test figures."
            if optimistic
            else "biased upwards, the test figures are not."
        ),
        "Energy": "Programming pulses as V x I x t along the simulated states, reads, charging of lines, converters "
        "and the read-out, averaged over training cases on the nominal device; constants of published components, each "
        "at the node of its source.",
        "Hypervolume": "How much of the space of objectives the front beats, from the worst of each objective among "
        "the first 20 finished trials; comparable within this sweep only.",
        "Importance": f"PED-ANOVA: how the best {100 * QUANTILE:g} % of the trials differ from all of them in a field "
        "(Pearson divergence, as shares of their sum over the fields). A pair tells, in the same unit, how the best "
        "combine its fields in another way than each by itself explains; pairs that chance alone may give are left "
        "out. A search that crowds its trials makes this rough: fields that it moved together take a share of each "
        f"other. {' '.join(silent)}".rstrip(),
    }


def assumptions(view: View) -> list[str]:
    """What was assumed, a sentence each."""
    configurations = [Configuration.from_dotted(entry["configuration"]) for entry in view.front]
    told = []
    for law, name in dict.fromkeys((each.device.law, each.device.parameter_set) for each in configurations):
        chosen = find_parameter_set(law, name)
        if chosen is not None:
            told.extend(_of_the_set(chosen))
    if any(each.device.law == "drift_diffusion" for each in configurations):
        told.append(
            "The paper does not say whether conductance grows with the state or with its inverse "
            "(`device.conducts_as`), nor how its coefficients follow from device and pulse: the way from physics is "
            "derived here."
        )
    bits = {adc_bits(each.pulse): each.pulse for each in configurations}
    converters = [_PERIPHERY.adc(pulse) for pulse in bits.values()]
    used = [
        ("An ADC conversion", [converter.energy for converter in converters]),
        ("The time of an ADC conversion", [converters[0].time]),
        ("The capacitance of a line", [components.LINE_CAPACITANCE_PER_CELL]),
        ("The area of a cell", [components.CELL_AREA]),
    ]
    told.extend(
        f"{what} is unconfirmed: {component.source}."
        for what, some in used
        for component in some
        if not component.confirmed
    )
    told.append(
        "Figures of components stay at the node of their source, so energies of parts of different nodes stand side "
        "by side."
    )
    if any(each.crossbar.is_ideal for each in configurations):
        told.append(
            "Where the crossbar is ideal, the read-out has exact weights, and its energy is that of a published macro "
            f"for every product ({components.CROSSBAR_MAC.source})."
        )
    told.append("Control, clocks, routing, leakage and the programming of weights are not counted.")
    return told


def _of_the_set(chosen: ParameterSet) -> list[str]:
    """What of a parameter set is unconfirmed."""
    sources: dict[str, list[str]] = {}
    for name, parameter in chosen.parameters.items():
        if not parameter.confirmed:
            sources.setdefault(parameter.source, []).append(name)
    return [
        f"Unconfirmed in the parameter set {chosen.name}: {', '.join(names)} ({source or 'no source'})."
        for source, names in sources.items()
    ]
