"""The other end of ``tracking.process_tracker``: serves one tracker over standard input and output."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from tracking.base import StudyRecord, Summary, SweepRecord, TrialRecord
from tracking.errors import RecordRefusedError, TrackerError
from tracking.masking import mask
from tracking.mlflow_connection import commit_sooner
from tracking.mlflow_tracker import MlflowTracker
from tracking.process_tracker import RECORDS


def main() -> None:
    """Serve until the input ends; the calls in hand are finished, the others forgotten."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is not a reply
    place = json.loads(sys.stdin.buffer.readline())
    uri, root = place["uri"], place["artifact_root"]
    event.listen(Engine, "connect", commit_sooner)
    tracker = MlflowTracker(uri, None if root is None else Path(root))
    writing = Lock()

    def serve(line: bytes) -> None:
        request = json.loads(line)
        try:
            answer = getattr(tracker, request["call"])(read_record(request["kind"], request["record"]))
            reply: dict[str, Any] = {"answer": answer}
        except RecordRefusedError as error:
            reply = {"refused": str(error)}
        except TrackerError as error:
            reply = {"failed": str(error)}
        except Exception as error:
            reply = {"failed": f"{type(error).__name__}: {mask(str(error), uri)}"}
        with writing:
            replies.write(json.dumps({"id": request["id"], **reply}).encode() + b"\n")
            replies.flush()

    with ThreadPoolExecutor(tracker.writers) as pool:
        for line in sys.stdin.buffer:
            pool.submit(serve, line)
        pool.shutdown(cancel_futures=True)


def read_record(kind: str, values: dict[str, Any]) -> SweepRecord | TrialRecord | StudyRecord | Summary:
    """A record from its plain form."""
    for name in ("figures", "files"):
        if name in values:
            values[name] = {key: Path(file) for key, file in values[name].items()}
    return RECORDS[kind](**values)


if __name__ == "__main__":
    main()
