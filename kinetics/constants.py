"""Physical constants, all from CODATA through SciPy."""

from scipy.constants import elementary_charge, physical_constants

ELEMENTARY_CHARGE_C: float = elementary_charge
BOLTZMANN_eV_per_K: float = physical_constants["Boltzmann constant in eV/K"][0]
