"""Hosts in network namespaces of this machine, joined by the networks of docker-compose.yml.

Each host has an address on each of its networks, a name, processes of its own, and nothing else of the machine's
network: a service that is reached here is reached over a network, under the name that the file gives it. Needs root on
Linux.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes import descendants

_ENTER = 'hostname "$1" && mount --bind "$2" "$3" && shift 3 && exec "$@"'
"""Takes the host's name and its own folder in the place of one that all hosts have; then the command."""


def require_namespaces() -> None:
    """Skip the test, with the reason, where this user cannot make what it needs."""
    for program in ("ip", "unshare"):
        if shutil.which(program) is None:
            pytest.skip(f"network namespaces need `{program}`, which is not installed")
    name = f"ms{os.getpid()}probe"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"this user may not make network namespaces ({made.stderr.strip()})")
    try:
        command = ["ip", "netns", "exec", name, "unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc"]
        command += ["ip", "link", "add", "type", "bridge"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)
    if done.returncode:
        pytest.skip(f"this machine has no bridges or mount namespaces ({done.stderr.strip()})")


@contextmanager
def namespaces(
    file: Mapping[str, Any], hosts: Mapping[str, str], shared: Path, own: Path
) -> Iterator[dict[str, list[str]]]:
    """Networks and hosts until the end of the block; yields the words that run a command on each host.

    Args:
        file: the Compose file.
        hosts: name of a host -> service whose networks it is on.
        shared: a folder of which each host sees its own.
        own: where those folders are.
    """
    key = f"ms{os.getpid()}"
    networks = list(file["networks"])
    addresses = {
        (host, network): f"10.90.{networks.index(network)}.{number}"
        for number, host in enumerate(hosts, 1)
        for network in file["services"][hosts[host]]["networks"]
    }
    names = [*(f"{key}-{network}" for network in networks), *(f"{key}-{host}" for host in hosts)]
    etc = [Path("/etc/netns") / f"{key}-{host}" for host in hosts]
    made: list[str] = []
    try:
        for name in names:
            _run("ip", "netns", "add", name)
            made.append(name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        for number, network in enumerate(networks):
            _run("ip", "-n", f"{key}-{network}", "link", "add", "lan", "type", "bridge")
            _run("ip", "-n", f"{key}-{network}", "address", "add", f"10.90.{number}.254/24", "dev", "lan")
            _run("ip", "-n", f"{key}-{network}", "link", "set", "lan", "up")
        for (host, network), address in addresses.items():
            inside, outside, card = f"{key}-{host}", f"{key}-{network}", f"eth{networks.index(network)}"
            port = f"p{list(hosts).index(host)}"
            _run("ip", "-n", outside, "link", "add", port, "type", "veth", "peer", "name", card, "netns", inside)
            _run("ip", "-n", outside, "link", "set", port, "master", "lan", "up")
            _run("ip", "-n", inside, "address", "add", f"{address}/24", "dev", card)
            _run("ip", "-n", inside, "link", "set", card, "up")
            if not (file["networks"][network] or {}).get("internal"):
                gateway = address.rpartition(".")[0] + ".254"
                _run("ip", "-n", inside, "route", "add", "default", "via", gateway)
        for host, folder in zip(hosts, etc, strict=True):
            folder.mkdir(parents=True)
            mine = [network for one, network in addresses if one == host]
            lines = [f"{address} {other}" for (other, network), address in addresses.items() if network in mine]
            (folder / "hosts").write_text("127.0.0.1 localhost\n" + "\n".join(lines) + "\n")
            (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")  # nobody there: it refuses at once
            (own / host).mkdir(parents=True)
        yield {
            host: [
                *("ip", "netns", "exec", f"{key}-{host}"),
                *("unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"),
                *("sh", "-c", _ENTER, "sh", host, str(own / host), str(shared)),
            ]
            for host in hosts
        }
    finally:
        for name in made:
            _run("ip", "netns", "del", name)
        for folder in etc:
            shutil.rmtree(folder, ignore_errors=True)


def inside(pid: int) -> list[str]:
    """The words that run a command on the host that a process was started on by the words of ``namespaces``."""
    for _ in range(100):  # `unshare` may be about to make it
        if below := descendants(pid):
            break
        time.sleep(0.05)
    else:
        raise RuntimeError(f"process {pid} has started nothing")
    first = below[-1]
    return ["nsenter", "--target", str(first), "--mount", "--uts", "--net", "--pid"]


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)
