r"""Programming error: what a write-and-verify loop leaves between the conductance asked for and the one got.

.. math:: G' = \mathrm{clip}(G + \mu + \sigma(G) z, \; g_{min}, \; g_{max}), \qquad
    \sigma(G) = \max(0, \textstyle\sum_i c_i G^i), \quad z \sim N(0, 1)

A fit is evaluated at the device's own conductance, held within the range that the fit is for: beyond, the error is that
at the end of the range. A fit that is ``scaled`` is for devices of a much smaller window. Where the window ends beyond
the end h of its range, an **assumption made here** stretches it: :math:`\sigma(G h / g_{max}) \, g_{max} / h`. The clip
to the window is that of Shi et al.'s published code: a verified write leaves no device outside.
"""

from dataclasses import dataclass

import numpy as np

from kinetics.arrays import Float32
from kinetics.errors import require

_MICRO = 1e-6


@dataclass(frozen=True, kw_only=True)
class ProgrammingFit:
    """A published fit of mean and standard deviation of the error; conductances in uS, as published."""

    coefficients: tuple[float, ...]
    """c_0, c_1, ...: standard deviation in uS as a polynomial of the conductance in uS."""
    low_uS: float
    """Lower end of the range that the fit is for, uS."""
    high_uS: float
    """Upper end of the range that the fit is for, uS."""
    source: str
    """Where it was read."""
    mean_uS: float = 0.0
    """Mean of the error, uS."""
    scaled: bool = False
    """Whether a window beyond the range stretches the fit."""


FITS: dict[str, ProgrammingFit] = {
    "shi2025": ProgrammingFit(
        mean_uS=0.20329,
        coefficients=(1.14726,),
        low_uS=40.0,
        high_uS=300.0,
        source="Shi et al. 2025, doi 10.1038/s41467-025-56286-y, published code (uS implied): 0.44 % of the window",
    ),
    "milo2021": ProgrammingFit(
        coefficients=(4.782, -0.00911),
        low_uS=50.0,
        high_uS=225.0,
        source="HfO2, Milo et al., IRPS 2021, Fig. 4, as fitted by CrossSim",
    ),
    "neurram": ProgrammingFit(
        coefficients=(1.053, 0.2374, -1.167e-2, 1.536e-4),
        low_uS=0.0,
        high_uS=39.0,
        scaled=True,
        source="NeuRRAM, Wan et al., Nature 2022, doi 10.1038/s41586-022-04992-8, Extended Data Fig. 3, 1 s after the "
        "write, as fitted by CrossSim",
    ),
    "cmo_hfox": ProgrammingFit(
        coefficients=(0.01122, 0.01129),
        low_uS=9.0,
        high_uS=88.2,
        source="CMO/HfOx, write accepted within 2 %, ReRamCMONoiseModel of the IBM Analog Hardware Acceleration Kit "
        "(range: its default window)",
    ),
}
"""Name -> fit. ``relative`` is a further model without one: the standard deviation is a share of the window."""


def error_std_S(
    conductance_S: Float32, model: str, g_min_S: float, g_max_S: float, *, relative_sigma: float = 0.0
) -> Float32:
    """Standard deviation of the error at conductances of any shape, S; one number for ``relative``."""
    if model == "relative":
        return np.asarray(relative_sigma * (g_max_S - g_min_S), np.float32)
    fit = _fit(model)
    stretch = max(g_max_S / _MICRO / fit.high_uS, 1.0) if fit.scaled else 1.0
    at_uS = conductance_S * np.float32(1 / _MICRO / stretch)
    np.clip(at_uS, fit.low_uS, fit.high_uS, out=at_uS)
    std = np.full_like(at_uS, fit.coefficients[-1])
    for coefficient in fit.coefficients[-2::-1]:
        std *= at_uS
        std += np.float32(coefficient)
    np.maximum(std, 0, out=std)
    std *= np.float32(_MICRO * stretch)
    return std


def perturb(
    conductance_S: Float32,
    model: str,
    rng: np.random.Generator,
    *,
    g_min_S: float,
    g_max_S: float,
    relative_sigma: float = 0.0,
    chips: int | None = None,
) -> Float32:
    """Conductances that programming leaves, S, in the shape of those asked for, or [chip, ...] with ``chips``.

    Chips are drawn one after the other, from the same normal numbers for every model.

    Args:
        conductance_S: what is asked for, S.
        model: a key of ``FITS`` or ``relative``.
        rng: source of the errors.
        g_min_S: lower end of the window, S.
        g_max_S: upper end of the window, S.
        relative_sigma: standard deviation as a share of the window; ``relative`` only.
        chips: how many chips are asked for the same conductances.

    Raises:
        InvalidParameterError: no such model.
    """
    shape = conductance_S.shape if chips is None else (chips, *conductance_S.shape)
    error = rng.standard_normal(shape, np.float32)
    error *= error_std_S(conductance_S, model, g_min_S, g_max_S, relative_sigma=relative_sigma)
    if model != "relative":
        error += np.float32(_fit(model).mean_uS * _MICRO)
    error += conductance_S
    return np.clip(error, np.float32(g_min_S), np.float32(g_max_S), out=error)


def _fit(model: str) -> ProgrammingFit:
    """The fit of that name."""
    require(model in FITS, f"`programming` in {(*FITS, 'relative')}", model, "choose one of these")
    return FITS[model]
