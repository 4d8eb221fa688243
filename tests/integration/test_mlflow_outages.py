"""Sweeps whose MLflow is down, slow, restarted or broken: as fast as without it, and complete after a sync, once.

A real ``mlflow server`` stands behind a proxy that answers as a test wants it to.
"""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from mlflow import MlflowClient

from sweeps.api import mlflow_tracker
from sweeps.home import Home
from sweeps.run import Options, Outcome, run
from sweeps.spec import Spec, parse_spec
from sweeps.sync import sync

pytestmark = pytest.mark.timeout(300)
_START_S = 90.0


class Server:
    """An MLflow server on loopback, which can be killed and started again where it was."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.uri = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        words += ["--backend-store-uri", f"sqlite:///{self._folder / 'mlflow.db'}"]
        words += ["--artifacts-destination", str(self._folder / "artifacts")]
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *words],
                env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline_s = time.monotonic() + _START_S
        while True:
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=5):
                    return
            except OSError:
                assert time.monotonic() < deadline_s, (self._folder / "server.log").read_text()
                time.sleep(0.2)

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


class Proxy:
    """Passes requests on, unless ``mood`` says otherwise; ``moods`` draws one for each request."""

    def __init__(self, port: int) -> None:
        self.moods: Callable[[], str] = lambda: "fine"
        self.seen: Counter[str] = Counter()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                mood = proxy.moods()
                proxy.seen[mood] += 1
                if mood == "500":
                    self.send_response(500)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if mood == "slow":
                    time.sleep(15)
                    self.close_connection = True
                    return
                upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                try:
                    headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                    upstream.request(self.command, self.path, body, headers)
                    answer = upstream.getresponse()
                    content = answer.read()
                except OSError:
                    self.send_error(502)
                    return
                finally:
                    upstream.close()
                if mood == "mute":  # done, but nobody is told
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                """Say nothing."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: object, client_address: object) -> None:
                """Clients that give up are what is tested."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def spec(request: pytest.FixtureRequest) -> Spec:
    """A quick sweep under a name of its own, for all tests share the server."""
    return parse_spec(
        {
            "name": request.node.name.replace("[", "-").rstrip("]"),
            "task": "digits",
            "configurations": 40,
            "chips": 1,
            "sampler": "random",
            "objectives": {"accuracy": "maximize", "energy_J": "minimize"},
            "configuration": {
                "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
                "pulse.amplitude_V": {"low": 0.5, "high": 3.0},
                "readout.kind": "ridge",
            },
        }
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def run_tracked(spec: Spec, home: Home, uri: str) -> Outcome:
    return run(spec, home, Options(executor="inline", tracker=partial(mlflow_tracker, home, uri)))


def kept(server: Server, name: str) -> dict[str, str]:
    """Key -> status of the active runs; fails if a key has two."""
    client = MlflowClient(server.uri)
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return {}
    runs = list(client.search_runs([experiment.experiment_id], max_results=1000))
    keys = [run.data.tags["memsweep.trial"] for run in runs]
    assert len(keys) == len(set(keys)), sorted(keys)
    return dict(zip(keys, (run.info.status for run in runs), strict=True))


def whole(spec: Spec) -> dict[str, str]:
    return dict.fromkeys([*map(str, range(spec.trials)), "summary"], "FINISHED")


@pytest.mark.parametrize("mood", ["500", "slow"])
def test_down_for_the_whole_sweep_costs_it_nothing_and_a_sync_completes_it(
    mood: str, server: Server, proxy: Proxy, spec: Spec, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.background.PATIENCE_FAILING_s", 1.0)
    alone = run(replace(spec, name="alone"), home, Options(executor="inline"))
    proxy.moods = lambda: mood
    outcome = run_tracked(spec, home, proxy.uri)
    assert proxy.seen[mood]
    assert (outcome.complete, outcome.finished) == (True, spec.trials)
    assert outcome.untracked == list(range(spec.trials))
    assert alone.result is not None
    assert outcome.result is not None
    # The process of the tracker takes its share of a busy machine, but nothing waits for it.
    assert outcome.result["seconds"] < 3 * alone.result["seconds"] + 3
    assert kept(server, spec.name) == {}
    monkeypatch.undo()
    synced = sync(outcome.folder, partial(mlflow_tracker, home, server.uri))
    assert (synced.missing, synced.written, synced.problem) == (spec.trials, spec.trials, None)
    assert kept(server, spec.name) == whole(spec)
    again = sync(outcome.folder, partial(mlflow_tracker, home, server.uri))
    assert (again.missing, again.written) == (0, 0)


@pytest.mark.parametrize("seed", range(2))
def test_answers_that_are_lost_double_nothing(seed: int, server: Server, proxy: Proxy, spec: Spec, home: Home) -> None:
    draw = random.Random(seed)
    proxy.moods = lambda: draw.choices(["fine", "500", "mute"], [20, 1, 1])[0]
    outcome = run_tracked(spec, home, proxy.uri)
    assert proxy.seen["mute"]
    assert proxy.seen["500"]
    proxy.moods = lambda: "fine"
    synced = sync(outcome.folder, partial(mlflow_tracker, home, proxy.uri))
    assert synced.missing == len(outcome.untracked)
    assert kept(server, spec.name) == whole(spec)


def test_server_that_is_killed_and_restarted_has_everything_in_the_end(server: Server, spec: Spec, home: Home) -> None:
    outcomes: list[Outcome] = []
    spec = replace(spec, configurations=150)
    sweep = Thread(target=lambda: outcomes.append(run_tracked(spec, home, server.uri)))
    sweep.start()
    while len(kept(server, spec.name)) < 5:
        time.sleep(0.05)
    server.kill()
    time.sleep(1.0)
    server.start()
    sweep.join()
    [outcome] = outcomes
    assert outcome.complete
    synced = sync(outcome.folder, partial(mlflow_tracker, home, server.uri))
    assert synced.missing == len(outcome.untracked)
    assert kept(server, spec.name) == whole(spec)


def test_syncs_at_the_same_time_and_a_killed_one_double_nothing(server: Server, spec: Spec, home: Home) -> None:
    folder = run(spec, home, Options(executor="inline")).folder
    command = [sys.executable, "-m", "sweeps", "sync", spec.name, "--home", str(home.path), "--json"]
    command += ["--tracking", server.uri]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as first:
        while len(kept(server, spec.name)) < 5:
            time.sleep(0.05)
        first.send_signal(signal.SIGKILL)
    before = len(kept(server, spec.name))
    assert before < len(whole(spec))
    syncs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ended = [(each.communicate(timeout=200), each.returncode) for each in syncs]
    done = [json.loads(stdout) for (stdout, _), code in ended if code == 0]
    # What the killed one had in hand may have been finished by the process that wrote for it.
    assert spec.trials - before - 4 <= sum(each["written"] for each in done) < spec.trials
    for (_, stderr), code in ended:
        assert code == 0 or (code == 2 and "another process" in stderr)
    assert sync(folder, partial(mlflow_tracker, home, server.uri)).missing == 0
    assert kept(server, spec.name) == whole(spec)
