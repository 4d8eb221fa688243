r"""What of a trace a law is fitted to: readings of the response, and the pulses between them.

A *relaxation* is a response against time without pulses. A *pulse response* is a response against the number of pulses;
reading ``n`` sees the state after ``steps[n]`` steps of the law, with the drive ``x[k] = V[k] / V_max`` of step k.

======================================  ======================================================================
trace                                   readings
======================================  ======================================================================
time, response                          relaxation
pulse number, response                  after that many pulses of full scale
pulse number, voltage, conductance      after that pulse, whose amplitude is the voltage
time, voltage, current                  G = I / V at the read voltage: the lowest level that is held. Rows above
                                        twice that level are pulses: none, or one alone, makes a relaxation
                                        (of what follows it); more make a pulse response
======================================  ======================================================================
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kinetics.errors import InvalidParameterError, require
from kinetics.fitting.trace import Float64, Trace

RELAXATION, PULSES = "relaxation", "pulses"
_IDLE = 1e-3
"""Voltages below this share of the highest count as none: what is left is the offset of the instrument."""
_LEVEL_WIDTH = 1.2
"""A level is held by rows whose voltages differ by less than this factor."""
_LEVEL_ROWS, _LEVEL_SHARE = 3, 0.01
"""Fewest rows that hold a level, and their fewest share: edges of pulses do not."""
_PULSE_ABOVE_READ = 2.0
_JITTER = 0.2
"""By how much of a period a pulse may come early or late."""
_MOST_STEPS = 100_000
_PLAUSIBLE = {
    "s": (1e-9, 1e5, "time span"),
    "V": (1e-3, 20.0, "highest voltage"),
    "S": (1e-10, 1.0, "median conductance"),
    "A": (1e-15, 1.0, "median current"),
}
"""What measurements of memristors usually lie within; anything else is told, for its unit may be wrong."""

Whole = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Observation:
    """Readings of one device and how they came about."""

    kind: str
    """``relaxation`` or ``pulses``."""
    at: Float64
    """[reading]: time since the first one, s, for a relaxation; steps of the law before it, for a pulse response."""
    response: Float64
    """[reading]: mostly positive, in ``unit``."""
    unit: str
    """``S``, ``A`` or empty."""
    drive: Float64 | None = None
    """[step]: drive of each step of a pulse response, in [0, 1]."""
    period_s: float | None = None
    """Time from one step to the next, s: the period of the pulses, or the median time between readings."""
    width_s: float | None = None
    """Width of a pulse, s, where the trace shows it."""
    amplitudes_V: tuple[float, float] | None = None
    """Lowest and highest amplitude of the pulses, V, where the trace tells them."""
    read_V: float | None = None
    """Voltage of a reading, V, where the trace tells it."""
    warnings: tuple[str, ...] = ()
    """What a reader should know, a sentence each."""


def observe(trace: Trace, kind: str | None = None) -> Observation:
    """Readings and pulses of a trace.

    Args:
        trace: the measurement.
        kind: ``relaxation`` or ``pulses``; None tells them apart by the table of this module.

    Raises:
        InvalidParameterError: the trace cannot be of that kind, its response is constant, or its pulses are not on a
            uniform grid.
    """
    require(kind in (None, RELAXATION, PULSES), f"`kind` in ({RELAXATION!r}, {PULSES!r})", kind, "choose one of these")
    warnings = [*trace.warnings, *_implausible(trace)]
    by_row = trace.counts_pulses or trace.voltage_V is None or trace.response_unit == "S"
    if not by_row:
        found = _of_waveform(trace, kind)
    elif kind == PULSES or (kind is None and (trace.counts_pulses or _varies(trace.voltage_V))):
        found = _of_table(trace)
    else:
        found = _relaxation(trace.x, trace.response, trace.response_unit)
    if trace.read_V is not None:
        found = replace(found, read_V=trace.read_V)
    y = found.response
    require(len(y) > 0, "A trace has readings", 0, "check which rows hold a voltage")
    require(
        float(np.ptp(y)) > 1e-9 * float(np.abs(y).max()),
        "The response of a trace varies",
        f"{y[0]:g} in every row",
        "check the column, or the range of the instrument",
    )
    if np.median(y) < 0:
        y = -y
        warnings.append("The response is negative; its magnitude was fitted.")
    if found.unit in ("S", "A"):
        warnings += _outside(found.unit, float(np.median(y)))
    return replace(found, response=y, warnings=(*warnings, *found.warnings))


def _varies(voltage_V: Float64 | None) -> bool:
    return voltage_V is not None and float(np.ptp(voltage_V)) > _IDLE * float(np.abs(voltage_V).max())


def _relaxation(x: Float64, response: Float64, unit: str, *, warnings: tuple[str, ...] = ()) -> Observation:
    require(
        len(x) > 1 and x[-1] > x[0],
        "The readings of a relaxation differ in time",
        f"{len(x)} at one time",
        "check the column of times",
    )
    steps = np.diff(x)
    return Observation(
        kind=RELAXATION,
        at=x - x[0],
        response=response,
        unit=unit,
        period_s=float(np.median(steps[steps > 0])),
        warnings=warnings,
    )


def _of_table(trace: Trace) -> Observation:
    """A pulse response with a row a pulse."""
    x = trace.x
    period_s = None
    if trace.counts_pulses:
        steps = np.rint(x).astype(np.int64)
        require(
            bool(np.abs(x - steps).max() < 1e-6 and (np.diff(steps) > 0).all()),
            "Numbers of pulses are whole and increase",
            f"{x[0]:g} to {x[-1]:g}",
            "check the column, or choose one of times",
        )
        # Row 0 before any pulse where the numbers say so; a later start is the first pulse of this trace.
        steps = steps if steps[0] in (0, 1) else steps - steps[0] + 1
    else:
        require(len(x) > 1 and x[-1] > x[0], "The rows differ in time", len(x), "check the column of times")
        steps = 1 + _on_grid(x)
        period_s = float(np.ptp(x)) / float(steps[-1] - steps[0])
    require(int(steps[-1]) <= _MOST_STEPS, f"A pulse response has at most {_MOST_STEPS} steps", steps[-1], "cut it")
    drive = np.ones(int(steps[-1]))
    amplitudes = None
    if trace.voltage_V is not None:
        require(
            bool((np.diff(steps) == 1).all()),
            "A trace of pulse, voltage and response has every pulse",
            f"{len(steps)} rows for {steps[-1]} pulses",
            "leave the column of voltages out, if all pulses are alike",
        )
        drive, amplitudes = _normalised(trace.voltage_V[steps > 0])
    return Observation(
        kind=PULSES,
        at=steps.astype(np.float64),
        response=trace.response,
        unit=trace.response_unit,
        drive=drive,
        period_s=period_s,
        amplitudes_V=amplitudes,
        warnings=_of_amplitudes(drive),
    )


def _of_waveform(trace: Trace, kind: str | None) -> Observation:
    """Readings at the read voltage, and the pulses between them."""
    if trace.voltage_V is None:
        raise TypeError("a waveform has voltages")
    t, volts = trace.x, np.abs(trace.voltage_V)
    highest = float(volts.max())
    require(highest > 0, "A reading has a voltage", "0 V in every row", "leave the column of voltages out")
    active = volts > _IDLE * highest
    level = _lowest_level(volts[active])
    pulsing = volts > _PULSE_ABOVE_READ * level
    reading = active & ~pulsing & (volts * _PULSE_ABOVE_READ > level)
    conductance = trace.response[reading] / trace.voltage_V[reading]
    edges = np.diff(np.concatenate(([0], pulsing.astype(np.int8), [0])))
    first, behind = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    read_V = float(np.median(volts[reading])) if reading.any() else None
    if kind == RELAXATION or (kind is None and len(first) < 2):
        last = behind[-1] if len(behind) else 0
        after = np.flatnonzero(reading) >= last
        require(bool(after.any()), "There are readings behind the last pulse", 0, "check the column of voltages")
        relaxing = _relaxation(
            t[reading][after],
            conductance[after],
            "S",
            warnings=("What follows the last pulse was fitted as a relaxation.",) if len(first) else (),
        )
        return replace(relaxing, read_V=read_V)
    require(
        len(first) > 0, "A pulse response has pulses above the read voltage", f"{highest:g} V at most", "see --kind"
    )
    place = _on_grid(t[first])
    period_s = float(t[first[-1]] - t[first[0]]) / float(place[-1]) if len(first) > 1 else float(np.ptp(t))
    times = t[reading]
    pulse = np.searchsorted(t[first], times, side="right") - 1
    since = np.floor((times - t[first[np.maximum(pulse, 0)]]) / period_s).astype(np.int64)
    # A pulse that comes a little late does not add a step.
    following = np.append(place[1:], np.iinfo(np.int64).max)[np.maximum(pulse, 0)]
    steps = np.where(pulse < 0, 0, np.minimum(place[np.maximum(pulse, 0)] + since + 1, following))
    count = int(max(steps.max(initial=0), place[-1] + 1))
    require(count <= _MOST_STEPS, f"A pulse response has at most {_MOST_STEPS} steps", count, "cut the trace")
    drive = np.zeros(count)
    means = np.add.reduceat(np.where(pulsing, trace.voltage_V, 0.0), first) / (behind - first)
    drive[place], amplitudes = _normalised(means)
    long_runs = (behind < len(t)) & (behind - first > 1)
    return Observation(
        kind=PULSES,
        at=steps.astype(np.float64),
        response=conductance,
        unit="S",
        drive=drive,
        period_s=period_s,
        width_s=float(np.median(t[behind[long_runs]] - t[first[long_runs]])) if long_runs.any() else None,
        amplitudes_V=amplitudes,
        read_V=read_V,
        warnings=_of_amplitudes(drive[place]),
    )


def _lowest_level(volts: Float64) -> float:
    """The lowest voltage that enough rows hold."""
    ordered = np.sort(volts)
    holders = np.searchsorted(ordered, ordered * _LEVEL_WIDTH, side="right") - np.arange(len(ordered))
    held = np.flatnonzero(holders >= max(_LEVEL_ROWS, _LEVEL_SHARE * len(ordered)))
    start = int(held[0]) if len(held) else 0
    return float(np.median(ordered[start : start + holders[start]]))


def _on_grid(times: Float64) -> Whole:
    """Places of events on a uniform grid, counted from the first; a gap is several periods long."""
    gaps = np.diff(times)
    if len(gaps) == 0:
        return np.zeros(1, np.int64)
    period = float(np.median(gaps))
    counts = np.rint(gaps / period).astype(np.int64) if period > 0 else np.zeros(len(gaps), np.int64)
    worst = int(np.argmax(np.where(counts > 0, np.abs(gaps - counts * period), np.inf)))
    require(
        bool(counts[worst] > 0 and abs(gaps[worst] - counts[worst] * period) <= _JITTER * period),
        "Pulses come at a uniform interval or a multiple of it",
        f"{gaps[worst]:.3g} s where most are {period:.3g} s apart",
        "fit the parts of the trace one by one, or number the pulses in the first column",
    )
    return np.concatenate(([0], np.cumsum(counts)))


def _normalised(volts: Float64) -> tuple[Float64, tuple[float, float]]:
    """Amplitudes as shares of the highest, and the lowest and highest of them."""
    if np.median(volts[volts != 0] if (volts != 0).any() else volts) < 0:
        volts = -volts
    highest = float(volts.max())
    if highest <= 0 or volts.min() < -_IDLE * highest:
        raise InvalidParameterError(
            f"Pulses of a trace must all have one polarity, but got {volts.min():g} V to {highest:g} V; "
            "fit SET and RESET one by one."
        )
    fired = volts[volts > _IDLE * highest]
    return np.clip(volts / highest, 0, 1), (float(fired.min()), highest)


def _of_amplitudes(drive: Float64) -> tuple[str, ...]:
    fired = drive[drive > 0]
    if len(fired) == 0 or fired.min() * _LEVEL_WIDTH > fired.max():
        return ()
    return ("The amplitudes of the pulses vary; the drive of each was taken as its share of the highest.",)


def _implausible(trace: Trace) -> list[str]:
    told = [] if trace.counts_pulses else _outside("s", float(np.ptp(trace.x)) if len(trace.x) else 1.0)
    if trace.voltage_V is not None and len(trace.voltage_V):
        told += _outside("V", float(np.abs(trace.voltage_V).max()))
    return told


def _outside(unit: str, value: float) -> list[str]:
    low, high, what = _PLAUSIBLE[unit]
    if value == 0 or low <= value <= high:
        return []
    return [f"The {what} is {value:.3g} {unit}, outside {low:g} to {high:g} {unit}: is the unit of the column right?"]
