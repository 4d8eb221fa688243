r"""Bringing a figure from its technology node to another one, to first order.

.. math:: E' = E \frac{L'}{L} \left(\frac{V'}{V}\right)^2, \qquad A' = A \left(\frac{L'}{L}\right)^2, \qquad
          C' = C \frac{L'}{L}

======  ==============================  =====
symbol  meaning                         unit
======  ==============================  =====
L       node                            nm
V       supply                          V
E, P    energy, power of a circuit      J, W
A       area                            m2
C       capacitance of a line per cell  F
======  ==============================  =====

A first-order law: the survey's 8-bit ADC, whose energy is published for 180, 130, 65 and 32 nm, follows it within a
factor of 1.5, its area within 1.6. Times and resistances are left as they are. What the memristor itself takes (V I t)
does not shrink with the node and is never scaled.
"""

import numpy as np

from kinetics.components import Component
from kinetics.errors import require

SUPPLY_V: dict[int, float] = {22: 0.8, 32: 0.9, 45: 0.9, 65: 1.1, 90: 1.2, 130: 1.3, 180: 1.8}
"""Node (nm) -> usual supply, V: 45 nm that of the digital figures, 180 nm customary and unconfirmed, the others those
of the predictive technology models (PTM, high performance). Nodes between them lie on straight lines."""

_POWERS = {"J": (1, 2), "W": (1, 2), "F": (1, 0), "m2": (2, 0), "s": (0, 0), "ohm": (0, 0)}
"""Unit -> powers of the node and of the supply that a figure follows."""


def supply_V(node_nm: float) -> float:
    """Usual supply of a node, V.

    Raises:
        InvalidParameterError: the node lies outside the table.
    """
    nodes = sorted(SUPPLY_V)
    require(
        nodes[0] <= node_nm <= nodes[-1],
        f"`node_nm` from {nodes[0]} to {nodes[-1]}",
        node_nm,
        "first-order scaling is for these nodes; leave it out to have all figures as published",
    )
    return float(np.interp(node_nm, nodes, [SUPPLY_V[node] for node in nodes]))


def value_at(component: Component, node_nm: float | None) -> float:
    """Value of a component at a node, in its unit; as published if the node is None.

    Raises:
        InvalidParameterError: the node lies outside the table of supplies.
    """
    if node_nm is None:
        return component.value
    to_V = supply_V(node_nm)
    from_V = component.supply_V or supply_V(component.node_nm)
    length, supply = _POWERS[component.unit]
    scaled: float = component.value * (node_nm / component.node_nm) ** length * (to_V / from_V) ** supply
    return scaled
