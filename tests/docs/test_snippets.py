"""Every command, program and sweep file of the documentation runs: page by page, in the order of the page.

A page has a folder of its own that holds ``examples/``, as a checkout does.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from sweeps import SpecError
from sweeps.robustness import load_study, parse_study
from sweeps.spec import load_spec, parse_spec
from tests.docs.pages import DOCS, PAGES, Block, blocks
from tests.docs.quotes import numbers_are_ours, wrong_quote

ROOT = DOCS.parent
SWEEP = {"name": "piece", "task": "digits", "configuration": {"pulse.amplitude_V": {"low": 0.5, "high": 3.0}}}
STUDY_KEYS = {"curves", "corners", "sobol", "part", "others", "with", "yield_target"}
MOST_NO_RUN = 3
SHELL = ("|", ">", "&", "$", "*")


class Loop:
    """A process that is told what to do line by line, and answers each with an exit status."""

    def __init__(self, script: str, folder: Path, **environment: str) -> None:
        words = [sys.executable, str(Path(__file__).with_name(script))]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder, env=os.environ | environment
        )

        assert self._answer() == 0, f"{script} does not start"

    def __call__(self, line: str) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline() or "-1")

    def __enter__(self) -> "Loop":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture(scope="session")
def memsweep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    with Loop("fork_server.py", tmp_path_factory.mktemp("server"), OMP_NUM_THREADS="1") as loop:
        yield loop


class Reader:
    """Does with a page what its reader does."""

    def __init__(self, folder: Path, memsweep: Loop, stack: ExitStack) -> None:
        self._folder, self._memsweep, self._stack = folder, memsweep, stack
        self._environment = {
            "COLUMNS": "100",
            "MEMSWEEP_HOME": "",
            "OMP_NUM_THREADS": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        self._session: Loop | None = None
        self._runs = 0
        self._printed, self._as_typed = "", True

    def do(self, block: Block) -> None:
        if block.file is not None:
            (self._folder / block.file).write_text(block.body, encoding="utf-8")
            if block.language == "yaml":
                self._check_file(self._folder / block.file)
        elif block.language == "yaml":
            check_piece(block)
        elif block.language == "python":
            self._run_python(block)
        elif block.language == "text":
            exact = self._as_typed and numbers_are_ours()
            wrong = wrong_quote(block.body, self._printed, exact=exact)
            assert wrong is None, f"line {block.line} quotes what was not printed:\n{wrong}\nbut\n{self._printed}"
        elif block.language == "console":
            commands = [block.instead] if block.instead else [] if block.no_run else block.commands
            environment = self._environment | block.environment
            if printed := "".join(self._run(each, environment, fails=block.fails) for each in commands):
                self._printed, self._as_typed = printed, not block.instead

    def _check_file(self, file: Path) -> None:
        if STUDY_KEYS & yaml.safe_load(file.read_text()).keys():
            load_study(file)
        else:
            load_spec(file)

    def _run_python(self, block: Block) -> None:
        self._session = self._session or self._stack.enter_context(
            Loop("python_session.py", self._folder, **self._environment)
        )
        self._runs += 1
        file = self._folder / f".block-{self._runs}.py"
        file.write_text(block.body, encoding="utf-8")
        code = self._session(str(file))
        assert code == 0, f"{block.body}\n{file.with_suffix('.txt').read_text()}"

    def _run(self, command: str, environment: dict[str, str], *, fails: bool) -> str:
        words = shlex.split(command, comments=True)
        self._runs += 1
        output = self._folder / f".output-{self._runs}.txt"
        if words[0] == "memsweep" and not any(sign in command.partition(" #")[0] for sign in SHELL):
            request = {
                "words": words[1:],
                "folder": str(self._folder),
                "environment": environment,
                "output": str(output),
            }
            code = self._memsweep(json.dumps(request))
        else:
            with output.open("w") as stream:
                code = subprocess.run(
                    ["bash", "-c", command],
                    cwd=self._folder,
                    env=os.environ | environment,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    check=False,
                ).returncode
        printed = output.read_text(encoding="utf-8")
        assert (code != 0) is fails, f"{command}\n{printed}"
        return printed


def check_piece(block: Block) -> None:
    """A piece of a sweep file or of a study file, put into the smallest whole one."""
    piece: dict[str, Any] = yaml.safe_load(block.body)
    if STUDY_KEYS & piece.keys():
        parse_study({"curves": {"device.d2d": [0, 0.1]}} | piece, "piece")
    elif any("." in key for key in piece):
        parse_spec(SWEEP | {"configuration": SWEEP["configuration"] | piece})
    else:
        parse_spec(SWEEP | piece)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", PAGES)
def test_page_runs(page: str, memsweep: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEMSWEEP_HOME", raising=False)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    with ExitStack() as stack:
        reader = Reader(tmp_path, memsweep, stack)
        for block in blocks(page):
            reader.do(block)


def test_few_commands_do_not_run_and_each_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    left = [(page, block) for page in PAGES for block in blocks(page) if block.no_run is not None]
    told = [f"{len(left)} blocks of the documentation do not run as they stand:"]
    told += [
        f"  {page}:{block.line}: {block.no_run}" + (f"; instead: {block.instead}" if block.instead else "")
        for page, block in left
    ]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(told) + "\n")
    assert all(block.no_run for _, block in left)
    assert len([block for _, block in left if not block.instead]) <= MOST_NO_RUN


@pytest.mark.parametrize("body", ["sampler: best", "device.d3d: 1", "curves: {device.size_m: [1e-9, 2e-9]}"])
def test_a_wrong_piece_is_found(body: str) -> None:
    piece = Block(language="yaml", body=body, file=None, no_run=None, fails=False, instead=None, environment={}, line=1)
    with pytest.raises(SpecError, match=r"best|d3d|size_m"):
        check_piece(piece)


def test_a_quote_that_was_not_printed_is_found() -> None:
    printed = (
        "Shares (0.767 ±0.166, 80 points  \nof 4 chips)\n ────\n  trial 59   789 pJ   ██▉\n  trial 27   686 pJ   █▎\n"
    )
    whole, other = "Shares (0.767 ±0.166, 80 points of 4 chips)\n...\n trial 27 686 pJ █▎", " trial 3 1.2 nJ ███"
    assert wrong_quote(whole, printed, exact=True) is None
    assert wrong_quote(other, printed, exact=True) == other
    assert wrong_quote(other, printed, exact=False) is None
    for text in ("trial 27\ntrial 59", "trial 59 790 pJ", "trial 59 789 nJ"):
        assert wrong_quote(text, printed, exact=True) == text.splitlines()[-1]
    assert wrong_quote("trial 59 789 pW", printed, exact=False) == "trial 59 789 pW"
