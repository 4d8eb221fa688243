"""What a sweep knows of its origin: written when it is made, the same whenever it is read."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from sweeps.home import Home
from sweeps.provenance import Provenance, git_commit, package_versions, read_provenance
from sweeps.run import Options, run
from sweeps.spec import Spec, load_spec
from sweeps.sync import sweep_record
from tasks import load_task


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init")
    (folder / "note").write_text("one")
    git(folder, "add", "note")
    git(folder, "commit", "-m", "first")
    return folder


def test_commit_tells_of_changes_beside_it(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    (repository / "unknown to git").write_text("")
    assert git_commit(repository) == commit
    (repository / "note").write_text("two")
    assert git_commit(repository) == f"{commit}+"


def test_no_repository_and_no_git_is_no_commit(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert git_commit(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit(repository) is None


def test_sweep_remembers_file_commit_and_data(
    tiny_spec: Spec, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    spec = replace(tiny_spec, configurations=1, file="tiny.yaml")
    folder = run(spec, Home(tmp_path / "home"), Options(executor="inline")).folder
    (repository / "note").write_text("changed after the sweep")
    begun_with = package_versions()
    monkeypatch.setattr("sweeps.sync.package_versions", lambda: {"memsweep": "a later one"})
    told = sweep_record(folder.spec(), folder)
    assert told.versions == begun_with
    assert (told.file, told.commit) == ("tiny.yaml", git(repository, "rev-parse", "HEAD"))
    task = load_task(spec.task.kind, spec.task.path, spec.task.protocol)
    parts = {"training": task.train, "validation": task.validation, "test": task.test}
    assert told.data == {name: part.sha256 for name, part in parts.items()}
    assert len(set(told.data.values())) == 3


def test_sweep_without_a_note_has_no_origin(tmp_path: Path) -> None:
    assert read_provenance(tmp_path) == Provenance()
    (tmp_path / "provenance.json").write_text('{"file": "torn')
    assert read_provenance(tmp_path) == Provenance()


def test_name_of_the_file_is_no_part_of_a_sweep(tmp_path: Path) -> None:
    text = "name: one\ntask: digits\nconfiguration: {pulse.amplitude_V: {low: 0.5, high: 3.0}}\n"
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(text)
    one, other = (load_spec(tmp_path / name) for name in ("a.yaml", "b.yaml"))
    assert (one.file, other.file) == ("a.yaml", "b.yaml")
    assert one == other
    assert "file" not in one.to_dict()
