"""The same search by Ray Tune, with OptunaSearch and MLflowLoggerCallback: configurations per second, side by side.

Both search the space of ``examples/digits.yaml`` with the ridge read-out for the same objectives on two workers, call
the same evaluator, and log every field that the file names and every number of an evaluation to SQLite through MLflow.
"""

import logging
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from benchmarks._figures import Figure
from benchmarks._sweeping import EXAMPLES, watch_sweep
from sweeps.space import FloatRange, IntRange
from sweeps.spec import Spec, load_spec
from tasks import Configuration, Task, load_task
from tasks.evaluator import Evaluator, Request

_WORKERS = 2
_TRIALS = 60
_OWN_TRIALS = 600
_WORDS = ("--set", "readout.kind=ridge", "--configurations", str(_OWN_TRIALS), "--workers", str(_WORKERS))

_evaluators: dict[str, Evaluator] = {}
"""That of a process of Ray Tune, which trains the control once, as memsweep's workers do."""


def run() -> list[Figure]:
    """Run one after the other."""
    watched = watch_sweep("digits.yaml", *_WORDS)
    own = _OWN_TRIALS / watched.result["seconds"]
    own_in_all = _OWN_TRIALS / watched.wall_s
    peer = _TRIALS / _tune_seconds(reuse_actors=False)
    reusing = _TRIALS / _tune_seconds(reuse_actors=True)
    return [
        Figure("load of the machine, 1 minute", os.getloadavg()[0], ""),
        Figure("workers of each", _WORKERS, ""),
        Figure(f"memsweep, {_OWN_TRIALS} configurations", own, "1/s"),
        Figure("the same with the start of Ray and all of MLflow's writing", own_in_all, "1/s"),
        Figure(f"Ray Tune, {_TRIALS} configurations, its Ray started before", peer, "1/s"),
        Figure("Ray Tune with reuse_actors=True", reusing, "1/s"),
        Figure("ratio", own / peer, "x", at_least=50),
        Figure("ratio with the start of memsweep's Ray and all of its MLflow", own_in_all / peer, "x"),
        Figure("ratio to Ray Tune with reuse_actors=True", own / reusing, "x"),
    ]


def _tune_seconds(*, reuse_actors: bool) -> float:
    """Time of ``Tuner.fit``."""
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    warnings.simplefilter("ignore")
    logging.getLogger("ray").setLevel(logging.ERROR)
    import ray
    from ray import tune
    from ray.air.integrations.mlflow import MLflowLoggerCallback
    from ray.tune.search.optuna import OptunaSearch

    spec = load_spec(EXAMPLES / "digits.yaml", {"readout.kind": "ridge"})
    modes = [{"maximize": "max", "minimize": "min"}[way] for way in spec.objectives.values()]
    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{Path(folder) / 'mlflow.db'}"
        ray.init(num_cpus=_WORKERS, include_dashboard=False, log_to_driver=False)
        try:
            tuner = tune.Tuner(
                tune.with_parameters(_objective, spec=spec, task=load_task("digits")),
                param_space=_space(spec),
                tune_config=tune.TuneConfig(
                    search_alg=OptunaSearch(metric=list(spec.objectives), mode=modes, seed=spec.seed),
                    num_samples=_TRIALS,
                    max_concurrent_trials=_WORKERS,
                    reuse_actors=reuse_actors,
                ),
                run_config=tune.RunConfig(
                    storage_path=folder,
                    verbose=0,
                    callbacks=[MLflowLoggerCallback(tracking_uri=uri, experiment_name="digits")],
                ),
            )
            start = time.monotonic()
            results = tuner.fit()
            took = time.monotonic() - start
        finally:
            ray.shutdown()
        if results.num_errors or len(results) != _TRIALS:
            raise RuntimeError(f"{results.num_errors} of the {len(results)} trials of Ray Tune failed")
    return took


def _objective(config: dict[str, Any], *, spec: Spec, task: Task) -> None:
    from ray import tune

    if "digits" not in _evaluators:
        _evaluators["digits"] = spec.evaluator(task)
    [evaluation] = _evaluators["digits"].evaluate_many([Request(Configuration.from_dotted(config), 0)])
    if isinstance(evaluation, Exception):
        raise evaluation
    tune.report({name: value for name, value in evaluation.to_dict().items() if value is not None})


def _space(spec: Spec) -> dict[str, Any]:
    """The fields that the file names: fixed, or as a dimension of Tune's."""
    from ray import tune

    space: dict[str, Any] = dict(spec.fixed)
    for name, dimension in spec.space.dimensions.items():
        if isinstance(dimension, FloatRange):
            space[name] = (tune.loguniform if dimension.log else tune.uniform)(dimension.low, dimension.high)
        elif isinstance(dimension, IntRange):
            space[name] = (tune.lograndint if dimension.log else tune.randint)(dimension.low, dimension.high + 1)
        else:
            space[name] = tune.choice(list(dimension.choices))
    return space
