"""What a file or a server says is never run, never leaves the home, and no secret comes out anywhere."""

import ast
import importlib.util
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sweeps.errors import SpecError
from sweeps.home import Home, HomeError
from sweeps.robustness import load_study
from sweeps.run import Options, resume, run
from sweeps.spec import Spec, load_spec, parse_spec
from sweeps.storage import StorageError, parse_storage
from tasks import TaskError, load_task
from tasks.network_file import load_network

_PACKAGES = ("kinetics", "tasks", "sweeps", "tracking", "benchmarks")
_UNPICKLERS = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle"}
_RUNNERS = {"eval", "exec", "compile", "__import__"}
_SAFE_LOADERS = {"SafeLoader", "CSafeLoader"}


def _sources() -> Iterator[Path]:
    root = Path(__file__).parents[2]
    for package in _PACKAGES:
        yield from (root / package).rglob("*.py")


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def dangers(source: str) -> list[str]:
    """What in a module can run what a file or a server says."""
    found = []
    safe = set(_SAFE_LOADERS)
    tree = ast.parse(source)
    for node in ast.walk(tree):  # a class made of a safe loader is one
        if isinstance(node, ast.ClassDef) and {_dotted(base).rpartition(".")[2] for base in node.bases} & safe:
            safe.add(node.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.partition(".")[0] in _UNPICKLERS]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in _UNPICKLERS:
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            name = _dotted(node.func)
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            allowed = given.get("allow_pickle")
            if name in _RUNNERS or name in ("os.system", "os.popen", "torch.load", "pd.read_pickle", "tempfile.mktemp"):
                found.append(name)
            if "allow_pickle" in given and not (isinstance(allowed, ast.Constant) and allowed.value is False):
                found.append(f"{name}(allow_pickle)")
            if name in ("np.load", "numpy.load") and allowed is None:
                found.append(f"{name} without allow_pickle=False")
            if name.startswith("yaml.") and "load" in name and name != "yaml.safe_load":
                loader = given.get("Loader") or (node.args[1] if len(node.args) > 1 else None)
                if loader is None or _dotted(loader).rpartition(".")[2] not in safe:
                    found.append(name)
            if "shell" in given and not (isinstance(given["shell"], ast.Constant) and given["shell"].value is False):
                found.append(f"{name}(shell)")
    return found


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "np.load(path)",
        "np.load(path, allow_pickle=flag)",
        "yaml.load(text)",
        "yaml.unsafe_load(text)",
        "yaml.load(text, Loader=yaml.Loader)",
        "eval(text)",
        "torch.load(path)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_the_check_sees_what_is_dangerous(line: str) -> None:
    assert dangers(line)


def test_no_module_runs_what_a_file_or_a_server_says() -> None:
    found = {str(path): these for path in _sources() if (these := dangers(path.read_text(encoding="utf-8")))}
    assert not found


# A file that would run something if it were unpickled, or read by a loader that builds objects.


class Bomb:
    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._target),)


def test_arrays_with_objects_in_them_are_refused_unopened(tmp_path: Path) -> None:
    target = tmp_path / "ran"
    path = tmp_path / "bomb.npz"
    content = np.array([Bomb(target)], dtype=object)
    np.savez(path, train_x=content, train_y=content, test_x=content, test_y=content, law=content)
    with pytest.raises(TaskError):
        load_task("arrays", path)
    with pytest.raises(TaskError):
        load_network(path)
    assert not target.exists()


def test_pickle_in_place_of_an_array_is_refused_unopened(tmp_path: Path) -> None:
    target, path = tmp_path / "ran", tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("train_x", "train_y", "test_x", "test_y", "law"):
            archive.writestr(f"{name}.npy", b"cos\nmkdir\n(S'" + str(target).encode() + b"'\ntR.")
    with pytest.raises(TaskError):
        load_task("arrays", path)
    with pytest.raises(TaskError):
        load_network(path)
    assert not target.exists()


@pytest.mark.parametrize("read", [load_spec, load_study])
def test_yaml_builds_no_objects(read: Any, tmp_path: Path) -> None:
    target, path = tmp_path / "ran", tmp_path / "bomb.yaml"
    path.write_text(f"name: !!python/object/apply:os.mkdir ['{target}']\n")
    with pytest.raises(SpecError):
        read(path)
    with pytest.raises(SpecError):
        load_spec(Path(__file__).parents[2] / "examples" / "digits.yaml", {"seed": path.read_text()[6:]})
    assert not target.exists()


# Names and paths.

_ASTRAY = ["../outside", "/tmp/outside", "a/b", "..", ".", "a\0b", "a\nb", "", "x" * 101, ".hidden", "a\\b", "ä"]


@pytest.mark.parametrize("name", _ASTRAY)
def test_name_that_leads_astray_is_refused(name: str, tiny_spec: Spec, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="name"):
        parse_spec({**tiny_spec.to_dict(), "name": name})
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "sweep.yaml").write_text(yaml.safe_dump(tiny_spec.to_dict()))
    with pytest.raises(HomeError, match="no sweep named"):
        Home(tmp_path / "home").find(name)


