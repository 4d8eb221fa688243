"""Runs a command on a machine that belongs to a Ray cluster for as long as the command lasts.

A Ray driver needs a node of its cluster beside it. If the command has ``--address HOST:PORT``, a node without CPUs
joins that cluster, and leaves it when the command ends or this program is stopped; otherwise the command runs alone.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

STARTED = "Ray runtime started."
TIMEOUT_S = 120.0
POLL_S = 0.1


def address_in(command: Sequence[str]) -> str | None:
    """The value of ``--address`` in a command line."""
    for word, following in zip(command, [*command[1:], ""], strict=True):
        if word == "--address":
            return following
        if word.startswith("--address="):
            return word.partition("=")[2]
    return None


def own_address(address: str) -> str:
    """The address of this machine that the other one sees."""
    host, _, port = address.rpartition(":")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, int(port)))
            own: str = probe.getsockname()[0]
            return own
    except (OSError, ValueError) as error:
        sys.exit(f"`--address` must be host:port of a Ray head that can be reached, but is {address!r}: {error}.")


def join(address: str, log: Path, heard: Sequence[int]) -> "subprocess.Popen[bytes]":
    """Start a node without CPUs and wait until it belongs to the cluster, or a signal is heard."""
    # On a machine with several networks Ray would take the one that leads to the world, not the cluster's.
    words = [f"--address={address}", f"--node-ip-address={own_address(address)}", "--num-cpus=0"]
    words += ["--disable-usage-stats", "--block"]
    if size := os.environ.get("RAY_OBJECT_STORE_BYTES"):
        words.append(f"--object-store-memory={size}")
    with log.open("wb") as stream:
        # A session of its own: Ctrl-C is for the command, which needs the node until it has stopped.
        node = subprocess.Popen(["ray", "start", *words], stdout=stream, stderr=stream, start_new_session=True)
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline and node.poll() is None:
        if heard or STARTED in log.read_text(errors="replace"):
            return node
        time.sleep(POLL_S)
    leave(node)
    sys.exit(f"This machine cannot join the Ray cluster at {address}; Ray says:\n{log.read_text(errors='replace')}")


def leave(node: "subprocess.Popen[bytes]") -> None:
    """End the node and what it started."""
    node.terminate()
    try:
        node.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(node.pid, signal.SIGKILL)
        node.wait()


def run(command: Sequence[str], heard: Sequence[int]) -> int:
    """Run the command and hand on to it each SIGTERM that is heard; returns its exit status."""
    child = subprocess.Popen(command)
    handed = 0
    while (status := child.poll()) is None:
        # The terminal sends Ctrl-C to the command itself; SIGTERM comes to this process alone.
        for number in heard[handed:]:
            handed += 1
            if number == signal.SIGTERM:
                child.send_signal(number)
        time.sleep(POLL_S)
    return status if status >= 0 else 128 - status


def main(command: list[str]) -> int:
    """Run the command; returns its exit status."""
    if not command:
        sys.exit("usage: join_ray.py COMMAND [ARGUMENT ...]")
    address = address_in(command)
    if address is None:
        os.execvp(command[0], command)
    # Signals are noted only, so that none can come between a node and its end.
    heard: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, lambda number, _: heard.append(number))
    with tempfile.TemporaryDirectory() as folder:
        node = join(address, Path(folder) / "ray.log", heard)
        try:
            return 128 + heard[0] if heard else run(command, heard)
        finally:
            leave(node)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
