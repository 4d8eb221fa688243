"""The report as one HTML file that needs nothing else.

Plotly's script, the styles, the data and the figures are all inside, and a content security policy forbids the rest:
the scripts that run are named by their hashes, none compiles another, and nothing is fetched from anywhere. So no
figure may be of the kinds that Plotly draws by a graphics card: it compiles their programs at run time.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.graph_objects import Figure

from tracking.front_table import merit_of
from tracking.labels import is_share, quantity, unit_of, words, written
from tracking.report.content import Content, Portrait, Study
from tracking.report.front_figure import front_figure
from tracking.report.growth_figure import growth_figure
from tracking.report.heat_map import ends, picture
from tracking.report.importance_figure import importance_figure, interactions_figure
from tracking.report.packing import Pool, script_json
from tracking.report.parallel_figure import parallel_figure
from tracking.report.plotly_script import plotly_script
from tracking.report.portrait_figures import chips_figure, confusion_figure, drive_figure, energy_figure
from tracking.report.robustness_figures import corners_figure, curve_figure, sobol_figure, yield_figure
from tracking.report.style import DARK, LIGHT

_FRONT_MOST = 40
"""Rows of the table of the front; all of it is in the table of configurations."""
_FACTS = (
    "accuracy",
    "accuracy_std",
    "test_accuracy",
    "test_accuracy_std",
    "parameters",
    "macs",
    "energy_J",
    "latency_s",
    "area_m2",
)
"""Metrics of the front's table and of portraits, in this order, after what else was searched for."""
_BY_PLACE = ("trial", "state", "on_front", "error")
"""Columns that are neither fields nor metrics."""


