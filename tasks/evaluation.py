"""What came of a configuration."""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Scores and costs of one configuration on one task.

    Accuracies are shares of cases (0 to 1). ``accuracy`` and its companions are of the validation part; the
    ``test_`` fields are filled in once, for the configurations that were chosen.
    """

    accuracy: float
    """Mean over the chips, validation part."""
    accuracy_std: float
    """Standard deviation over the chips."""
    accuracy_q05: float
    """5 % quantile over the chips."""
    accuracy_quantile: float
    """Quantile over the chips that ``robust.quantile`` names."""
    accuracy_low: float
    """Mean over the chips less ``robust.std_factor`` standard deviations."""
    accuracy_yield: float
    """Share of chips that reach ``robust.yield_target``."""
    chips: int
    """Number of draws behind these; 1 if nothing varies."""
    parameters: int
    """Weights, biases and coefficients of the law."""
    macs: int
    """Multiply-accumulates of one inference, 2 a kinetics step included."""
    energy_J: float
    """Energy of one inference, J."""
    energy_pulses_J: float
    """Share of the programming pulses, J."""
    energy_reads_J: float
    """Share of the read pulses, J."""
    energy_lines_J: float
    """Share of charging the lines of the features, J."""
    energy_converters_J: float
    """Share of the converters of the features, J."""
    energy_readout_J: float
    """Share of the read-out layers, their converters, buffers and digital rest included, J."""
    latency_s: float
    """Time of one inference, s."""
    area_m2: float
    """Area of devices, converters, drivers and buffers, m2."""
    violations: float
    """Share of devices, over all chips, that break the stability rule."""
    floor_hits: float
    """Share of device-steps held at the floor of the state."""
    outside_window: float
    """Share of readings held at an end of the conductance window."""
    control_accuracy: float
    """The same read-out trained the same way on the raw samples, validation part."""
    control_parameters: int
    """Parameters of that control."""
    seconds: float
    """Time spent; the one field that is not reproducible."""
    raced_out: bool = False
    """Whether it was left after the first chips, since it could not reach the front any more."""
    accuracy_corner: float | None = None
    """Accuracy in the worst corner, validation part, if it is an objective: every coefficient of all devices off
    together, without noise, on an ideal crossbar. A spread among devices can cost more than any corner."""
    fresh_chips: int | None = None
    """Chips, none of them seen by the search, behind the fields below; 1 if nothing varies."""
    fresh_accuracy: float | None = None
    """Mean over the fresh chips, validation part: ``accuracy`` without the luck of having been chosen."""
    fresh_accuracy_low: float | None = None
    """Lower end of its bootstrap interval."""
    fresh_accuracy_high: float | None = None
    """Upper end of its bootstrap interval."""
    test_accuracy: float | None = None
    """Mean over the fresh chips, test part."""
    test_accuracy_low: float | None = None
    """Lower end of its bootstrap interval: over chips, not over test cases."""
    test_accuracy_high: float | None = None
    """Upper end of its bootstrap interval."""
    test_accuracy_std: float | None = None
    """Standard deviation over the fresh chips, test part."""
    test_accuracy_q05: float | None = None
    """5 % quantile over the fresh chips, test part."""
    control_test_accuracy: float | None = None
    """The control on the test part."""

    def to_dict(self) -> dict[str, Any]:
        """Plain form, as it crosses between the packages."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Evaluation":
        """Inverse of ``to_dict``; unknown keys raise ``TypeError``."""
        return cls(**values)


_NO_OBJECTIVES = ("chips", "seconds", "control_accuracy", "control_parameters", "raced_out", "fresh_chips")

OBJECTIVES: tuple[str, ...] = tuple(
    item.name
    for item in fields(Evaluation)
    if item.name not in _NO_OBJECTIVES and not item.name.startswith(("fresh_", "test_", "control_test_"))
)
"""Names of the fields that a sweep may search for."""
