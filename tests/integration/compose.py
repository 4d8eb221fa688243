"""Reads docker-compose.yml as Compose does, and runs its services without containers.

What differs from a container is said in one place, ``Stack``: names of hosts become addresses of loopback, ports
become free ones, /run/secrets and the volumes become folders of the test, the image becomes this Python.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.integration.namespaces import inside
from tests.integration.processes import kill_tree

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """The text with its ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}`` filled in."""

    def fill(match: re.Match[str]) -> str:
        name, operator, words = match.groups()
        value = variables.get(name)
        if value is not None and (value or not (operator or "").startswith(":")):
            return value
        if operator in ("-", ":-"):
            return str(words)
        raise KeyError(f"{name} is not set: {words}")

    return _VARIABLE.sub(fill, text)


def read(variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file with its variables filled in, anchors and merges resolved."""
    content: dict[str, Any] = yaml.safe_load(interpolated(FILE.read_text(), variables or {}))
    return content


def image_entrypoint() -> list[str]:
    """The ENTRYPOINT of the image that the services share."""
    (line,) = re.findall(r"^ENTRYPOINT (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    words: list[str] = json.loads(line)
    return words


class Stack:
    """The services of the file, as processes of this machine.

    Args:
        folder: where secrets, volumes and logs go.
        ray_folder: what /tmp/ray is in a container; short, for it holds sockets.
        addresses: ``host:port`` of the file -> ``host:port`` here, for those that differ.
        listen: where services listen that would listen everywhere in a container; as the file says if absent.

    ``prefixes`` may be set to the words that stand before the commands of each process, by its name.
    """

    def __init__(
        self,
        folder: Path,
        ray_folder: Path,
        *,
        addresses: Mapping[str, str] | None = None,
        listen: str | None = None,
    ) -> None:
        self.folder = folder
        self._ray_folder = ray_folder
        self._addresses, self._listen = dict(addresses or {}), listen
        self.prefixes: Mapping[str, Sequence[str]] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._runs: list[subprocess.Popen[str]] = []
        self.file = read()
        self.secrets = folder / "secrets"
        self.secrets.mkdir()
        for name in self.file["secrets"]:
            (self.secrets / name).write_text(secrets.token_urlsafe(32))
        self._image = folder / "image"
        shutil.copytree(ROOT / "deploy", self._image / "deploy", ignore=shutil.ignore_patterns("secrets"))
        auth = self._image / "deploy" / "mlflow_auth.ini"
        auth.write_text(self.here("mlflow", auth.read_text()))

    def secret(self, name: str) -> str:
        """A secret of the file."""
        return (self.secrets / name).read_text()

    def here(self, service: str, text: str) -> str:
        """A word of the file as it must read on this machine, for ``service``."""
        places = {"/run/secrets": self.secrets, "/opt/memsweep": self._image}
        for volume in self.file["services"][service].get("volumes", []):
            source, target = volume.split(":")[:2]
            if source in self.file["volumes"]:
                places[target] = self.folder / "volumes" / source
                places[target].mkdir(parents=True, exist_ok=True)
        for target, place in places.items():
            text = re.sub(rf"(?<![\w.]){target}\b", str(place), text)
        for named, address in self._addresses.items():
            text = re.sub(rf"(?<![\w.-]){named}\b", address, text)
            if named.startswith(f"{service}:"):
                port, here = named.partition(":")[2], address.rpartition(":")[2]
                text = re.sub(rf"(--port=|127\.0\.0\.1:){port}\b", rf"\g<1>{here}", text)
        return text.replace("0.0.0.0", self._listen) if self._listen else text

    def environment(self, service: str) -> dict[str, str]:
        """The environment of a service: its own, and of this machine what an image would have too."""
        own = self.file["services"][service].get("environment", {})
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "RAY_TMPDIR": str(self._ray_folder),
            **{name: self.here(service, str(value)) for name, value in own.items()},
        }

    def command(self, service: str, *words: str) -> list[str]:
        """Entry point and command of a service; ``words`` take the command's place."""
        described = self.file["services"][service]
        entry = described.get("entrypoint", image_entrypoint())
        return [self.here(service, word) for word in [*entry, *(words or described["command"])]]

    def start(self, service: str, name: str | None = None) -> None:
        """Start a service, in a session of its own; ``name`` tells several processes of one service apart."""
        name = name or service
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [*self.prefixes.get(name, ()), *self.command(service)],
                env=self.environment(service),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_healthy(self, service: str, name: str | None = None, *, said: str = "", timeout_s: float = 180) -> None:
        """Wait until the service's own health check agrees and its log holds ``said``.

        A service that ends meanwhile is started again, as its restart policy in the file would have it.
        """
        name = name or service
        kind, *test = self.file["services"][service]["healthcheck"]["test"]
        words = [self.here(service, word) for word in (test if kind == "CMD" else ["sh", "-c", *test])]
        deadline = time.monotonic() + timeout_s
        while True:
            if self._processes[name].poll() is not None and self.file["services"][service]["restart"] != "no":
                self.start(service, name)
            done = subprocess.run(
                [*self._prefix_into(name), *words],
                env=self.environment(service),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0 and said in self.log(name):
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} is not healthy: {done.stderr[-500:]} It said: {self.log(name)}")
            time.sleep(0.3)

    def _prefix_into(self, name: str) -> Sequence[str]:
        """The words that run a command beside a process that was started with a prefix."""
        return inside(self._processes[name].pid) if name in self.prefixes else ()

    def run(self, service: str, *words: str) -> "subprocess.Popen[str]":
        """``docker compose run SERVICE WORDS``, not waited for; it is killed by ``close`` if it still runs then."""
        return self._popen(service, self.command(service, *words))

    def python(self, service: str, code: str) -> Any:
        """Run a Python program in the place of a service, secrets included; returns the JSON that it prints."""
        script = self.here(service, "/opt/memsweep/deploy/with_secrets.py")
        process = self._popen(service, [sys.executable, script, sys.executable, "-c", code])
        output, errors = process.communicate(timeout=180)
        if process.returncode:
            raise RuntimeError(errors)
        return json.loads(output)

    def _popen(self, service: str, command: Sequence[str]) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*self.prefixes.get(service, ()), *command],
            env=self.environment(service),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._runs.append(process)
        return process

    def log(self, name: str) -> str:
        """The end of what a service said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def kill(self, name: str) -> None:
        """SIGKILL for a service and every process that it started, as when its machine dies."""
        kill_tree(self._processes.pop(name))

    def close(self) -> None:
        """End all that was started and still runs, the last one first."""
        for process in self._runs:
            if process.poll() is None:
                kill_tree(process)
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        for name in reversed(list(self._processes)):
            self.kill(name)
