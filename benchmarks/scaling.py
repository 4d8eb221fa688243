"""Two workers against one, and up to 256 simulated ones: how busy they are, and where one driver saturates.

The driver is measured with its study in a journal and, where ``initdb`` and ``postgres`` are found, in PostgreSQL on
loopback.
"""

import heapq
import os
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier

import pytest

from benchmarks._figures import Figure
from benchmarks._sweeping import EXAMPLES, sweep
from benchmarks.driver_overhead import NoWork
from sweeps.driver import drive
from sweeps.evaluate_job import evaluate_jobs
from sweeps.executor import AnyJob, Job, Outcome
from sweeps.preparation import load_data
from sweeps.spec import Spec, load_spec
from sweeps.storage import choose_storage, remember
from sweeps.study import SweepStudy
from tasks import Configuration
from tests.integration.postgres import PostgresServer, running_postgres

_CALL_S = 1.0
"""How long a simulated evaluation sleeps."""
_ROUNDS = 8
"""Evaluations of each simulated worker, of which the first and the last do not count."""
_WORKERS = (1, 4, 16, 64, 128, 256)
_AT_LEAST = {64: 0.95}
"""Share that is required."""
_TURNS = 3
"""How often one worker and two take turns, so that a slow spell of the machine meets both."""
_CONFIGURATIONS = 260
_LONG, _SHORT = 4096, 1024
"""Virtual chips of real evaluations, which last some 0.5 or 0.1 s: the shorter, the more of the two cores goes to the
driver, which is there once however many the workers are, and to the start of the actors."""
_REQUIRED = 1.8
"""Of the longer ones, alone on the machine."""
_PLAIN = 20
"""Evaluations of a process that has nothing to do with others: what the machine itself gives for two."""


class Sleepers(NoWork):
    """Many workers that sleep, in this process: the driver does all its work in real time, the workers none.

    Ray's own cost of about 1 ms a call is not in it.
    """

    def __init__(self, spec: Spec, workers: int) -> None:
        """Take how many they are."""
        super().__init__(spec)
        self.workers = workers
        self._free = workers
        self._asleep: list[tuple[float, int]] = []
        self._waiting: deque[tuple[AnyJob, float]] = deque()
        self.naps: list[tuple[float, float]] = []
        """When each evaluation began and ended."""

    @property
    def pending(self) -> int:
        """Jobs not returned."""
        return len(self._asleep) + len(self._waiting)

    def submit(self, jobs: Sequence[AnyJob]) -> None:
        """Take jobs; whoever is free begins at once."""
        if jobs and self._form is None:
            self._form = self._submit_one(jobs[0])
        now_s = time.monotonic()
        self._waiting.extend((job, now_s) for job in jobs)
        self._begin(now_s)

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Sleep until the first wakes."""
        if not self._asleep:
            return []
        time.sleep(max(0.0, self._asleep[0][0] - time.monotonic()))
        done = []
        now_s = time.monotonic()
        while self._asleep and self._asleep[0][0] <= now_s:
            end_s, trial = heapq.heappop(self._asleep)
            self._free += 1
            # A second call waits at each worker, as on Ray: none idles until the driver has heard of the first.
            self._begin(end_s)
            done.append(self._outcome(trial))
        return done

    def _begin(self, free_s: float) -> None:
        """Give the workers that have been free since then the next jobs, from when they were there."""
        while self._free and self._waiting:
            job, there_s = self._waiting.popleft()
            begin_s = max(free_s, there_s)
            self._free -= 1
            heapq.heappush(self._asleep, (begin_s + _CALL_S, job.trial))
            self.naps.append((begin_s, begin_s + _CALL_S))

    def busy(self) -> float:
        """Share of the workers' time that they work, between the first round and the last."""
        first_s = min(begin for begin, _ in self.naps) + _CALL_S
        last_s = max(end for _, end in self.naps) - _CALL_S
        worked = sum(max(0.0, min(end, last_s) - max(begin, first_s)) for begin, end in self.naps)
        return worked / ((last_s - first_s) * self.workers)


@contextmanager
def new_study(spec: Spec, server: PostgresServer | None) -> Iterator[SweepStudy]:
    """A study in a journal, or in a new database of a server."""
    with tempfile.TemporaryDirectory() as folder:
        url = None
        if server is not None:
            name = f"study_{time.monotonic_ns()}"
            server.execute(f"CREATE DATABASE {name}")
            url = server.url(name)
            remember(Path(folder), choose_storage(url))
        yield SweepStudy(spec, Path(folder) / "journal.log", url)


