"""The view of a sweep that ``run`` and ``watch`` share: a pure function from its state to a panel of fixed height."""

from dataclasses import asdict, dataclass

from rich.box import ROUNDED
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweeps.heartbeat import Vitals
from sweeps.standing import Leader, Standing
from tracking.labels import is_share, quantity, unit_of

_UNKNOWN = "-"
_WIDTH = 78
_BAR_WIDTH = 44


@dataclass(frozen=True, kw_only=True)
class State:
    """What is shown of a sweep; what is not known is None."""

    name: str
    """Its name."""
    doing: str
    """What it does, in words."""
    planned: int
    """Configurations asked for."""
    objective: str
    """The first objective."""
    finished: int = 0
    """Configurations with an evaluation."""
    failed: int = 0
    """Configurations without."""
    leader: Leader | None = None
    """The best one by that objective."""
    front_size: int = 0
    """Points of the front."""
    hypervolume: float = 0.0
    """Its hypervolume."""
    in_flight: int | None = None
    """Configurations that wait for a worker or are with one."""
    workers: int | None = None
    """Workers that there are."""
    backlog: int | None = None
    """Records that the tracker has not taken."""
    rate_per_s: float | None = None
    """Configurations told per second."""
    elapsed_s: float | None = None
    """Time since the run began."""

    @property
    def ended(self) -> int:
        """Configurations that ended."""
        return self.finished + self.failed

    @property
    def left_s(self) -> float | None:
        """Time that the rest takes at this rate."""
        left = self.planned - self.ended
        return left / self.rate_per_s if self.rate_per_s and left > 0 else None


def make_state(name: str, planned: int, doing: str, standing: Standing, vitals: Vitals | None) -> State:
    """The state of a sweep from what its study and its run tell; ``vitals`` is None if nobody runs it."""
    told = {} if vitals is None else asdict(vitals)
    told.pop("phase", None)
    return State(
        name=name,
        doing=doing,
        planned=planned,
        objective=standing.objective,
        finished=standing.finished,
        failed=standing.failed,
        leader=standing.leader,
        front_size=standing.front_size,
        hypervolume=standing.hypervolume,
        **told,
    )


def render(state: State) -> RenderableType:
    """The panel."""
    bar = Table.grid(padding=(0, 1, 0, 0))
    bar.add_row(
        ProgressBar(total=max(state.planned, 1), completed=state.ended, width=_BAR_WIDTH),
        Text(f"{state.ended:,} of {state.planned:,}", style="bold", no_wrap=True, overflow="ellipsis"),
    )
    grid = Table.grid(padding=(0, 1, 0, 0))
    label = max(13, len(f"best {state.objective}"))
    for style, width in (("dim", 9), (None, 14), ("dim", label), ("bold", 45 - label)):
        grid.add_column(style=style, min_width=width, no_wrap=True, overflow="ellipsis")
    best = front = hypervolume = _UNKNOWN
    if state.leader:
        best = _best(state.objective, state.leader)
        front = f"{state.front_size:,} configuration{'' if state.front_size == 1 else 's'}"
        hypervolume = f"{state.hypervolume:.4g}"
    failed = Text(f"{state.failed:,}", style="bold red" if state.failed else "")
    grid.add_row("running", _number(state.in_flight), f"best {state.objective}", best)
    grid.add_row("failed", failed, "front", front)
    grid.add_row("workers", _number(state.workers), "hypervolume", hypervolume)
    grid.add_row("to log", _number(state.backlog), "rate", _rate(state.rate_per_s))
    grid.add_row("elapsed", _time(state.elapsed_s), "left", _time(state.left_s))
    title = Text.assemble((state.name, "bold"), f": {state.doing}")
    return Panel(Group(bar, grid), title=title, title_align="left", box=ROUNDED, width=_WIDTH, border_style="dim")


def line(state: State) -> str:
    """The state in one line, for where there is no terminal."""
    best = [f"best {state.objective} {_best(state.objective, state.leader)}"] if state.leader else []
    failed = [f"{state.failed} failed"] if state.failed else []
    left = [] if state.left_s is None else [f"{_rate(state.rate_per_s)}, {_time(state.left_s)} left"]
    return ", ".join([f"{state.ended}/{state.planned} configurations", *best, *failed, *left])


def _best(objective: str, leader: Leader) -> str:
    value = f"{leader.value:.3f}" if is_share(objective) else quantity(leader.value, unit_of(objective))
    return f"{value} (trial {leader.trial})"


def _number(value: int | None) -> str:
    return _UNKNOWN if value is None else f"{value:,}"


def _rate(rate_per_s: float | None) -> str:
    if not rate_per_s:
        return _UNKNOWN
    return f"{rate_per_s:.1f} / s" if rate_per_s >= 1 else f"{rate_per_s * 60:.1f} / min"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return _UNKNOWN
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
