"""Evaluations on Ray actors, on this machine or a cluster. The only file that knows Ray.

The task lies in the object store once; every actor on a node reads it there without a copy. Actors live as long
as the sweep. Several jobs share a call so that it lasts long enough to be worth its overhead, and every actor has
a second call waiting, so that none idles between two.

An actor that dies is replaced and its jobs run again, one a call; a job that was running alone, or in the
same call, at ``_ATTEMPTS`` such deaths is given up as failed (it is the likely cause), the others go on.
"""

import logging
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Read by Ray at import.
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError, RayTaskError

from sweeps.errors import SweepError
from sweeps.evaluate_job import evaluate_jobs
from sweeps.executor import AnyJob, MakeEvaluator, Outcome
from tasks import Task

_LOG = logging.getLogger(__name__)
_CALL_SECONDS = 0.4
"""Aim for the length of a call: well above the 50 ms at which Ray's own cost (about 1 ms) stops to matter, and long
enough for small read-outs to be trained together."""
_MOST_JOBS_A_CALL = 16
_CALLS_PER_ACTOR = 2
_ATTEMPTS = 3
_ADDRESS_TIMEOUT_S = 20.0


class ExecutorError(SweepError):
    """Workers cannot be had; the text says why and the way out."""


@dataclass(frozen=True)
class _Attempt:
    """A job and how often a worker died over it."""

    job: AnyJob
    deaths: int = 0


class _Worker:
    """What runs inside an actor."""

    def __init__(self, task: Task, make_evaluator: MakeEvaluator) -> None:
        self._evaluator = make_evaluator(task)

    def evaluate(self, jobs: list[AnyJob]) -> list[Outcome]:
        return evaluate_jobs(self._evaluator, jobs)


