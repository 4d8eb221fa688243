"""Spoken digits (FSDD), from the waveform: 16 series of 20 steps. The paper has no such task."""

from tasks.learning import Architecture, Training
from tasks.recipes.recipe import Recipe
from tasks.task import Task


def _honest(task: Task) -> Architecture:
    return Architecture(
        steps=task.steps,
        series=task.series,
        classes=task.classes,
        hidden=(32,),
        learned="none",
        alpha=0.1,
        beta=0.4,
        read_phase="after",
    )


RECIPES = (
    Recipe(
        task="fsdd",
        protocol="honest",
        data="fsdd",
        architecture=_honest,
        training=Training(
            learning_rate=0.01,
            weight_decay=0.1,
            batch=64,
            epochs=60,
            patience=60,
            label_smoothing=0.1,
            input_noise=0.03,
            mixup=0.3,
            standardise=True,
        ),
        notes=("not in the paper",),
    ),
)
