"""Parameters and multiply-accumulates, by the rule of Shi et al. 2025.

Parameters are weights, biases, batch norms and the coefficients of the law; a standardisation of features is folded
into the first layer and costs none. Multiply-accumulates are those of the read-out (see ``tasks.kinetics_network``) and
two a kinetics step, so MNIST with 784-48-10 counts 38,172 parameters and 39,680 MACs.
"""

from kinetics import Law


def parameters(law: Law, readout_parameters: int) -> int:
    """Parameters of a read-out and of the law before it."""
    return readout_parameters + len(law.coefficient_names)


def macs(law: Law, readout_macs: int, *, steps: int, series: int) -> int:
    """Multiply-accumulates of one inference."""
    return readout_macs + law.macs_per_step * steps * series
