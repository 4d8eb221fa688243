"""Runs `memsweep` many times for the price of one start: imports it once and forks for each command.

A line of standard input is a command in JSON (``words``, ``folder``, ``environment``, ``output``: a file); a line of
standard output is its exit status, and a first one says that the server is there. What a user types is
``sweeps.cli.main``, and that is what runs.
"""

import importlib
import json
import os
import sys
from typing import Any

from sweeps.cli import main

for late in ("matplotlib.pyplot", "pandas", "plotly.graph_objects", "sklearn.datasets", "scipy.stats"):
    importlib.import_module(late)  # what commands import when they need it: once here, instead of in every fork


def _run(command: dict[str, Any]) -> None:
    """In the child: the command, as a shell would start it."""
    os.chdir(command["folder"])
    os.environ.update(command["environment"])
    output = os.open(command["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["memsweep", *command["words"]]
    main()


def _answer(code: int) -> None:
    sys.stdout.write(f"{code}\n")
    sys.stdout.flush()


_answer(0)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            sys.stdin.close()
            _run(json.loads(line))
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    _answer(os.waitstatus_to_exitcode(status))
