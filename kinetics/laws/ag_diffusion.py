r"""Silver filament: drift in the field thickens it, surface diffusion dissolves it; the stiff one of the laws.

.. math::
    \dot{\phi} = A e^{-(E_0 - \alpha V)/kT} [V > 0] - \frac{B}{\phi^3} e^{-E_1/kT}, \quad
    \phi_{min} \le \phi \le 20\, \phi_{min}, \qquad
    R = \frac{c}{(20\, \phi_{min})^3} (L - h) + \frac{c}{\phi^3} h

The model of Wei et al. (unconfirmed) as the public Verilog-A of T. Patni computes it. It is the closest published
relative of the drift and diffusion of Shi et al. 2025: diffusion is the faster, the smaller the size.

=======  =====================================================  ==================================
symbol   meaning                                                unit, parameter
=======  =====================================================  ==================================
phi      diameter of the filament                               m, smallest ``diameter_m``
A, E_0   speed and barrier of drift                             m/s, eV, ``drift_*``
alpha    how much a volt lowers the barrier                     eV/V, ``barrier_lowering_eV_per_V``
B, E_1   factor and barrier of diffusion                        m^4/s, eV, ``diffusion_*``
L, h     length of the filament, and of its thin part           m, ``length_m``, ``gap_m``
c        4 rho l (1 - p) / ((1 + p) pi), resistivity of a wire  Ohm m^2
         thinner than the electrons' mean free path l
I_c      compliance: largest current                            A, ``compliance_A``
=======  =====================================================  ==================================

Simplified: the whole voltage of a pulse drops over the thin part (the source lets it fall as the filament thickens and
the compliance sets in, so that growth limits itself), the filament has the temperature of the device (the source adds
Joule heat), a filament of the smallest diameter does not tear, and the oxide around it does not conduct.

A step works with the state ``u = phi / phi_min``. Both parts of the equation have a closed form: drift adds a constant
rate, and diffusion alone gives ``u^4 = u0^4 - 4 q``. Within a pulse they take turns, half a step of drift, a step of
diffusion, half a step of drift (Strang splitting, second order), ``substeps`` times; what follows the pulse is
diffusion alone and exact. With P the growth by drift, S and R the diffusion q in the slot of a full-scale pulse and
outside of it, a drive x stands for a pulse that fills the share x of its slot.

Amplitude coding is approximated: a sample stands for the pulse of full amplitude, and of such a width that it drifts as
far. A weak pulse lasts longer than that and has more diffusion to work against, so the state comes out too high.
"""

import math

import numpy as np

from kinetics.arrays import Coefficients, Float32
from kinetics.constants import BOLTZMANN_eV_per_K
from kinetics.device import Device
from kinetics.errors import require
from kinetics.laws.base import Partials
from kinetics.pulse import Pulse

_MAX_EXPONENT = 60.0
"""exp(60) is 1e26; beyond it float32 soon ends."""
_THICKEST = 20.0
"""Largest over smallest diameter: 2 nm and 0.1 nm in the source."""


