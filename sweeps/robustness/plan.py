"""What a study scores: every point once, known before work starts, in an order that is part of the study.

===========  ====================================================  =====================  ===================
points       configuration that is used                            chips                  read-out trained on
===========  ====================================================  =====================  ===================
nominal      no spread, no faults, weights as trained              1                      the nominal device
as studied   the configuration with ``with``                       ``chips``              the nominal device
curves       the same with one value of the curve                  ``chips``              the nominal device
corners      all devices off in the same way, weights as trained   1                      the nominal device
sobol        the same as for curves with all parameters replaced   ``sobol.chips``        the nominal device
===========  ====================================================  =====================  ===================

Read-outs that are trained for chips (``insitu``, ``noise_aware``) are trained for what is used. Equal points share one
scoring, and all points share their chips (common random numbers).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinetics import InvalidParameterError, device_coefficients
from sweeps.errors import SpecError
from sweeps.robustness.fields import nominal, with_values
from sweeps.robustness.study_file import Study
from tasks import Configuration
from tasks.chips import corner_devices, make_devices
from tasks.robust import Robust
from tasks.sensitivity import sample_blocks

_BLOCKS, RESAMPLES = range(2)
"""Random streams of a study."""
_NO_TRIAL = 2**32 - 1
"""Stands where a trial's streams have its number."""


class Point(NamedTuple):
    """One scoring."""

    used: Configuration
    """The chips' configuration."""
    chips: int
    """How many."""


class Corner(NamedTuple):
    """One corner of the coefficients at one temperature."""

    coefficients: dict[str, str]
    """Coefficient -> high, low or nominal."""
    temperature_K: float
    """Temperature of use, K."""
    point: int
    """Number of its point."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The points of a study of one configuration, by number."""

    points: tuple[Point, ...]
    """All of them, no two alike."""
    nominal: int
    """The nominal device."""
    studied: int
    """The configuration as it is studied."""
    curves: dict[str, list[int]]
    """Curve -> the points of its values."""
    corners: list[Corner]
    """Corners, if asked for."""
    sobol: NDArray[np.intp]
    """[block, sample]: points of the sensitivity analysis; empty if not asked for."""


def make_plan(study: Study, configuration: Configuration, seed: int) -> Plan:
    """Every point of a study of a configuration; raises ``SpecError`` with every rule that one of them breaks."""
    points: dict[Point, int] = {}
    broken: dict[str, None] = {}

    def number(build: Callable[[], Configuration], chips: int) -> int:
        try:
            used = build()
            # Draws a device, so that what only shows there (temperature, correlation) is known now.
            make_devices(used, series=1, chips=1, stream=lambda _: np.random.SeedSequence(0))
        except InvalidParameterError as error:
            broken[str(error)] = None
            return -1
        return points.setdefault(Point(used, chips), len(points))

    def numbers(base: Configuration, changes: list[dict[str, Any]], chips: int) -> list[int]:
        return [number(partial(with_values, base, change), chips) for change in changes]

    studied = _studied(configuration, study.fixed)
    base = studied if study.others == "configuration" else _studied(nominal(configuration), study.fixed)
    plan = Plan(
        nominal=number(partial(nominal, configuration), 1),
        studied=number(partial(with_values, studied, {}), study.chips),
        curves={
            curve.name: numbers(base, [dict.fromkeys(curve.fields, value) for value in curve.values], study.chips)
            for curve in study.curves
        },
        corners=_corners(study, studied, number) if study.corners else [],
        sobol=np.array(_sobol(study, base, seed, numbers), np.intp),
        points=(),
    )
    if broken:
        raise SpecError(list(broken))
    return replace(plan, points=tuple(points))


def _studied(configuration: Configuration, fixed: Mapping[str, Any]) -> Configuration:
    try:
        return with_values(configuration, fixed)
    except InvalidParameterError as error:
        raise SpecError([str(error)]) from None


def _sobol(
    study: Study,
    base: Configuration,
    seed: int,
    numbers: Callable[[Configuration, list[dict[str, Any]], int], list[int]],
) -> list[list[int]]:
    if study.sobol is None:
        return []
    space = study.sobol.space
    blocks = sample_blocks(len(space.dimensions), study.sobol.samples, random_stream(seed, _BLOCKS))
    return [numbers(base, [space.from_unit(list(row)) for row in block], study.sobol.chips) for block in blocks]


def _corners(
    study: Study, studied: Configuration, number: Callable[[Callable[[], Configuration], int], int]
) -> list[Corner]:
    """The corners as configurations: coefficients given, high or low, and a shift of temperature."""
    asked = study.corners
    if asked is None:
        return []
    [devices] = corner_devices(studied, Robust(corner_sigmas=asked.sigmas), series=1)
    quiet = nominal(studied)
    centre = device_coefficients(studied.device, studied.pulse)
    columns = {name: values[:, 0].tolist() for name, values in devices.coefficients.items()}
    rows = list(dict.fromkeys(zip(*columns.values(), strict=True)))
    degrees = asked.temperature_shift_K
    found = []
    for row in rows:
        coefficients = dict(zip(columns, row, strict=True))
        sides = {name: _side(value, centre[name]) for name, value in coefficients.items()}
        for shift in (-degrees, 0.0, degrees) if degrees else (0.0,):
            point = number(partial(_at_corner, quiet, coefficients, shift), 1)
            found.append(Corner(sides, studied.device.temperature_K + shift, point))
    return found


def _at_corner(quiet: Configuration, coefficients: Mapping[str, float], shift_K: float) -> Configuration:
    device = replace(quiet.device, coefficients=coefficients, temperature_shift_K=shift_K)
    return replace(quiet, device=device)


def _side(value: float, centre: float) -> str:
    """Where a coefficient is; corners are drawn in float32, so that equality is to its precision."""
    if np.isclose(value, centre, rtol=1e-6, atol=0):
        return "nominal"
    return "high" if value > centre else "low"


def random_stream(seed: int, purpose: int) -> np.random.Generator:
    """A random stream of a study with that seed."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_NO_TRIAL, purpose)))
