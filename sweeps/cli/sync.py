"""``memsweep sync``."""

import dataclasses
import json
import sys
from functools import partial

import typer

from sweeps.api import mlflow_tracker
from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption, JsonOption, NameArgument, StorageOption
from sweeps.cli.run import TrackingOption
from sweeps.commands import command
from sweeps.errors import SweepError
from sweeps.home import Home, SweepFolder
from sweeps.sync import Synced, sync


def sync_command(
    name: NameArgument,
    tracking: TrackingOption = None,
    storage: StorageOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Log to MLflow what it lacks of a sweep, without doubles; a run does so itself, at its end and when resumed."""
    if tracking == "none":
        raise SweepError("A sync needs an MLflow, but `--tracking` is `none`; leave it out for that of the home.")
    place = Home(home)
    folder = place.find(name)
    synced = sync(folder, partial(mlflow_tracker, place, tracking), storage)
    if as_json:
        sys.stdout.write(json.dumps({"name": name, **dataclasses.asdict(synced)}) + "\n")
    else:
        make_console().print(_sentence(folder, synced), markup=False, soft_wrap=True)
    if synced.problem is not None:
        raise typer.Exit(1)


def _sentence(folder: SweepFolder, synced: Synced) -> str:
    name = folder.name
    again = f"they are safe in the study, and `{command('sync', folder)}` tries again"
    if synced.missing is None:
        return f"MLflow could not be asked for the {synced.records} records of {name} ({synced.problem}); {again}."
    found = f"MLflow lacked {synced.missing} of the {synced.records} records of {name}; {synced.written} are written"
    if synced.problem is None:
        return found + "."
    return f"{found}, {synced.missing - synced.written} are not ({synced.problem}); {again}."
