"""Times two kinds of work side by side, a training step, and the start of the program.

Each side runs in a process of its own, with its usual settings. The two take turns, A B A B, so that a
machine whose speed drifts slows both.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from srgan.files import temporary_folder

if TYPE_CHECKING:
    from srgan.training.fidelity import FidelityTrainer

LR_SIZE = (320, 180)
BATCH, CROP = 16, 24

Work = Callable[[], object]


def plain_model(model: str, size: tuple[int, int] = LR_SIZE, *, is_compiled: bool = False) -> Work:
    """Returns the work of running a model in PyTorch, in fp32 and channels-last, on one picture.

    Args:
        model: name of a shipped model, or path of a file.
        size: (width, height) of the low-res picture.
        is_compiled: by ``torch.compile``, else eager.
    """
    import torch

    network: Any = _plain_network(model)  # torch's stubs lack memory_format of its method to()
    network.to(memory_format=torch.channels_last).eval()
    width, height = size
    batch = torch.rand(1, 3, height, width).contiguous(memory_format=torch.channels_last)
    forward = torch.compile(network) if is_compiled else network

    @torch.inference_mode()
    def work() -> object:
        return forward(batch)

    return work


def _plain_network(model: str) -> Any:
    from srgan.networks.network import Network
    from srgan.training.networks.described import DescribedNetwork
    from srgan.training.networks.spandrel import load_torch_network

    network = load_torch_network(model)
    return DescribedNetwork(network) if isinstance(network, Network) else network.module


def training_step() -> Work:
    """Returns the work of one training step of the first stage, including cutting its crops."""
    return _trainer().train_step


def network_pass() -> Work:
    """Returns the least work of a step: the network's forward and backward pass for a ready batch."""
    trainer = _trainer()
    import torch

    from srgan.training.losses.pixel import pixel_loss

    lr_image, hr_image = trainer.store.sample(BATCH, CROP, trainer.random)

    def work() -> object:
        trainer.network.zero_grad(set_to_none=True)
        with trainer.autocast():
            sr_image = trainer.network(lr_image)
        loss = pixel_loss(sr_image.float(), hr_image, trainer.recipe.loss.pixel)
        torch.autograd.backward(loss)
        return loss

    return work


def _trainer() -> FidelityTrainer:
    from srgan.cpu import prepare_for_torch

    prepare_for_torch()
    import torch

    from srgan.images.resize import low_res_pair
    from srgan.training.crops import PictureStore
    from srgan.training.fidelity import FidelityTrainer
    from srgan.training.recipe_file import load_recipe

    recipe = load_recipe("srresnet", [f"data.batch_size={BATCH}", f"data.crop={CROP}"])
    pair = low_res_pair(_noise(256, 256), recipe.generator.scale)
    store = PictureStore([pair], torch.device("cpu"))
    return FidelityTrainer(recipe, store, torch.device("cpu"))


def compare(name: str, ours: Callable[[], Work], theirs: Callable[[], Work], runs: int) -> dict[str, Any]:
    """Times two kinds of work in turn, each in a process of its own.

    Args:
        name: name of the comparison.
        ours: makes srgan's work; must be importable by name.
        theirs: makes the other work; must be importable too.
        runs: counted runs of each, after two that do not count.

    Returns:
        ``{"name", "srgan_seconds", "other_seconds", "ratio"}``: the medians, and the median of the other's
        time divided by srgan's, run by run.
    """
    context = multiprocessing.get_context("spawn")
    makers = [ours, theirs]
    pairs = [context.Pipe() for _ in makers]
    workers = [
        # Not daemons: those may not have children, and a DataLoader has some.
        context.Process(target=_serve, args=(make, far))
        for make, (_, far) in zip(makers, pairs, strict=True)
    ]
    for worker, (_, far) in zip(workers, pairs, strict=True):
        worker.start()
        far.close()
    seconds: list[list[float]] = [[] for _ in makers]
    try:
        for run in range(runs + 2):
            for side, (near, _) in enumerate(pairs):
                near.send(True)
                taken = near.recv()
                if run >= 2:
                    seconds[side].append(taken)
    finally:
        for worker, (near, _) in zip(workers, pairs, strict=True):
            near.close()
            worker.join()
    ratios = [other / own for own, other in zip(*seconds, strict=True)]
    return {
        "name": name,
        "srgan_seconds": statistics.median(seconds[0]),
        "other_seconds": statistics.median(seconds[1]),
        "ratio": statistics.median(ratios),
    }


def start_to_file(runs: int) -> float:
    """Returns the median seconds of a process that runs ``srgan upscale`` on a 64x64 picture.

    The first run, which may compile the network, does not count.
    """
    seconds = []
    with temporary_folder() as folder:
        source = folder / "small.png"
        Image.fromarray(_noise(64, 64)).save(source)
        command = [sys.executable, "-m", "srgan", "upscale", str(source), "--overwrite"]
        for _ in range(runs + 1):
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def _serve(make: Callable[[], Work], connection: Connection) -> None:
    # Both sides keep their threads on their cores, or PyTorch would be several times slower.
    os.environ.setdefault("OMP_PROC_BIND", "true")
    work = make()
    with suppress(EOFError):  # the main process is done
        _repeat(work, connection)


def _repeat(work: Work, connection: Connection) -> None:
    while True:
        connection.recv()
        started = time.perf_counter()
        work()
        connection.send(time.perf_counter() - started)


def _noise(*shape: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
