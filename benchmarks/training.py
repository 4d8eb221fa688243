"""Learned kinetics: speed of the backward pass, of an MNIST epoch, of a SITW population, time to an accuracy.

The other side is a straightforward PyTorch module, as the authors of Shi et al. 2025 publish theirs: the
forward pass loops over steps, writes each column of states into a preallocated tensor, and autograd does the
rest. Both sides have one thread, the same float32 data, shapes and batches, and take turns within one run. Of
PyTorch some batches, or epochs, are measured and the time of an epoch follows; its data loading is left out.

Time to 0.9645 on MNIST's test part: ours trains until the test part says so (the watching is part of the time; this
is a question of time, no way to choose a network). The module trains as the paper trains it (SGD, momentum
0.5, batch 64, alpha and beta clamped to [0.001, 1], sigmoid); unless ``--full``, its time is that of a measured
epoch times the paper's 50 epochs, which is an extrapolation; ``--full`` trains it and counts (many minutes).

Real data are read from the folder that ``MEMSWEEP_DATA`` names; without it, random ones of the same shape
serve all but the time to an accuracy.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._figures import Figure
from benchmarks._timing import best_seconds
from kinetics import adjoint, get_law, nominal_devices, simulate
from kinetics.arrays import Float32
from kinetics.simulate import CACHE_DEVICES
from tasks import DataError, Part, load_task
from tasks.learning import Architecture, TrainedNetwork, Training, train_networks

LAW = get_law("drift_diffusion")
COEFFICIENTS = {"alpha": 0.3, "beta": 0.6}
STEPS = 28
LARGE_DEVICES = 262144
TARGET = 0.9645
PAPER_EPOCHS = 50
TORCH_BATCHES = 60
"""Batches of PyTorch that stand for an epoch."""
OUR_EPOCHS = 4
"""Epochs of ours in a row; preparing the data is part of their time."""
SITW_EPOCHS = 500
SITW_MEMBERS = 32
MNIST = Architecture(steps=28, series=28, classes=10, hidden=(64,), activation="sigmoid", alpha=0.5, beta=0.5)
SITW = Architecture(steps=128, series=1, classes=10, hidden=(16,), activation="sigmoid", alpha=0.5, beta=0.5)


def run(*, full: bool = False) -> list[Figure]:
    """All figures; ``full`` trains PyTorch to the target instead of extrapolating."""
    figures = _passes()
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed, so nothing is compared with it: pip install 'memsweep[benchmark]'.")
        return figures
    torch.set_num_threads(1)
    return [*figures, *_mnist(full), *_sitw()]


def _passes() -> list[Figure]:
    """Forward and backward, in cache and through memory, beside the bandwidth of a copy."""
    large = np.ones(1 << 25, np.float32)
    target = np.empty_like(large)
    passes = {devices: _pass(devices) for devices in (64 * 28, CACHE_DEVICES, LARGE_DEVICES)}
    copy, *times = best_seconds(lambda: np.copyto(target, large), *(call for pair in passes.values() for call in pair))
    bandwidth = 2 * large.nbytes / copy  # as many bytes are read as written
    figures = [Figure(name="copy through memory, read and written", value=bandwidth / 1e9, unit="GB/s")]
    for index, devices in enumerate(passes):
        for name, seconds, least in (
            # What must move at the least: forward reads x and writes w; backward reads x and w, reads and writes
            # the gradient.
            ("forward", times[2 * index], 8),
            ("backward", times[2 * index + 1], 16),
        ):
            rate = STEPS * devices / seconds
            required = 0.35e9 if (name, devices) == ("backward", CACHE_DEVICES) else None
            figures += [
                Figure(
                    name=f"{name}, {STEPS} steps x {devices} devices",
                    value=rate,
                    unit="device-steps/s",
                    at_least=required,
                ),
                Figure(
                    name=f"{name}, its {least} bytes a device-step / copy",
                    value=100 * rate * least / bandwidth,
                    unit="%",
                ),
            ]
    return figures


def _pass(devices: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """A forward and a backward pass over equal devices."""
    rng = np.random.default_rng(0)
    drive = rng.random((STEPS, 1, devices), np.float32)
    coefficients = nominal_devices(COEFFICIENTS, 1)
    states = np.empty((STEPS + 1, 1, devices), np.float32)
    simulate(LAW, coefficients, drive, floor=0.01, out=states)
    # Zeros stay zeros when the pass repeats itself on its own result, and cost what other numbers cost.
    gradient = np.zeros_like(drive)
    return (
        lambda: simulate(LAW, coefficients, drive, floor=0.01, out=states),
        lambda: adjoint(LAW, coefficients, drive, states, gradient),
    )


def _parts(name: str, steps: int, series: int, train: int, test: int) -> tuple[Part, Part, bool]:
    """Train and test part of a task, or random ones, and whether they are real."""
    try:
        task = load_task(name)
        return task.train, task.test, True
    except DataError as error:
        print(f"Random data stand for {name}: {error}")
        rng = np.random.default_rng(0)
        parts = [Part(rng.random((steps, series, n), np.float32), rng.integers(0, 10, n)) for n in (train, test)]
        return parts[0], parts[1], False


def _module(steps: int, features: int, hidden: int) -> Any:
    """The authors' kind of module: alpha and beta are parameters, states a preallocated tensor."""
    import torch

    class Kinetics(torch.nn.Module):
        """Steps in a loop."""

        def __init__(self) -> None:
            super().__init__()
            self.alpha = torch.nn.Parameter(torch.full((1,), 0.5))
            self.beta = torch.nn.Parameter(torch.full((1,), 0.5))
            self.first, self.second = torch.nn.Linear(features, hidden), torch.nn.Linear(hidden, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """x [case, series, time] -> scores."""
            states = torch.ones_like(x)
            for k in range(1, steps):
                previous = states[:, :, k - 1].clone()
                states[:, :, k] = previous + self.alpha * (1 / previous) - self.beta * x[:, :, k - 1]
            scores: torch.Tensor = self.second(torch.sigmoid(self.first(states.flatten(1))))
            return scores

    torch.manual_seed(0)
    return Kinetics()


class _Torch:
    """The module with its training as the authors do it."""

    def __init__(self, part: Part, hidden: int, *, sgd: bool) -> None:
        import torch

        steps, series, _ = part.x.shape
        self._x = torch.tensor(np.ascontiguousarray(part.x.transpose(2, 1, 0)))
        self._y = torch.tensor(part.y)
        self.module = _module(steps, steps * series, hidden)
        self._sgd = sgd
        parameters = self.module.parameters()
        self._optimizer: Any = (
            torch.optim.SGD(parameters, lr=0.1, momentum=0.5)
            if sgd
            else torch.optim.Adam(parameters, lr=0.01, weight_decay=0.001)
        )

    def batches(self, batch: int, count: int | None = None) -> int:
        """Train on ``count`` batches (None: an epoch) and say on how many."""
        import torch

        order = torch.randperm(len(self._y))
        starts = list(range(0, len(self._y), batch))[:count]
        for start in starts:
            which = order[start : start + batch]
            self._optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(self.module(self._x[which]), self._y[which])
            torch.autograd.backward(loss)
            self._optimizer.step()
            if self._sgd:
                self.module.alpha.data.clamp_(0.001, 1)
                self.module.beta.data.clamp_(0.001, 1)
        return len(starts)

    def accuracy(self, x: Float32, y: Any) -> float:
        """On a part."""
        import torch

        with torch.no_grad():
            scores = self.module(torch.tensor(np.ascontiguousarray(x.transpose(2, 1, 0))))
        return float((scores.argmax(1).numpy() == y).mean())


def _ours(architecture: Architecture, training: Training, train: Part, test: Part | None, members: int = 1) -> Any:
    """Train, and give seconds and the first member."""
    start = time.perf_counter()
    results = train_networks(architecture, training, train, None, test, seeds=range(members))
    seconds = time.perf_counter() - start
    if not isinstance(results[0], TrainedNetwork):
        raise RuntimeError(results[0].reason)
    return seconds, results[0]


def _mnist(full: bool) -> list[Figure]:
    """An epoch, and the time to an accuracy."""
    train, test, real = _parts("mnist", 28, 28, 50_000, 10_000)
    batches = -(-train.cases // 64)
    theirs = _Torch(train, 64, sgd=True)
    plain = Training(optimiser="sgd", learning_rate=0.1, momentum=0.5, epochs=OUR_EPOCHS, keep="last", clip_norm=None)
    all_epochs, torch_batch = float("inf"), float("inf")
    for _ in range(3):  # in turns
        all_epochs = min(all_epochs, _ours(MNIST, plain, train, None)[0])
        start = time.perf_counter()
        count = theirs.batches(64, TORCH_BATCHES)
        torch_batch = min(torch_batch, (time.perf_counter() - start) / count)
    epoch, torch_epoch = all_epochs / OUR_EPOCHS, torch_batch * batches
    figures = [
        Figure(name="MNIST epoch, 784-64-10, ours", value=epoch, unit="s"),
        Figure(name=f"MNIST epoch, PyTorch, from {TORCH_BATCHES} batches", value=torch_epoch, unit="s"),
        Figure(name="MNIST epoch, PyTorch / ours", value=torch_epoch / epoch, unit="x", at_least=6),
    ]
    if not real:
        return figures
    fast = Training(
        optimiser="adam",
        learning_rate=0.006,
        epochs=4,
        batch=128,
        standardise=True,
        keep="best_test",
        patience=None,
    )
    relu = Architecture(steps=28, series=28, classes=10, hidden=(64,), alpha=0.6, beta=0.9)
    seconds, result = _ours(relu, fast, train, test)
    reached = np.flatnonzero(result.curve.accuracy >= TARGET)
    if len(reached) == 0:
        print(f"Ours reached {result.curve.accuracy.max():.4f} only.")
        return figures
    ours = seconds * (int(reached[0]) + 1) / result.epochs_run
    label, torch_seconds = f"extrapolated: {PAPER_EPOCHS} epochs", torch_epoch * PAPER_EPOCHS
    if full:
        theirs = _Torch(train, 64, sgd=True)
        torch_seconds, epochs, best = 0.0, 0, 0.0
        while best < TARGET and epochs < 2 * PAPER_EPOCHS:
            start = time.perf_counter()
            theirs.batches(64)
            torch_seconds += time.perf_counter() - start
            epochs, best = epochs + 1, max(best, theirs.accuracy(test.x, test.y))
        label = f"measured: {epochs} epochs to {best:.4f}"
    return [
        *figures,
        Figure(name=f"time to {TARGET} on MNIST, ours ({int(reached[0]) + 1} epochs)", value=ours, unit="s"),
        Figure(name=f"time to {TARGET}, PyTorch ({label})", value=torch_seconds, unit="s"),
        Figure(name=f"time to {TARGET}, PyTorch / ours", value=torch_seconds / ours, unit="x", at_least=20),
    ]


def _sitw() -> list[Figure]:
    """A population, full batches."""
    train, _, _ = _parts("sitw", 128, 1, 800, 250)
    training = Training(
        optimiser="adam_l2",
        learning_rate=0.01,
        weight_decay=0.001,
        schedule="constant",
        batch=0,
        epochs=SITW_EPOCHS,
        keep="last",
        clip_norm=None,
    )
    theirs = _Torch(train, 16, sgd=False)
    theirs.batches(train.cases, 1)
    epochs = 10
    torch_epoch = float("inf")

    def measure() -> float:
        start = time.perf_counter()
        for _ in range(epochs):
            theirs.batches(train.cases)
        return (time.perf_counter() - start) / epochs

    torch_epoch = measure()
    seconds, _ = _ours(SITW, training, train, None, SITW_MEMBERS)
    torch_epoch = min(torch_epoch, measure())
    ours = seconds / SITW_MEMBERS
    return [
        Figure(name=f"SITW, {SITW_EPOCHS} epochs of {SITW_MEMBERS} networks, ours per network", value=ours, unit="s"),
        Figure(name=f"SITW, PyTorch, from {2 * epochs} epochs", value=torch_epoch * SITW_EPOCHS, unit="s"),
        Figure(name="SITW, PyTorch / ours per network", value=torch_epoch * SITW_EPOCHS / ours, unit="x", at_least=15),
    ]
