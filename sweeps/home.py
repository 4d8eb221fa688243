"""Where sweeps live on disk.

::

    <home>/                      --home, or MEMSWEEP_HOME, or .memsweep/ here
        mlflow.db                MLflow's database
        artifacts/               MLflow's artifacts
        sweeps/<name>/
            sweep.yaml           the sweep as it was run
            journal.log          Optuna's journal: every configuration and evaluation
            journal.log.lock     there while a line is written to it
            storage.json         where the study is, if in a database
            progress.json        how its run does, there while it runs
            scores.jsonl         scores on the test part, while the front is scored and after
            result.json          the final front and the control, scored on the test part
            front.png            the picture of it
            report.html          what ``memsweep report`` wrote
            provenance.json      the sweep file's name, the git commit and checksums of the data when it was made
            tracked.json         the tracker that holds all of it
            robustness/          studies of its configurations, see ``sweeps.robustness.folder``
            lock                 held by the one process that runs the sweep
"""

import contextlib
import json
import os
import shlex
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from sweeps.errors import SweepError
from sweeps.spec import Spec, parse_spec

VARIABLE = "MEMSWEEP_HOME"
_LONGEST_LINE = 1 << 24
"""Bytes of a file's end in which its last line begins."""


class HomeError(SweepError):
    """The home cannot serve; the text says why and the way out."""


@dataclass(frozen=True)
class SweepFolder:
    """The files of one sweep."""

    path: Path
    """Its folder."""

    @property
    def name(self) -> str:
        """Name of the sweep."""
        return self.path.name

    @property
    def spec_file(self) -> Path:
        """The sweep as it was run."""
        return self.path / "sweep.yaml"

    @property
    def journal(self) -> Path:
        """Optuna's journal."""
        return self.path / "journal.log"

    @property
    def scores(self) -> Path:
        """Scores on the test part, a line each, see ``sweeps.scoring``."""
        return self.path / "scores.jsonl"

    @property
    def result_file(self) -> Path:
        """The final result; present when the sweep is complete."""
        return self.path / "result.json"

    @property
    def picture(self) -> Path:
        """The front as a picture."""
        return self.path / "front.png"

    @property
    def report(self) -> Path:
        """What ``memsweep report`` writes."""
        return self.path / "report.html"

    def spec(self) -> Spec:
        """Read the sweep back."""
        return parse_spec(yaml.safe_load(self.spec_file.read_text(encoding="utf-8")))

    def result(self) -> dict[str, Any] | None:
        """The final result, or None while there is none."""
        if not self.result_file.exists():
            return None
        result: dict[str, Any] = json.loads(self.result_file.read_text(encoding="utf-8"))
        return result

    def write_result(self, result: dict[str, Any]) -> None:
        """Write the final result; a reader never sees half of it."""
        write_atomically(self.result_file, json.dumps(result, indent=1))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the sweep, and mend what a killed process left.

        Raises:
            HomeError: another process runs it, or its folder cannot be written.
        """
        lock = FileLock(self.path / "lock")
        try:
            lock.acquire(timeout=0)
            self._mend()
        except Timeout as error:
            raise HomeError(
                f"The sweep {self.name!r} is being run by another process; wait for it or stop it."
            ) from error
        except OSError as error:
            lock.release()
            raise HomeError(
                f"The folder {self.path} cannot be written ({error.strerror or error}); make room, or put right "
                "what is wrong with the disk or the rights."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _mend(self) -> None:
        """Remove what a process that was killed, or had no room left, was writing.

        Optuna's lock of the journal would be waited for by the next writer, and half a line would spoil the one that is
        written after it. Nobody else writes: this is called by the one process that runs the sweep.
        """
        for left in (*self.path.glob("journal.log.lock*"), *self.path.glob("*.draft")):
            left.unlink(missing_ok=True)
        for file in (self.journal, self.scores):
            if file.exists():
                _cut_torn_line(file)


class Home:
    """The folder that holds everything memsweep keeps."""

    def __init__(self, path: Path | str | None = None) -> None:
        """Take the folder given, else that of ``MEMSWEEP_HOME``, else ``.memsweep`` here."""
        self.path = Path(path or os.environ.get(VARIABLE) or ".memsweep").resolve()

    @property
    def option(self) -> str:
        """What commands need to find it, quoted, with a space before; empty for the home taken without an option."""
        return "" if self.path == Home().path else f" --home {shlex.quote(str(self.path))}"

    @property
    def tracking_uri(self) -> str:
        """MLflow's database."""
        return f"sqlite:///{self.path / 'mlflow.db'}"

    @property
    def artifacts(self) -> Path:
        """MLflow's artifacts."""
        return self.path / "artifacts"

    def sweeps(self) -> list[SweepFolder]:
        """All sweeps, by name."""
        root = self.path / "sweeps"
        if not root.is_dir():
            return []
        return [SweepFolder(path) for path in sorted(root.iterdir()) if (path / "sweep.yaml").is_file()]

    def require_free(self, name: str) -> None:
        """Raise ``HomeError`` unless a sweep of that name can be made here."""
        if (self.path / "sweeps" / name).exists():
            raise HomeError(
                f"A sweep named {name!r} exists already in {self.path}; go on with it by "
                f"`memsweep resume {name}{self.option}`, look at it by `memsweep show {name}{self.option}`, or run "
                "this one under another name with `--set name=...`."
            )
        try:
            (self.path / "sweeps").mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path / "sweeps"):
                pass
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> HomeError:
        return HomeError(
            f"The home {self.path} cannot be written ({error.strerror or error}); choose another with `--home` or "
            f"{VARIABLE}."
        )

    def create(self, spec: Spec, prepare: Callable[[Path], None] = lambda _: None) -> SweepFolder:
        """Make the folder of a new sweep, whole or not at all; ``prepare`` puts into it what else belongs there.

        Raises:
            HomeError: as ``require_free`` does.
        """
        self.require_free(spec.name)
        folder = SweepFolder(self.path / "sweeps" / spec.name)
        try:
            with tempfile.TemporaryDirectory(dir=folder.path.parent, prefix=".", ignore_cleanup_errors=True) as draft:
                whole = SweepFolder(Path(draft) / spec.name)
                whole.path.mkdir()
                write_atomically(whole.spec_file, yaml.safe_dump(spec.to_dict(), sort_keys=False))
                prepare(whole.path)
                whole.path.rename(folder.path)
        except OSError as error:
            raise self._unwritable(error) from error
        return folder

    def find(self, name: str) -> SweepFolder:
        """The folder of a sweep that exists; raises ``HomeError`` if there is none."""
        for folder in self.sweeps():
            if folder.name == name:
                return folder
        names = ", ".join(folder.name for folder in self.sweeps())
        hint = (
            f"the sweeps there are: {names}"
            if names
            else f"there are none yet; `memsweep run FILE{self.option}` makes one"
        )
        raise HomeError(f"There is no sweep named {name!r} in {self.path}; {hint}.")


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new one, never a part."""
    draft = path.with_suffix(path.suffix + ".draft")
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


def append_line(path: Path, text: str) -> None:
    """Add a line to a file; it is on the disk when this returns."""
    with path.open("ab") as stream:
        stream.write(text.encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _cut_torn_line(path: Path) -> None:
    """Cut off the last line of a file if it was not written to its end."""
    with path.open("r+b") as stream:
        end = stream.seek(0, os.SEEK_END)
        stream.seek(max(end - _LONGEST_LINE, 0))
        last = stream.read()
        torn = len(last) - (last.rfind(b"\n") + 1)
        if torn:
            stream.truncate(end - torn)
            os.fsync(stream.fileno())
