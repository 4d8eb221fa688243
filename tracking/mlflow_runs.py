"""The runs of an experiment by their keys: found, made, and kept single.

A server may create a run after the request for it was given up, and the next request then makes a second one. So the
first look at an experiment, and a second look where an answer was lost, keep one run a key and delete the others.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

KEY_TAG = "memsweep.trial"
"""Tag that names a run: the number of its trial, a study and that number, ``summary``, or a sweep's name."""
FINGERPRINT_TAG = "memsweep.configuration"
"""Tag with a hash of the configuration, so that another sweep's trial of the same number is told apart."""
FRONT_TAG = "on_front"
"""Tag of the trials on the front of a complete sweep."""
FRONT_QUERY = f'tags.{FRONT_TAG} = "true"'
"""The search that finds them."""

_RUNS_A_PAGE = 200
"""So few that a busy server sends them within the time-out of a request."""


@dataclass
class KnownRun:
    """A run that exists in the experiment."""

    run_id: str
    ended: bool
    start_time_ms: int
    fingerprint: str
    on_front: bool


class Runs:
    """The runs of one experiment."""

    def __init__(self, client: "MlflowClient", experiment_id: str, *, new: bool) -> None:
        """Look at all of them; those of a ``new`` experiment are none."""
        self._client = client
        self._experiment_id = experiment_id
        self._known = {} if new else known_runs(client, experiment_id)
        self._uncertain: set[str] = set()  # keys whose create_run raised, and may have worked all the same
        self._doubtful = False  # there was such a key since the last look at all runs

    def get(self, key: str) -> KnownRun | None:
        """The run of a key, if it is known."""
        return self._known.get(key)

    def find(self, key: str) -> KnownRun | None:
        """The run of a key, also one that another process has made since."""
        if key not in self._known:
            self._known.update(known_runs(self._client, self._experiment_id, f"tags.`{KEY_TAG}` = '{key}'"))
        return self._known.get(key)

    def on_front(self) -> dict[str, KnownRun]:
        """Those that are marked as such."""
        return {key: run for key, run in self._known.items() if run.on_front}

    def look_again(self) -> None:
        """Look at all runs, if there may be doubles."""
        if self._doubtful:
            self._known = known_runs(self._client, self._experiment_id)
            self._doubtful = False

    def find_or_create(self, key: str, run_name: str, tags: dict[str, str]) -> KnownRun:
        """The run of a key."""
        if key in self._uncertain:
            self._known.update(known_runs(self._client, self._experiment_id, f"tags.`{KEY_TAG}` = '{key}'"))
            self._uncertain.discard(key)
        if key not in self._known:
            try:
                created = self._client.create_run(self._experiment_id, tags={**tags, KEY_TAG: key}, run_name=run_name)
            except BaseException:
                self._uncertain.add(key)
                self._doubtful = True
                raise
            self._known[key] = _known_run(created)
        return self._known[key]


def known_runs(client: "MlflowClient", experiment_id: str, query: str = "") -> dict[str, KnownRun]:
    """All runs with a key; of several with one key, the first that has ended, else the first, is kept."""
    found: dict[str, list[KnownRun]] = {}
    token: str | None = None
    while True:
        page = client.search_runs([experiment_id], filter_string=query, max_results=_RUNS_A_PAGE, page_token=token)
        for run in page:
            if KEY_TAG in run.data.tags:
                found.setdefault(run.data.tags[KEY_TAG], []).append(_known_run(run))
        token = page.token
        if not token:
            break
    known: dict[str, KnownRun] = {}
    for key, runs in found.items():
        # Whoever else looks at the same time decides the same.
        known[key], *doubles = sorted(runs, key=lambda run: (not run.ended, run.start_time_ms, run.run_id))
        for double in doubles:
            client.delete_run(double.run_id)
    return known


def _known_run(run: "Run") -> KnownRun:
    return KnownRun(
        run_id=run.info.run_id,
        ended=run.info.status not in ("RUNNING", "SCHEDULED"),
        start_time_ms=run.info.start_time,
        fingerprint=run.data.tags.get(FINGERPRINT_TAG, ""),
        on_front=FRONT_TAG in run.data.tags,
    )
