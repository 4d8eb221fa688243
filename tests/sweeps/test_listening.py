"""Ray listens on loopback unless it is told otherwise, and then says so."""

import subprocess
import sys

import pytest

# Starts Ray as a sweep does, then prints every address that its processes listen at.
CODE = """
import logging, subprocess
from pathlib import Path
logging.basicConfig(format="%(message)s")
{before}
from sweeps.ray_executor import _connect
import ray
_connect(None, 1)
session = Path(ray._private.worker._global_node.get_session_dir_path()).name
mine = set()
for folder in Path("/proc").glob("[0-9]*"):
    try:
        if session.encode() not in (folder / "cmdline").read_bytes():
            continue
        for handle in (folder / "fd").iterdir():
            mine.add(str(handle.readlink()).removeprefix("socket:[").removesuffix("]"))
    except OSError:
        continue
for table in ("tcp", "tcp6"):
    for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "0A" and words[9] in mine:
            print(words[1].partition(":")[0])
ray.shutdown()
"""
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def listening(before: str) -> tuple[set[str], str]:
    command = [sys.executable, "-c", CODE.format(before=before)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    addresses = {line for line in answer.stdout.split() if len(line) in (8, 32)}
    assert addresses, answer.stderr
    return addresses, answer.stderr


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
