"""``memsweep evaluate``: score a network that lies in a file."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from sweeps.cli.console import make_console
from sweeps.cli.options import JsonOption
from sweeps.errors import SweepError
from tasks import load_task
from tasks.data.protocol import HONEST
from tasks.network_file import load_network
from tasks.network_score import NetworkScore, score_network

_DEFAULT_D2D = 0.05
"""The spread of the examples."""


def evaluate_command(
    task: Annotated[str, typer.Option("--task", help="Name of the task (`memsweep tasks` lists them).")],
    network: Annotated[Path, typer.Option("--network", help="The network, an .npz.")],
    path: Annotated[
        Path | None,
        typer.Option("--path", help="Your own data: a file for `arrays`, a folder for `ucf101`.", show_default=False),
    ] = None,
    protocol: Annotated[
        str, typer.Option("--protocol", help="How the parts are cut; says which cases are the test part.")
    ] = HONEST,
    chips: Annotated[int, typer.Option("--chips", min=0, help="Also score this many chips whose devices vary.")] = 0,
    d2d: Annotated[
        float | None,
        typer.Option(
            "--d2d",
            min=0,
            max=1,
            help=f"Relative spread of each coefficient over the devices. Default: {_DEFAULT_D2D}.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="What the chips are drawn from.")] = 0,
    floor: Annotated[
        float | None,
        typer.Option(
            "--floor",
            help="Smallest state of a device.  [default: the network's own, else none]",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score a network on the test part of a task: accuracy, parameters, multiply-accumulates."""
    if d2d is not None and not chips:
        raise SweepError("`--d2d` is the spread of chips, so `--chips` must say how many; add --chips 50, say.")
    score = score_network(
        load_network(network),
        load_task(task, path, protocol),
        chips=chips,
        d2d=_DEFAULT_D2D if d2d is None else d2d,
        seed=seed,
        floor=floor,
    )
    if as_json:
        sys.stdout.write(json.dumps(_as_object(task, network, score)) + "\n")
    else:
        _print(make_console(), task, network, score)


def _as_object(task: str, network: Path, score: NetworkScore) -> dict[str, object]:
    return {
        "task": task,
        "network": str(network),
        "accuracy": score.accuracy,
        "parameters": score.parameters,
        "embedding_parameters": score.embedding_parameters,
        "macs": score.macs,
        "chips": None if score.chips is None else asdict(score.chips),
    }


def _print(console: Console, task: str, network: Path, score: NetworkScore) -> None:
    table = Table(
        box=box.SIMPLE_HEAD, title=f"{network.name} on {task}, test part", title_justify="left", show_header=False
    )
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right")
    table.add_row("accuracy", f"{score.accuracy:.4f}")
    if score.chips is not None:
        drawn = score.chips
        table.add_row(f"accuracy on {drawn.count} chips, spread {drawn.d2d:.3g}", f"{drawn.mean:.4f} ±{drawn.std:.4f}")
        table.add_row("5 % quantile of the chips", f"{drawn.q05:.4f}")
        table.add_row("devices beyond the stability rule", f"{drawn.violations:.2%}")
    table.add_row("parameters", f"{score.parameters:,}")
    if score.embedding_parameters:
        table.add_row("parameters of the embedding", f"{score.embedding_parameters:,}")
    table.add_row("multiply-accumulates", f"{score.macs:,}")
    console.print(table)
