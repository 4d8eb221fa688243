"""MLflow in a process of its own: what writing a run costs (30 ms of work) is then none of the sweep's time.

A thread would not do, for the interpreter runs one at a time: asking for configurations and MLflow's work would take
turns. The process is ``python -m tracking``; requests and replies are lines of JSON on its standard input and output:

::

    {"id": 7, "call": "log", "kind": "TrialRecord", "record": {...}}   ->
                                <-   {"id": 7, "answer": true} | {"id": 7, "failed": text} | {"id": 7, "refused": text}

It ends when its input ends, so that it does not outlive the sweep.
"""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from tracking.base import StudyRecord, Summary, SweepRecord, TrialRecord
from tracking.errors import RecordRefusedError, TrackerError
from tracking.front_table import plain
from tracking.masking import mask
from tracking.mlflow_tracker import MlflowTracker

RECORDS = {kind.__name__: kind for kind in (SweepRecord, TrialRecord, StudyRecord, Summary)}
"""What crosses, by name."""
_GRACE_s = 2.0
"""How long a process that was told to end may take."""

Reply = dict[str, Any]


class ProcessTracker:
    """Keeps sweeps in MLflow (see ``tracking.base.Tracker``), by way of a process that starts with ``start``.

    A process that dies is an error like any other, and is replaced by the next call.

    Args:
        tracking_uri: as for ``MlflowTracker``.
        artifact_root: as for ``MlflowTracker``.
    """

    def __init__(self, tracking_uri: str, artifact_root: Path | None = None) -> None:
        self._within = MlflowTracker(tracking_uri, artifact_root)  # answers what needs no MLflow
        self._uri = tracking_uri
        self._artifact_root = artifact_root
        self._starting = threading.RLock()
        self._sweep: SweepRecord | None = None
        self._process: _Process | None = None

    @property
    def place(self) -> str | None:
        """Where records are kept; see ``MlflowTracker``."""
        return self._within.place

    @property
    def writers(self) -> int:
        """How many calls of ``log`` at once are of use."""
        return self._within.writers

    def start(self, sweep: SweepRecord) -> None:
        """Open the sweep's experiment, or continue it."""
        with self._starting:
            self.close()
            process = _Process(self._uri, self._artifact_root)
            try:
                process.call("start", sweep)
            except TrackerError:
                process.end()
                raise
            self._process, self._sweep = process, sweep

    def log(self, trial: TrialRecord) -> bool:
        """Keep a trial that has ended, or a study of one, as a run of its own; returns whether it was missing."""
        return bool(self._started("log").call("log", trial))

    def finish(self, summary: Summary) -> None:
        """Keep what the sweep came to: the summary run, and the experiment's description."""
        self._started("finish").call("finish", summary)

    def close(self) -> None:
        """End the process, if there is one."""
        with self._starting:
            if self._process is not None:
                self._process.end()
                self._process = None

    def _started(self, method: str) -> "_Process":
        with self._starting:
            if self._sweep is None:
                raise TrackerError(f"{method} before start: call start(sweep) first.")
            if self._process is None or not self._process.alive:
                self.start(self._sweep)
            if self._process is None:
                raise TrackerError("the process of MLflow could not be started")
            return self._process


class _Process:
    """The process, and the calls that wait for it."""

    def __init__(self, uri: str, artifact_root: Path | None) -> None:
        self._uri = uri
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tracking"],  # -P: not a package of that name in the folder one works in
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            # What can be imported here can be there; a Ctrl-C in the terminal is for the sweep, which ends this.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)},
            start_new_session=True,
        )
        self.end = weakref.finalize(self, _end, self._process, self._said)
        self._numbers = itertools.count()
        self._calls = _Calls()
        self._writing = threading.Lock()
        threading.Thread(target=self._calls.serve, args=(self._process.stdout,), daemon=True).start()
        # On its input, where nobody else of this machine sees the password.
        self._send({"uri": uri, "artifact_root": None if artifact_root is None else str(artifact_root)})

    @property
    def alive(self) -> bool:
        # Its output ends a moment before it can be seen to have ended.
        return not self._calls.ended and self._process.poll() is None

    def call(self, method: str, record: SweepRecord | TrialRecord | Summary) -> Any:
        """Call the tracker there; raises what it raises."""
        number = next(self._numbers)
        reply = self._calls.expect(number)
        self._send({"id": number, "call": method, "kind": type(record).__name__, "record": vars(record)})
        answer = reply.get()
        if answer is None:
            raise self._death()
        if "refused" in answer:
            raise RecordRefusedError(answer["refused"])
        if "failed" in answer:
            raise TrackerError(answer["failed"])
        return answer["answer"]

    def _send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message, default=plain).encode() + b"\n"
        try:
            with self._writing:
                if self._process.stdin is not None:
                    self._process.stdin.write(line)
                    self._process.stdin.flush()
        except (OSError, ValueError):  # ValueError: it was ended from here
            raise self._death() from None

    def _death(self) -> TrackerError:
        last = ""
        if not self._said.closed:
            self._said.seek(0)
            lines = self._said.read().decode(errors="replace").strip().splitlines()
            last = ": " + mask(lines[-1], self._uri) if lines else ""
        return TrackerError(f"The process that writes to MLflow has ended{last}")


class _Calls:
    """Who waits for which reply; ``None`` is the reply of a process that has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, SimpleQueue[Reply | None]] = {}
        self.ended = False

    def expect(self, number: int) -> "SimpleQueue[Reply | None]":
        reply: SimpleQueue[Reply | None] = SimpleQueue()
        with self._lock:
            self._open[number] = reply
            if self.ended:
                reply.put(None)
        return reply

    def serve(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                reply = json.loads(line)
                with self._lock:
                    self._open.pop(reply["id"]).put(reply)
        with self._lock:
            self.ended = True
            for waiting in self._open.values():
                waiting.put(None)


def _end(process: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
    """Close the input, upon which the process ends after the calls in hand; do not wait for them for long."""
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(_GRACE_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    said.close()
