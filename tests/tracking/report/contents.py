"""A complete, synthetic content of a report, with names that try to break out of their place."""

import math
from typing import Any

import numpy as np

from tracking.report.content import Content, Example, Importance, PaperPoint, Portrait, Study

NASTY = """it's "x" </script><b>ü & €</b>"""
FIELDS = (
    "pulse.width_s",
    "pulse.interval_s",
    "pulse.amplitude_V",
    "pulse.read_every",
    "readout.kind",
    "readout.hidden",
    "readout.quiet",
    "device.alpha",
)
METRICS = ("accuracy", "accuracy_std", "parameters", "macs", "energy_J", "latency_s", "area_m2", "seconds")


def make_content(trials: int = 60, **changes: Any) -> Content:
    """A sweep that has everything a report can show."""
    rng = np.random.default_rng(0)
    rows = [_row(number, rng) for number in range(trials)]
    front = _front(rows)
    for row in rows:
        row["on_front"] = row["trial"] in front
    values: dict[str, Any] = {
        "name": "digits",
        "task": "digits",
        "task_description": f"8x8 images, {NASTY}",
        "question": "Which device and pulses give the best accuracy for the least energy and the fewest parameters?",
        "answer": [f"Trial {front[0]} is best: {NASTY}.", "The control without kinetics is better by 0.02."],
        "complete": True,
        "planned": trials,
        "finished": sum(row["state"] == "finished" for row in rows),
        "failed": sum(row["state"] == "failed" for row in rows),
        "objectives": {"accuracy": "maximize", "parameters": "minimize", "energy_J": "minimize"},
        "searched": list(FIELDS),
        "columns": {name: [row.get(name) for row in rows] for name in rows[0]},
        "front": [_entry(rows[number]) for number in front],
        "control": {"accuracy": 0.955, "test_accuracy": 0.948, "parameters": 610},
        "paper": [
            PaperPoint(label="DDK", accuracy=0.966, parameters=38_172, macs=39_680, is_reference=False),
            PaperPoint(label="LeNet", accuracy=0.987, parameters=60_100, macs=200_000, is_reference=True),
            PaperPoint(label=NASTY, accuracy=0.926, parameters=38_172, macs=None, is_reference=False),
        ],
        "growth": _growth(rows),
        "hypervolume_unit": "share of the box between the worst and the best",
        "importance": [_importance(objective, rng) for objective in ("accuracy", "parameters", "energy_J")],
        "portraits": [_portrait(rows[front[0]], "best accuracy", rng), _portrait(rows[front[-1]], NASTY, rng)],
        "studies": [_study(front[0], rng)],
        "methods": {"Protocol": "honest", "Seeds": NASTY},
        "assumptions": ["Reading costs what a published converter costs.", NASTY],
        "versions": {"numpy": "2.4.6"},
        "checksums": {"train": "ab" * 32},
        "spec": f"name: digits  # {NASTY}\nseed: 0\n",
        "sweep_file": "it's here/sweep.yaml",
        "home_option": " --home 'my home'",
    }
    return Content(**values | changes)


def _row(number: int, rng: np.random.Generator) -> dict[str, Any]:
    hidden = int(rng.choice([8, 16, 32]))
    width = float(10 ** rng.uniform(-8, -4))
    kind = str(rng.choice(["mlp", "ridge"], p=[0.8, 0.2]))
    row: dict[str, Any] = {
        "trial": number,
        "state": "failed" if number % 20 == 7 else "finished",
        "on_front": False,
        "pulse.width_s": width,
        "pulse.interval_s": float(10 ** rng.uniform(-8, -3)),
        "pulse.amplitude_V": float(rng.uniform(0.5, 3)),
        "pulse.read_every": int(rng.choice([1, 2, 4])),
        "readout.kind": kind,
        # Numbers among lists, a truth, and a number that may be missing.
        "readout.hidden": {8: 8, 16: 16, 32: [16, 8]}[hidden] if kind == "mlp" else None,
        "readout.quiet": number % 3 == 0,
        "device.alpha": (None, 0.354)[number % 2],
    }
    if row["state"] == "failed":
        return row | dict.fromkeys(METRICS) | {"error": NASTY}
    parameters = hidden * 75 + 10
    accuracy = 0.7 + 0.08 * math.log10(parameters) + 0.015 * math.log10(width * 1e8) - abs(float(rng.normal(0, 0.06)))
    return row | {
        "accuracy": min(accuracy, 1.0),
        "accuracy_std": math.nan if number % 20 == 3 else 0.01,
        "parameters": parameters,
        "macs": parameters + 128,
        "energy_J": 1e-10 * parameters * (1 + width * 1e5) * float(rng.uniform(0.5, 2)),
        "latency_s": 64 * (width + row["pulse.interval_s"]),
        "area_m2": parameters * 1e-12,
        "seconds": 0.4,
        "error": None,
    }


def _front(rows: list[dict[str, Any]]) -> list[int]:
    kept: list[dict[str, Any]] = []
    finished = [row for row in rows if row["state"] == "finished"]
    # The best first: what comes later can only be beaten by what is kept.
    for row in sorted(finished, key=lambda row: (-row["accuracy"], row["parameters"], row["energy_J"])):
        if not any(all(each[name] <= row[name] for name in ("parameters", "energy_J")) for each in kept):
            kept.append(row)
    return [row["trial"] for row in kept]


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    evaluation = {name: row[name] for name in METRICS} | {
        "test_accuracy": row["accuracy"] - 0.01,
        "control_test_accuracy": 0.948,
    }
    return {
        "trial": row["trial"],
        "configuration": {"device.law": "drift_diffusion", **{name: row[name] for name in FIELDS}},
        "evaluation": evaluation,
    }


