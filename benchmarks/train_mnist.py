"""MNIST with fixed kinetics and the paper's 784-48-10 network: test accuracy and seconds on one core."""

import time

from benchmarks._figures import Figure
from kinetics import Device
from tasks import Configuration, load_task
from tasks.evaluator import Evaluator
from tasks.readout import Readout


def run() -> list[Figure]:
    """Train once, simulation of all parts and the control's training included; needs MEMSWEEP_DATA."""
    evaluator = Evaluator(load_task("mnist"), seed=0, chips=1)
    configuration = Configuration(
        device=Device.of(alpha=0.02, beta=0.1), readout=Readout(hidden=48, epochs=20, patience=20)
    )
    evaluator.control(configuration.readout, configuration.pulse)
    start = time.perf_counter()
    evaluation = evaluator.evaluate(configuration, trial=0, chosen=True)
    seconds = time.perf_counter() - start
    return [
        Figure("parameters", evaluation.parameters, "", at_most=38_172),
        Figure("MACs", evaluation.macs, ""),
        Figure("one evaluation", seconds, "s", at_most=15),
        Figure("test accuracy", evaluation.test_accuracy or 0.0, "", at_least=0.970),
        Figure("test accuracy of the control", evaluation.control_test_accuracy or 0.0, ""),
    ]
