"""Models and baselines against true pictures: figures per picture and their means."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.evaluation.dataset import SCALE, Dataset, Sample
from srgan.evaluation.enlargers import Baseline, Enlarger, open_enlargers
from srgan.evaluation.machine import cores, describe_machine
from srgan.evaluation.measures import (
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
from srgan.evaluation.onnx import OnnxOptions

Show = Callable[[Sample, Mapping[str, NDArray[np.uint8]]], None]


def evaluate(
    dataset: Dataset,
    *,
    models: Sequence[str] = (),
    baselines: Sequence[Baseline] = (),
    metrics: Sequence[Metric] = ("psnr", "ssim"),
    tools: Tools | None = None,
    onnx: OnnxOptions | None = None,
    report: Callable[[int, int], None] | None = None,
    show: Show | None = None,
    **engine: Any,
) -> dict[str, Any]:
    """Scores models and baselines on the same inputs.

    The figures of one picture are computed while the next is enlarged, unless seconds are measured.

    Args:
        dataset: the pictures.
        models: shipped models' names, ``.safetensors`` files, or ``.onnx`` files.
        baselines: plain enlargements to compare with.
        metrics: what to compute.
        tools: what NIQE, LPIPS, DISTS and FID need.
        onnx: what networks in ``.onnx`` files take and give.
        report: called with (pictures done, pictures in all).
        show: called with every picture and its results by their models' names, in order.
        engine: further arguments of :class:`~srgan.inference.upscaler.Upscaler`.

    Returns:
        ``{"dataset", "scale", "low_res", "version", "machine", "tools", "results"}``, the results as
        ``[{"model", "sha256", "engine", "precision", "device", "images": [{"name", "psnr_y", ...}], "mean",
        "undefined"}]``. A PSNR of identical pictures is infinite and given as None. A figure that a picture
        does not have, such as NIQE of a flat one, is None; the mean is over the others, and ``undefined``
        maps the figure to the names of such pictures. FID is among the means alone.

    Raises:
        UsageError: if a metric lacks what it needs.
        ModelError, DataError, ImageError: see the models and the dataset.
    """
    metrics = list(dict.fromkeys(metrics))
    tools = tools or Tools()
    for metric in metrics:
        tools.check(metric)
    enlargers = open_enlargers(models, baselines, onnx=onnx, **engine)
    names: list[str] = []
    rows: dict[str, list[dict[str, float]]] = {enlarger.name: [] for enlarger in enlargers}

    def figures(result: Result) -> dict[str, float]:
        return {name: value for metric in metrics for name, value in measure(result, metric, tools).items()}

    fid = FrechetDistances(tools.fid) if tools.fid and "fid" in metrics else None
    shows = [add for add in (show, fid.add if fid else None) if add is not None]
    with ThreadPoolExecutor(cores()) as pool:
        for sample, measured in _enlarge_all(dataset, enlargers, figures, pool, SECONDS in metrics, shows):
            names.append(sample)
            for enlarger, row in zip(enlargers, measured, strict=True):
                rows[enlarger.name].append(row.result())
            if report is not None:
                report(len(names), len(dataset))
    results = [_summary(enlarger, names, rows[enlarger.name]) for enlarger in enlargers]
    for result in results:
        if fid is not None:
            result["mean"] |= for_json({"fid": fid.distance(result["model"])})
    return {
        "dataset": dataset.name,
        "scale": SCALE,
        "low_res": "given" if dataset.has_partners else "reduced by bicubic",
        "version": version("srgan"),
        "machine": describe_machine(),
        "tools": dict(tools.files),
        "results": results,
    }


def _enlarge_all(
    dataset: Dataset,
    enlargers: Sequence[Enlarger],
    figures: Callable[[Result], dict[str, float]],
    pool: ThreadPoolExecutor,
    timed: bool,
    shows: Sequence[Show],
) -> Iterator[tuple[str, list[Future[dict[str, float]]]]]:
    """The name of each picture and the figures of its results, which may still be on their way."""
    waiting: deque[tuple[str, list[Future[dict[str, float]]]]] = deque()
    for number, sample in enumerate(dataset):
        futures, shown = [], {}
        for enlarger in enlargers:
            if timed and number == 0:
                enlarger.enlarge(sample.lr_image)  # compiles the network
            started = time.perf_counter()
            sr_image = enlarger.enlarge(sample.lr_image)
            seconds = time.perf_counter() - started
            future = pool.submit(figures, Result(sample=sample, sr_image=sr_image, seconds=seconds))
            if timed:
                future.result()  # what is timed has the processor to itself
            futures.append(future)
            shown[enlarger.name] = sr_image
        for show in shows:
            show(sample, shown)
        waiting.append((sample.name, futures))
        if len(waiting) > cores():
            yield waiting.popleft()
    yield from waiting


def _summary(enlarger: Enlarger, names: list[str], rows: list[dict[str, float]]) -> dict[str, Any]:
    images = [{"name": name, **for_json(row)} for name, row in zip(names, rows, strict=True)]
    return {
        "model": enlarger.name,
        **enlarger.facts,
        "images": images,
        "mean": for_json(mean_figures(rows)),
        "undefined": undefined_figures(names, rows),
    }
