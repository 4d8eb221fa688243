"""Where a sweep came from: what is known when it is made, and could not be found out later.

::

    <sweep>/provenance.json     {"file": "digits.yaml", "commit": "1a2b...+", "data": {"training": sha256, ...},
                                "versions": {"python": "3.11.7", ...}}
"""

import json
import logging
import platform
import shlex
import subprocess
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.ray_versions import versions
from sweeps.spec import Spec
from tasks import DataError, Task

if TYPE_CHECKING:
    from sweeps.home import SweepFolder

_LOG = logging.getLogger(__name__)
_PARTS = {"training": "train", "validation": "validation", "test": "test"}
_GIT_TIMEOUT_s = 5.0


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What is written down."""

    file: str | None = None
    """Name of the sweep file."""
    commit: str | None = None
    """Git commit of the working directory, a ``+`` behind it if files differ from it; ``None`` without git."""
    data: dict[str, str] = field(default_factory=dict)
    """Part of the data -> SHA-256 of its samples and labels."""
    versions: dict[str, str] = field(default_factory=dict)
    """Package -> version of what it was begun with, and ``arithmetic`` -> what sums came to there."""


def provenance_of(spec: Spec, task: Task) -> Provenance:
    """That of a sweep which is about to be made."""
    return Provenance(file=spec.file, commit=git_commit(Path.cwd()), data=checksums(task), versions=package_versions())


def checksums(task: Task) -> dict[str, str]:
    """Part of the data -> SHA-256 of its samples and labels."""
    return {name: getattr(task, part).sha256 for name, part in _PARTS.items()}


def package_versions() -> dict[str, str]:
    """Package -> version, here and now; Python itself and the arithmetic too."""
    others = {name: version(name) for name in ("mlflow", "ray")}
    return {"python": platform.python_version(), **computing_versions(), **others}


def computing_versions() -> dict[str, str]:
    """Those that results depend on: what evaluates, on whatever node, and what asks."""
    return {**versions(), "optuna": version("optuna")}


def require_same_data(folder: "SweepFolder", task: Task) -> None:
    """Raise ``DataError`` if a sweep wrote other checksums down when it was made than its data have now."""
    written, found = read_provenance(folder.path).data, checksums(task)
    changed = [name for name, digest in found.items() if written.get(name, digest) != digest]
    if changed:
        again = shlex.join(["memsweep", "run", str(folder.spec_file), "--set", "name="])
        raise DataError(
            f"The data of the sweep {folder.name!r} must stay as they were when it began, but the checksum of the "
            f"{' and the '.join(changed)} part is not the one in {_file(folder.path)}; put the old data back, or run "
            f"it on the new ones under another name by `{again}...`."
        )


def compare_versions(folder: "SweepFolder") -> None:
    """Warn if a sweep began with other versions of what computes than those here and now."""
    written, here = read_provenance(folder.path).versions, computing_versions()
    changed = [name for name in here if written.get(name, here[name]) != here[name]]
    if changed:
        _LOG.warning(
            "The sweep %r began with %s and goes on with %s: its results may differ from here on. What it began with "
            "would keep them the same.",
            folder.name,
            ", ".join(f"{name} {written[name]}" for name in changed),
            ", ".join(f"{name} {here[name]}" for name in changed),
        )


def write_provenance(folder: Path, provenance: Provenance) -> None:
    """Write it down in the folder of a sweep."""
    from sweeps.home import write_atomically

    write_atomically(_file(folder), json.dumps(asdict(provenance), indent=1) + "\n")


def read_provenance(folder: Path) -> Provenance:
    """Read it back; that of a sweep which wrote none down is empty."""
    try:
        return Provenance(**json.loads(_file(folder).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Provenance()


def git_commit(folder: Path) -> str | None:
    """The commit that a folder is at; ``None`` if it is in no git repository, or there is no git."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    return commit + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "--no-optional-locks", *words],
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_s,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _file(folder: Path) -> Path:
    return folder / "provenance.json"
