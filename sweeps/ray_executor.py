"""Evaluations on Ray actors, on this machine or a cluster. The only file that knows Ray.

The task lies in the object store once; every actor on a node reads it there without a copy. Actors live as long
as the sweep. Several jobs share a call so that it lasts long enough to be worth its overhead, and every actor has
a second call waiting, so that none idles between two.

::

    starting ──> ready ──> dead or hung ──> replaced, on whatever node has a CPU
       │
       ├─ its node has other versions: held, so that nobody else starts there
       └─ no node has a CPU: waits for one; nobody ready for ``PATIENCE_s``: ExecutorError

An actor dies by itself, with its node, by Ray when memory runs out, or by us when a call takes longer than the
deadline. It is replaced and its jobs run again, one a call, until they are done or given up as failed with what was
said each time (``ray_attempts``); a job that was running alone, or in the same call, is the likely cause.
Nodes that join get actors too, up to the number of workers asked for.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# Read by Ray at import.
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Off, a Ray that is started here stays on loopback, whatever node address it is given; joining a cluster works as ever.
os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")

import ray
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    NodeDiedError,
    ObjectLostError,
    RayError,
    RayTaskError,
    TaskCancelledError,
)

from sweeps.evaluate_job import evaluate_jobs
from sweeps.executor import AnyJob, ExecutorError, MakeEvaluator, Outcome
from sweeps.ray_attempts import Attempt, End
from sweeps.ray_versions import VersionError, differences, require_same_versions, versions, way_out
from tasks import Task

_LOG = logging.getLogger(__name__)
_CALL_SECONDS = 0.4
"""Aim for the length of a call: well above the 50 ms at which Ray's own cost (about 1 ms) stops to matter, and long
enough for small read-outs to be trained together."""
_MOST_JOBS_A_CALL = 16
_CALLS_PER_ACTOR = 2
_ADDRESS_TIMEOUT_S = 20.0
DEADLINE_s = 1800.0
"""Time that a call may take: far more than any read-out here needs, so that what takes longer hangs. Honest slow jobs
that shared a call then run again alone, with all this time for each."""
PATIENCE_s = 600.0
"""How long a sweep waits for nodes when all its workers are gone."""
_LOOK_s = 1.0
"""How often the cluster is looked at for new nodes and hanging calls."""
_LONGEST = 300
"""Characters of a reason that are kept."""
_FAILED_STARTS = 3
"""Actors that may fail to start, one after the other, before any has started: then none will."""
_LONGEST_VACANCY_s = 60.0
"""How long a place whose actors fail to start, one after the other, stays empty at the most; the first time it is 1 s,
and twice as long each time."""


class _Worker:
    """What runs inside an actor."""

    def __init__(self, task: Task, make_evaluator: MakeEvaluator) -> None:
        self._evaluator = make_evaluator(task)

    def ready(self) -> tuple[int, str, dict[str, str]]:
        """Answer that the actor has started: its process, its node and the versions there."""
        node: str = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]  # untyped in Ray 2.60
        return os.getpid(), node, versions()

    def hold(self) -> None:
        """Keep the CPU of a node that is not used; whoever asked hears when the node has gone."""
        threading.Event().wait()

    def evaluate(self, jobs: list[AnyJob]) -> list[Outcome]:
        return evaluate_jobs(self._evaluator, jobs)


@dataclass(eq=False)
class _Actor:
    """An actor as the driver sees it."""

    handle: Any
    starting: Any
    """Answer to "are you ready?", None once it has come; of a held one, what is answered when it dies."""
    calls: deque[tuple[Any, list[Attempt]]] = field(default_factory=deque)
    """Calls and their jobs; the first one runs."""
    since_s: float = 0.0
    """When the first call began."""
    process: int | None = None
    held: bool = False
    """Whether its node has other versions than the driver."""

    @property
    def ready(self) -> bool:
        return self.starting is None


class RayExecutor:
    """Long-lived actors, fed several jobs a call."""

    def __init__(
        self,
        task: Task,
        make_evaluator: MakeEvaluator,
        *,
        workers: int | None = None,
        address: str | None = None,
        deadline_s: float = DEADLINE_s,
        patience_s: float = PATIENCE_s,
    ) -> None:
        """Connect (or start Ray here) and create the actors.

        Args:
            task: the task, put into the object store once.
            make_evaluator: builds the evaluator of each actor.
            workers: actors of one CPU each; all CPUs of the cluster, also those that join, if absent.
            address: ``host:port`` of a running Ray head; Ray is started on this machine if absent.
            deadline_s: time that a configuration may take, and all those of a call together before they run alone.
            patience_s: how long to wait for nodes when no worker is left.

        Raises:
            ExecutorError: no Ray answers at the address, or it has no CPU.
        """
        self._started_here = not ray.is_initialized()
        if self._started_here:
            _connect(address, workers)
        if _cpus() < 1:
            self.close()
            raise ExecutorError("The Ray cluster has no CPUs; add a node with at least one.")
        self._asked_for, self._deadline_s, self._patience_s = workers, deadline_s, patience_s
        self._actor_class = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Worker)
        self._arguments = (ray.put(task), make_evaluator)
        self._waiting: deque[Attempt] = deque()
        self._again: deque[Attempt] = deque()
        self._actors: list[_Actor] = []
        self._seconds_per_job: float | None = None
        self._any_started = False
        self._failed_starts = 0
        self._vacant_until_s: list[float] = []
        self._last_end = ""
        self._versions = versions()
        self._differences: set[str] = set()
        self._looked_s = -_LOOK_s
        self._staffed_s = time.monotonic()
        self._staff()

    @property
    def workers(self) -> int:
        """Actors that there are, or are to be, without those that are held."""
        return sum(not actor.held for actor in self._actors)

    @property
    def pending(self) -> int:
        """Jobs that were submitted and neither withdrawn nor returned."""
        running = sum(len(attempts) for actor in self._actors for _, attempts in actor.calls)
        return len(self._waiting) + len(self._again) + running

    def submit(self, jobs: Sequence[AnyJob]) -> None:
        """Queue jobs; ``wait`` hands them out, so that those of one submission and the next can share a call."""
        self._waiting.extend(Attempt(job) for job in jobs)

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Outcomes since the last call; raises ``ExecutorError`` if no worker has been there for too long."""
        end_s = float("inf") if timeout_s is None else time.monotonic() + timeout_s
        while self.pending:
            self._dispatch()
            left_s = max(end_s - time.monotonic(), 0)
            outcomes = self._collect(min(left_s, _LOOK_s))
            # After what has come is taken in: the driver may have been away for longer than a deadline.
            outcomes += self._staff()
            self._dispatch()
            if outcomes or left_s == 0:
                return outcomes
        return []

    def withdraw(self) -> None:
        """Forget the jobs that have not started, and those that lose their worker from here on."""
        self._waiting.clear()
        self._again.clear()
        for actor in self._actors:
            for place, (call, attempts) in enumerate(actor.calls):
                for attempt in attempts:
                    attempt.withdrawn = True
                if place > 0:
                    ray.cancel(call)

    def close(self) -> None:
        """Give up pending jobs, end the actors, and stop Ray if it was started here."""
        if not ray.is_initialized():
            return
        for actor in getattr(self, "_actors", []):
            ray.kill(actor.handle)
        self._actors = []
        if self._started_here:
            ray.shutdown()

    def _staff(self) -> list[Outcome]:
        """Have as many actors as there are CPUs, none of which hangs; the outcomes of jobs that are given up."""
        now_s = time.monotonic()
        if any(actor.ready for actor in self._actors):
            self._staffed_s = now_s
        if now_s - self._looked_s < _LOOK_s:
            return []
        self._looked_s = now_s
        failed = []
        for actor in list(self._actors):
            if actor.calls and now_s - actor.since_s > self._deadline_s:
                failed += self._bury(actor, End(f"no answer within the deadline of {self._deadline_s:g} s"))
        cpus = _cpus()
        held = len(self._actors) - self.workers
        wanted = min(self._asked_for + held, cpus) if self._asked_for else cpus
        starting = sorted((actor for actor in self._actors if not actor.ready), key=lambda actor: actor.held)
        for actor in starting[: max(len(self._actors) - wanted, 0)]:
            # It waits for a node that is gone.
            self._actors.remove(actor)
            ray.kill(actor.handle)
        self._vacant_until_s = [end_s for end_s in self._vacant_until_s if end_s > now_s]
        while len(self._actors) + len(self._vacant_until_s) < wanted:
            handle: Any = self._actor_class.remote(*self._arguments)
            self._actors.append(_Actor(handle, handle.ready.remote()))
        self._check_staffed(now_s)
        return failed

    def _check_staffed(self, now_s: float) -> None:
        """Raise ``ExecutorError`` if waiting for workers has become pointless."""
        said = f" (the last one: {self._last_end})" if self._last_end else ""
        if not self._any_started and self._failed_starts >= _FAILED_STARTS:
            raise ExecutorError(
                f"No worker starts on the Ray cluster{said}; see that its nodes have this version of memsweep."
            )
        gone_s = now_s - self._staffed_s
        if gone_s > self._patience_s:
            raise ExecutorError(
                f"No worker has been there for {gone_s:.0f} s{said}; bring nodes with free CPUs back, or name another "
                "cluster with `--address`."
            )

    def _dispatch(self) -> None:
        """Give every actor that is ready its calls, the emptiest first."""
        while self._waiting or self._again:
            free = [actor for actor in self._actors if actor.ready and self._has_room(actor)]
            if not free:
                return
            actor = min(free, key=lambda candidate: len(candidate.calls))
            if self._again:
                attempts = [self._again.popleft()]
            else:
                attempts = [self._waiting.popleft() for _ in range(self._jobs_a_call())]
            if not actor.calls:
                actor.since_s = time.monotonic()
            call = actor.handle.evaluate.remote([attempt.job for attempt in attempts])
            actor.calls.append((call, attempts))

    def _has_room(self, actor: _Actor) -> bool:
        """Whether an actor takes another call.

        A job that met a death runs with nobody before it or behind it, so that the next death has one suspect: the
        answer to the call before may die with the actor, on its way.
        """
        if any(attempt.ends for _, attempts in actor.calls for attempt in attempts):
            return False
        return len(actor.calls) < (1 if self._again else _CALLS_PER_ACTOR)

    def _jobs_a_call(self) -> int:
        """Enough jobs for a call of the right length, but no more than each worker's share of what waits."""
        fair = -(-len(self._waiting) // (self.workers * _CALLS_PER_ACTOR))
        if self._seconds_per_job is None:
            return 1
        enough = int(_CALL_SECONDS / max(self._seconds_per_job, 1e-4)) + 1
        return max(1, min(enough, fair, _MOST_JOBS_A_CALL))

    def _collect(self, timeout_s: float) -> list[Outcome]:
        """Take in what actors have answered, waiting for the first answer."""
        asked = {call: actor for actor in self._actors for call, _ in actor.calls}
        asked |= {actor.starting: actor for actor in self._actors if not actor.ready}
        if not asked:
            time.sleep(timeout_s)
            return []
        answered, _ = ray.wait(list(asked), num_returns=1, timeout=timeout_s, fetch_local=False)
        if answered:
            answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=0, fetch_local=False)
        outcomes = []
        # In the order of each actor's calls: what it did before it died is done.
        for answer, actor in asked.items():
            if answer not in answered:
                continue
            if actor not in self._actors:
                continue  # buried by an earlier answer
            if answer == actor.starting:
                self._welcome(actor)
            else:
                outcomes += self._take(actor, answer)
        return outcomes

    def _welcome(self, actor: _Actor) -> None:
        """Note that an actor is ready, or that it never will be."""
        try:
            answer = ray.get(actor.starting)
        except RayError as error:
            end = _end(error)
            if not end.node_lost:
                pause_s = min(2**self._failed_starts, _LONGEST_VACANCY_s)
                self._vacant_until_s.append(time.monotonic() + pause_s)
                self._failed_starts += 1
            self._bury(actor, end)
            return
        try:
            actor.process, node, found = answer
        except (TypeError, ValueError):
            self._hold(actor, "a node has another version of memsweep, which answers in other words")
            return
        self._any_started, self._failed_starts = True, 0
        if others := differences(self._versions, {node: found}):
            self._hold(actor, others[0])
        else:
            actor.starting = None

    def _hold(self, actor: _Actor, difference: str) -> None:
        """Keep an actor idle, whose node has other versions: a node that joined after the others were compared."""
        actor.held, actor.starting = True, actor.handle.hold.remote()
        self._last_end = difference
        if difference not in self._differences:
            self._differences.add(difference)
            words = "A node is not used, because its results could differ: %s. %s"
            _LOG.warning(words, difference, way_out(difference))

    def _take(self, actor: _Actor, call: Any) -> list[Outcome]:
        """The outcomes of a finished call, or what its failure leaves to do."""
        attempts = next(attempts for each, attempts in actor.calls if each == call)
        outcomes: list[Outcome] = []
        try:
            outcomes = ray.get(call)
        except TaskCancelledError:
            pass  # withdrawn before it began
        except RayTaskError as error:
            # Not an error of a configuration (those are outcomes): the call itself could not run.
            outcomes = self._try_again(attempts, _end(error))
        except RayError as error:
            return self._bury(actor, _end(error))
        if call == actor.calls[0][0]:
            actor.since_s = time.monotonic()
        actor.calls.remove((call, attempts))
        spent = [outcome.seconds for outcome in outcomes if outcome.seconds is not None]
        if spent:
            mean = sum(spent) / len(spent)
            known = self._seconds_per_job
            self._seconds_per_job = mean if known is None else 0.7 * known + 0.3 * mean
        return outcomes

    def _bury(self, actor: _Actor, end: End) -> list[Outcome]:
        """End an actor, to be replaced at the next look; its jobs run again, or fail if they keep killing."""
        process = f" (process {actor.process})" if actor.process else ""
        _LOG.warning("A worker%s is lost and will be replaced: %s", process, end.reason)
        self._last_end = end.reason
        self._actors.remove(actor)
        ray.kill(actor.handle)
        if actor.ready:  # one that never started is replaced a little later
            self._looked_s = -_LOOK_s
            self._staffed_s = time.monotonic()
        if not any(other.ready for other in self._actors):
            _LOG.warning("No worker is left; waiting up to %.0f s for nodes with free CPUs.", self._patience_s)
        if not actor.calls:
            return []
        (_, running), *queued = actor.calls
        for _, attempts in reversed(queued):
            self._waiting.extendleft(attempt for attempt in reversed(attempts) if not attempt.withdrawn)
        return self._try_again(running, end)

    def _try_again(self, attempts: list[Attempt], end: End) -> list[Outcome]:
        """Queue jobs whose attempt ended without an outcome; the outcomes of those that are given up."""
        failed = []
        for attempt in attempts:
            attempt.ends.append(end)
            if outcome := attempt.failed():
                failed.append(outcome)
            elif not attempt.withdrawn:
                self._again.append(attempt)
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
        try:
            ray.init(address=address, **quiet)
        except (OSError, RuntimeError, ValueError) as error:
            raise ExecutorError(
                f"This machine cannot drive the Ray cluster at {address} ({_one_line(error)}); it needs a node of that "
                "cluster beside it, and the same Python and Ray (deploy/README.md)."
            ) from error
        try:
            require_same_versions()
        except VersionError:
            ray.shutdown()
            raise
        return
    try:
        ray.init(
            address="local",  # also where another Ray runs, which would be joined otherwise
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
    here: str = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]  # untyped in Ray 2.60
    if not here.startswith("127."):
        _LOG.warning(
            "Ray listens on all networks of this machine, as %s, because Ray was loaded before memsweep or "
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER is on; only its token keeps others from running code here.",
            here,
        )


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


def _cpus() -> int:
    """What the cluster has now."""
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # untyped in Ray 2.60
    return int(resources.get("CPU", 0))


def _end(error: RayError) -> End:
    """Why an actor or a call ended."""
    if isinstance(error, RayTaskError):
        return End(f"{type(error.cause).__name__}: {_one_line(error.cause)}")
    if not isinstance(error, ActorDiedError):
        lost = isinstance(error, ActorUnavailableError | NodeDiedError | ObjectLostError)
        return End(f"{type(error).__name__}: {_one_line(error)}", lost)
    # Ray says the cause last, and goes on about what it could mean.
    last = str(error).strip().rpartition("\n")[2].partition(" Some common causes")[0].strip()
    return End(f"{type(error).__name__}: {last[:_LONGEST]}", error.preempted or "its node has died" in str(error))


def _one_line(error: BaseException) -> str:
    """The first line of an error's text that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