def busy_share(workers: int, server: PostgresServer | None = None) -> float:
    """Share of the time of sleeping workers that is used, for a sweep in reproducible order."""
    configurations = _ROUNDS * workers
    spec = load_spec(
        EXAMPLES / "digits.yaml",
        {"configurations": str(configurations), "lag": str(2 * workers), "sampler": "nsga2", "readout.kind": "ridge"},
    )
    executor = Sleepers(spec, workers)
    with new_study(spec, server) as study:
        drive(study, executor, configurations=configurations, lag=spec.lag, on_told=lambda _: None)
    return executor.busy()


def driver_s(server: PostgresServer | None = None) -> float:
    """What the driver spends on a configuration, s."""
    spec = load_spec(EXAMPLES / "digits.yaml", {"configurations": "1000", "sampler": "nsga2", "readout.kind": "ridge"})
    with new_study(spec, server) as study:
        executor = NoWork(spec)
        start = time.perf_counter()
        drive(study, executor, configurations=1000, lag=spec.lag, on_told=lambda _: None)
        return (time.perf_counter() - start) / 1000


def _evaluate(start: Barrier, chips: int) -> float:
    """Evaluate some configurations when all who do are ready; the time that it takes, s."""
    spec = load_spec(EXAMPLES / "digits.yaml", {"chips": str(chips)})
    with new_study(spec, None) as study:
        evaluator = spec.evaluator(load_data(spec))
        jobs = [Job(trial=n, configuration=Configuration.from_dotted(study.ask(n))) for n in range(_PLAIN + 1)]
        evaluate_jobs(evaluator, jobs[:1])
        start.wait()
        begin = time.perf_counter()
        for job in jobs[1:]:
            evaluate_jobs(evaluator, [job])
        return time.perf_counter() - begin


def _plain() -> Figure:
    """The longer evaluations in one process and in two, without driver or Ray."""
    spent = {1: 0.0, 2: 0.0}
    for _ in range(_TURNS):
        for processes in spent:
            with get_context("spawn").Manager() as manager, ProcessPoolExecutor(2, get_context("spawn")) as pool:
                start = manager.Barrier(processes)
                each = [pool.submit(_evaluate, start, _LONG) for _ in range(processes)]
                spent[processes] += max(future.result() for future in each)
    return Figure("two plain processes over one, which is what the machine gives", 2 * spent[1] / spent[2], "x")


def _real(kind: str, chips: int, *words: str, required: float | None = None) -> list[Figure]:
    """Sweeps of real evaluations by one actor and by two."""
    words = ("--configurations", str(_CONFIGURATIONS), "--set", f"chips={chips}", *words)
    spent: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(_TURNS):
        for workers, times in spent.items():
            times.append(sweep("digits.yaml", "--workers", str(workers), *words)["seconds"])
    turns = [one / two for one, two in zip(*spent.values(), strict=True)]
    return [
        *(Figure(f"{workers} worker(s), {kind}", sum(times) / _TURNS, "s") for workers, times in spent.items()),
        Figure(f"two workers over one, {kind}", sum(spent[1]) / sum(spent[2]), "x", at_least=required),
        Figure(f"the same, worst of {_TURNS} turns", min(turns), "x"),
        Figure(f"the same, best of {_TURNS} turns", max(turns), "x"),
    ]


def _driven(server: PostgresServer | None) -> list[Figure]:
    """How busy sleeping workers are, and what the driver takes, with the study in one place."""
    place = "journal" if server is None else "PostgreSQL"
    figures = [
        Figure(
            f"busy share of {workers} sleeping workers, {place}",
            busy_share(workers, server),
            "",
            at_least=_AT_LEAST.get(workers),
        )
        for workers in _WORKERS
    ]
    each_s = driver_s(server)
    return [
        *figures,
        Figure(f"driver, each configuration, {place}", 1e3 * each_s, "ms", at_most=1e3 * _CALL_S / max(_AT_LEAST)),
        # With more, workers wait for the driver: give it longer evaluations (more chips), or share the workers between
        # several sweeps, each of which has a driver of its own.
        Figure(f"workers that saturate it at 1 s a configuration, {place}", _CALL_S / each_s, ""),
    ]


def run() -> list[Figure]:
    """Sweep with one and with two actors, then simulate; the load of the machine is a figure too."""
    figures = [Figure("load of the machine before", os.getloadavg()[0], "")]
    figures += [_plain(), *_real("evaluations of 0.5 s", _LONG, "--tracking", "none", required=_REQUIRED)]
    figures += _real("evaluations of 0.1 s", _SHORT, "--tracking", "none")
    # Its writer is one process more on the two cores.
    figures += _real("evaluations of 0.1 s, with MLflow", _SHORT)
    figures += _driven(None)
    try:
        with running_postgres() as server:
            figures += _driven(server)
    except pytest.skip.Exception as reason:
        figures.append(Figure(f"servers of PostgreSQL: not measured ({reason})", 0, ""))
    return figures
