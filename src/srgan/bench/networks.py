"""Measures time and memory of networks, for several picture sizes, engines and precisions."""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import time
import typing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from srgan.engines.loading import load_any_network
from srgan.engines.protocol import EngineName, Precision
from srgan.errors import UsageError
from srgan.networks.architectures.trace import trace
from srgan.networks.catalogue import load_card
from srgan.networks.network import Network
from srgan.networks.onnx import OnnxForm
from srgan.upscaling.upscaler import Upscaler

SIZES = ((64, 64), (320, 180), (640, 360), (1280, 720), (1920, 1080))
"""Width and height of low-res pictures."""

_PATIENCE = 10.0  # seconds, at most, for the counted runs of one size


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A way to run a network.

    Attributes:
        model: name of a shipped model, or path of a file.
        engine: the engine that runs it.
        precision: the precision to compute in.
        halo: surroundings of a tile in low-res pixels; None is the model's own.
        onnx: the input and output of an ``.onnx`` file; None to detect them.
        threads: number of processor threads; None means all.
    """

    model: str
    engine: EngineName
    precision: Precision
    halo: int | None = None
    onnx: OnnxForm | None = None
    threads: int | None = None


def subjects(models: Sequence[str], halo: int | None = None, onnx: OnnxForm | None = None) -> list[Subject]:
    """Lists the models in every installed engine and every precision."""
    engines: list[EngineName] = ["openvino"]
    if find_spec("torch"):
        engines.append("torch")
    precisions = [each for each in typing.get_args(Precision) if each != "auto"]
    return [
        Subject(model=model, engine=engine, precision=precision, halo=halo, onnx=onnx)
        for model in models
        for engine in engines
        for precision in precisions
    ]


def work_of(model: str | Path, onnx: OnnxForm | None = None) -> float | None:
    """Counts multiplications and additions for each low-res pixel, without the halo; None if not known.

    Raises:
        UsageError: if there is no such model.
        ModelError: if it cannot be read.
    """
    network = load_any_network(model, onnx=onnx)
    return 2.0 * trace(network.architecture).multiplications if isinstance(network, Network) else None


def time_network(subject: Subject, sizes: Sequence[tuple[int, int]], runs: int) -> list[dict[str, Any]]:
    """Times a network in a process of its own, as a user gets it: bytes in and out, in tiles with their halo.

    Args:
        subject: the network.
        sizes: (width, height) of the low-res pictures, in pixels.
        runs: counted runs of each size; fewer if they would take more than ten seconds together.

    Returns:
        For each size, smallest first, ``{"model", "engine", "precision", "size", "seconds", "memory"}``:
        ``seconds`` is the median, ``memory`` the most bytes that the process has held so far. If this engine
        cannot run the network in this precision here, one row with ``size``, ``seconds`` and ``memory`` None.

    Raises:
        UsageError: if another option has a wrong value, or there is no such model.
        ModelError: if the model cannot be read.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(_rows, subject, tuple(sizes), runs).result()


def _rows(subject: Subject, sizes: Sequence[tuple[int, int]], runs: int) -> list[dict[str, Any]]:
    try:
        upscaler = Upscaler(
            subject.model,
            engine=subject.engine,
            precision=subject.precision,
            device="cpu",
            halo=subject.halo,
            onnx=subject.onnx,
            threads=subject.threads,
        )
    except UsageError as error:
        if error.field not in ("engine", "precision", "device"):
            raise
        name = load_card(subject.model).name
        return [_row(subject, name) | {"size": None, "seconds": None, "memory": None}]
    return [
        _row(subject, upscaler.card.name)
        | {
            "size": [width, height],
            "seconds": statistics.median(_seconds(upscaler, width, height, runs)),
            "memory": peak_memory(),
        }
        for width, height in sorted(sizes, key=lambda size: size[0] * size[1])
    ]


def _row(subject: Subject, model: str) -> dict[str, Any]:
    return {"model": model, "engine": subject.engine, "precision": subject.precision}


def _seconds(upscaler: Upscaler, width: int, height: int, runs: int) -> Iterator[float]:
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    total = 0.0
    for run in range(runs + 1):
        started = time.perf_counter()
        upscaler.upscale(picture)
        taken = time.perf_counter() - started
        # The first run also compiles. If it takes long, compiling is little of it, and it counts.
        if run > 0 or taken > _PATIENCE / 2:
            yield taken
            total += taken
        if total > _PATIENCE:
            return


def peak_memory() -> int:
    """Returns the most bytes of memory that this process has held at any time."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    if sys.platform == "linux":  # here getrusage starts with the memory of the parent process
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