def write_report(content: Content, path: Path) -> Path:
    """Write the report of a sweep as one HTML file and return its path; its folder is created."""
    page = _Page(content)
    environment = Environment(
        loader=PackageLoader("tracking.report", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"quantity": quantity, "words": words}
    environment.globals["written"] = written
    text = environment.get_template("page.html.j2").render(page.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


class _Page:
    """What the template shows, and the figures that it asks for on the way."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.figures: dict[str, Figure] = {}
        self.rows = _rows(content.columns)
        self.front = [
            {"trial": entry["trial"], **entry["configuration"], **entry["evaluation"]} for entry in content.front
        ]
        self.metrics = [name for name in content.columns if name not in (*_BY_PLACE, *content.searched)]
        self.facts = [*(name for name in content.objectives if name not in _FACTS), *_FACTS]

    def values(self) -> dict[str, Any]:
        content = self.content
        shown = {
            "content": content,
            "tiles": self._tiles(),
            "fronts": self._fronts(),
            "front_table": self._front_table(),
            "growth": self._growth(),
            "parallel": self._parallel(),
            "importance": self._importance(),
            "portraits": [self._portrait(number, portrait) for number, portrait in enumerate(content.portraits)],
            "studies": [self._study(number, study) for number, study in enumerate(content.studies)],
            "failures": Counter(row["error"] or "no reason kept" for row in self.rows if row["state"] == "failed"),
        }
        own = "".join(map(_asset, ("quantities.js", "lines.js", "script.js")))
        scripts = {"plotly": plotly_script(), "script": own}
        return {
            **shown,
            **scripts,
            "style": _asset("style.css"),
            "data": script_json(self._data()),
            "hashes": " ".join(map(_hash, scripts.values())),
        }

    def _data(self) -> dict[str, Any]:
        pool = Pool()
        figures = {}
        for name, figure in self.figures.items():
            plain = figure.to_dict()
            plain["layout"].pop("template")
            figures[name] = pool.pack(plain)
        content = self.content
        columns = [
            {
                "name": name,
                "label": words(name),
                "unit": unit_of(name),
                "share": is_share(name),
                **pool.pack_column(content.columns[name]),
            }
            for name in ("trial", "state", "on_front", *content.searched, *self.metrics)
        ]
        name, objective = next(iter(content.objectives.items()))
        return {
            "arrays": pool.arrays,
            "figures": figures,
            "themes": {"light": pool.pack(LIGHT.to_plotly_json()), "dark": pool.pack(DARK.to_plotly_json())},
            "columns": columns,
            "searched": list(content.searched),
            "sortBy": name,
            "sortDown": objective == "maximize",
            "name": content.name,
            "homeOption": content.home_option,
            "sweepFile": content.sweep_file,
        }

    def _add(self, name: str, figure: Figure, caption: str, kind: str = "") -> dict[str, Any]:
        self.figures[name] = figure
        return {"name": name, "caption": caption, "height": figure.layout.height, "kind": kind}

    def _tiles(self) -> list[dict[str, str]]:
        """Key numbers: the accuracy of the best and what it costs, beside the control and the rest of the front."""
        content, tiles = self.content, []
        for best in self.front[:1]:
            metric, name = "test_accuracy", "test accuracy of the chosen one"  # others may do better there
            if best.get(metric) is None:
                metric = merit_of(content.objectives)
                name = f"best {words(metric)}"
            name += f", trial {best['trial']}"
            tiles.append({"value": written(metric, best[metric]), "name": name, "beside": ""})
            # Its own control, which the answer in words leads with.
            if best.get(f"control_{metric}") is not None:
                tiles[0]["beside"] = f"its control without kinetics {written(metric, best[f'control_{metric}'])}"
            for name in content.objectives:
                values = [point[name] for point in self.front if point.get(name) is not None]
                if name in ("accuracy", metric) or best.get(name) is None:
                    continue
                word, end = ("least", min(values)) if content.objectives[name] == "minimize" else ("most", max(values))
                beside = f"{word} on the front {written(name, end)}"
                if best.get(f"control_{name}") is not None:
                    beside = f"control {written(name, best[f'control_{name}'])}; {beside}"
                tiles.append({"value": written(name, best[name]), "name": f"its {words(name)}", "beside": beside})
        beside = f"{len(content.front):,} on the front, {content.failed:,} failed"
        name = f"of {content.planned:,} configurations evaluated"
        return [*tiles, {"value": f"{content.finished:,}", "name": name, "beside": beside}]

    def _fronts(self) -> list[dict[str, Any]]:
        figures = []
        for x, y in _pairs(self.content.objectives, self.metrics):
            colour = next((name for name in ("parameters", "energy_J", "accuracy") if name not in (x, y)), x)
            figure = front_figure(
                self.rows, self.front, self.content.control, x=x, y=y, colour=colour, paper=self.content.paper
            )
            caption = (
                f"{words(y)} against {words(x)}; colour: {words(colour)}. A click copies a configuration's command."
            )
            figures.append(self._add(f"front-{x}-{y}", figure, caption[0].upper() + caption[1:], "trials"))
        return figures

    def _front_table(self) -> dict[str, Any]:
        names = [name for name in self.facts if any(point.get(name) is not None for point in self.front)]
        names += [name for name in self.content.searched if name not in names]
        return {"names": names, "rows": self.front[:_FRONT_MOST], "left_out": len(self.front) - _FRONT_MOST}

    def _growth(self) -> dict[str, Any] | None:
        growth, content = self.content.growth, self.content
        if not growth.get("trial"):
            return None
        last = max(row["trial"] for row in self.rows)
        figure = growth_figure(
            growth, unit=content.hypervolume_unit, last=last, control=content.control.get("accuracy")
        )
        unit = f" Hypervolume: {content.hypervolume_unit}." if content.hypervolume_unit else ""
        return self._add(
            "growth-steps", figure, f"Hypervolume, size of the front and best accuracy after each trial.{unit}"
        )

    def _parallel(self) -> dict[str, Any] | None:
        evaluated = [row for row in self.rows if row["state"] == "finished"]
        if not evaluated:
            return None
        metrics = [name for name in dict.fromkeys(("accuracy", *self.content.objectives)) if name in self.metrics]
        colour = "accuracy" if "accuracy" in metrics else metrics[0]
        figure = parallel_figure(evaluated, self.content.searched, metrics, colour=colour)
        shown = len(figure.data[0].dimensions)
        caption = f"One line a configuration, brighter with {words(colour)}."
        return {**self._add("parallel", figure, caption), "axes": shown}

    def _importance(self) -> dict[str, Any] | None:
        found = self.content.importance
        if not found:
            return None
        caption = "Share of each field in what decides about an objective (PED-ANOVA), one objective a kind of bar."
        pairs = [
            self._add(
                f"pairs-{each.objective}",
                interactions_figure(each),
                f"Pairs that decide about {words(each.objective)} together.",
            )
            for each in found
            if each.pairs
        ]
        baselines = {words(each.objective): each.baseline for each in found if each.baseline}
        return {
            "bars": self._add("importance", importance_figure(found), caption),
            "pairs": pairs,
            "baselines": baselines,
        }

    def _portrait(self, number: int, portrait: Portrait) -> dict[str, Any]:
        prefix, examples, figures = f"portrait-{number}", portrait.examples, {}
        if examples:
            caption = (
                f"Series {examples[0].series} of a case of {examples[0].label}: what a device sees, and its state."
            )
            figures["drive"] = self._add(f"{prefix}-drive", drive_figure(examples[0]), caption)
        if portrait.confusion:
            caption = f"Cases of the {portrait.part} part, over all scored chips; colour: share of the true class."
            figures["confusion"] = self._add(
                f"{prefix}-confusion", confusion_figure(portrait.classes, portrait.confusion), caption
            )
        if any(portrait.energy_J.values()):
            figures["energy"] = self._add(f"{prefix}-energy", energy_figure(portrait.energy_J), "Energy by component.")
        if portrait.accuracy:
            kind = "control_test_accuracy" if portrait.part == "test" else "control_accuracy"
            control = portrait.evaluation.get(kind)
            caption = f"Accuracy of each of {len(portrait.accuracy)} chips, and the box of their quartiles."
            figure = chips_figure(portrait.accuracy, part=portrait.part, control=control)
            figures["chips"] = self._add(f"{prefix}-chips", figure, caption)
        searched = {name: portrait.configuration.get(name) for name in self.content.searched}
        return {
            "trial": portrait.trial,
            "why": portrait.why,
            "part": portrait.part,
            "facts": {
                name: portrait.evaluation[name] for name in self.facts if portrait.evaluation.get(name) is not None
            },
            "searched": searched,
            "fixed": {name: value for name, value in portrait.configuration.items() if name not in searched},
            "coefficients": portrait.coefficients,
            "maps": _maps(portrait),
            "figures": figures,
        }

    def _study(self, number: int, study: Study) -> dict[str, Any]:
        result, prefix = study.result, f"study-{number}"
        curves, control, nominal = result["curves"], result["control_accuracy"], result["nominal"]["median"]
        reached = [value for curve in curves.values() for point in curve for value in point["accuracy"]]
        low, high = min([*reached, control, nominal]), max([*reached, control, nominal])
        ends_of_y = (low - 0.04 * (high - low), high + 0.04 * (high - low))
        shown: dict[str, Any] = {"curves": [], "yields": [], "sobol": None, "corners": None}
        for place, (name, curve) in enumerate(curves.items()):
            figure = curve_figure(name, curve, control=control, nominal=nominal, y_range=ends_of_y)
            shown["curves"].append(self._add(f"{prefix}-curve-{place}", figure, words(name)))
            if result.get("yield_target") is not None:
                shown["yields"].append(self._add(f"{prefix}-yield-{place}", yield_figure(name, curve), words(name)))
        sobol = result.get("sobol")
        if sobol:
            caption = f"Sobol indices from {sobol['points']:,} designs; bars: 95 % bootstrap intervals."
            shown["sobol"] = self._add(f"{prefix}-sobol", sobol_figure(sobol["parameters"]), caption)
            shown["fix_first"] = sobol["fix_first"]["words"]
        if result.get("corners"):
            caption = "All devices off in the same way, without noise; the worst corner on top."
            shown["corners"] = self._add(
                f"{prefix}-corners", corners_figure(result["corners"], nominal=nominal), caption
            )
        return {"name": study.name, "trial": study.trial, "result": result, **shown}


def _rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _pairs(objectives: Mapping[str, str], metrics: Sequence[str]) -> list[tuple[str, str]]:
    """Metrics to draw against each other: merit and accuracy against their costs, then other pairs of objectives."""
    goals = dict.fromkeys((merit_of(objectives), "accuracy"))
    pairs = [(x, y) for y in goals for x in ("energy_J", "parameters") if {x, y} <= set(metrics)]
    for pair in combinations(objectives, 2):
        # What is maximised goes upwards.
        x, y = sorted(pair, key=lambda name: objectives[name] == "maximize")
        if (x, y) not in pairs and (y, x) not in pairs:
            pairs.append((x, y))
    return pairs


def _maps(portrait: Portrait) -> dict[str, Any] | None:
    """Sample and feature map of every example as pictures of common scales."""
    if not portrait.examples:
        return None
    scales = {}
    for kind in ("samples", "features"):
        scales[kind] = ends([getattr(example, kind) for example in portrait.examples])
    pictures = [
        {"label": example.label, **{kind: picture(getattr(example, kind), *scales[kind]) for kind in scales}}
        for example in portrait.examples
    ]
    return {"pictures": pictures, "scales": scales}


def _asset(name: str) -> str:
    return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
