"""How these pages are built: `make docs`, or `sphinx-build -W -n docs build/docs`."""

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

project = "memsweep"
author = "The memsweep authors"
copyright = author  # noqa: A001 (Sphinx calls it so)
release = version = version_of("memsweep")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "command_reference",
    "mathml",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_math_renderer = "mathml"
html_title = "memsweep"
html_static_path: list[str] = []
html_copy_source = html_show_sourcelink = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_include_special_with_doc = False
# Types of other packages: their own pages, which a build without a network cannot ask for their addresses.
nitpick_ignore_regex = [
    ("py:.*", r"(numpy|np|scipy|pandas|pd|plotly|optuna|go)\..*"),
    ("py:.*", r"(collections|pathlib|typing|types|enum|abc)\..*"),
    ("py:.*", r"tuple\[.*"),
]
# Insides that signatures of public names mention.
nitpick_ignore = [
    ("py:exc", "TrainingError"),
    *(
        ("py:class", name)
        for name in (
            "kinetics.components.Component",
            "kinetics.components.Converter",
            "kinetics.readout_load.CrossbarLayer",
            "Figure",
            "sweeps.home.SweepFolder",
            "sweeps.space.Space",
            "sweeps.study.Record",
            "tasks.chips.ChipScores",
            "tasks.evaluator.Control",
            "tasks.evaluator.Recognised",
            "tasks.evaluator.Request",
            "tasks.evaluator.Variant",
            "tasks.kinetics_network.KineticsNetwork",
        )
    ),
]

linkcheck_anchors = False
linkcheck_timeout = 20
linkcheck_ignore = [r"http://localhost.*", r"http://127\.0\.0\.1.*"]


_AS_THEY_ARE = ("attribute", "data", "property")
_QUOTED = re.compile(r":\w+:`[^`]+`|``.+?``|`([^`]+)`(?!_)")
_kept: dict[str, list[str]] = {}


def _keep(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Put the text of a field aside, in which Napoleon takes what stands before a colon for a type."""
    if what in _AS_THEY_ARE:
        _kept[name] = lines.copy()
        lines.clear()


def _give_back(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Give it back; what a docstring has in single backticks is code, as it is in double ones."""
    if what in _AS_THEY_ARE:
        lines[:] = _kept.pop(name)
    lines[:] = [_QUOTED.sub(lambda found: f"``{found[1]}``" if found[1] else found[0], line) for line in lines]


def setup(app: Sphinx) -> None:
    """Read docstrings as this project writes them."""
    app.connect("autodoc-process-docstring", _keep, priority=400)
    app.connect("autodoc-process-docstring", _give_back, priority=600)
