"""What a benchmark returns."""

from dataclasses import KW_ONLY, dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    """What was measured, in words."""
    value: float
    """The number, in ``unit``."""
    unit: str
    """Unit; ``x`` for a ratio."""
    _: KW_ONLY
    at_least: float | None = None
    """The number that is required, if one is, as a lower limit."""
    at_most: float | None = None
    """The same as an upper limit."""

    @property
    def met(self) -> bool | None:
        """Whether the requirement is met; None if there is none."""
        if self.at_least is None and self.at_most is None:
            return None
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)
