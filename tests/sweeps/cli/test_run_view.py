"""The live view: of one height, alone on the screen, and plain lines where it cannot be drawn."""

import io
import json
import logging
import os
import pty
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sweeps import run as runs
from sweeps.cli import main
from sweeps.cli import run as cli_run
from sweeps.cli.console import is_live, ray_kept_silent
from sweeps.cli.view import State, line, render
from sweeps.spec import Spec
from sweeps.standing import Leader
from tasks import Task
from tracking.base import Summary
from tracking.errors import RecordRefusedError
from tracking.memory_tracker import MemoryTracker

EXAMPLE = Path(__file__).parents[3] / "examples" / "digits.yaml"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
STARTING = State(name="s", doing="searching", planned=200, objective="accuracy")
BUSY = State(
    name="digits",
    doing="searching",
    planned=10_000,
    finished=1229,
    failed=3,
    objective="accuracy",
    leader=Leader(value=0.98265, trial=171),
    front_size=12,
    hypervolume=2.2194,
    in_flight=32,
    workers=2,
    backlog=7,
    rate_per_s=3.14,
    elapsed_s=392.4,
)


def drawn(state: State, width: int = 100) -> list[str]:
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(render(state))
    return console.export_text().splitlines()


def test_a_screen() -> None:
    assert drawn(BUSY) == [
        "╭─ digits: searching ────────────────────────────────────────────────────────╮",
        "│ ━━━━━                                        1,232 of 10,000               │",
        "│ running   32             best accuracy 0.983 (trial 171)                   │",
        "│ failed    3              front         12 configurations                   │",
        "│ workers   2              hypervolume   2.219                               │",
        "│ to log    7              rate          3.1 / s                             │",
        "│ elapsed   0:06:32        left          0:46:32                             │",
        "╰────────────────────────────────────────────────────────────────────────────╯",
    ]


@pytest.mark.parametrize("width", [30, 60, 79, 200])
def test_its_height_never_changes(width: int) -> None:
    states = [
        STARTING,
        BUSY,
        replace(BUSY, doing="scoring the front", finished=10_000, in_flight=None, workers=None, backlog=None),
        replace(BUSY, name="n" * 100, finished=10**9, front_size=10**6, rate_per_s=0.001, elapsed_s=10**7),
    ]
    assert {len(drawn(state, width)) for state in states} == {8}


def test_the_first_objective_is_told_under_its_name() -> None:
    for objective, value, told in (
        ("accuracy_low", 0.9154, "0.915"),
        ("energy_converters_J", 1.43e-9, "1.43 nJ"),
        ("parameters", 1388.0, "1,388"),
    ):
        state = replace(BUSY, objective=objective, leader=Leader(value=value, trial=99_999))
        assert any(f"best {objective} {told} (trial 99999)" in re.sub(" +", " ", text) for text in drawn(state))
        assert f"best {objective} {told} (trial 99999)" in line(state)


def test_lines_for_where_there_is_no_terminal() -> None:
    assert line(STARTING) == "0/200 configurations"
    assert line(BUSY) == "1232/10000 configurations, best accuracy 0.983 (trial 171), 3 failed, 3.1 / s, 0:46:32 left"


