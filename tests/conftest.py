"""Shared by all tests: where real data lie, and an environment that writes nothing outside the test's folder."""

import os
from pathlib import Path

import pytest

from tasks.data.location import VARIABLE


@pytest.fixture
def real_data() -> Path:
    """The folder of real data sets; without it the test says so and skips."""
    root = os.environ.get(VARIABLE)
    if not root or not Path(root).is_dir():
        pytest.skip(f"{VARIABLE} names no folder of real data sets")
    return Path(root)


@pytest.fixture(autouse=True)
def home_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every sweep of a test in the test's own folder."""
    monkeypatch.setenv("MEMSWEEP_HOME", str(tmp_path / "home"))
