"""A real PostgreSQL that tests start, kill and start again; it listens on loopback and forgets everything.

PostgreSQL refuses to run as root, so as root it runs as the user ``postgres`` or ``nobody``.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.integration.missing import missing

USER = "memsweep"
_PROGRAMS = ("initdb", "postgres", "pg_dumpall", "pg_isready", "psql")
PASSWORD = "Tr1cky@h0rse:st4ple/%"
"""Holds what must be quoted in an address, and no word of a message, for those are hidden with it."""


def binaries() -> Path:
    """The folder of PostgreSQL's programs; without it the test skips, or fails in CI."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for place in places:
        if all((place / program).exists() for program in _PROGRAMS):
            return place
    raise missing("no PostgreSQL is installed (neither on PATH nor in /usr/lib/postgresql)")


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresServer:
    """One server with its own folder.

    Args:
        folder: where everything goes; other users may enter it.
        user: the superuser.
        password: its password.
        host: where it listens.
        port: the port; a free one if absent.
        prefix: stands before every command that uses the network, such as ``ip netns exec``; needs root.
    """

    def __init__(
        self,
        folder: Path,
        *,
        user: str = USER,
        password: str = PASSWORD,
        host: str = "127.0.0.1",
        port: int | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        """Make the databases; the server does not run yet."""
        self._programs = binaries()
        self.user, self.password, self.host = user, password, host
        self.port = port or free_port()
        self._prefix = list(prefix)
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        folder.chmod(0o755)
        self._data.mkdir(mode=0o700)
        secret = folder / "password"
        secret.write_text(password)
        self._become: list[str] = []
        if os.geteuid() == 0:
            account = _account()
            self._become = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
            for path in (self._data, secret):
                os.chown(path, account.pw_uid, account.pw_gid)
        words = ["--username", user, "--pwfile", str(secret), "--auth", "scram-sha-256", "--no-sync", "--no-locale"]
        self._run("initdb", "--pgdata", str(self._data), "--encoding", "UTF8", *words)
        with (self._data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all all scram-sha-256\n")  # as the official image has it

    def start(self) -> None:
        """Start and wait until it answers."""
        settings = {"listen_addresses": self.host, "port": self.port, "unix_socket_directories": "", "fsync": "on"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = self._data.parent / "log"
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [*self._prefix, *self._become, str(self._programs / "postgres"), "-D", str(self._data), *words],
                cwd="/",
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._answers():
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")

    def kill(self) -> None:
        """Stop at once, like a power cut: no farewell to clients, recovery at the next start."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
        self._process = None

    def execute(self, statements: str, database: str = "postgres") -> str:
        """Run SQL; the answer as psql prints it without decoration."""
        words = [*self._where(), "--username", self.user, "--dbname", database]
        return self._run("psql", *words, "--no-psqlrc", "-Atq", "-v", "ON_ERROR_STOP=1", given=statements)

    def dump(self) -> str:
        """The content of all databases, as SQL."""
        return self._run("pg_dumpall", *self._where(), "--username", self.user)

    def url(self, database: str, *, password: bool = True) -> str:
        """Address of a database."""
        from urllib.parse import quote

        secret = f":{quote(self.password, safe='')}" if password else ""
        return f"postgresql://{self.user}{secret}@{self.host}:{self.port}/{database}"

    def _answers(self) -> bool:
        words = [*self._prefix, str(self._programs / "pg_isready"), *self._where(), "--timeout", "2"]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def _where(self) -> list[str]:
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host
        return ["--host", host, "--port", str(self.port)]

    def _run(self, program: str, *words: str, given: str = "") -> str:
        environment = {"PATH": os.environ["PATH"], "PGPASSWORD": self.password, "LC_ALL": "C"}
        done = subprocess.run(
            [*self._prefix, *self._become, str(self._programs / program), *words],
            cwd="/",
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")
        return done.stdout


@contextmanager
def running_postgres(**named: Any) -> Iterator[PostgresServer]:
    """A server that runs until the end of the block, in a folder that another user may enter."""
    binaries()
    with tempfile.TemporaryDirectory(prefix="memsweep-postgres-") as folder:
        server = PostgresServer(Path(folder), **named)
        try:
            server.start()
            yield server
        finally:
            server.kill()


def _account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise missing("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