class AgDiffusion:
    """Drift and surface diffusion of a silver filament."""

    name = "ag_diffusion"
    source = "Wei et al. (unconfirmed), in the public Verilog-A of T. Patni (tanaypatni03/Volatile-Memristor-Models)"
    coefficient_names: tuple[str, ...] = ("drift", "slot_diffusion", "pause_diffusion")
    initial_state = 1.0
    state_range = (1.0, _THICKEST)
    ohmic = False
    substeps = 4
    """Turns of drift and diffusion in a pulse; with four, pulses of 1.85 V or more are true to 0.4 %."""
    macs_per_step = 4 * substeps + 4

    def coefficients(self, device: Device, pulse: Pulse) -> dict[str, float]:
        """P, S and R (see the module)."""
        return _coefficients(device, pulse, device.temperature_K)

    def thermal_factors(self, device: Device, pulse: Pulse, temperature_K: float) -> dict[str, float]:
        """By what both barriers make the coefficients change with temperature."""
        before = _coefficients(device, pulse, device.temperature_K)
        after = _coefficients(device, pulse, temperature_K)
        return {name: after[name] / before[name] for name in before}

    def drive(self, samples: Float32, device: Device, pulse: Pulse) -> Float32:
        """Drift under a sample's pulse as a share of that under a full-scale pulse."""
        if pulse.encoding != "amplitude":
            return samples
        exponent = np.float32(_lowering(device, pulse, device.temperature_K))
        share: Float32 = np.expm1(samples * exponent) / np.expm1(exponent)
        return share

    def step(self, state: Float32, drive: Float32, coefficients: Coefficients, out: Float32, scratch: Float32) -> None:
        """The pulse in turns, neighbouring half steps of drift as one, then diffusion."""
        drift, slot, after = self._portions(coefficients)
        np.copyto(out, state)
        for turn in range(self.substeps):
            np.multiply(drive, drift * 0.5 if turn == 0 else drift, scratch)
            _thicken(out, scratch)
            np.multiply(drive, slot, scratch)
            _dissolve(out, scratch)
        np.multiply(drive, drift * 0.5, scratch)
        _thicken(out, scratch)
        np.multiply(drive, coefficients["slot_diffusion"] * -4, scratch)
        np.add(scratch, after, scratch)
        _dissolve(out, scratch)

    def partials(self, state: Float32, drive: Float32, coefficients: Coefficients) -> Partials:
        """Those of each turn, by the chain rule; 0 from where an end of the range holds the state."""
        drift, slot, after = self._portions(coefficients)
        u, by_state, by_drift, by_slot = state, np.ones_like(state), np.zeros_like(state), np.zeros_like(state)
        for turn in range(self.substeps + 1):
            share = 0.5 if turn in (0, self.substeps) else 1.0
            u, free = _thickened(u, drift * drive * share)
            by_state, by_drift, by_slot = by_state * free, (by_drift + share) * free, by_slot * free
            last = turn == self.substeps
            u, passed, lost = _dissolved(
                u, after - coefficients["slot_diffusion"] * drive * 4 if last else slot * drive
            )
            by_state, by_drift, by_slot = by_state * passed, by_drift * passed, by_slot * passed - (0 if last else lost)
        # So far by the drift of a turn and by its loss of u^4; ``by_rest`` is by the diffusion after the pulse.
        by_drift, by_slot, by_rest = by_drift * (1 / self.substeps), by_slot * (4 / self.substeps), lost * -4
        by_diffusion = by_slot - by_rest
        return Partials(
            state=by_state,
            drive=by_drift * coefficients["drift"] + by_diffusion * coefficients["slot_diffusion"],
            coefficients={
                "drift": by_drift * drive,
                "slot_diffusion": by_rest + by_diffusion * drive,
                "pause_diffusion": by_rest,
            },
        )

    def lower_bound(self, coefficients: Coefficients) -> Float32:
        """1, the state at rest."""
        return np.ones_like(coefficients["drift"])

    def current_A(self, states: Float32, voltage_V: Float32 | float, device: Device) -> Float32:
        """Voltage over the filament's resistance, up to the compliance."""
        loss = device.parameter("specularity")
        require(0 <= loss < 1, "0 <= `device.specularity` < 1", loss, "give a share")
        wire_Ohm_m2 = device.parameter("resistivity_Ohm_m") * device.parameter("mean_free_path_m")
        wire_Ohm_m2 *= 4 * (1 - loss) / ((1 + loss) * math.pi)
        per_m3 = wire_Ohm_m2 / device.parameter("diameter_m") ** 3
        gap_m = device.parameter("gap_m")
        thick_Ohm = per_m3 / _THICKEST**3 * (device.parameter("length_m") - gap_m)
        thin_Ohm = per_m3 * gap_m
        most_A = device.parameter("compliance_A")
        current_A: Float32 = np.asarray(voltage_V, states.dtype) / (thick_Ohm + thin_Ohm / (states * states * states))
        np.clip(current_A, -most_A, most_A, out=current_A)
        return current_A

    def _portions(self, coefficients: Coefficients) -> tuple[Float32, Float32, Float32]:
        """Drift of a turn of a full-scale pulse, its loss of u^4, and the loss of u^4 in a period without a pulse."""
        drift: Float32 = coefficients["drift"] * (1 / self.substeps)
        slot: Float32 = coefficients["slot_diffusion"] * (4 / self.substeps)
        after: Float32 = (coefficients["slot_diffusion"] + coefficients["pause_diffusion"]) * 4
        return drift, slot, after


def _thicken(u: Float32, growth: Float32) -> None:
    """Add ``growth`` in place, up to the thickest filament."""
    np.add(u, growth, u)
    np.minimum(u, _THICKEST, out=u)


def _thickened(u: Float32, growth: Float32) -> tuple[Float32, Float32]:
    """The state after ``_thicken`` and its derivative by the state before, or by the growth."""
    grown = u + growth
    return np.minimum(grown, _THICKEST), (grown < _THICKEST).astype(u.dtype)


def _dissolve(u: Float32, loss: Float32) -> None:
    """Lower u^4 by ``loss`` in place, at most to 1."""
    np.multiply(u, u, u)
    np.multiply(u, u, u)
    np.subtract(u, loss, u)
    np.maximum(u, 1, out=u)
    np.sqrt(u, u)
    np.sqrt(u, u)


def _dissolved(u: Float32, loss: Float32) -> tuple[Float32, Float32, Float32]:
    """The state after ``_dissolve``, its derivative by the state before and the negative of that by the loss."""
    fourth = u**4 - loss
    after: Float32 = np.sqrt(np.sqrt(np.maximum(fourth, 1)))
    lost: Float32 = np.where(fourth > 1, 0.25 / (after * after * after), 0)
    passed: Float32 = 4 * u**3 * lost
    return after, passed, lost


def _coefficients(device: Device, pulse: Pulse, temperature_K: float) -> dict[str, float]:
    """Drift and diffusion at a temperature."""
    thermal_eV = BOLTZMANN_eV_per_K * temperature_K
    diameter_m = device.parameter("diameter_m")
    exponent = _lowering(device, pulse, temperature_K) - device.parameter("drift_barrier_eV") / thermal_eV
    drift_Hz = device.parameter("drift_m_per_s") / diameter_m * math.exp(exponent)
    diffusion_Hz = math.exp(-device.parameter("diffusion_barrier_eV") / thermal_eV)
    diffusion_Hz *= device.parameter("diffusion_m4_per_s") / diameter_m / diameter_m / diameter_m / diameter_m
    return {
        "drift": drift_Hz * pulse.width_s,
        "slot_diffusion": diffusion_Hz * pulse.width_s,
        "pause_diffusion": diffusion_Hz * (pulse.period_s - pulse.width_s),
    }


def _lowering(device: Device, pulse: Pulse, temperature_K: float) -> float:
    """By how much a full-scale pulse lowers the barrier of drift, in units of kT (1)."""
    lowering = device.parameter("barrier_lowering_eV_per_V") * pulse.amplitude_V / BOLTZMANN_eV_per_K / temperature_K
    require(
        0 < lowering <= _MAX_EXPONENT,
        f"0 < `device.barrier_lowering_eV_per_V * pulse.amplitude_V / kT` <= {_MAX_EXPONENT:g}",
        lowering,
        "lower the amplitude or raise the temperature",
    )
    return lowering
