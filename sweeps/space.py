"""The search space: what may vary, in which range, and how a point of it is named.

A point has three forms:

==========  ==================================================  =============================
form        what it holds                                       example, for two dimensions
==========  ==================================================  =============================
unit        one number in [0, 1) a dimension, in their order    ``(0.31, 0.99)``
params      what Optuna stores: numbers, text, labels           ``{..: 1.7e-7, ..: "32-16"}``
values      what a configuration takes, under dotted names      ``{..: 1.7e-7, ..: (32, 16)}``
==========  ==================================================  =============================

Optuna stores plain scalars only, so a choice that is a sequence travels under a label (``"32-16"``).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)


@dataclass(frozen=True, kw_only=True)
class FloatRange:
    """Numbers from ``low`` to ``high``, both included."""

    low: float
    """Lower end."""
    high: float
    """Upper end; above ``low``."""
    log: bool = False
    """Whether equal ratios, not equal differences, are equally likely; needs ``low`` > 0."""
    step: float | None = None
    """If given, only ``low``, ``low + step``, ``low + 2 step``, ... are points; not with ``log``."""

    def size(self) -> int | None:
        """Number of points, or ``None`` for a continuum."""
        if self.step is None:
            return None
        return int((Fraction(str(self.high)) - Fraction(str(self.low))) / Fraction(str(self.step))) + 1

    def distribution(self) -> BaseDistribution:
        """The same for Optuna; ``high`` becomes the last point, which Optuna would do with a warning."""
        size = self.size()
        high = self.high if size is None else self.point(size - 1)
        return FloatDistribution(self.low, high, log=self.log, step=self.step)

    def at(self, unit: float) -> float:
        """The point at ``unit`` in [0, 1)."""
        size = self.size()
        if size is not None:
            return self.point(min(int(unit * size), size - 1))
        if self.log:
            value = math.exp(math.log(self.low) * (1 - unit) + math.log(self.high) * unit)
        else:
            value = self.low * (1 - unit) + self.high * unit
        return min(max(value, self.low), self.high)

    def point(self, index: int) -> float:
        """Point number ``index``; only with a ``step``. Exact, so that 0.1 + 2 * 0.1 is 0.3."""
        return float(Fraction(str(self.low)) + index * Fraction(str(self.step)))

    def decode(self, param: Any) -> float:
        """The value behind what Optuna stores."""
        if self.step is None:
            return float(param)
        return self.point(round((param - self.low) / self.step))

    def corners(self) -> tuple[float, ...]:
        """The values at which a rule of the configuration would break first."""
        return (self.low, self.high)

    def to_plain(self) -> dict[str, Any]:
        """The form of the sweep file."""
        plain: dict[str, Any] = {"low": self.low, "high": self.high}
        return plain | ({"log": True} if self.log else {}) | ({"step": self.step} if self.step else {})


@dataclass(frozen=True, kw_only=True)
class IntRange:
    """Whole numbers from ``low`` to ``high``, both included."""

    low: int
    """Lower end."""
    high: int
    """Upper end; above ``low``."""
    log: bool = False
    """Whether equal ratios, not equal differences, are equally likely; needs ``low`` > 0."""
    step: int = 1
    """Distance of neighbouring points; 1 with ``log``."""

    def size(self) -> int:
        """Number of points."""
        return (self.high - self.low) // self.step + 1

    def distribution(self) -> BaseDistribution:
        """The same for Optuna; ``high`` becomes the last point, which Optuna would do with a warning."""
        return IntDistribution(self.low, self.point(self.size() - 1), log=self.log, step=self.step)

    def at(self, unit: float) -> int:
        """The point at ``unit`` in [0, 1)."""
        if not self.log:
            return self.point(min(int(unit * self.size()), self.size() - 1))
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)  # each end gets its whole share
        return min(max(round(math.exp(low * (1 - unit) + high * unit)), self.low), self.high)

    def point(self, index: int) -> int:
        """Point number ``index``."""
        return self.low + index * self.step

    def decode(self, param: Any) -> int:
        """The value behind what Optuna stores."""
        return int(param)

    def corners(self) -> tuple[int, ...]:
        """The values at which a rule of the configuration would break first."""
        return (self.low, self.high)

    def to_plain(self) -> dict[str, Any]:
        """The form of the sweep file."""
        plain: dict[str, Any] = {"low": self.low, "high": self.high}
        return plain | ({"log": True} if self.log else {}) | ({"step": self.step} if self.step > 1 else {})


@dataclass(frozen=True, kw_only=True)
class Choices:
    """A list to choose from."""

    choices: tuple[Any, ...]
    """Scalars, ``None`` or tuples; all different."""

    def size(self) -> int:
        """Number of points."""
        return len(self.choices)

    def distribution(self) -> BaseDistribution:
        """The same for Optuna, tuples as labels."""
        return CategoricalDistribution([label(choice) for choice in self.choices])

    def at(self, unit: float) -> Any:
        """The point at ``unit`` in [0, 1)."""
        return self.point(min(int(unit * self.size()), self.size() - 1))

    def point(self, index: int) -> Any:
        """Point number ``index``."""
        return label(self.choices[index])

    def decode(self, param: Any) -> Any:
        """The value behind what Optuna stores."""
        return self.choices[[label(choice) for choice in self.choices].index(param)]

    def corners(self) -> tuple[Any, ...]:
        """The values at which a rule of the configuration would break first: any."""
        return self.choices

    def to_plain(self) -> dict[str, Any]:
        """The form of the sweep file."""
        return {"choices": [list(choice) if isinstance(choice, tuple) else choice for choice in self.choices]}


Dimension = FloatRange | IntRange | Choices
"""One thing that varies."""


@dataclass(frozen=True)
class Space:
    """The dimensions of a search under their dotted names, in the order of the sweep file."""

    dimensions: Mapping[str, Dimension]
    """Dotted configuration name -> what it may be."""

    def distributions(self) -> dict[str, BaseDistribution]:
        """What ``optuna.Study.ask`` takes."""
        return {name: dimension.distribution() for name, dimension in self.dimensions.items()}

    def size(self) -> int | None:
        """Number of points, or ``None`` if a dimension is a continuum; 1 for a space without dimensions."""
        sizes = [dimension.size() for dimension in self.dimensions.values()]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    def from_unit(self, unit: Sequence[float]) -> dict[str, Any]:
        """Params of a point of the unit cube; ``unit`` holds one number in [0, 1) a dimension."""
        pairs = zip(self.dimensions.items(), unit, strict=True)
        return {name: dimension.at(float(share)) for (name, dimension), share in pairs}

    def grid(self, index: int) -> dict[str, Any]:
        """Params of point number ``index`` of the product, the last dimension varying fastest.

        Raises ``ValueError`` for a continuum and ``IndexError`` beyond the last point.
        """
        size = self.size()
        if size is None:
            raise ValueError("a space with a continuous dimension has no grid; see `grid_mistake`.")
        if not 0 <= index < size:
            raise IndexError(f"0 <= index < {size} must hold, but got {index}.")
        params: dict[str, Any] = {}
        for name, dimension in reversed(list(self.dimensions.items())):
            index, place = divmod(index, dimension.size() or 1)
            params[name] = dimension.point(place)
        return {name: params[name] for name in self.dimensions}

    def decode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Values for a configuration, under dotted names, of what Optuna stores."""
        return {name: dimension.decode(params[name]) for name, dimension in self.dimensions.items()}

    def grid_mistake(self, configurations: int) -> str | None:
        """Why a grid of that many configurations cannot be, with the way out; ``None`` if it can."""
        size = self.size()
        if size is None:
            name = next(name for name, dimension in self.dimensions.items() if dimension.size() is None)
            return (
                f"`sampler: grid` needs a finite space, but got `{name}` without a step; "
                f"give it a `step` or `choices`, or use `sampler: qmc`."
            )
        if configurations > size:
            return (
                f"`configurations` <= {size}, the number of points of the grid, must hold, "
                f"but got {configurations}; set `configurations: {size}` or use another sampler."
            )
        return None


def label(choice: Any) -> Any:
    """What Optuna stores for a choice: itself; for a tuple ``"32-16"``, or ``"8-"`` if it holds one item."""
    if not isinstance(choice, tuple):
        return choice
    return "-".join(str(item) for item in choice) + ("-" if len(choice) == 1 else "")
