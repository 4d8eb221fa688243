"""The driver: ask, dispatch, tell.

The rule that makes a sweep a function of its file: **trial n is asked when exactly the trials up to n - lag have
been told, and trials are told in the order of their numbers.** Results that come early wait for their turn; up to
``lag`` trials are in flight meanwhile, so workers need not idle. The lag belongs to the file, not to the machine.
"""

from collections.abc import Callable

from sweeps.executor import Executor, Job, Outcome
from sweeps.study import Record, SweepStudy

POLL_S = 0.5
"""How often a waiting driver looks whether it should stop."""


def drive(
    study: SweepStudy,
    executor: Executor,
    *,
    configurations: int,
    lag: int,
    on_told: Callable[[Record], None],
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Run a sweep, or what is left of it, to its end.

    Args:
        study: the study, new or interrupted.
        executor: where jobs run.
        configurations: trials in all.
        lag: most trials that are asked and not told.
        on_told: called with every trial once it is durable.
        stop: asked between steps; true ends the run early, with every told trial kept.

    Returns:
        Whether every trial was told.
    """
    asked, told = study.counts()
    executor.submit([Job(trial=number, configuration=study.ask_again(number)) for number in range(told, asked)])
    early: dict[int, Outcome] = {}

    def ask_allowed() -> list[Job]:
        nonlocal asked
        jobs = []
        while asked < configurations and asked - told < lag:
            jobs.append(Job(trial=asked, configuration=study.ask(asked)))
            asked += 1
        return jobs

    executor.submit(ask_allowed())
    while told < configurations:
        if stop():
            return False
        early.update((outcome.trial, outcome) for outcome in executor.wait(POLL_S))
        while told in early and not stop():
            record = study.tell(early.pop(told))
            told += 1
            executor.submit(ask_allowed())
            on_told(record)
    return True