class RayExecutor:
    """Long-lived actors, fed several jobs a call."""

    def __init__(
        self, task: Task, make_evaluator: MakeEvaluator, *, workers: int | None = None, address: str | None = None
    ) -> None:
        """Connect (or start Ray here) and create the actors.

        Args:
            task: the task, put into the object store once.
            make_evaluator: builds the evaluator of each actor.
            workers: actors of one CPU each; all CPUs of the cluster if absent.
            address: ``host:port`` of a running Ray head; Ray is started on this machine if absent.

        Raises:
            ExecutorError: no Ray answers at the address, or it has no CPU.
        """
        self._started_here = not ray.is_initialized()
        if self._started_here:
            _connect(address, workers)
        cpus = int(_cluster_resources().get("CPU", 0))
        if cpus < 1:
            self.close()
            raise ExecutorError("The Ray cluster has no CPUs; add a node with at least one.")
        self.workers = min(workers, cpus) if workers else cpus
        self._actor_class = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Worker)
        self._arguments = (ray.put(task), make_evaluator)
        self._waiting: deque[_Attempt] = deque()
        self._again: deque[_Attempt] = deque()
        self._calls: dict[Any, tuple[Any, list[_Attempt]]] = {}
        self._actors: dict[Any, list[Any]] = {}
        self._seconds_per_job: float | None = None
        for _ in range(self.workers):
            self._add_actor()

    def submit(self, jobs: Sequence[AnyJob]) -> None:
        """Queue jobs; ``wait`` hands them out, so that those of one submission and the next can share a call."""
        self._waiting.extend(_Attempt(job) for job in jobs)

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Outcomes since the last call."""
        self._dispatch()
        if not self._calls:
            return []
        ready, _ = ray.wait(list(self._calls), num_returns=1, timeout=timeout_s, fetch_local=False)
        if ready:
            ready, _ = ray.wait(list(self._calls), num_returns=len(self._calls), timeout=0, fetch_local=False)
        outcomes = [outcome for call in ready for outcome in self._collect(call)]
        self._dispatch()
        return outcomes

    def close(self) -> None:
        """Give up pending jobs, end the actors, and stop Ray if it was started here."""
        if not ray.is_initialized():
            return
        for actor in getattr(self, "_actors", {}):
            ray.kill(actor)
        if self._started_here:
            ray.shutdown()

    def _add_actor(self) -> None:
        self._actors[self._actor_class.remote(*self._arguments)] = []

    def _dispatch(self) -> None:
        """Give every actor its calls, the emptiest first."""
        while self._waiting or self._again:
            actor = min(self._actors, key=lambda candidate: len(self._actors[candidate]))
            if len(self._actors[actor]) >= _CALLS_PER_ACTOR:
                return
            if self._again:
                # A job that met a death runs alone: the next death then has one suspect.
                attempts = [self._again.popleft()]
            else:
                attempts = [self._waiting.popleft() for _ in range(self._jobs_a_call())]
            call = actor.evaluate.remote([attempt.job for attempt in attempts])
            self._actors[actor].append(call)
            self._calls[call] = (actor, attempts)

    def _jobs_a_call(self) -> int:
        """Enough jobs for a call of the right length, but no more than each worker's share of what waits."""
        fair = -(-len(self._waiting) // (self.workers * _CALLS_PER_ACTOR))
        if self._seconds_per_job is None:
            return 1
        enough = int(_CALL_SECONDS / max(self._seconds_per_job, 1e-4)) + 1
        return max(1, min(enough, fair, _MOST_JOBS_A_CALL))

    def _collect(self, call: Any) -> list[Outcome]:
        """The outcomes of a finished call, or what its failure leaves to do."""
        if call not in self._calls:
            return []
        actor, attempts = self._calls.pop(call)
        try:
            outcomes: list[Outcome] = ray.get(call)
        except (RayActorError, ActorUnavailableError) as error:
            self._calls[call] = (actor, attempts)
            return self._bury(actor, error)
        except RayTaskError as error:
            # Not an error of the configuration (those are outcomes), so the call itself could not run.
            self._actors[actor].remove(call)
            return [Outcome(trial=attempt.job.trial, error=_one_line(error)) for attempt in attempts]
        self._actors[actor].remove(call)
        spent = [outcome.seconds for outcome in outcomes if outcome.seconds is not None]
        if spent:
            mean = sum(spent) / len(spent)
            known = self._seconds_per_job
            self._seconds_per_job = mean if known is None else 0.7 * known + 0.3 * mean
        return outcomes

    def _bury(self, actor: Any, error: RayError) -> list[Outcome]:
        """Replace a dead actor; requeue its jobs, or fail the one that keeps killing."""
        _LOG.warning("A worker died and is replaced: %s", _one_line(error))
        calls = self._actors.pop(actor)
        ray.kill(actor)
        failed = []
        for position, call in enumerate(calls):
            _, attempts = self._calls.pop(call)
            for attempt in attempts:
                # Calls run in order, so only the first one can have been running.
                deaths = attempt.deaths + (position == 0)
                if deaths >= _ATTEMPTS:
                    reason = f"its worker died {deaths} times, last with: {_one_line(error)}"
                    failed.append(Outcome(trial=attempt.job.trial, error=f"WorkerDied: {reason}"))
                elif deaths:
                    self._again.append(_Attempt(attempt.job, deaths))
                else:
                    self._waiting.appendleft(attempt)
        self._add_actor()
        return failed


def _connect(address: str | None, workers: int | None) -> None:
    """Join the cluster at ``address``, or start Ray on this machine, on loopback."""
    quiet: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "configure_logging": True,
        "namespace": "memsweep",
    }
    if address is not None:
        _require_ray_at(address)
        ray.init(address=address, **quiet)
        return
    try:
        ray.init(
            num_cpus=workers or len(os.sched_getaffinity(0)),
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            **quiet,
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise ExecutorError(
            f"Ray cannot start on this machine ({_one_line(error)}); run with `--executor inline` instead, or "
            "start Ray yourself and name it with `--address`."
        ) from error


def _require_ray_at(address: str) -> None:
    """Raise ``ExecutorError`` within ``_ADDRESS_TIMEOUT_S`` unless a Ray head answers at ``host:port``."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ExecutorError(f"`--address` must be host:port, but is {address!r}; Ray's own port is 6379.")
    way_out = "check it with `ray status`, start a head with `ray start --head`, or leave `--address` out to run here"
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError as error:
        raise ExecutorError(f"No Ray answers at {address} ({error}); {way_out}.") from error
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=_ADDRESS_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise ExecutorError(
            f"Something listens at {address} but does not answer as Ray within {_ADDRESS_TIMEOUT_S:g} s; {way_out}."
        ) from error
    if answer.returncode != 0:
        raise ExecutorError(
            f"Something listens at {address} but is no Ray head of this version (or its token differs); {way_out}."
        )


def _cluster_resources() -> dict[str, float]:
    """What the cluster has, by kind."""
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # untyped in Ray 2.60
    return resources


def _one_line(error: BaseException) -> str:
    """The first line of an error's text that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