def _growth(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    best = -1.0
    growth: dict[str, list[float]] = {"trial": [], "hypervolume": [], "front_size": [], "best_accuracy": []}
    for row in rows:
        if row["accuracy"] is not None and row["accuracy"] > best:
            best = row["accuracy"]
            count = len(growth["trial"])
            for name, value in zip(growth, (row["trial"], 1 - 0.8**count, count + 1, best), strict=True):
                growth[name].append(value)
    return growth


def _importance(objective: str, rng: np.random.Generator) -> Importance:
    shares = np.sort(rng.dirichlet(np.ones(len(FIELDS))))[::-1]
    pairs = [(a, b, float(rng.uniform(0, 0.1))) for i, a in enumerate(FIELDS) for b in FIELDS[:i]]
    return Importance(
        objective=objective,
        fields=dict(zip(FIELDS, shares.tolist(), strict=True)),
        pairs=sorted(pairs, key=lambda pair: -pair[2]),
        baseline="the best tenth of the trials against all of them",
    )


def _portrait(row: dict[str, Any], why: str, rng: np.random.Generator) -> Portrait:
    names = [str(digit) for digit in range(9)] + [NASTY]
    evaluation = _entry(row)["evaluation"]
    return Portrait(
        trial=row["trial"],
        why=why,
        configuration=_entry(row)["configuration"],
        evaluation=evaluation,
        coefficients={"alpha": 0.31, "beta": 0.87},
        examples=[_example(name, rng) for name in names],
        classes=names,
        confusion=(rng.integers(0, 6, (10, 10)) + 90 * np.eye(10, dtype=int)).tolist(),
        part="test",
        energy_J={"readout": 1e-9, "converters": 4e-10, "pulses": 5e-11, "reads": 2e-12, "lines": 0.0},
        accuracy=(evaluation["accuracy"] + rng.normal(0, 0.01, 20)).tolist(),
    )


def _example(label: str, rng: np.random.Generator) -> Example:
    samples = rng.uniform(0, 1, (8, 8))
    states = np.vstack([np.ones(8), 1 + np.cumsum(0.1 - 0.3 * samples, axis=0)]).T
    return Example(
        label=label,
        series=3,
        time_s=(1e-6 * np.arange(9)).tolist(),
        pulse_width_s=[2e-7] * 8,
        pulse_V=(3 * samples[3]).tolist(),
        state=states[3].tolist(),
        states=(states[3] + rng.normal(0, 0.05, (5, 9))).tolist(),
        read_steps=[2, 4, 6, 8],
        features=states[:, 2::2].tolist(),
        samples=samples.tolist(),
    )


def _point(accuracy: "np.ndarray[Any, Any]", value: Any = None) -> dict[str, Any]:
    q05, q25, median, q75 = np.quantile(accuracy, [0.05, 0.25, 0.5, 0.75]).tolist()
    good = float((accuracy >= 0.9).mean())
    return {
        "value": value,
        "chips": len(accuracy),
        "mean": float(accuracy.mean()),
        "std": float(accuracy.std()),
        "median": median,
        "q25": q25,
        "q75": q75,
        "q05": q05,
        "yield": good,
        "yield_interval": [max(good - 0.1, 0), min(good + 0.1, 1)],
        "accuracy": accuracy.tolist(),
    }


def _study(trial: int, rng: np.random.Generator) -> Study:
    def curve(values: list[Any]) -> list[dict[str, Any]]:
        return [_point(0.95 - 0.02 * place + rng.normal(0, 0.02, 24), value) for place, value in enumerate(values)]

    def index(first: float, total: float) -> dict[str, Any]:
        return {
            "first": first,
            "first_interval": [first - 0.1, first + 0.1],
            "total": total,
            "total_interval": [total - 0.1, total + 0.1],
        }

    result = {
        "part": "test",
        "yield_target": 0.9,
        "control_accuracy": 0.948,
        "nominal": _point(np.array([0.96])),
        "studied": _point(0.95 + rng.normal(0, 0.01, 24)),
        "curves": {
            "device.d2d": curve([0.0, 0.05, 0.1, 0.2]),
            "crossbar.retention_s": curve([0.0, 1.0, 1e4, 1e8]),
            "pulse.adc_bits": curve([0, 4, 8]),
            "crossbar.programming": curve(["none", "milo2021"]),
            "device.stuck_high + device.stuck_low": curve([0.0, 0.01]),
        },
        "corners": [
            {"coefficients": {"alpha": "high", "beta": "low"}, "temperature_K": 340.0, "accuracy": 0.9},
            {"coefficients": {"alpha": "low", "beta": "high"}, "temperature_K": 260.0, "accuracy": 0.7},
        ],
        "sobol": {
            "samples": 64,
            "chips": 4,
            "points": 320,
            "parameters": {"device.d2d": index(0.4, 0.6), "device.c2c": index(0.1, 0.2)},
            "fix_first": {"words": "fix first: device.d2d (total index 0.60)"},
        },
    }
    return Study(name="variability", trial=trial, result=result)
