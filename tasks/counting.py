"""Parameters and multiply-accumulates, by the rule of Shi et al. 2025.

Parameters are weights, biases and the coefficients of the law; a standardisation of features is folded into
the first layer and costs none. Multiply-accumulates are those of the layers' weights and two a kinetics step,
so MNIST with 784-48-10 counts 38,172 parameters and 39,680 MACs.
"""

from kinetics import Law
from tasks.readout import Network


def parameters(law: Law, network: Network) -> int:
    """Parameters of a read-out and of the law before it."""
    return network.parameters + len(law.coefficient_names)


def macs(law: Law, network: Network, *, steps: int, series: int) -> int:
    """Multiply-accumulates of one inference."""
    return network.macs + law.macs_per_step * steps * series
