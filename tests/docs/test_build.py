"""The pages build: no dead link between them, no name that does not exist, every picture small."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS

_MOST_BYTES = 200_000


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("html")
    words = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "-b", "html", "-d", folder / "trees", DOCS, folder]
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_pages_build_without_a_warning(html: Path) -> None:
    commands = (html / "reference" / "commands.html").read_text()
    assert 'id="memsweep-run"' in commands
    assert "--configurations" in commands
    assert 'id="sweeps.run_sweep"' in (html / "reference" / "python.html").read_text()


def test_pictures_are_small() -> None:
    large = {path.name: size for path in DOCS.rglob("*.png") if (size := path.stat().st_size) > _MOST_BYTES}
    assert not large
