"""``memsweep compare``: the paper's networks with kinetics beside its reference networks, on crossbars."""

import json
import sys
from dataclasses import fields
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from kinetics import Energy, Pulse
from kinetics.components import COLUMNS_PER_ADC
from kinetics.periphery import Periphery
from sweeps.cli.console import make_console
from sweeps.cli.options import JsonOption
from sweeps.errors import SweepError
from sweeps.wording import unknown
from tasks import TASKS
from tasks.comparison import Comparison, NetworkCost, compare
from tracking.labels import quantity


def compare_command(
    task: Annotated[str, typer.Argument(help="Task of the paper's chart: sitw, agnews, mnist, ucf101, modelnet10.")],
    node: Annotated[
        float | None,
        typer.Option(
            "--node", metavar="NM", help="Scale circuits to this node, to first order. Default: as published."
        ),
    ] = None,
    adc_bits: Annotated[int, typer.Option("--adc-bits", min=1, max=16, help="Resolution of the converters.")] = 8,
    columns_per_adc: Annotated[
        int, typer.Option("--columns-per-adc", min=1, help="Columns that share a converter.")
    ] = COLUMNS_PER_ADC,
    as_json: JsonOption = False,
) -> None:
    """Energy, latency and area of the DDK network and of its rivals on memristor crossbars."""
    if task not in TASKS:
        raise SweepError(unknown("The task", task, TASKS))
    comparison = compare(
        task,
        pulse=Pulse(adc_bits=adc_bits),
        periphery=Periphery(node_nm=node, columns_per_adc=columns_per_adc),
    )
    if as_json:
        sys.stdout.write(json.dumps(comparison.to_dict()) + "\n")
    else:
        _print(make_console(), comparison)


def _print(console: Console, comparison: Comparison) -> None:
    networks = (comparison.kinetics, *comparison.references)
    console.print(_overview(comparison, networks))
    console.print(_breakdown(networks))
    for network in comparison.references:
        ratios = comparison.ratios(network)
        console.print(
            f"{network.name} takes {ratios['energy_J']:.3g} times the energy, {ratios['latency_s']:.3g} times the "
            f"latency and {ratios['area_m2']:.3g} times the area of DDK, with {ratios['parameters']:.3g} times the "
            f"parameters and {ratios['macs']:.3g} times the MACs."
        )
    energy = comparison.kinetics.energy
    console.print(
        f"Features of DDK take {quantity(energy.pulses_J + energy.reads_J + energy.dac_J + energy.adc_J, 'J')} with "
        f"pulses, reads and converters; the same steps in digital 32-bit arithmetic take "
        f"{quantity(comparison.digital_kinetics_J, 'J')}."
    )
    console.print("What this rests on:")
    for line in comparison.assumptions:
        console.print(f"- {line}", markup=False)


def _overview(comparison: Comparison, networks: tuple[NetworkCost, ...]) -> Table:
    at = "as published" if comparison.node_nm is None else f"scaled to {comparison.node_nm:g} nm, first-order"
    table = Table(box=box.SIMPLE_HEAD, title=f"{comparison.task}: one inference, {at}", title_justify="left")
    table.add_column("network", no_wrap=True)
    for heading in ("accuracy\n(chart)", "parameters", "MACs", "memristors", "energy", "latency", "area"):
        table.add_column(heading, justify="right", no_wrap=True)
    for network in networks:
        table.add_row(
            network.name,
            f"{network.accuracy:.3f}",
            f"{network.parameters:,}",
            f"{network.macs:,}",
            f"{network.devices:,}",
            quantity(network.energy_J, "J"),
            quantity(network.latency_s, "s"),
            f"{network.area_m2 * 1e6:.3g} mm2",
        )
    return table


def _breakdown(networks: tuple[NetworkCost, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="Energy by component", title_justify="left")
    table.add_column("", no_wrap=True)
    for network in networks:
        table.add_column(network.name, justify="right", no_wrap=True)
    for field in fields(Energy):
        values = (quantity(getattr(network.energy, field.name), "J") for network in networks)
        table.add_row(field.name.removesuffix("_J").replace("_", " "), *values)
    if any(network.front_end_J for network in networks):
        table.add_row("front end", *(quantity(network.front_end_J, "J") for network in networks))
    table.add_section()
    table.add_row("layers by the NeuRRAM macro", *(quantity(network.macro_J, "J") for network in networks))
    return table
