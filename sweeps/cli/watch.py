"""``memsweep watch``: the live view of a sweep that runs elsewhere."""

import time
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.live import Live

from sweeps.cli.console import is_live, make_console, warnings_above
from sweeps.cli.options import HomeOption, NameArgument, StorageOption
from sweeps.cli.progress import REFRESHES_per_s
from sweeps.cli.view import State, line, make_state, render
from sweeps.commands import command
from sweeps.following import Follower, Life
from sweeps.home import Home, SweepFolder

_PLAIN_s = 30.0
"""How often a line is printed where there is no terminal."""


def watch_command(
    name: NameArgument,
    once: Annotated[bool, typer.Option("--once", help="Show how it stands now, and end.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=0.2, metavar="SECONDS", help="Time between two looks.")
    ] = 1.0,
    storage: StorageOption = None,
    home: HomeOption = None,
) -> None:
    """Watch a sweep that another process or machine runs; ends with it. Watching changes nothing."""
    console = make_console()
    folder = Home(home).find(name)
    follower = Follower(folder, storage)
    follower.look()
    try:
        if once or follower.life is not Life.RUNNING:
            console.print(render(_state(follower)) if is_live(console) else line(_state(follower)))
        elif is_live(console):
            _watch(console, follower, interval)
        else:
            _print_lines(console, follower, interval)
    except KeyboardInterrupt:
        console.print(f"{name} goes on; this has only watched.")
        return
    console.print(_last_words(follower.life, folder), markup=False, soft_wrap=True)


def _watch(console: Console, follower: Follower, interval_s: float) -> None:
    """Draw the view anew after every look, until the sweep ends."""

    def panel() -> RenderableType:
        return render(_state(follower))

    with Live(console=console, get_renderable=panel, refresh_per_second=REFRESHES_per_s), warnings_above():
        while follower.life is Life.RUNNING:
            time.sleep(interval_s)
            follower.look()


def _print_lines(console: Console, follower: Follower, interval_s: float) -> None:
    """Print a line now and then, until the sweep ends."""
    printed_s = float("-inf")
    while follower.life is Life.RUNNING:
        if time.monotonic() - printed_s >= _PLAIN_s:
            printed_s = time.monotonic()
            console.print(line(_state(follower)))
        time.sleep(interval_s)
        follower.look()
    console.print(line(_state(follower)))


def _state(follower: Follower) -> State:
    vitals = follower.vitals
    doing = str(vitals.phase if vitals is not None and follower.life is Life.RUNNING else follower.life)
    return make_state(follower.spec.name, follower.spec.trials, doing, follower.standing, vitals)


def _last_words(life: Life, folder: SweepFolder) -> str:
    name = folder.name
    return {
        Life.RUNNING: f"{name} is running; `{command('watch', folder)}` stays with it.",
        Life.COMPLETE: f"{name} is complete; look at it by `{command('show', folder)}`.",
        Life.STOPPED: f"{name} is stopped; go on with `{command('resume', folder)}`.",
    }[life]
