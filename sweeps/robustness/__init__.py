"""Studies of robustness: how trained configurations of a sweep do on chips that are not what they were designed for.

::

    study file ──> Study ──┐
                           ├─> Plan: points ──> executor (score) ──> points.jsonl ──> result, pictures, tracker
    sweep ──> Chosen ──────┘
"""

from sweeps.robustness.choose import ChoiceError, Chosen, choose
from sweeps.robustness.run import Observer, StudyOutcome, run_study
from sweeps.robustness.study_file import Study, load_study, parse_study

__all__ = [
    "ChoiceError",
    "Chosen",
    "Observer",
    "Study",
    "StudyOutcome",
    "choose",
    "load_study",
    "parse_study",
    "run_study",
]