def in_terminal(*words: object, **environment: str) -> tuple[int, str]:
    """Exit status of the command, and all that a terminal of 100 columns was sent."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "sweeps", *map(str, words)]
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environment}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables) as process:
        os.close(theirs)
        sent = b""
        while chunk := _read(ours):
            sent += chunk
    os.close(ours)
    return process.returncode, sent.decode()


def kept(sent: str) -> list[str]:
    """The lines that a terminal still shows at the end, of what was sent to it."""
    lines = [""]
    for move, text in re.findall(r"(\n|\r|\x1b\[[0-9;?]*[A-Za-z])|([^\n\r\x1b]+)", sent):
        if move == "\n":
            lines.append("")
        elif move == "\x1b[1A":
            lines.pop()
        elif move == "\x1b[2K":
            lines[-1] = ""
        elif text:
            lines[-1] += text
    return [line.strip() for line in lines if line.strip()]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the other end is closed
        return b""


QUICK = ("--set", "readout.kind=ridge", "--set", "readout.hidden=16", "--set", "chips=2", "--configurations", "8")


@pytest.mark.timeout(300)
def test_a_terminal_shows_the_view_and_no_line_of_anybody_else(tmp_path: Path) -> None:
    status, sent = in_terminal("run", EXAMPLE, *QUICK, "--workers", 2, "--set", "lag=1", "--home", tmp_path)
    assert status == 0
    before, found, after = sent.partition("Pareto front of digits")
    assert found
    lines = [text.strip() for text in ESCAPE.sub("", before).replace("\r", "\n").splitlines() if text.strip()]
    foreign = [text for text in lines if text[0] not in "╭│╰" and text != "digits: starting"]
    said = " ".join(foreign)
    assert re.fullmatch(r"Sampler tpe: Several .* memsweep: At most `lag` = 1 .* would occupy them\.", said), said
    assert len(foreign) <= 5
    assert {"digits: searching", "digits: ended"} <= {text.strip("╭─╮ ") for text in lines if text.startswith("╭")}
    assert re.search(r"│ ━+ 8 of 8 ", ESCAPE.sub("", before))
    # Each picture is drawn over the one before it: as many lines up as it has below its first.
    frames = before.count("╭─")
    assert before.count("\x1b[1A") == 7 * (frames - 1)
    assert "memsweep ui digits" in after

    # Where nothing is run, no view is left that would tell of a sweep.
    status, sent = in_terminal("resume", "digits", "--home", tmp_path)
    assert status == 0
    assert kept(sent)[0] == "digits is complete: nothing is left to evaluate."
    assert kept(sent)[1] == "Pareto front of digits"
    status, sent = in_terminal("run", EXAMPLE, *QUICK, "--home", tmp_path)
    assert status == 2
    said = " ".join(kept(sent))
    assert re.fullmatch(r"Sampler tpe: Several .* error: .* 'digits' .*", said), said
    assert "╭" not in sent


def test_a_terminal_that_wants_no_colour_gets_lines(tmp_path: Path) -> None:
    words = ("run", EXAMPLE, *QUICK, "--executor", "inline", "--tracking", "none", "--home", tmp_path)
    status, sent = in_terminal(*words, NO_COLOR="1")
    assert status == 0
    assert "\x1b[1A" not in sent
    assert "╭" not in sent
    lines = [text for text in ESCAPE.sub("", sent).splitlines() if "/8 configurations, best accuracy" in text]
    assert 5 <= len(lines) <= 8


@pytest.mark.parametrize(
    ("environment", "live"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)
def test_a_view_is_drawn_where_it_can_be_and_is_wanted(environment: dict[str, str], live: bool) -> None:
    assert is_live(Console(force_terminal=True, _environ=environment)) == live
    assert not is_live(Console(file=io.StringIO(), _environ=environment))


def test_what_rays_threads_print_is_dropped_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with ray_kept_silent():
        for name in ("ray_listen_error_messages", "mine"):
            thread = threading.Thread(target=lambda: sys.stdout.write("said\n") + sys.stderr.write("err\n"), name=name)
            thread.start()
            thread.join()
    assert capsys.readouterr() == ("said\n", "err\n")


def test_quiet_leaves_the_last_line(
    tiny_task: Task,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:

    def load(spec: Spec) -> Task:
        logging.getLogger("sweeps").warning("something is slow")
        return tiny_task

    monkeypatch.setattr(runs, "load_data", load)
    words = ("run", EXAMPLE, *QUICK, "--executor", "inline", "--tracking", "none", "--home", tmp_path, "--quiet")
    monkeypatch.setattr(sys, "argv", ["memsweep", *map(str, words)])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 0
    assert capsys.readouterr() == (f"Results: {tmp_path / 'sweeps' / 'digits'}\n", "")
    assert not caplog.records


def test_a_summary_that_mlflow_did_not_take_is_told(
    tiny_task: Task,
    tiny_spec: Spec,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(runs, "load_data", lambda spec: tiny_task)

    class Dies(MemoryTracker):
        def finish(self, summary: Summary) -> None:
            raise RecordRefusedError("[gone] before the end")

    monkeypatch.setattr(cli_run, "mlflow_tracker", lambda home, uri: Dies())
    file = tmp_path / "tiny.yaml"
    file.write_text(json.dumps(tiny_spec.to_dict()), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["memsweep", "run", str(file), "--executor", "inline", "--home", str(tmp_path)])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "MLflow did not take the summary of the sweep ([gone] before the end); nothing of it is lost, and" in told
    assert f"`memsweep sync tiny --home {tmp_path}` logs it later." in told
