"""The explicit adjoint against finite differences, against autograd, and the promises of its shapes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics import Partials, adjoint, get_law, simulate
from kinetics.errors import InvalidParameterError

LAW = get_law("drift_diffusion")


class ByPartials:
    """The law without its fast form: what any law gets."""

    def step(self, *arguments):
        LAW.step(*arguments)

    def partials(self, state, drive, coefficients):
        exact = LAW.partials(state, drive, coefficients)
        drift = np.broadcast_to(-coefficients["beta"], state.shape)  # the law's own is rounded to float32
        return Partials(exact.state, drift, exact.coefficients)


def run(coefficients, drive, stepwise, floor=-np.inf):
    row = np.broadcast_shapes(drive.shape[1:], *(v.shape[n in stepwise :] for n, v in coefficients.items()))
    out = np.empty((len(drive) + 1, *row))
    with np.errstate(invalid="ignore"):
        return simulate(LAW, coefficients, drive, floor=floor, out=out, stepwise=stepwise)


def slopes(coefficients, drive, stepwise, weight, floor=-np.inf, h=1e-6):
    """Central differences of sum(weight * states[1:]), by every coefficient and drive."""

    def loss():
        return float((weight * run(coefficients, drive, stepwise, floor).states[1:]).sum())

    found = {}
    for name, array in (*coefficients.items(), ("drive", drive)):
        found[name] = np.empty_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + h
            above = loss()
            array[place] = kept - h
            found[name][place] = (above - loss()) / (2 * h)
            array[place] = kept
    return found


@settings(deadline=None, max_examples=60)
@given(
    steps=st.integers(1, 7),
    row=st.sampled_from([(), (3,), (2, 3), (2, 2, 2)]),
    kinds=st.tuples(*[st.sampled_from(["scalar", "member", "device", "step", "member_step"])] * 2),
    fast=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_gradients_equal_finite_differences(steps, row, kinds, fast, seed):
    """In float64: central differences err by h^2 times a third derivative below 1e3, and by 1e-16 / h of rounding."""
    rng = np.random.default_rng(seed)
    shapes = {
        "scalar": (),
        "member": (*row[:1], *[1] * (len(row) - 1)),
        "device": row,
        "step": (steps,),
        "member_step": (steps, *row[:1], *[1] * (len(row) - 1)),
    }
    ranges = {"alpha": (0.3, 0.8), "beta": (0.1, 0.7)}  # stable: 2 sqrt(0.3) > 1
    names = tuple(ranges)
    coefficients = {n: rng.uniform(*ranges[n], shapes[k]) for n, k in zip(names, kinds, strict=True)}
    stepwise = tuple(n for n, k in zip(names, kinds, strict=True) if "step" in k)
    drive, weight = rng.random((steps, *row)), rng.standard_normal((steps, *row))
    states = run(coefficients, drive, stepwise).states
    law = LAW if fast else ByPartials()
    found = adjoint(law, coefficients, drive, states, weight.copy(), stepwise=stepwise, with_drive=True)
    expected = slopes(coefficients, drive, stepwise, weight)
    for name in names:
        assert found.coefficients[name].shape == coefficients[name].shape
        np.testing.assert_allclose(found.coefficients[name], expected[name], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found.drive, expected["drive"], rtol=1e-6, atol=1e-7)


def test_a_held_state_passes_no_gradient():
    """Some states are held at the floor; finite differences know that these do not move."""
    rng = np.random.default_rng(0)
    coefficients = {"alpha": np.array([[0.05], [0.02]]), "beta": np.array([[0.6], [0.5]])}
    drive, weight = rng.random((12, 2, 5)), rng.standard_normal((12, 2, 5))
    states, hits = run(coefficients, drive, (), 0.1)
    assert 0 < hits < drive.size
    found = adjoint(LAW, coefficients, drive, states, weight.copy(), held_at=0.1, with_drive=True)
    expected = slopes(coefficients, drive, (), weight, 0.1, h=1e-8)
    for name, value in found.coefficients.items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-4)
    np.testing.assert_allclose(found.drive, expected["drive"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("devices", [1, 7, 1792, 9001, 20000])
def test_a_members_gradients_are_those_of_the_member_alone(devices):
    """Bit for bit, in float32, whatever lies beside it: rows of one and of many chunks, strided as layers keep them."""
    rng = np.random.default_rng(1)
    steps, members = 9, 4
    coefficients = {n: rng.uniform(0.3, 0.5, (members, 1)).astype(np.float32) for n in ("alpha", "beta")}
    drive = rng.random((members, steps, devices), np.float32)
    gradient = rng.standard_normal(drive.shape).astype(np.float32)

    def gradients(some):
        own = {n: v[some] for n, v in coefficients.items()}
        x = drive[some].swapaxes(0, 1)
        states = simulate(LAW, own, x, floor=0.01).states
        return adjoint(LAW, own, x, states, gradient[some].copy().swapaxes(0, 1), with_drive=True)

    together = gradients(slice(None))
    for member in range(members):
        alone = gradients(slice(member, member + 1))
        for name in coefficients:
            np.testing.assert_array_equal(together.coefficients[name][member], alone.coefficients[name][0])
        np.testing.assert_array_equal(together.drive[:, member], alone.drive[:, 0])


def test_gradients_equal_autograd():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    x, weight = rng.random((20, 30)), rng.standard_normal((20, 30))
    coefficients = {"alpha": rng.uniform(0.3, 0.5, 20), "beta": np.array(0.6)}
    alpha, beta = (torch.tensor(coefficients[n], requires_grad=True) for n in ("alpha", "beta"))
    drive = torch.tensor(x, requires_grad=True)
    w, total = torch.ones(30, dtype=torch.float64), 0
    for k in range(20):
        w = w + alpha[k] / w - beta * drive[k]
        total = total + (torch.tensor(weight[k]) * w).sum()
    total.backward()
    states = run(coefficients, x, ("alpha",)).states
    found = adjoint(LAW, coefficients, x, states, weight.copy(), stepwise=("alpha",), with_drive=True)
    np.testing.assert_allclose(found.coefficients["alpha"], alpha.grad.numpy(), rtol=1e-9)
    np.testing.assert_allclose(found.coefficients["beta"], beta.grad.numpy(), rtol=1e-9)
    np.testing.assert_allclose(found.drive, drive.grad.numpy(), rtol=1e-9)


def test_stepwise_coefficients_are_used_step_by_step():
    """By hand: 1 + 0.5/1 - 0 = 1.5, then 1.5 + 0.3/1.5 - 0.2 * 1 = 1.5."""
    coefficients = {"alpha": np.array([0.5, 0.3], np.float32), "beta": np.array([0.9, 0.2], np.float32)}
    drive = np.array([[0.0], [1.0]], np.float32)
    states = simulate(LAW, coefficients, drive, floor=0.01, stepwise=("alpha", "beta")).states
    np.testing.assert_allclose(states[:, 0], [1, 1.5, 1.5], rtol=1e-6)


def test_misfits_are_refused():
    coefficients = {"alpha": np.float32([0.5, 0.3]), "beta": np.array(0.2, np.float32)}
    drive = np.zeros((3, 4), np.float32)
    with pytest.raises(InvalidParameterError, match="alpha has 3 steps"):
        simulate(LAW, coefficients, drive, floor=0.01, stepwise=("alpha",))
    with pytest.raises(InvalidParameterError, match="names coefficients"):
        simulate(LAW, {"beta": coefficients["beta"]}, drive, floor=0.01, stepwise=("gamma",))
    with pytest.raises(InvalidParameterError, match="`gradient`"):
        adjoint(LAW, {"alpha": coefficients["beta"]}, drive, np.ones((4, 4), np.float32), drive[:2])


def test_stabilised_coefficients_keep_the_bound():
    rng = np.random.default_rng(0)
    coefficients = {n: rng.uniform(0.001, 1, 1000).astype(np.float32) for n in ("alpha", "beta")}
    before = {n: v.copy() for n, v in coefficients.items()}
    stable = LAW.lower_bound(before) >= 0.0101
    LAW.stabilise(coefficients, 0.01)
    assert (LAW.lower_bound(coefficients) >= 0.01).all()
    assert 0 < stable.sum() < 1000
    np.testing.assert_array_equal(coefficients["beta"][stable], before["beta"][stable])
