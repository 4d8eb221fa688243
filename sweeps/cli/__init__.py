"""The command line: one file a subcommand, thin; ``memsweep --help`` is the reference.

Exit status: 0 done, 1 some configurations failed, 2 bad input, 130 stopped before the end.
"""

import logging
import sys
import warnings

import typer
from rich.console import Console

from kinetics import KineticsError
from sweeps.cli import (
    catalogue,
    compare,
    data,
    evaluate,
    export,
    fit,
    list_sweeps,
    report,
    reproduce,
    robustness,
    run,
    show,
    sync,
    ui,
    watch,
)
from sweeps.errors import SweepError
from tasks import TaskError
from tracking.errors import TrackerError

app = typer.Typer(
    name="memsweep",
    help="Sweep memristor devices, pulses and small networks for accuracy, parameters and energy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run_command)
app.command("resume")(run.resume_command)
app.command("watch")(watch.watch_command)
app.command("list")(list_sweeps.list_command)
app.command("show")(show.show_command)
app.command("report")(report.report_command)
app.command("sync")(sync.sync_command)
app.command("export")(export.export_command)
app.command("evaluate")(evaluate.evaluate_command)
app.command("ui")(ui.ui_command_)
app.command("robustness")(robustness.robustness_command)
app.command("reproduce")(reproduce.reproduce_command)
app.command("fit")(fit.fit_command)
app.command("compare")(compare.compare_command)
app.command("tasks")(catalogue.tasks_command)
app.command("laws")(catalogue.laws_command)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the command line; errors of the user's input are told without a traceback."""
    logging.basicConfig(level=logging.WARNING, format="memsweep: %(message)s")
    for name in ("alembic", "mlflow", "optuna", "ray"):
        logging.getLogger(name).setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", module=rf"{name}\b")
    try:
        app()
    except (SweepError, TaskError, KineticsError, TrackerError) as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"error: {error}", markup=False)
        sys.exit(2)
