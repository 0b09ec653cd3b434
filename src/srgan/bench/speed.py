"""How fast srgan is, beside the same networks written in the usual way, in one run.

Each side has a process of its own, so that each has the settings it would really have. The two are timed in
turn, A B A B, so that a machine whose speed drifts slows both.
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
    from srgan.networks.onnx import OnnxForm

LR_SIZE = (320, 180)
BATCH, CROP = 16, 24

Work = Callable[[], object]


def srresnet_generator() -> Work:
    """The full generator through the engine that ``srgan upscale`` takes by itself."""
    return model_generator("srresnet")


def fast_generator() -> Work:
    """The compact generator, likewise."""
    return model_generator("fast")


def model_generator(model: str) -> Work:
    """Any model, likewise."""
    from srgan.upscaling.upscaler import Upscaler

    engine = Upscaler(model).engine
    batch = _noise(1, LR_SIZE[1], LR_SIZE[0])
    return lambda: engine.upscale(batch)


def srresnet_picture() -> Work:
    """The same picture as a user gets it: with reflected surroundings."""
    return model_picture("srresnet")


def model_picture(model: str, halo: int | None = None, onnx: OnnxForm | None = None) -> Work:
    """Any model, likewise: also those that take only pictures of some sizes."""
    from srgan.upscaling.upscaler import Upscaler

    upscaler = Upscaler(model, halo=halo, onnx=onnx)
    image = _noise(LR_SIZE[1], LR_SIZE[0])
    return lambda: upscaler.upscale(image)


def plain_generator() -> Work:
    """The srresnet in PyTorch, as :func:`plain_model` has it."""
    return plain_model("srresnet")


def plain_model(model: str) -> Work:
    """Any model in PyTorch, eager, fp32, channels-last."""
    import torch

    network: Any = _plain_network(model)  # torch's stubs lack memory_format of its method to()
    network.to(memory_format=torch.channels_last).eval()
    batch = torch.rand(1, 3, LR_SIZE[1], LR_SIZE[0]).contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def work() -> object:
        return network(batch)

    return work


def _plain_network(model: str) -> Any:
    from srgan.networks.network import Network
    from srgan.training.networks.described import DescribedNetwork
    from srgan.training.networks.spandrel import load_torch_network

    network = load_torch_network(model)
    return DescribedNetwork(network) if isinstance(network, Network) else network.module


def srgan_step() -> Work:
    """A training step of the first stage, cutting its crops included."""
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
    return FidelityTrainer(recipe, store, torch.device("cpu")).train_step


def plain_step() -> Work:
    """A training step of the same network: PyTorch, fp32, default layout, Adam; the batch is given."""
    import torch
    from torch.nn.functional import l1_loss

    network = _plain_network("srresnet")
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)
    lr_image = torch.rand(BATCH, 3, CROP, CROP)
    with torch.no_grad():
        hr_image = torch.rand_like(network(lr_image))

    def work() -> object:
        loss = l1_loss(network(lr_image), hr_image)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        return loss

    return work


def compare(
    name: str, ours: Callable[[], Work], theirs: Callable[[], Work] | None, runs: int
) -> dict[str, Any]:
    """Times two kinds of work in turn, each in a process of its own.

    Args:
        name: of the comparison.
        ours: makes srgan's work; must be importable by name.
        theirs: makes the other's; None where there is no other.
        runs: counted runs of each, after two that are not.

    Returns:
        ``{"name", "srgan_seconds", "other_seconds", "ratio"}``: medians, and the median of the ratios of
        neighbouring runs. The first two alone where there is no other.
    """
    context = multiprocessing.get_context("spawn")
    makers = [ours] if theirs is None else [ours, theirs]
    pairs = [context.Pipe() for _ in makers]
    workers = [
        # Not daemons: those may not have children, as a DataLoader has.
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
    result = {"name": name, "srgan_seconds": statistics.median(seconds[0])}
    if theirs is None:
        return result
    ratios = [other / own for own, other in zip(*seconds, strict=True)]
    return {
        **result,
        "other_seconds": statistics.median(seconds[1]),
        "ratio": statistics.median(ratios),
    }


def start_to_file(runs: int) -> dict[str, Any]:
    """Seconds of ``srgan upscale`` of a 64x64 picture, from the start of the process to its end.

    Returns:
        ``{"name", "srgan_seconds"}``: the median, after one run that may compile the network.
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
    return {"name": "srgan upscale, 64x64, start to file", "srgan_seconds": statistics.median(seconds[1:])}


def _serve(make: Callable[[], Work], connection: Connection) -> None:
    # Both sides keep their threads on their cores: without it, PyTorch's are several times slower here.
    os.environ.setdefault("OMP_PROC_BIND", "true")
    work = make()
    with suppress(EOFError):  # the other side is done
        _repeat(work, connection)


def _repeat(work: Work, connection: Connection) -> None:
    while True:
        connection.recv()
        started = time.perf_counter()
        work()
        connection.send(time.perf_counter() - started)


def _noise(*shape: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
