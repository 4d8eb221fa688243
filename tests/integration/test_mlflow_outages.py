"""Sweeps whose MLflow is down, slow, restarted or broken: they wait for nothing, and are complete after a sync, once.

A real ``mlflow server`` stands behind a proxy that answers as a test wants it to.
"""

import http.client
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread, get_ident

import pytest
from mlflow import MlflowClient

from sweeps.api import mlflow_tracker
from sweeps.home import Home
from sweeps.run import NoObserver, Options, Outcome, run
from sweeps.spec import Spec, parse_spec
from sweeps.study import Record
from sweeps.sync import sync
from tests.integration.mlflow_server import MlflowServer
from tracking import MemoryTracker, Summary, SweepRecord, TrialRecord

pytestmark = pytest.mark.timeout(300)


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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    server = MlflowServer(tmp_path_factory.mktemp("server"))
    server.start()
    server.wait()
    yield server
    server.kill()


@pytest.fixture
def proxy(server: MlflowServer) -> Iterator[Proxy]:
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


def kept(server: MlflowServer, name: str) -> dict[str, str]:
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


class HeldTracker(MemoryTracker):
    """Keeps nothing before ``released``, and notes whether that came and which threads called."""

    def __init__(self, released: Event) -> None:
        super().__init__()
        self._released = released
        self.held: list[bool] = []
        self.threads: set[int] = set()

    def start(self, sweep: SweepRecord) -> None:
        self._hold()
        super().start(sweep)

    def log(self, trial: TrialRecord) -> bool:
        self._hold()
        return super().log(trial)

    def finish(self, summary: Summary) -> None:
        self._hold()
        super().finish(summary)

    def _hold(self) -> None:
        self.threads.add(get_ident())
        self.held.append(self._released.wait(20))


class Release(NoObserver):
    """Releases what is held at the last trial."""

    def __init__(self, last: int) -> None:
        self.now = Event()
        self._last = last

    def told(self, record: Record) -> None:
        if record.number == self._last:
            self.now.set()


def test_a_sweep_never_waits_for_its_tracker(spec: Spec, home: Home) -> None:
    """A tracker that answers nothing until the last trial is told: a sweep that waited for it would not get there."""
    release = Release(spec.trials - 1)
    tracker = HeldTracker(release.now)
    outcome = run(spec, home, Options(executor="inline", tracker=lambda: tracker, observer=release))
    assert tracker.held == [True] * (spec.trials + 2)
    assert get_ident() not in tracker.threads
    assert (outcome.complete, outcome.untracked, len(tracker.trials)) == (True, [], spec.trials)


@pytest.mark.parametrize("mood", ["500", "slow"])
def test_down_for_the_whole_sweep_costs_it_nothing_and_a_sync_completes_it(
    mood: str, server: MlflowServer, proxy: Proxy, spec: Spec, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.background.PATIENCE_FAILING_s", 1.0)
    proxy.moods = lambda: mood
    outcome = run_tracked(spec, home, proxy.uri)
    assert proxy.seen[mood]
    assert (outcome.complete, outcome.finished) == (True, spec.trials)
    assert outcome.untracked == list(range(spec.trials))
    assert kept(server, spec.name) == {}
    monkeypatch.undo()
    synced = sync(outcome.folder, partial(mlflow_tracker, home, server.uri))
    assert (synced.missing, synced.written, synced.problem) == (spec.trials, spec.trials, None)
    assert kept(server, spec.name) == whole(spec)
    again = sync(outcome.folder, partial(mlflow_tracker, home, server.uri))
    assert (again.missing, again.written) == (0, 0)


@pytest.mark.parametrize("seed", range(2))
def test_answers_that_are_lost_double_nothing(
    seed: int, server: MlflowServer, proxy: Proxy, spec: Spec, home: Home
) -> None:
    draw = random.Random(seed)
    proxy.moods = lambda: draw.choices(["fine", "500", "mute"], [20, 1, 1])[0]
    outcome = run_tracked(spec, home, proxy.uri)
    assert proxy.seen["mute"]
    assert proxy.seen["500"]
    proxy.moods = lambda: "fine"
    synced = sync(outcome.folder, partial(mlflow_tracker, home, proxy.uri))
    assert synced.missing == len(outcome.untracked)
    assert kept(server, spec.name) == whole(spec)


def test_server_that_is_killed_and_restarted_has_everything_in_the_end(
    server: MlflowServer, spec: Spec, home: Home
) -> None:
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
    server.wait()
    [outcome] = outcomes
    assert outcome.complete
    synced = sync(outcome.folder, partial(mlflow_tracker, home, server.uri))
    assert synced.missing == len(outcome.untracked)
    assert kept(server, spec.name) == whole(spec)


def test_syncs_at_the_same_time_and_a_killed_one_double_nothing(server: MlflowServer, spec: Spec, home: Home) -> None:
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
