"""Networks as files: an ``.npz`` of plain arrays, without pickle, that any tool can write.

==============================  ===================  ==========================================================
key                             shape                what it is
==============================  ===================  ==========================================================
``law``                         text                 name of the law of motion
``alpha``, ``beta``, ...        (), (1,) or [time]   coefficients of the law, for all steps or one a step
``denseN.weight``               [out, in]            weight of layer N = 0, 1, ...
``denseN.bias``                 [out]                its bias; absent: none
``activation``                  text                 relu, tanh or sigmoid, after every layer but the last
``batchnormN.weight``           [out]                scale of the batch norm between layer N and its activation
``batchnormN.bias``             [out]                its shift
``batchnormN.running_mean``     [out]                its mean
``batchnormN.running_var``      [out]                its variance
``batchnormN.eps``              ()                   optional, 1e-5 if absent
``embedding``                   [word, series]       optional, drive of each word in [0, 1]
``pool``                        text                 optional, none or max
``floor``                       () or (1,)           optional, smallest state; absent: the recurrence as written
``read_every``                  () or (1,)           optional, the state is read at every n-th step; absent: 1
``read_phase``                  text                 optional, before or after each pulse; absent: before
``read_mean``                   () or (1,)           optional, 1: readings are means since the reading before; absent: 0
``pool_skips_padding``          () or (1,)           optional, 1: the maximum leaves out padding words; absent: 0
``balanced``                    () or (1,)           optional, 1: scores are for equally frequent classes; absent: 0
==============================  ===================  ==========================================================

Batch norms have PyTorch's names (its ``num_batches_tracked`` is accepted and not used), so that a state_dict needs
its keys prefixed only. Numbers may be of any real type; they become float32. ``activation`` may be absent where there
is only one layer, which has none.
"""

import os
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from kinetics import KineticsError, get_law
from kinetics.arrays import Float32
from tasks.data.archive import member
from tasks.errors import DataError
from tasks.kinetics_network import NO_FLOOR, BatchNorm, Dense, KineticsNetwork, PoolName
from tasks.reading import ReadPhase
from tasks.readout.activation import ActivationName

_DENSE = re.compile(r"dense(0|[1-9][0-9]{0,3})\.(weight|bias)")
_NORM = re.compile(r"batchnorm(0|[1-9][0-9]{0,3})\.(weight|bias|running_mean|running_var|eps|num_batches_tracked)")
_NORM_ARRAYS = ("weight", "bias", "running_mean", "running_var")
_DEFAULT_EPSILON = 1e-5
_MOST_TEXT = 64


def save_network(path: Path, network: KineticsNetwork) -> None:
    """Write a network; an older file of that name is replaced at once or not at all."""
    arrays: dict[str, NDArray[Any]] = {"law": np.array(network.law), **network.coefficients}
    for index, (layer, norm) in enumerate(zip(network.layers, network.batch_norms, strict=True)):
        arrays[f"dense{index}.weight"] = layer.weight
        if layer.bias is not None:
            arrays[f"dense{index}.bias"] = layer.bias
        if norm is not None:
            moments = (norm.scale, norm.shift, norm.mean, norm.variance)
            arrays.update({f"batchnorm{index}.{name}": v for name, v in zip(_NORM_ARRAYS, moments, strict=True)})
            if norm.epsilon != _DEFAULT_EPSILON:
                arrays[f"batchnorm{index}.eps"] = np.array(norm.epsilon)
    arrays["activation"] = np.array(network.activation)
    if network.embedding is not None:
        arrays["embedding"] = network.embedding
    if network.pool != "none":
        arrays["pool"] = np.array(network.pool)
    if network.floor != NO_FLOOR:
        arrays["floor"] = np.array(network.floor)
    if network.read_every != 1:
        arrays["read_every"] = np.array(network.read_every)
    if network.read_phase != "before":
        arrays["read_phase"] = np.array(network.read_phase)
    if network.read_mean:
        arrays["read_mean"] = np.array(1)
    if network.pool_skips_padding:
        arrays["pool_skips_padding"] = np.array(1)
    if network.balanced:
        arrays["balanced"] = np.array(1)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load_network(path: Path) -> KineticsNetwork:
    """Read a network; raises ``DataError`` that says the rule, what the file holds and the way out."""
    arrays = _read(path)
    try:
        return _network(arrays)
    except DataError as error:
        raise DataError(f"`{path}`: {error}") from error


