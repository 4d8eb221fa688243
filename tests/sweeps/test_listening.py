"""Ray listens on loopback unless it is told otherwise, and then says so."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Starts Ray as a sweep does, then prints, for each of its processes, every address that it listens at.
CODE = """
import logging, os
from contextlib import suppress
from functools import partial
from pathlib import Path
logging.basicConfig(format="%(message)s")
{before}
from sweeps.ray_executor import RayExecutor
from tasks.evaluator import Evaluator
from tests.integration.processes import descendants
from tests.sweeps.conftest import make_tiny_task
from tests.sweeps.test_executor_conformance import job

executor = RayExecutor(make_tiny_task(), partial(Evaluator, seed=0, chips=2), workers=1)
executor.submit([job(0)])
while not executor.wait(1.0):
    pass
kinds = {{os.getpid(): "driver", executor._actors[0].process: "actor"}}
listening = [words for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text().splitlines()
             if (words := line.split())[3] == "0A"]
for process in [os.getpid(), *descendants(os.getpid())]:
    folder, mine = Path("/proc", str(process)), set()
    with suppress(OSError):  # it has ended
        kind = kinds.get(process) or (folder / "comm").read_text().strip()
        for handle in (folder / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                mine.add(str(handle.readlink()).removeprefix("socket:[").removesuffix("]"))
    for words in listening:
        if words[9] in mine:
            print(kind, words[1].partition(":")[0])
executor.close()
"""
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def listening(before: str) -> tuple[set[str], str]:
    command = [sys.executable, "-c", CODE.format(before=before)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=True)
    found = [line.split() for line in answer.stdout.splitlines()]
    assert {"driver", "actor", "raylet", "gcs_server"} <= {kind for kind, _ in found}, answer.stdout + answer.stderr
    return {address for _, address in found}, answer.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_ray_listens_on_loopback() -> None:
    addresses, said = listening("")
    assert addresses <= LOOPBACK
    assert "listens on all networks" not in said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_ray_that_listens_elsewhere_is_told() -> None:
    addresses, said = listening("import os; os.environ['RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER'] = '1'")
    if addresses <= LOOPBACK:
        pytest.skip("this machine has no other network")
    assert "listens on all networks" in said
