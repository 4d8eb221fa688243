"""Records and trackers for the tests of the tracking room."""

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tracking import MlflowTracker, Summary, SweepRecord, TrialRecord

_THIRD_PARTY_WARNINGS = [
    # mlflow 3.17 declares relationships with lazy="noload", which SQLAlchemy 2.1 deprecates; raised as an
    # error while MLflow's tables are mapped, it would break them.
    "ignore:The ``noload`` loader strategy is deprecated",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for line in _THIRD_PARTY_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(line))


@pytest.fixture
def sweep() -> SweepRecord:
    return SweepRecord(
        name="digits",
        spec={"name": "digits", "seed": 3, "configuration": {"pulse.width_s": {"low": 1e-8, "high": 1e-4}}},
        task="digits",
        seed=3,
        objectives={"accuracy": "maximize", "energy_J": "minimize"},
        planned=200,
        versions={"numpy": "2.4.6"},
    )


@pytest.fixture
def trial() -> Callable[..., TrialRecord]:
    def build(number: int = 0, **changes: Any) -> TrialRecord:
        values: dict[str, Any] = {
            "sweep": "digits",
            "number": number,
            "state": "finished",
            "configuration": {
                "device.law": "drift_diffusion",
                "device.d2d": 0.05,
                "pulse.width_s": 1e-8 * (number + 1),
                "readout.hidden": (8, 16),
                "readout.standardise": True,
                "readout.limit": None,
            },
            "evaluation": {"accuracy": 0.9, "parameters": 610, "energy_J": 2e-9, "test_accuracy": None},
        }
        return TrialRecord(**values | changes)

    return build


@pytest.fixture
def summary(tmp_path: Path, trial: Callable[..., TrialRecord]) -> Summary:
    picture = tmp_path / "front of digits.png"
    picture.write_bytes(b"\x89PNG\r\n")
    rows = [trial(number) for number in (1, 4)]
    return Summary(
        finished=199,
        failed=1,
        seconds=12.5,
        control={"accuracy": 0.912, "parameters": 610, "test_accuracy": None},
        pareto=[
            {"trial": row.number, "configuration": row.configuration, "evaluation": row.evaluation} for row in rows
        ],
        figures={"front": picture},
    )


@pytest.fixture(scope="session")
def mlflow_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for all tests, for creating its tables takes seconds; a test has its own sweep name."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'folder' / 'mlflow.db'}"


@pytest.fixture
def mlflow_tracker(mlflow_uri: str, tmp_path: Path) -> Callable[[], MlflowTracker]:
    """Builds trackers on the same database: a second one is what another process would see."""
    return lambda: MlflowTracker(mlflow_uri, tmp_path / "artifacts")


@pytest.fixture
def closed_port() -> int:
    """A port of this machine where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Broken(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@pytest.fixture
def broken_server() -> Iterator[str]:
    """Address of a server that answers 500 to everything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Broken) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
