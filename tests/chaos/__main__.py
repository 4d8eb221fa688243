"""Run schedules of misfortunes: ``python -m tests.chaos --schedules 200``."""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.harness import Chaos, Nodes, Services
from tests.chaos.schedule import draw
from tests.integration.mlflow_server import MlflowServer
from tests.integration.postgres import running_postgres


def main() -> int:
    """Run them, print each with its outcome; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, nargs="+", help="these schedules, by their numbers")
    parser.add_argument("--without", nargs="*", default=[], choices=["ray", "mlflow", "postgres"])
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    say = sys.stdout.write
    with ExitStack() as stack:
        services = _start(stack, set(arguments.without))
        say(f"services: {', '.join(sorted(services.names)) or 'none'}; seed {arguments.seed}\n")
        chaos = Chaos(services)
        numbers = arguments.only or range(arguments.schedules)
        outcomes: Counter[str] = Counter()
        for number in numbers:
            schedule = draw(arguments.seed, number, services.names)
            start = time.monotonic()
            wrong = chaos.run(schedule, arguments.seed)
            outcomes["wrong" if wrong else "well"] += 1
            say(f"{schedule}  {time.monotonic() - start:.1f} s  {'WRONG' if wrong else 'well'}\n")
            for line in wrong[:5]:
                say(f"     {line[:3000]}\n")
            sys.stdout.flush()
    say(f"{outcomes.total()} schedules: {outcomes['well']} well, {outcomes['wrong']} wrong\n")
    say(f"struck: {_counts(chaos.struck)}\nended before it was due: {_counts(chaos.missed)}\n")
    return 1 if outcomes["wrong"] else 0


def _counts(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"


def _start(stack: ExitStack, without: set[str]) -> Services:
    services = Services()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    if "postgres" not in without:
        try:
            services.postgres = stack.enter_context(running_postgres())
            services.postgres.execute("CREATE DATABASE chaos")
        except pytest.skip.Exception as reason:
            sys.stdout.write(f"no PostgreSQL: {reason}\n")
    if "mlflow" not in without:
        services.mlflow = MlflowServer(folder)
        stack.callback(services.mlflow.kill)
        services.mlflow.start()
    if "ray" not in without:
        services.nodes = Nodes()
        stack.callback(services.nodes.close)
    return services


if __name__ == "__main__":
    sys.exit(main())
