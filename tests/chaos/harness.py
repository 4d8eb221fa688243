"""Running schedules: a fresh process a session, real services that are killed, and the comparison at the end."""

import dataclasses
import errno
import faulthandler
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sweeps import run as runs
from sweeps.api import mlflow_tracker
from sweeps.errors import SweepError
from sweeps.executor import Executor
from sweeps.home import Home, SweepFolder
from sweeps.journal import JournalFile
from sweeps.run import NoObserver, Options
from sweeps.spec import Spec, parse_spec
from sweeps.study import Record, SweepStudy
from tests.chaos.schedule import CONFIGURATIONS, Misfortune, Schedule
from tests.integration.mlflow_server import MlflowServer
from tests.integration.postgres import PostgresServer
from tests.integration.without_time import records_without_time, without_time
from tests.sweeps.conftest import make_tiny_task

ROOT = Path(__file__).parents[2]
_MOST_S = 120.0
"""Time that a session may take; one that takes longer hangs."""
_MOST_RESUMES = 2
"""Undisturbed sessions; one would do but for an MLflow that is slow on a busy machine."""
_COMPLETE, _HUNG, _STOPPED, _BROKEN = 0, 1, 3, 4
_DEADLY = ("write", "told", "time")

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

    records: list[Record]
    result: dict[str, Any]


def ending(spec: Spec, folder: SweepFolder, storage: str | None = None) -> Ending:
    """Read it back."""
    result = without_time(folder.result())
    del result["name"]
    return Ending(records_without_time(SweepStudy(spec, folder.journal, storage).records()), result)


class Nodes:
    """A Ray cluster of two one-CPU nodes, in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.chaos.nodes"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.address = self._answer()

    def kill(self) -> None:
        """Kill a node."""
        self._say("kill")

    def start(self) -> None:
        """Start a node in the place of one that was killed."""
        self._say("start")

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

    def blow(self, name: str) -> tuple[Callable[[], None], Callable[[], None]]:
        """What kills a service, and what brings it back; nothing for what a session does to itself."""
        if name == "node" and self.nodes:
            return self.nodes.kill, self.nodes.start
        if name == "mlflow" and self.mlflow:
            return self.mlflow.kill, self.mlflow.start
        if name == "postgres" and self.postgres:
            return self.postgres.kill, self.postgres.start
        return lambda: None, lambda: None


@dataclasses.dataclass(frozen=True)
class SessionEnd:
    """How a session went."""

    status: int
    """Its exit status; that of ``os.waitstatus_to_exitcode``."""
    struck: bool
    """Whether its misfortune befell it; it may end before that is due."""


class Chaos:
    """Runs schedules and compares."""

    def __init__(self, services: Services) -> None:
        """Take the services; the undisturbed endings are made at their first use."""
        self._services = services
        self._undisturbed: dict[str, Ending] = {}
        self.struck: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
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
        """Run a schedule; sessions that went wrong and what differs from the undisturbed sweep: nothing if all is well.

        ``struck`` and ``missed`` count the misfortunes by their kind.
        """
        expected = self.undisturbed(schedule.variant)
        spec = spec_of(schedule.variant, f"chaos-{seed}-{schedule.number}")
        postgres = self._services.postgres if schedule.postgres else None
        storage = postgres.url("chaos") if postgres else None
        with tempfile.TemporaryDirectory() as place:
            home = Home(place)
            log = Path(place) / "log"
            wrong: list[str] = []
            for misfortune in schedule.sessions:
                session = self._session(spec, home, schedule, storage, misfortune, log)
                (self.struck if session.struck else self.missed)[misfortune.kind] += 1
                wrong += misbehaviour(session, misfortune, log)
            for _ in range(_MOST_RESUMES):
                if self._services.mlflow and schedule.mlflow:
                    self._services.mlflow.wait()
                session = self._session(spec, home, schedule, storage, None, log)
                wrong += misbehaviour(session, None, log)
                if session.status == _COMPLETE:
                    break
            else:
                return [*wrong, f"not complete after {_MOST_RESUMES} undisturbed sessions: {log.read_text()[-2500:]}"]
            folder = home.find(spec.name)
            wrong += differences(expected, ending(spec, folder, storage))
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
    ) -> SessionEnd:
        """Run a session in a process of its own."""
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
                faulthandler.dump_traceback_later(_MOST_S, exit=True)  # with _HUNG
                session = _Session(spec, home, misfortune, announce=partial(_announce, ours[1], theirs[0]))
                status = session.run(self._options(home, schedule, storage, session))
            except SweepError as error:
                sys.stderr.write(f"{error}\n")
                sys.stderr.flush()
                status = _STOPPED
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

    def _watch(self, process: int, asked: int, answered: int) -> SessionEnd:
        """Let the misfortune strike when it is due, until the process ends."""
        struck = False
        while True:
            if select.select([asked], [], [], 0.05)[0] and (kind := os.read(asked, 64).decode()):
                struck = True
                kill, restart = self._services.blow(kind)
                kill()
                os.write(answered, b"x")
                restart()
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                return SessionEnd(os.waitstatus_to_exitcode(status), struck)


def _announce(to: int, back: int, kind: str) -> None:
    """Say that a misfortune is due; returns once a service, if that is its kind, is dead."""
    os.write(to, kind.encode())
    os.read(back, 1)


def misbehaviour(session: SessionEnd, misfortune: Misfortune | None, log: Path) -> list[str]:
    """What is wrong with how a session ended: it may complete, stop and say why, or be killed if that was due."""
    if session.status in (_COMPLETE, _STOPPED):
        return []
    if session.struck and misfortune and misfortune.kind in _DEADLY and session.status == -signal.SIGKILL:
        return []
    how = {_HUNG: "hung", _BROKEN: "broke"}.get(session.status, f"ended with {session.status}")
    return [f"a session {how} ({misfortune.kind if misfortune else 'undisturbed'}): {log.read_text()[-2500:]}"]


class _Session(NoObserver):
    """One process that runs the sweep; watches it to know when its misfortune is due."""

    def __init__(self, spec: Spec, home: Home, misfortune: Misfortune | None, announce: Callable[[str], None]) -> None:
        self._spec, self._home, self._misfortune, self._announce = spec, home, misfortune, announce
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
            write = staticmethod(partial(self._write, JournalFile._write))
            JournalFile._write = write  # type: ignore[assignment]  # in this process only
        if self._misfortune and self._misfortune.kind == "time":
            threading.Timer(self._misfortune.at, self._die).start()
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
            self._die()
        elif due.kind in ("int", "term"):
            self._announce(due.kind)
            os.kill(os.getpid(), signal.SIGINT if due.kind == "int" else signal.SIGTERM)
        elif due.kind == "actor":
            ready = [actor.process for actor in getattr(self._executor, "_actors", []) if actor.process]
            if ready:
                self._announce(due.kind)
                os.kill(ready[0], signal.SIGKILL)
        else:
            self._announce(due.kind)

    def _write(self, write: Callable[[int, bytes], None], file: int, lines: bytes) -> None:
        self._count += 1
        due = self._misfortune
        if due is None or self._count < due.at:
            write(file, lines)
            return
        if due.kind == "write":
            os.write(file, lines[: round(due.part * len(lines))])
            self._die()
        if self._count == due.at:
            self._announce(due.kind)
        os.write(file, lines[: round(due.part * (len(lines) - 1))])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _die(self) -> None:
        if self._misfortune:
            self._announce(self._misfortune.kind)
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
