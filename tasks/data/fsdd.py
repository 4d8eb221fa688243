r"""Free Spoken Digit Dataset: 3,000 recordings of ten digits by six speakers, 8 kHz (CC BY-SA 4.0).

Reads ``fsdd/fsdd.npz`` with ``audio``, ``offsets``, ``digit``, ``speaker``, ``take``. The class is the digit
(task ``fsdd``) or the speaker (``fsdd_speaker``). Takes 0-4 are the official test part, takes 5-9 the
validation part, takes 10-49 the train part.

A case is 16 series of 20 steps, computed on the waveform a by averages alone, without a Fourier transform. A step
is a frame of 400 samples (50 ms); a recording starts with the first, is cut after 1 s (3 of 100 are longer),
and a shorter one ends in zeros. With frame averages < >, over lags l of 1 to 32 samples:

.. math::
    x_0 = \sqrt{\langle a_t^2 \rangle} / \max_{frames}, \qquad
    x_l = \frac{\langle (a_t - a_{t-l})^2 \rangle}{4 \langle a_t^2 \rangle + \epsilon} \approx \frac{1 - \rho(l)}{2}

The first series is the envelope, average-pooled as in Fig. 3b of Shi et al. 2025; the others say how fast the waveform
moves (rho is its autocorrelation), whatever its loudness.

An mlp of 64 hidden units on these samples, without kinetics, gets 0.92 of the validation part's digits and 0.97 of
its speakers right; on the envelope alone (60 steps) it gets 0.56 and 0.73.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kinetics.arrays import Float32
from tasks.data.archive import read_npz
from tasks.data.location import data_file
from tasks.data.protocol import HONEST
from tasks.data.split import Split
from tasks.errors import DataError
from tasks.task import Part, Task, time_major

PROTOCOLS = {HONEST: "takes 10-49 train, 5-9 validation, 0-4 test"}
_FRAMES = 20
_FRAME_SAMPLES = 400
_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32)
_SILENCE = 4 * 3.0**2
"""Epsilon: the level of 3 steps of the 16-bit converter, below which a frame counts as silent."""
_TEST_TAKES, _VALIDATION_TAKES = range(5), range(5, 10)
_RECORDINGS_AT_ONCE = 32
"""Recordings whose samples stay in the cache."""


def load(protocol: str = HONEST, *, label: Literal["digit", "speaker"] = "digit") -> Task:
    """Load the set from ``MEMSWEEP_DATA``; raises ``DataError`` if it is not there or not intact."""
    path = data_file("fsdd/fsdd.npz")
    arrays = read_npz(path, ("audio", "offsets", "digit", "speaker", "take"))
    offsets, take = arrays["offsets"], arrays["take"]
    if len(offsets) != len(take) + 1 or offsets[0] != 0 or offsets[-1] != len(arrays["audio"]):
        raise DataError(f"`{path}`: offsets must cut audio into the {len(take)} recordings, but do not.")
    x = _series(arrays["audio"], offsets)
    y = arrays[label].astype(np.int64)
    in_test, in_validation = np.isin(take, _TEST_TAKES), np.isin(take, _VALIDATION_TAKES)
    split = Split(
        np.flatnonzero(~in_test & ~in_validation),
        np.flatnonzero(in_validation),
        np.flatnonzero(in_test),
    )

    def part(cases: NDArray[np.int64]) -> Part:
        return Part(time_major(x[cases]), y[cases])

    train, validation, test = split.parts(part)
    return Task(
        name="fsdd" if label == "digit" else "fsdd_speaker",
        description=f"spoken digits, class {label}; 16 series (envelope, 15 lags) of 20 frames of 50 ms",
        classes=int(y.max()) + 1,
        train=train,
        validation=validation,
        test=test,
        protocol=protocol,
    )


def _series(audio: NDArray[Any], offsets: NDArray[Any]) -> Float32:
    """Recordings, one after the other -> [case, series, time]."""
    samples, before = _FRAMES * _FRAME_SAMPLES, max(_LAGS)
    cases = len(offsets) - 1
    x = np.empty((cases, 1 + len(_LAGS), _FRAMES), np.float32)
    for first in range(0, cases, _RECORDINGS_AT_ONCE):
        some = range(first, min(first + _RECORDINGS_AT_ONCE, cases))
        # Zeros before the start are what the first samples of a recording are compared with.
        wave = np.zeros((len(some), before + samples), np.float32)
        for row, case in enumerate(some):
            recording = audio[offsets[case] : min(offsets[case + 1], offsets[case] + samples)]
            wave[row, before : before + len(recording)] = recording
        now = wave[:, before:]
        power = _frame_power(now)
        x[some, 0] = np.sqrt(power)
        for series, lag in enumerate(_LAGS, start=1):
            x[some, series] = _frame_power(now - wave[:, before - lag : -lag]) / (4 * power + np.float32(_SILENCE))
    x[:, 0] /= np.maximum(x[:, 0].max(axis=-1, keepdims=True), 1)
    # A frame may be louder just before its start, so that few ratios exceed 1.
    return np.minimum(x, 1, out=x)


def _frame_power(wave: Float32) -> Float32:
    """Mean square of each frame: [case, sample] -> [case, time]."""
    frames = wave.reshape(len(wave), _FRAMES, _FRAME_SAMPLES)
    power: Float32 = np.einsum("cts,cts->ct", frames, frames) / np.float32(_FRAME_SAMPLES)
    return power
