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
    chips: int
    """Number of draws behind these three; 1 if the devices do not vary."""
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
    energy_converters_J: float
    """Share of the converters, J."""
    energy_readout_J: float
    """Share of the read-out layers, J."""
    latency_s: float
    """Time of one inference, s."""
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
    test_accuracy: float | None = None
    """Mean over the chips, test part."""
    test_accuracy_std: float | None = None
    """Standard deviation over the chips, test part."""
    test_accuracy_q05: float | None = None
    """5 % quantile over the chips, test part."""
    control_test_accuracy: float | None = None
    """The control on the test part."""

    def to_dict(self) -> dict[str, Any]:
        """Plain form, as it crosses between the packages."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Evaluation":
        """Inverse of ``to_dict``; unknown keys raise ``TypeError``."""
        return cls(**values)


OBJECTIVES: tuple[str, ...] = tuple(
    item.name
    for item in fields(Evaluation)
    if item.name not in ("chips", "seconds", "control_accuracy", "control_parameters") and "test" not in item.name
)
"""Names of the fields that a sweep may search for."""
