"""Upscaling methods against the ground truth: figures per picture and their means."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.cpu import cores
from srgan.errors import UsageError
from srgan.evaluation.dataset import Dataset, Sample
from srgan.evaluation.machine import describe_machine
from srgan.evaluation.methods import Method
from srgan.evaluation.metrics import (
    SECONDS,
    FrechetDistances,
    Metric,
    Result,
    Tools,
    for_json,
    mean_figures,
    measure,
    undefined_figures,
)
from srgan.evaluation.result_folder import ResultFolder
from srgan.events import Event, OnEvent

Compared = Method | ResultFolder
Show = Callable[[Sample, Mapping[str, NDArray[np.uint8]]], None]


def evaluate(
    dataset: Dataset,
    methods: Sequence[Method] = (),
    *,
    folders: Sequence[Path] = (),
    metrics: Sequence[Metric] = ("psnr", "ssim"),
    tools: Tools | None = None,
    on_event: OnEvent | None = None,
    show: Show | None = None,
) -> dict[str, Any]:
    """Scores upscaling methods on the same inputs.

    The figures of one picture are computed while the next is upscaled, unless seconds are measured.

    Args:
        dataset: the pictures.
        methods: of the pictures' scale, as :func:`~srgan.evaluation.methods.open_methods` gives them.
        folders: results that other software made from the same low-res pictures, named like the high-res
            ones.
        metrics: what to compute.
        tools: what NIQE, LPIPS, DISTS and FID need.
        on_event: called after each picture, in "pictures".
        show: called with every picture and its results by their methods' names, in order.

    Returns:
        ``{"dataset", "scale", "low_res", "version", "machine", "tools", "results"}``, the results as
        ``[{"model", "sha256", "engine", "precision", "device", "images": [{"name", "psnr_y", ...}], "mean",
        "undefined"}]``. A PSNR of identical pictures is infinite and given as None. A figure that a picture
        does not have, such as NIQE of a flat one, is None; the mean is over the others, and ``undefined``
        maps the figure to the names of such pictures. FID is among the means alone.

    Raises:
        UsageError: if a metric lacks what it needs, or a method has another scale than the pictures.
        ModelError, DataError, ImageError: see the methods and the dataset.
    """
    metrics = list(dict.fromkeys(metrics))
    tools = tools or Tools()
    for metric in metrics:
        tools.check(metric)
    for method in methods:
        if method.scale != dataset.scale:
            raise UsageError(
                f"{method.name}: upscales {method.scale}x, the pictures are for {dataset.scale}x"
            )
    given = [ResultFolder(folder, dataset) for folder in dict.fromkeys(folders)]
    compared: list[Compared] = [*methods, *given]
    names: list[str] = []
    rows: dict[str, list[dict[str, float]]] = {one.name: [] for one in compared}

    def figures(result: Result) -> dict[str, float]:
        return {name: value for metric in metrics for name, value in measure(result, metric, tools).items()}

    fid = FrechetDistances(tools.fid) if tools.fid and "fid" in metrics else None
    shows = [add for add in (show, fid.add if fid else None) if add is not None]
    with ThreadPoolExecutor(cores()) as pool:
        for sample, measured in _upscale_all(dataset, compared, figures, pool, SECONDS in metrics, shows):
            names.append(sample)
            for one, row in zip(compared, measured, strict=True):
                rows[one.name].append(row.result())
            if on_event is not None:
                on_event(Event(done=len(names), total=len(dataset), unit="pictures"))
    results = [_summary(one, names, rows[one.name]) for one in compared]
    for result in results:
        if fid is not None:
            result["mean"] |= for_json({"fid": fid.distance(result["model"])})
    return {
        "dataset": dataset.name,
        "scale": dataset.scale,
        "low_res": "given" if dataset.has_partners else "reduced by bicubic",
        "version": version("srgan"),
        "machine": describe_machine(),
        "tools": dict(tools.files),
        "results": results,
    }


def _upscale_all(
    dataset: Dataset,
    compared: Sequence[Compared],
    figures: Callable[[Result], dict[str, float]],
    pool: ThreadPoolExecutor,
    timed: bool,
    shows: Sequence[Show],
) -> Iterator[tuple[str, list[Future[dict[str, float]]]]]:
    """Yields the name of each picture and the figures of its results, which may still be on their way."""
    waiting: deque[tuple[str, list[Future[dict[str, float]]]]] = deque()
    for number, sample in enumerate(dataset):
        futures, shown = [], {}
        for one in compared:
            if timed and number == 0:
                _result_of(one, sample)  # compiles the network
            result = _result_of(one, sample)
            future = pool.submit(figures, result)
            if timed:
                future.result()  # what is timed has the processor to itself
            futures.append(future)
            shown[one.name] = result.sr_image
        for show in shows:
            show(sample, shown)
        waiting.append((sample.name, futures))
        if len(waiting) > cores():
            yield waiting.popleft()
    yield from waiting


def _result_of(one: Compared, sample: Sample) -> Result:
    if isinstance(one, ResultFolder):
        return Result(sample=sample, sr_image=one.read(sample), seconds=math.nan)
    started = time.perf_counter()
    sr_image = one.upscale(sample.lr_image)
    return Result(sample=sample, sr_image=sr_image, seconds=time.perf_counter() - started)


def _summary(one: Compared, names: list[str], rows: list[dict[str, float]]) -> dict[str, Any]:
    images = [{"name": name, **for_json(row)} for name, row in zip(names, rows, strict=True)]
    return {
        "model": one.name,
        **one.facts,
        "images": images,
        "mean": for_json(mean_figures(rows)),
        "undefined": undefined_figures(names, rows),
    }
