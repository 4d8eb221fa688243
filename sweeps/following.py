"""Reading along with a sweep that another process runs, without being in its way.

What the study holds is read as it grows: a journal from where the last reading ended, a database only for the trials
that had not ended then. That somebody runs the sweep is told by its heartbeat, which also comes from other machines,
else by its lock.
"""

import fcntl
import time
from collections.abc import Callable
from enum import StrEnum

from sweeps.heartbeat import STALE_s, Vitals, read_vitals
from sweeps.home import SweepFolder
from sweeps.standing import Standing
from sweeps.storage import find_storage, open_storage
from sweeps.study import Record, SweepStudy


class Life(StrEnum):
    """What became of a sweep."""

    RUNNING = "running"
    STOPPED = "stopped"
    COMPLETE = "complete"


class Follower:
    """What is known of a sweep, brought up to date by ``look``."""

    def __init__(
        self, folder: SweepFolder, storage: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the sweep; ``storage`` is its database with the password, as for ``SweepStudy``."""
        self.spec = folder.spec()
        """The sweep."""
        self.standing = Standing(self.spec)
        """What its trials come to."""
        self.vitals: Vitals | None = None
        """How its run does; None if nothing was heard of it lately."""
        self.life = Life.STOPPED
        """What became of it."""
        self._folder, self._storage, self._clock = folder, storage, clock
        self._study: SweepStudy | None = None
        self._known: set[int] = set()
        self._grew_s = float("-inf")

    def look(self) -> None:
        """Read what is new; raises ``StorageError`` if the database does not answer."""
        complete = self._folder.result_file.exists()  # before the trials, so that none is missing then
        first = not self._known
        for record in self._new():
            self._known.add(record.number)
            self.standing.add(record)
            if not first:
                self._grew_s = self._clock()
        self.vitals = read_vitals(self._folder.path)
        if self.vitals is not None:
            self.life = Life.RUNNING
        elif complete:
            self.life = Life.COMPLETE
        else:
            growing = self._clock() - self._grew_s < STALE_s
            self.life = Life.RUNNING if growing or _is_held(self._folder) else Life.STOPPED

    def _new(self) -> list[Record]:
        if self._study is None and self._is_made():
            self._study = SweepStudy(self.spec, self._folder.journal, self._storage)
        return [] if self._study is None else self._study.ended_beyond(self._known)

    def _is_made(self) -> bool:
        """Whether there is a study to open; making it is up to who runs the sweep."""
        journal = self._folder.journal
        if find_storage(self._folder.path, self._storage).url is None:
            return journal.exists() and journal.stat().st_size > 0
        try:
            open_storage(journal, self._storage).get_study_id_from_name(self.spec.name)
        except KeyError:
            return False
        return True


def _is_held(folder: SweepFolder) -> bool:
    """Whether a process of this machine holds the sweep."""
    try:
        with (folder.path / "lock").open() as file:
            # Shared, and given back at once: it is in the way of nobody who watches, and hardly of who would run it.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
