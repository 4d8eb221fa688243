"""Running schedules: a fresh process a session, real services that are killed, and the comparison at the end."""

import dataclasses
import errno
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import requests

from sweeps import run as runs
from sweeps.api import mlflow_tracker
from sweeps.executor import Executor
from sweeps.home import Home, SweepFolder
from sweeps.journal import JournalFile
from sweeps.run import NoObserver, Options
from sweeps.spec import Spec, parse_spec
from sweeps.study import Record, SweepStudy
from tests.chaos.schedule import CONFIGURATIONS, Misfortune, Schedule
from tests.integration.postgres import PostgresServer, free_port
from tests.sweeps.conftest import make_tiny_task

ROOT = Path(__file__).parents[2]
_MOST_S = 120.0
_MOST_RESUMES = 6
_COMPLETE, _STOPPED, _BROKEN = 0, 3, 4

_SWEEPS: dict[str, dict[str, Any]] = {
    "continuous": {
        "sampler": "tpe",
        "configuration": {
            "device.d2d": 0.1,
            "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
            "pulse.interval_s": {"low": 1e-7, "high": 1e-5, "log": True},
            "readout.kind": "ridge",
        },
    },
    # Most suggestions are duplicates, and some fail.
    "discrete": {
        "sampler": "nsga2",
        "configuration": {
            "device.floor_policy": "fail",
            "device.alpha": 0.02,
            "device.beta": {"choices": [0.05, 0.1, 5.0, 0.2]},
            "pulse.read_every": {"choices": [1, 2, 3]},
            "readout.kind": "ridge",
        },
    },
    # Half of the trials are left after their first chips; no progress ends it.
    "racing": {
        "sampler": "random",
        "chips": 20,
        "robust": {"racing_chips": 8},
        "budget": {"no_progress": 12},
        "objectives": {"accuracy": "maximize"},
        "configuration": {
            "device.d2d": {"low": 0.01, "high": 4.0},
            "device.d2d_distribution": "lognormal",
            "device.c2c": 0.2,
            "device.alpha": 0.05,
            "device.beta": 0.2,
            "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
            "readout.kind": "ridge",
        },
    },
}


def spec_of(variant: str, name: str) -> Spec:
    """A small sweep."""
    return parse_spec(
        {
            "name": name,
            "task": "digits",
            "seed": 3,
            "configurations": CONFIGURATIONS,
            "chips": 4,
            "lag": 5,
            "objectives": {"accuracy": "maximize", "energy_J": "minimize"},
            **_SWEEPS[variant],
        }
    )


@dataclasses.dataclass(frozen=True)
class Ending:
    """What a sweep came to, but for the time that it took."""

    records: tuple[Record, ...]
    result: dict[str, Any]


def ending(spec: Spec, folder: SweepFolder, storage: str | None = None) -> Ending:
    """Read it back."""
    result = json.loads(folder.result_file.read_text())
    del result["seconds"], result["name"]
    for entry in result["pareto"]:
        del entry["evaluation"]["seconds"]
    records = SweepStudy(spec, folder.journal, storage).records()
    return Ending(
        tuple(
            dataclasses.replace(one, evaluation=one.evaluation and dataclasses.replace(one.evaluation, seconds=0))
            for one in records
        ),
        result,
    )


