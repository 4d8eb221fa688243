"""Networks as files: what is saved comes back, what others write is read, what is broken is told."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks import DataError
from tasks.kinetics_network import BatchNorm, Dense, KineticsNetwork
from tasks.network_file import load_network, save_network


def arrays(**changes: Any) -> dict[str, Any]:
    """A two-layer network of 3 series x 2 steps, as somebody else would write it; None takes a key out."""
    rng = np.random.default_rng(0)
    content: dict[str, Any] = {
        "law": np.array("drift_diffusion"),
        "alpha": np.array([0.6]),
        "beta": np.array([0.9]),
        "dense0.weight": rng.normal(size=(5, 6)),
        "dense0.bias": rng.normal(size=5),
        "dense1.weight": rng.normal(size=(4, 5)),
        "activation": np.array("sigmoid"),
    }
    content.update({name.replace("__", "."): value for name, value in changes.items()})
    return {name: value for name, value in content.items() if value is not None}


def written(path: Path, content: dict[str, Any]) -> Path:
    np.savez(path, **content)
    return path


def test_saved_networks_come_back_bit_by_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    network = KineticsNetwork(
        coefficients={name: rng.random(7, np.float32) for name in ("alpha", "beta")},
        layers=(
            Dense(rng.random((5, 3), np.float32), rng.random(5, np.float32)),
            Dense(rng.random((4, 5), np.float32)),
        ),
        activation="tanh",
        batch_norms=(BatchNorm(*rng.random((4, 5), np.float32), epsilon=1e-3), None),
        embedding=rng.random((9, 3), np.float32),
        pool="max",
        floor=0.01,
    )
    save_network(tmp_path / "n.npz", network)
    back = load_network(tmp_path / "n.npz")
    words = rng.integers(0, 9, (7, 20))
    np.testing.assert_array_equal(back.scores(words), network.scores(words))
    assert (back.parameters, back.embedding_parameters) == (network.parameters, network.embedding_parameters)
    assert back.batch_norms[0] is not None
    assert back.batch_norms[0].epsilon == 1e-3
    assert back.layers[1].bias is None
    assert back.floor == 0.01
    save_network(tmp_path / "n.npz", network)  # again over the old one
    assert [file.name for file in tmp_path.iterdir()] == ["n.npz"]


def test_readings_and_padding_come_back(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"read_every": 3, "read_phase": "after", "read_mean": True, "pool_skips_padding": True}
    fields["balanced"] = True
    network = KineticsNetwork(
        law="none",
        coefficients={},
        layers=(Dense(np.ones((4, 3), np.float32)),),
        embedding=np.ones((9, 3), np.float32),
        pool="max",
        **fields,
    )
    save_network(tmp_path / "n.npz", network)
    back = load_network(tmp_path / "n.npz")
    assert {name: getattr(back, name) for name in fields} == fields
    assert isinstance(back.read_every, int)
    assert (back.law, back.coefficients) == ("none", {})


def test_what_is_as_published_is_not_written(tmp_path: Path) -> None:
    network = load_network(written(tmp_path / "n.npz", arrays()))
    assert (network.read_every, network.read_phase, network.read_mean) == (1, "before", False)
    assert not network.pool_skips_padding
    assert not network.balanced
    save_network(tmp_path / "m.npz", network)
    with np.load(tmp_path / "m.npz") as archive:
        assert sorted(archive.files) == sorted(arrays())


def test_networks_of_others_are_read(tmp_path: Path) -> None:
    network = load_network(written(tmp_path / "n.npz", arrays()))
    assert {value.dtype for value in network.coefficients.values()} == {np.dtype(np.float32)}
    assert network.coefficients["alpha"].shape == ()
    assert network.layers[1].bias is None
    assert network.activation == "sigmoid"
    assert network.scores(np.zeros((2, 3, 1), np.float32)).shape == (1, 4)
    torch_names = {f"batchnorm0__{name}": np.ones(5) for name in ("weight", "bias", "running_mean", "running_var")}
    content = arrays(**torch_names, batchnorm0__num_batches_tracked=np.array(3), law=np.array(["drift_diffusion"]))
    assert load_network(written(tmp_path / "m.npz", content)).batch_norms[0] is not None


BROKEN = {
    "unknown key": (arrays(gamma=np.ones(1)), r"also holds gamma; leave them out"),
    "misspelled layer": (arrays(dense2__wieght=np.ones((4, 4))), r"also holds dense2.wieght"),
    "no law": (arrays(law=None), "`law` must be there"),
    "unknown law": (arrays(law=np.array("drift_difusion")), "did you mean 'drift_diffusion'"),
    "no beta": (arrays(beta=None), "`beta` must be there"),
    "no activation": (arrays(activation=None), "`activation` must be there"),
    "activation of another kind": (arrays(activation=np.array("gelu")), "relu, tanh or sigmoid, but is 'gelu'"),
    "activation as a number": (arrays(activation=np.array(1)), "one short text, but is int64"),
    "no weight": (arrays(dense1__weight=None, dense1__bias=np.ones(4)), "`dense1.weight` must be there"),
    "gap": (arrays(dense1__weight=None, dense2__weight=np.ones((4, 5))), "it holds dense0, dense2; renumber"),
    "no layers": (arrays(dense0__weight=None, dense0__bias=None, dense1__weight=None), "it holds none"),
    "transposed": (arrays(dense1__weight=np.ones((5, 4))), "5 outputs .* 4 columns .* transposed"),
    "bias of another size": (arrays(dense0__bias=np.ones(6)), r"`dense0.bias` must have shape \(5,\)"),
    "weight with one axis": (arrays(dense0__weight=np.ones(6)), r"must be \[out, in\]"),
    "not a number": (
        arrays(dense0__bias=np.array([0, np.nan, 0, 0, 0])),
        r"1 of 5 values are not \(the first is nan\)",
    ),
    "beyond float32": (arrays(dense0__bias=np.array([0, 1e300, 0, 0, 0])), "finite in float32"),
    "complex": (arrays(dense0__bias=np.ones(5, complex)), "real numbers, but is complex128"),
    "negative": (arrays(alpha=np.array([-0.1])), "`alpha` must not be negative"),
    "coefficients with two axes": (arrays(alpha=np.ones((2, 2))), r"\(\), \(1,\) or \(time,\), but has \(2, 2\)"),
    "reads half steps": (arrays(read_every=np.array(1.5)), "`read_every` must be a whole number from 1 up, but is 1.5"),
    "reads never": (arrays(read_every=np.array(0)), "`read_every` must be a whole number from 1 up"),
    "reads at another time": (arrays(read_phase=np.array("during")), "`read_phase` must be before or after"),
    "flag beyond 1": (arrays(read_mean=np.array(2)), "`read_mean` must be a whole number from 0 to 1, but is 2"),
    "padding without words": (arrays(pool_skips_padding=np.array(1)), "must come with an `embedding`"),
    "coefficients without kinetics": (arrays(law=np.array("none")), "Only the keys law, dense.* holds alpha, beta"),
    "half a batch norm": (arrays(batchnorm0__weight=np.ones(5)), "`batchnorm0.bias` must be there"),
    "batch norm after nothing": (arrays(batchnorm7__weight=np.ones(5)), "the last one is dense1"),
    "embedding beyond [0, 1]": (arrays(embedding=np.full((4, 3), 1.5)), r"lie in \[0, 1\], but spans 1.5"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_networks_are_told(name: str, tmp_path: Path) -> None:
    content, message = BROKEN[name]
    with pytest.raises(DataError, match=message) as caught:
        load_network(written(tmp_path / "n.npz", content))
    assert "n.npz" in str(caught.value)


class Bomb:
    """Tells when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("unpickled",))


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    content = arrays(dense0__bias=np.array([Bomb()], dtype=object))
    np.savez(tmp_path / "n.npz", allow_pickle=True, **content)
    with pytest.raises(DataError, match="never loaded"):
        load_network(tmp_path / "n.npz")
    (tmp_path / "p.npz").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DataError, match="never loaded"):
        load_network(tmp_path / "p.npz")


def test_files_that_are_no_archives(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load_network(tmp_path / "none.npz")
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(DataError, match="single array"):
        load_network(tmp_path / "one.npy")
    written(tmp_path / "cut.npz", arrays())
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:300])
    with pytest.raises(DataError, match="intact"):
        load_network(tmp_path / "cut.npz")
