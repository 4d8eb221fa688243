"""Networks whose kinetics learn along with their layers, trained a population at a time."""

from tasks.learning.architecture import Architecture
from tasks.learning.result import Curve, FailedNetwork, TrainedNetwork
from tasks.learning.trainer import train_networks
from tasks.learning.training import Training

__all__ = ["Architecture", "Curve", "FailedNetwork", "TrainedNetwork", "Training", "train_networks"]