class Nodes:
    """A Ray cluster of two one-CPU nodes, in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.chaos.nodes"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.address = self._answer()

    def kill(self) -> None:
        """Kill a node and start another."""
        self._say("kill")

    def close(self) -> None:
        """End all."""
        self._say("end")
        self._process.wait(60)

    def _say(self, word: str) -> None:
        if self._process.stdin is None:
            raise RuntimeError("no way to the nodes")
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        if self._process.stdout is None:
            raise RuntimeError("no way to the nodes")
        for line in self._process.stdout:
            if line.startswith("ok"):
                return line.split()[-1]
        raise RuntimeError("the Ray nodes ended")


class MlflowServer:
    """A real server on a database file."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.uri = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        self.wait()

    def start(self) -> None:
        """Start; returns before it answers."""
        words = ["--backend-store-uri", f"sqlite:///{self._folder / 'mlflow.db'}", "--host", "127.0.0.1"]
        words += ["--artifacts-destination", str(self._folder / "artifacts"), "--port", str(self._port)]
        quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *words, "--workers", "1"],
            cwd=self._folder,
            env=os.environ | quiet,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self) -> None:
        """Wait until it answers."""
        end_s = time.monotonic() + 90
        while time.monotonic() < end_s:
            try:
                if requests.get(f"{self.uri}/health", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        raise RuntimeError("MLflow does not start")

    def kill(self) -> None:
        """Kill it and its workers."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@dataclasses.dataclass
class Services:
    """What can be killed beside the driver."""

    nodes: Nodes | None = None
    mlflow: MlflowServer | None = None
    postgres: PostgresServer | None = None

    @property
    def names(self) -> frozenset[str]:
        """Those that there are."""
        there = {"ray": self.nodes, "mlflow": self.mlflow, "postgres": self.postgres}
        return frozenset(name for name, service in there.items() if service)

    def strike(self, name: str) -> tuple[Callable[[], None], Callable[[], None]]:
        """What kills a service, and what brings it back."""
        if name == "node" and self.nodes:
            return self.nodes.kill, lambda: None
        if name == "mlflow" and self.mlflow:
            return self.mlflow.kill, self.mlflow.start
        if name == "postgres" and self.postgres:
            return self.postgres.kill, self.postgres.start
        raise ValueError(name)


class Chaos:
    """Runs schedules and compares."""

    def __init__(self, services: Services) -> None:
        """Take the services; the undisturbed endings are made at their first use."""
        self._services = services
        self._undisturbed: dict[str, Ending] = {}
        self._task = make_tiny_task()
        runs.load_data = lambda spec: self._task  # type: ignore[assignment]  # also in every process forked from here

    def undisturbed(self, variant: str) -> Ending:
        """What a sweep comes to if nothing happens."""
        if variant not in self._undisturbed:
            with tempfile.TemporaryDirectory() as home:
                spec = spec_of(variant, "undisturbed")
                outcome = runs.run(spec, Home(home), Options(executor="inline"))
                self._undisturbed[variant] = ending(spec, outcome.folder)
        return self._undisturbed[variant]

    def run(self, schedule: Schedule, seed: int) -> list[str]:
        """Run a schedule; what differs from the undisturbed sweep, nothing if all is well."""
        expected = self.undisturbed(schedule.variant)
        spec = spec_of(schedule.variant, f"chaos-{seed}-{schedule.number}")
        postgres = self._services.postgres if schedule.postgres else None
        storage = postgres.url("chaos") if postgres else None
        with tempfile.TemporaryDirectory() as place:
            home = Home(place)
            log = Path(place) / "log"
            for misfortune in schedule.sessions:
                self._session(spec, home, schedule, storage, misfortune, log)
            for _ in range(_MOST_RESUMES):
                if self._services.mlflow and schedule.mlflow:
                    self._services.mlflow.wait()
                if self._session(spec, home, schedule, storage, None, log) == _COMPLETE:
                    break
            else:
                return [f"not complete after {_MOST_RESUMES} undisturbed sessions: {log.read_text()[-3000:]}"]
            folder = home.find(spec.name)
            wrong = differences(expected, ending(spec, folder, storage))
            wrong += [] if storage else told_more_than_once(folder)
            if self._services.mlflow and schedule.mlflow:
                wrong += mlflow_differences(self._services.mlflow.uri, spec.name, expected)
            return wrong

    def _session(
        self,
        spec: Spec,
        home: Home,
        schedule: Schedule,
        storage: str | None,
        misfortune: Misfortune | None,
        log: Path,
    ) -> int:
        """Run a session in a process of its own; its exit status."""
        ours, theirs = os.pipe(), os.pipe()
        process = os.fork()
        if process == 0:
            os.close(ours[0])
            os.close(theirs[1])
            status = _BROKEN
            try:
                with log.open("a") as stream:
                    os.dup2(stream.fileno(), 1)
                    os.dup2(stream.fileno(), 2)
                session = _Session(spec, home, misfortune, strike=partial(_ask_for_strike, ours[1], theirs[0]))
                status = session.run(self._options(home, schedule, storage, session))
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(status)
        os.close(ours[1])
        os.close(theirs[0])
        try:
            return self._watch(process, ours[0], theirs[1])
        finally:
            os.close(ours[0])
            os.close(theirs[1])

    def _options(self, home: Home, schedule: Schedule, storage: str | None, session: "_Session") -> Options:
        if schedule.ray and self._services.nodes:
            import ray  # in the forked process only

            ray.init(address=self._services.nodes.address, log_to_driver=False, logging_level="ERROR")
        return Options(
            executor="ray" if schedule.ray else "inline",
            workers=2 if schedule.ray else None,
            storage=storage,
            tracker=partial(mlflow_tracker, home, self._services.mlflow.uri)
            if schedule.mlflow and self._services.mlflow
            else None,
            observer=session,
        )

    def _watch(self, process: int, asked: int, answered: int) -> int:
        """Strike when asked to, until the process ends."""
        end_s = time.monotonic() + _MOST_S
        while True:
            if select.select([asked], [], [], 0.05)[0] and (word := os.read(asked, 64).decode().strip()):
                kill, restart = self._services.strike(word)
                kill()
                os.write(answered, b"x")
                restart()
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > end_s:
                os.kill(process, signal.SIGKILL)


def _ask_for_strike(to: int, back: int, name: str) -> None:
    os.write(to, name.encode())
    os.read(back, 1)


class _Session(NoObserver):
    """One process that runs the sweep; watches it to know when its misfortune is due."""

    def __init__(self, spec: Spec, home: Home, misfortune: Misfortune | None, strike: Callable[[str], None]) -> None:
        self._spec, self._home, self._misfortune, self._strike = spec, home, misfortune, strike
        self._count = 0
        self._executor: Executor | None = None

    def run(self, options: Options) -> int:
        """Run, or go on; the exit status."""
        make = runs.make_executor

        def made(*arguments: Any) -> Executor:
            self._executor = make(*arguments)
            return self._executor

        runs.make_executor = made
        if self._misfortune and self._misfortune.kind in ("write", "full"):
            JournalFile._write = staticmethod(partial(self._write, JournalFile._write))  # type: ignore[assignment]
        if self._misfortune and self._misfortune.kind == "time":
            threading.Timer(self._misfortune.at, _die).start()
        known = {folder.name for folder in self._home.sweeps()}
        if self._spec.name in known:
            outcome = runs.resume(self._home.find(self._spec.name), options)
        else:
            outcome = runs.run(self._spec, self._home, options)
        return _COMPLETE if outcome.complete and not outcome.untracked else _STOPPED

    def told(self, record: Record) -> None:
        """A trial is durable: perhaps it is time."""
        self._count += 1
        due = self._misfortune
        if due is None or due.kind in ("write", "full", "time") or self._count != due.at:
            return
        if due.kind == "told":
            _die()
        elif due.kind in ("int", "term"):
            os.kill(os.getpid(), signal.SIGINT if due.kind == "int" else signal.SIGTERM)
        elif due.kind == "actor":
            ready = [actor.process for actor in getattr(self._executor, "_actors", []) if actor.process]
            if ready:
                os.kill(ready[0], signal.SIGKILL)
        else:
            self._strike(due.kind)

    def _write(self, write: Callable[[int, bytes], None], file: int, lines: bytes) -> None:
        self._count += 1
        due = self._misfortune
        if due is None or self._count < due.at:
            write(file, lines)
            return
        if due.kind == "write":
            os.write(file, lines[: round(due.part * len(lines))])
            _die()
        os.write(file, lines[: round(due.part * (len(lines) - 1))])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def differences(expected: Ending, got: Ending) -> list[str]:
    """Trials and results that are not, bit for bit, the expected ones."""
    wrong = []
    if [record.number for record in got.records] != [record.number for record in expected.records]:
        wrong.append(f"trials {[record.number for record in got.records]}")
    wrong += [
        f"trial {one.number}: {one} is not {other}"
        for one, other in zip(got.records, expected.records, strict=False)
        if one != other
    ]
    if got.result != expected.result:
        wrong.append(f"result {got.result} is not {expected.result}")
    return wrong


def told_more_than_once(folder: SweepFolder) -> list[str]:
    """Trials whose end stands in the journal more than once."""
    changes = [json.loads(line) for line in folder.journal.read_text().splitlines()]
    ends = Counter(change["trial_id"] for change in changes if change["op_code"] == 6)
    return [f"trial {trial} was told {count} times" for trial, count in ends.items() if count != 1]


def mlflow_differences(uri: str, name: str, expected: Ending) -> list[str]:
    """Runs of MLflow that are missing, double or of other numbers."""
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return ["no experiment in MLflow"]
    found = client.search_runs([experiment.experiment_id], max_results=1000)
    wrong = []
    ends = {int(run.data.tags["memsweep.trial"]): run for run in found if run.data.tags.get("kind") == "configuration"}
    kinds = Counter(run.data.tags.get("kind") for run in found)
    if kinds != {"configuration": len(expected.records), "sweep": 1} or len(ends) != len(expected.records):
        wrong.append(f"MLflow holds {dict(kinds)}, of {len(ends)} trials")
    for record in expected.records:
        run = ends.get(record.number)
        if run is None:
            continue
        status = "FINISHED" if record.evaluation else "FAILED"
        accuracy = record.evaluation.accuracy if record.evaluation else None
        if run.info.status != status or run.data.metrics.get("accuracy") != accuracy:
            wrong.append(f"MLflow has trial {record.number} as {run.info.status}, {run.data.metrics.get('accuracy')}")
    return wrong