@pytest.mark.parametrize("there", [True, False])
def test_new_sweep_is_not_written_through_a_link(there: bool, tiny_spec: Spec, tmp_path: Path) -> None:
    home, outside = Home(tmp_path / "home"), tmp_path / "outside"
    (home.path / "sweeps").mkdir(parents=True)
    if there:
        outside.mkdir()
    (home.path / "sweeps" / "tiny").symlink_to(outside)
    with pytest.raises(HomeError):
        run(tiny_spec, home, Options(executor="inline"))
    assert not (outside.exists() and list(outside.iterdir()))
    assert outside.exists() == there


def test_sweep_file_in_the_home_cannot_name_another_place(tiny_spec: Spec, tmp_path: Path) -> None:
    folder = Home(tmp_path).create(tiny_spec)
    folder.spec_file.write_text(folder.spec_file.read_text().replace("name: tiny", "name: ../../outside"))
    with pytest.raises(SpecError, match="name"):
        resume(folder, Options(executor="inline"))


# Secrets: whatever way they come in, they come out nowhere.

_SECRET = "hush-hush-7"


def _memsweep(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sweeps", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={**os.environ, **variables},
    )


def _holders(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and _SECRET.encode() in path.read_bytes()]


@pytest.fixture
def sweep_file(tmp_path: Path, tiny_spec: Spec) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump({**tiny_spec.to_dict(), "configurations": 3, "chips": 1, "sampler": "random"}))
    return path


@pytest.mark.timeout(240)  # five commands, three of which wait for a tracker that does not answer
def test_password_of_the_tracker_comes_out_nowhere(sweep_file: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    uri, variables = f"http://me:{_SECRET}@127.0.0.1:9", {"MLFLOW_TRACKING_PASSWORD": _SECRET}
    ran = _memsweep("run", sweep_file, "--home", home, "--executor", "inline", "--tracking", uri, **variables)
    assert ran.returncode == 0, ran.stderr
    assert "MLflow did not take 3 configurations" in " ".join(ran.stdout.split())
    words_of_all = (
        ("show", "tiny"),
        ("list",),
        ("sync", "tiny", "--tracking", uri, "--json"),
        ("resume", "tiny", "--tracking", uri, "--executor", "inline"),
        ("run", sweep_file, "--tracking", f"nonsense://me:{_SECRET}@host", "--executor", "inline", "--set", "name=b"),
    )
    for answer in (ran, *(_memsweep(*words, "--home", home, **variables) for words in words_of_all)):
        assert _SECRET not in answer.stdout + answer.stderr
        assert "Traceback" not in answer.stderr
    assert not _holders(home)


def test_password_of_the_tracker_is_not_in_mlflow(sweep_file: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    variables = {"MLFLOW_TRACKING_PASSWORD": _SECRET, "PGPASSWORD": _SECRET}
    ran = _memsweep("run", sweep_file, "--home", home, "--executor", "inline", **variables)
    assert ran.returncode == 0, ran.stderr
    assert (home / "mlflow.db").exists()
    assert not _holders(home)


_around = st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs")), max_size=8)


@settings(deadline=None)  # the first of them imports SQLAlchemy
@given(before=_around, after=_around)
@example(before="p/w", after="")
@example(before="p@", after="@:/?#")
def test_refused_storage_does_not_tell_its_password(before: str, after: str) -> None:
    password = f"{before}{_SECRET}{after}"
    for address in (
        f"postgresql://me:{password}@host:port/db",
        f"postgresql://me:{quote(password, safe='')}@host:port/db",
        f"postgresql://host?sslpassword={quote(password)}",
        f"postgresql://me:{password}@host",
    ):
        try:
            parse_storage(address)
        except StorageError as error:
            assert _SECRET not in str(error)
        else:
            assert "@" in before + after or "?" in password  # what follows them reads as a host and a database


@pytest.mark.skipif(importlib.util.find_spec("psycopg") is None, reason="needs the extra `cluster`")
def test_password_of_the_storage_comes_out_nowhere(sweep_file: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for address in (
        f"postgresql://me:{_SECRET}@127.0.0.1:9/db",
        f"postgresql://127.0.0.1:9/db?password={_SECRET}",
        f"mysql://me:{_SECRET}@127.0.0.1:9/db",
        f"nonsense me:{_SECRET}@127.0.0.1",
    ):
        words = ("run", sweep_file, "--home", home, "--executor", "inline", "--tracking", "none")
        for answer in (_memsweep(*words, "--storage", address), _memsweep(*words, MEMSWEEP_STORAGE=address)):
            assert answer.returncode == 2
            assert _SECRET not in answer.stdout + answer.stderr
            assert "Traceback" not in answer.stderr
    assert not _holders(tmp_path)
