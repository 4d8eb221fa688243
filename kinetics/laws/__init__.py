"""The laws of motion, one a file, and the register that configurations name them by."""

import difflib

from kinetics.errors import InvalidParameterError
from kinetics.laws.ag_diffusion import AgDiffusion
from kinetics.laws.base import Law, Partials
from kinetics.laws.drift_diffusion import DriftDiffusion
from kinetics.laws.no_kinetics import NoKinetics
from kinetics.laws.rate_balance import RateBalance
from kinetics.laws.tiox import TiOx
from kinetics.laws.vteam import Vteam
from kinetics.laws.wox import WOx

LAWS: dict[str, Law] = {
    law.name: law for law in (DriftDiffusion(), WOx(), TiOx(), RateBalance(), Vteam(), AgDiffusion())
}
"""Every law by its name."""
_CONTROL = NoKinetics()


def get_law(name: str) -> Law:
    """The law of that name, or ``none``; raises ``InvalidParameterError`` with the nearest name if there is none."""
    if name in LAWS:
        return LAWS[name]
    if name == _CONTROL.name:
        return _CONTROL
    near = difflib.get_close_matches(name, LAWS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the laws are {', '.join(sorted(LAWS))}."
    raise InvalidParameterError(f"`device.law` names no law: {name!r}; {hint}")


__all__ = [
    "LAWS",
    "AgDiffusion",
    "DriftDiffusion",
    "Law",
    "Partials",
    "RateBalance",
    "TiOx",
    "Vteam",
    "WOx",
    "get_law",
]
