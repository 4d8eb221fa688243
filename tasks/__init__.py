"""What is asked of a population of memristors: data, read-outs, scores and counts."""

from tasks.configuration import Configuration, configuration_fields
from tasks.data import TASKS, load_task
from tasks.errors import DataError, TaskError
from tasks.evaluation import OBJECTIVES, Evaluation
from tasks.task import Part, Task

__all__ = [
    "OBJECTIVES",
    "TASKS",
    "Configuration",
    "DataError",
    "Evaluation",
    "Part",
    "Task",
    "TaskError",
    "configuration_fields",
    "load_task",
]