def _network(arrays: dict[str, NDArray[Any]]) -> KineticsNetwork:
    """The network that the arrays make; takes them out one by one, so that unknown ones remain."""
    law = _text(arrays, "law", None)
    try:
        names = get_law(law).coefficient_names
    except KineticsError as error:
        raise DataError(f"`law` must name a law of motion: {error}") from error
    coefficients = {}
    for name in names:
        value = _numbers(arrays, name, f"the law `{law}` needs it")
        if value.ndim > 1 or value.size == 0:
            raise DataError(f"`{name}` must have shape (), (1,) or (time,), but has {value.shape}.")
        if (value < 0).any():
            raise DataError(f"`{name}` must not be negative, but holds {value.min():g}; check its sign.")
        coefficients[name] = value.reshape(()) if value.size == 1 else value
    layers, norms = _layers(arrays)
    one_layer = len(layers) == 1
    network = {
        "activation": _text(arrays, "activation", "relu" if one_layer else None),
        "pool": _text(arrays, "pool", "none"),
    }
    embedding = _numbers(arrays, "embedding", "") if "embedding" in arrays else None
    if embedding is not None and not ((embedding >= 0) & (embedding <= 1)).all():
        raise DataError(
            f"`embedding` must lie in [0, 1], but spans {embedding.min():g} to {embedding.max():g}; save it as the "
            "network sees it, scaled by its minimum and maximum."
        )
    floor = _number(arrays, "floor", NO_FLOOR)
    read_phase = _text(arrays, "read_phase", "before")
    read_every = _whole(arrays, "read_every", 1, smallest=1)
    read_mean = _whole(arrays, "read_mean", 0, smallest=0, largest=1) == 1
    pool_skips_padding = _whole(arrays, "pool_skips_padding", 0, smallest=0, largest=1) == 1
    balanced = _whole(arrays, "balanced", 0, smallest=0, largest=1) == 1
    if arrays:
        known = (
            f"{', '.join(['law', *names])}, denseN.weight, denseN.bias, activation, batchnormN.*, embedding, pool, "
            "floor, read_every, read_phase, read_mean, pool_skips_padding, balanced"
        )
        raise DataError(
            f"Only the keys {known} are known, but it also holds {', '.join(sorted(arrays)[:8])}; leave them out."
        )
    return KineticsNetwork(
        law=law,
        coefficients=coefficients,
        layers=layers,
        batch_norms=norms,
        activation=cast(ActivationName, network["activation"]),
        pool=cast(PoolName, network["pool"]),
        embedding=embedding,
        floor=floor,
        read_every=read_every,
        read_phase=cast(ReadPhase, read_phase),
        read_mean=read_mean,
        pool_skips_padding=pool_skips_padding,
        balanced=balanced,
    )


def _layers(arrays: dict[str, NDArray[Any]]) -> tuple[tuple[Dense, ...], tuple[BatchNorm | None, ...]]:
    """Dense layers and batch norms, numbered from 0 without a gap."""
    numbers = {int(match[1]) for match in map(_DENSE.fullmatch, arrays) if match}
    count = len(numbers)
    if count == 0 or numbers != set(range(count)):
        held = ", ".join(f"dense{number}" for number in sorted(numbers)) or "none"
        raise DataError(
            f"Layers must be numbered dense0, dense1, ... without a gap, but it holds {held}; renumber them."
        )
    normed = {int(match[1]) for match in map(_NORM.fullmatch, arrays) if match}
    if normed and max(normed) >= count:
        raise DataError(
            f"`batchnorm{max(normed)}` must follow a layer, but the last one is dense{count - 1}; renumber."
        )
    layers, norms = [], []
    for index in range(count):
        weight = _numbers(arrays, f"dense{index}.weight", "every layer needs its weight")
        bias = _numbers(arrays, f"dense{index}.bias", "") if f"dense{index}.bias" in arrays else None
        layers.append(Dense(weight, bias))
        norms.append(_norm(arrays, index) if index in normed else None)
    return tuple(layers), tuple(norms)


