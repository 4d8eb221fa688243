"""Keeps the records of sweeps: the tracker's interface, MLflow behind it, tables and figures.

Importing this package is quick: MLflow and Matplotlib are imported by their first use.
"""

from tracking.background import BackgroundTracker
from tracking.base import StudyRecord, Summary, SweepRecord, Tracker, TrialRecord, TrialState
from tracking.errors import RecordRefusedError, TrackerError
from tracking.figures import draw_front
from tracking.front_table import front_csv, front_markdown, front_rows
from tracking.memory_tracker import MemoryTracker
from tracking.mlflow_tracker import MlflowTracker
from tracking.mlflow_ui import experiment_url, ui_command
from tracking.process_tracker import ProcessTracker

__all__ = [
    "BackgroundTracker",
    "MemoryTracker",
    "MlflowTracker",
    "ProcessTracker",
    "RecordRefusedError",
    "StudyRecord",
    "Summary",
    "SweepRecord",
    "Tracker",
    "TrackerError",
    "TrialRecord",
    "TrialState",
    "draw_front",
    "experiment_url",
    "front_csv",
    "front_markdown",
    "front_rows",
    "ui_command",
]
