"""The crossbar that holds the read-out's weights: mapping, programming, faults, retention, wires and reading.

One effect a file, each a pure function of conductances in siemens and a random generator.
"""

from kinetics.crossbar.crossbar import Crossbar
from kinetics.crossbar.read_noise import output_noise, vary
from kinetics.crossbar.realise import HeldLayer, hold, realise

__all__ = ["Crossbar", "HeldLayer", "hold", "output_noise", "realise", "vary"]