def _norm(arrays: dict[str, NDArray[Any]], index: int) -> BatchNorm:
    prefix = f"batchnorm{index}."
    scale, shift, mean, variance = (
        _numbers(arrays, prefix + name, f"batchnorm{index} needs all four") for name in _NORM_ARRAYS
    )
    arrays.pop(prefix + "num_batches_tracked", None)
    epsilon = _number(arrays, prefix + "eps", _DEFAULT_EPSILON)
    if epsilon < 0:
        raise DataError(f"`{prefix}eps` must not be negative, but is {epsilon:g}.")
    return BatchNorm(scale, shift, mean, variance, epsilon)


def _numbers(arrays: dict[str, NDArray[Any]], name: str, why: str) -> Float32:
    """Take out an array of finite numbers as float32."""
    if name not in arrays:
        raise DataError(
            f"The key `{name}` must be there ({why}), but it holds {', '.join(sorted(arrays)[:8]) or 'no other'}."
        )
    value = arrays.pop(name)
    if value.dtype.kind not in "fiu":
        raise DataError(f"`{name}` must hold real numbers, but is {value.dtype}; save plain arrays.")
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(value, np.float32).reshape(value.shape)
    broken = ~np.isfinite(converted)
    if broken.any():
        raise DataError(
            f"`{name}` must be finite in float32, but {np.count_nonzero(broken)} of {value.size} values are not "
            f"(the first is {value[broken].flat[0]}); train it again or mend the file."
        )
    return converted


def _number(arrays: dict[str, NDArray[Any]], name: str, default: float) -> float:
    """Take out one number, in its own precision."""
    if name not in arrays:
        return default
    given = arrays[name]
    if _numbers(arrays, name, "").size != 1:
        raise DataError(f"`{name}` must be one number, but has shape {given.shape}.")
    return float(given.item())


def _whole(arrays: dict[str, NDArray[Any]], name: str, default: int, *, smallest: int, largest: int = 2**31) -> int:
    """Take out one whole number."""
    value = _number(arrays, name, default)
    if not (smallest <= value <= largest and value == int(value)):
        rule = f"from {smallest} up" if largest == 2**31 else f"from {smallest} to {largest}"
        raise DataError(f"`{name}` must be a whole number {rule}, but is {value:g}.")
    return int(value)


def _text(arrays: dict[str, NDArray[Any]], name: str, default: str | None) -> str:
    """Take out one short text."""
    if name not in arrays:
        if default is None:
            raise DataError(
                f"The key `{name}` must be there, a text; save it with np.savez(..., {name}=np.array('...'))."
            )
        return default
    value = arrays.pop(name)
    if value.dtype.kind not in "US" or value.size != 1 or value.dtype.itemsize > 4 * _MOST_TEXT:
        raise DataError(f"`{name}` must be one short text, but is {value.dtype} of shape {value.shape}.")
    item: str | bytes = value.item()
    return item.decode("ascii", errors="replace") if isinstance(item, bytes) else item


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an ``.npz``."""
    if not path.is_file():
        raise DataError(f"`{path}` must be an .npz file, but there is no such file; check the path.")
    try:
        with path.open("rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataError(f"`{path}` must be an .npz archive, but is a single array; save with np.savez.")
            return {name: member(archive, name) for name in archive.files}
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, NotImplementedError) as error:
        raise DataError(
            f"`{path}` must be an intact .npz of plain arrays, but cannot be read ({error}); write it with "
            "np.savez and without object arrays. Pickled objects are never loaded."
        ) from error
