"""The driver: ask, dispatch, tell.

The rule that makes a sweep a function of its file: **trial n is asked when exactly the trials up to n - lag have
been told, and trials are told in the order of their numbers.** Results that come early wait for their turn; up to
``lag`` trials are in flight meanwhile, so workers need not idle. The lag belongs to the file, not to the machine.
"""

from collections.abc import Callable
from typing import Any

from kinetics import InvalidParameterError
from sweeps.executor import Executor, Job, Outcome
from sweeps.study import Record, SweepStudy
from tasks import Configuration

POLL_S = 0.5
"""How often a waiting driver looks whether it should stop."""


def drive(
    study: SweepStudy,
    executor: Executor,
    *,
    configurations: int,
    lag: int,
    on_told: Callable[[Record], None],
    racing: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Run a sweep, or what is left of it, to its end.

    Args:
        study: the study, new or interrupted.
        executor: where jobs run.
        configurations: trials in all.
        lag: most trials that are asked and not told.
        racing: whether jobs are told the front as it was when they were asked.
        on_told: called with every trial once it is durable.
        stop: asked between steps; true ends the run early, with every told trial kept.

    Returns:
        Whether every trial was told.
    """
    asked, told = study.counts()
    early: dict[int, Outcome] = {}

    def jobs_of(number: int, values: dict[str, Any]) -> list[Job]:
        """The job of a trial; none, but an outcome, where its fields do not go together."""
        try:
            configuration = Configuration.from_dotted(values)
            # By the rule above exactly these had been told, whoever asks again after a crash.
            rivals = study.rivals(max(number - lag + 1, 0)) if racing else ()
            return [Job(trial=number, configuration=configuration, rivals=rivals)]
        except InvalidParameterError as error:
            early[number] = Outcome(trial=number, error=f"InvalidParameterError: {error}")
            return []

    def ask_allowed() -> list[Job]:
        nonlocal asked
        jobs = []
        while asked < configurations and asked - told < lag:
            jobs += jobs_of(asked, study.ask(asked))
            asked += 1
        return jobs

    executor.submit([job for number in range(told, asked) for job in jobs_of(number, study.ask_again(number))])
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
