"""A task that is evaluated in a millisecond, and one Ray for all tests that need it."""

from collections.abc import Iterator

import numpy as np
import pytest

from sweeps.spec import Spec, parse_spec
from tasks import Part, Task


def _part(seed: int, cases: int) -> Part:
    rng = np.random.default_rng(seed)
    y = np.arange(cases) % 3
    x = rng.random((6, 2, cases), np.float32) * 0.5
    x[:, 0, :] += 0.25 * y
    return Part(np.minimum(x, 1).astype(np.float32), y)


def make_tiny_task() -> Task:
    """Three classes of noisy series; the level of the first one tells the class."""
    return Task(
        name="tiny",
        description="made up",
        classes=3,
        train=_part(0, 60),
        validation=_part(1, 30),
        test=_part(2, 30),
    )


@pytest.fixture(scope="session")
def tiny_task() -> Task:
    """That task."""
    return make_tiny_task()


@pytest.fixture
def tiny_spec() -> Spec:
    """A small search for two objectives over that task."""
    return parse_spec(
        {
            "name": "tiny",
            "task": "digits",
            "seed": 3,
            "configurations": 24,
            "chips": 3,
            "lag": 5,
            "objectives": {"accuracy": "maximize", "energy_J": "minimize"},
            "sampler": "tpe",
            "configuration": {
                "device.d2d": 0.1,
                "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
                "pulse.interval_s": {"low": 1e-7, "high": 1e-5, "log": True},
                "readout.kind": "ridge",
            },
        }
    )


@pytest.fixture(scope="session")
def local_ray() -> Iterator[None]:
    """Ray with two CPUs, on loopback, for the whole session."""
    from sweeps.ray_executor import _connect

    _connect(None, 2)
    yield
    import ray

    ray.shutdown()
