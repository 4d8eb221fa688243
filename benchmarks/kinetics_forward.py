"""Device-steps per second of the kinetics on one core, with spread and noise, and against PyTorch.

Everything goes through ``kinetics.simulate``; the shortest of many runs counts. Beside it stand what this
machine does at best: float32 divisions in cache, copies through memory.

The PyTorch loop is the straightforward one, in the form that the authors of Shi et al. 2025 publish: the
states in a preallocated tensor [device, time], whose column k is computed from column k - 1 and written in
place, alpha and beta being tensors of one element. In training, autograd records it (here the forward pass
alone is timed, for both); ``no_grad`` is the same loop without autograd, ``time-major`` the same on
[time, device], where a step is contiguous: the kindest form. Both sides have one thread and equal shapes.
The requirement is on whole populations, the 280,000 memristors that see MNIST's test images, in both forms that the
authors' layout has. A block that fills the cache gains less, 10 to 15 times, for there the loop need not fetch
its columns from memory; a mini-batch of 64 pays for the calls, on both sides.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks._figures import Figure
from benchmarks._timing import best_seconds
from kinetics import draw_chips, get_law, nominal_devices, simulate
from kinetics.noise import FastNormal
from kinetics.simulate import CACHE_DEVICES, NOISY_DEVICES

LAW = get_law("drift_diffusion")
COEFFICIENTS = {"alpha": 0.1, "beta": 0.3}
FLOOR = 0.01
STEPS = 28
SERIES = 28
BLOCKS = (2048, 8192, 16384, CACHE_DEVICES, 65536, 262144)
CACHE_CASES = 1024
TORCH_CASES = (64, CACHE_CASES, 10_000)
"""A mini-batch of the authors', a block that fills the cache, all test images of MNIST; 28 rows of 28 each."""


def run() -> list[Figure]:
    """All figures of the forward pass."""
    return [*_machine_limits(), *_blocks(), *_population(), *_against_torch()]


def _machine_limits() -> list[Figure]:
    """What the arithmetic and the memory of this machine allow."""
    x = np.full(CACHE_DEVICES // 4, 1.5, np.float32)
    out = np.empty_like(x)
    large = np.ones(1 << 25, np.float32)
    target = np.empty_like(large)
    divide, copy = best_seconds(lambda: np.divide(np.float32(0.1), x, out), lambda: np.copyto(target, large))
    return [
        Figure(name="float32 divisions in cache", value=x.size / divide, unit="1/s"),
        Figure(
            name="copy through memory (reads and writes as much)",
            value=large.nbytes / copy / 1e9,
            unit="GB/s",
        ),
    ]


def _forward(steps: int, devices: int) -> Callable[[], object]:
    """One call of ``simulate`` on equal devices."""
    drive = np.random.default_rng(0).random((steps, devices), dtype=np.float32)
    coefficients = nominal_devices(COEFFICIENTS, 1)
    out = np.empty((steps + 1, 1, devices), np.float32)
    return lambda: simulate(LAW, coefficients, drive, floor=FLOOR, out=out)


def _blocks() -> list[Figure]:
    """Equal devices, by length of series and size of block."""
    sizes = [(8, CACHE_DEVICES), *((STEPS, devices) for devices in BLOCKS), (128, CACHE_DEVICES)]
    times = best_seconds(*(_forward(steps, devices) for steps, devices in sizes))
    return [
        Figure(
            name=f"forward, {steps} steps x {devices} devices",
            value=steps * devices / seconds,
            unit="device-steps/s",
            at_least=0.8e9 if (steps, devices) == (STEPS, CACHE_DEVICES) else None,
        )
        for (steps, devices), seconds in zip(sizes, times, strict=True)
    ]


def _population() -> list[Figure]:
    """Coefficients [chip, series, 1] drawn with spread, then noise on every change of state."""
    chips, cases = 4, NOISY_DEVICES // (4 * SERIES)
    drive = np.random.default_rng(0).random((STEPS, SERIES, cases), dtype=np.float32)
    draws = draw_chips(COEFFICIENTS, chips=chips, devices=SERIES, d2d=0.05, rng=np.random.default_rng(1))
    coefficients = {name: value[:, :, None] for name, value in draws.items()}
    out = np.empty((STEPS + 1, chips, SERIES, cases), np.float32)
    rng = np.random.default_rng(2)
    numbers = np.empty_like(out[1:])

    def forward(c2c: float) -> object:
        return simulate(LAW, coefficients, drive, floor=FLOOR, out=out, c2c=c2c, rng=rng)

    def fill() -> None:
        source = FastNormal(rng, numbers.size)
        for row in numbers:
            source.fill(row, 1.0)

    times = best_seconds(
        lambda: forward(0.0),
        lambda: forward(0.05),
        fill,
        lambda: rng.standard_normal(dtype=np.float32, out=numbers),
    )
    spread, noisy, cheap, exact = (seconds / numbers.size for seconds in times)
    shape = f"[{chips}, {SERIES}, {cases}]"
    return [
        Figure(name=f"forward with spread, {shape}", value=1 / spread, unit="device-steps/s"),
        Figure(
            name=f"forward with spread and cycle noise, {shape}",
            value=1 / noisy,
            unit="device-steps/s",
            at_least=0.4e9,
        ),
        Figure(name="cycle noise, all of it", value=(noisy - spread) * 1e9, unit="ns/device-step"),
        Figure(name="of which its random numbers", value=cheap * 1e9, unit="ns/number"),
        Figure(name="NumPy's float32 normals, not used", value=exact * 1e9, unit="ns/number"),
    ]


def _against_torch() -> list[Figure]:
    """How many times as long as ours the forward pass of the loops takes."""
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed, so nothing is compared with it: pip install 'memsweep[benchmark]'.")
        return []
    torch.set_num_threads(1)

    def loop(drive: torch.Tensor, *, time_axis: int, grad: bool) -> torch.Tensor:
        """The loop on [device, time] (axis 1) or [time, device] (axis 0)."""
        with torch.set_grad_enabled(grad):
            alpha = torch.tensor([COEFFICIENTS["alpha"]], requires_grad=grad)
            beta = torch.tensor([COEFFICIENTS["beta"]], requires_grad=grad)
            states = torch.ones(drive.shape)
            for k in range(1, STEPS):
                previous = states.select(time_axis, k - 1)
                following = previous + alpha * (1 / previous) - beta * drive.select(time_axis, k - 1)
                states.select(time_axis, k).copy_(following)
            return states

    figures = []
    for cases in TORCH_CASES:
        devices = cases * SERIES
        drive = torch.rand(devices, STEPS)
        turned = drive.T.contiguous()
        ours, *theirs = best_seconds(
            _forward(STEPS, devices),
            partial(loop, drive, time_axis=1, grad=True),
            partial(loop, drive, time_axis=1, grad=False),
            partial(loop, turned, time_axis=0, grad=False),
        )
        required = 15.0 if cases == TORCH_CASES[-1] else None
        forms = {"in training": required, "no_grad": required, "no_grad, time-major": None}
        figures += [
            Figure(
                name=f"PyTorch loop / ours, {devices} devices, {form}",
                value=seconds / ours,
                unit="x",
                at_least=limit,
            )
            for (form, limit), seconds in zip(forms.items(), theirs, strict=True)
        ]
    return figures
