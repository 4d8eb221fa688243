"""Schedules of misfortunes: what befalls a sweep, drawn from a seed and a number, so that any can be had again.

::

    schedule = session, session, ..., and then undisturbed ones until the sweep is complete
    session  = a process that runs the sweep, or goes on with it, until its misfortune ends it or it ends by itself
"""

import random
from dataclasses import dataclass
from typing import Literal

CONFIGURATIONS = 24
VARIANTS = ("continuous", "discrete", "racing")
Kind = Literal["write", "told", "time", "full", "int", "term", "actor", "node", "mlflow", "postgres"]


@dataclass(frozen=True, kw_only=True)
class Misfortune:
    """What happens in a session."""

    kind: Kind
    """``write``: killed within a write of the journal; ``told``: killed between two trials; ``time``: killed at any
    moment; ``full``: the disk is full; ``int``, ``term``: asked to stop; the others: that part is killed, and the
    session goes on."""
    at: float
    """After so many writes, trials or seconds."""
    part: float = 0.0
    """Share of the line that is written yet (``write``, ``full``)."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What befalls one sweep."""

    number: int
    """Its number under the seed."""
    variant: str
    """Which sweep."""
    ray: bool
    """Whether on two Ray actors; inline otherwise."""
    postgres: bool
    """Whether the study is in PostgreSQL; in a journal otherwise."""
    mlflow: bool
    """Whether an MLflow server keeps track."""
    sessions: tuple[Misfortune, ...]
    """What happens, session by session."""

    def __str__(self) -> str:
        """One line."""
        where = "ray" if self.ray else "inline", "postgres" if self.postgres else "journal", *["mlflow"] * self.mlflow
        events = ", ".join(f"{each.kind}@{each.at:.3g}" for each in self.sessions)
        return f"{self.number:4d} {self.variant:10} {'+'.join(where):22} {events}"


def draw(seed: int, number: int, services: frozenset[str]) -> Schedule:
    """Schedule ``number`` of a seed; ``services`` says which of ray, postgres, mlflow there are."""
    dice = random.Random(seed * 1_000_003 + number)  # no secret hangs on it
    ray = dice.random() < 0.15 and "ray" in services
    postgres = dice.random() < 0.12 and "postgres" in services
    mlflow = dice.random() < 0.25 and "mlflow" in services
    kinds: list[Kind] = ["told", "time", "int", "term"]
    kinds += [] if postgres else ["write", "write", "write", "full"]
    kinds += ["actor"] * 4 + ["node"] * 3 if ray else []
    kinds += ["mlflow"] * 4 if mlflow else []
    kinds += ["postgres"] * 3 if postgres else []
    return Schedule(
        number=number,
        variant=dice.choice(VARIANTS),
        ray=ray,
        postgres=postgres,
        mlflow=mlflow,
        sessions=tuple(_misfortune(dice, dice.choice(kinds)) for _ in range(dice.randint(1, 2 if ray else 4))),
    )


def _misfortune(dice: random.Random, kind: Kind) -> Misfortune:
    if kind in ("write", "full"):
        # A trial takes about ten writes; a share of 0 leaves the lock and no line, one of 1 a line and the lock.
        part = dice.choice([0.0, 1.0, dice.random(), dice.random()])
        return Misfortune(kind=kind, at=dice.randint(1, 6 * CONFIGURATIONS), part=part)
    if kind == "time":
        return Misfortune(kind=kind, at=dice.uniform(0.0, 0.5))
    return Misfortune(kind=kind, at=dice.randint(1, CONFIGURATIONS // 2))
