"""Collects what ``srgan bench`` measures into one report."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from typing import Any

from srgan.bench.networks import Subject, time_network, work_of
from srgan.bench.peak import measure_peaks
from srgan.bench.speed import compare, network_pass, start_to_file, training_step
from srgan.bench.video_speed import time_video
from srgan.evaluation.machine import describe_machine

Step = Callable[[str], None]
"""Called with a description of each step as it begins."""


def time_networks(
    subjects: Sequence[Subject], sizes: Sequence[tuple[int, int]], runs: int, step: Step
) -> dict[str, Any]:
    """Times networks and the peak of the processor in one run.

    Args:
        subjects: the networks.
        sizes: (width, height) of the low-res pictures, in pixels.
        runs: counted runs of each size.
        step: called as each step begins.

    Returns:
        ``{"machine", "runs", "peaks", "networks"}``. ``networks`` are the rows of
        :func:`~srgan.bench.networks.time_network` with ``share``, from 0 to 1: the work on the picture's own
        pixels, relative to the convolution peak of the same precision; None if any of these is not known.

    Raises:
        UsageError, ModelError: as :func:`~srgan.bench.networks.time_network` does.
    """
    works = {each.model: work_of(each.model, each.onnx) for each in subjects}
    step("the processor alone")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        peaks = pool.submit(measure_peaks).result()
    rows = []
    for each in subjects:
        step(f"{each.model}, {each.engine}, {each.precision}")
        for row in time_network(each, sizes, runs):
            peak = peaks.get(each.precision, {}).get("convolution")
            rows.append({**row, "share": _share(works[each.model], row, peak)})
    return {"machine": describe_machine(), "runs": runs, "peaks": peaks, "networks": rows}


def _share(work: float | None, row: dict[str, Any], peak: float | None) -> float | None:
    if work is None or peak is None or row["seconds"] is None:
        return None
    width, height = row["size"]
    return float(work * width * height / row["seconds"] / 1e9 / peak)


def time_videos(step: Step) -> dict[str, Any]:
    """Times ``fast`` and ``srresnet``; gives ``{"videos"}``: :func:`~srgan.bench.video_speed.time_video`."""
    videos = []
    for model, frames in (("fast", 144), ("srresnet", 24)):
        step(f"video, {model}")
        videos.append(time_video(model, frames))
    return {"videos": videos}


def time_rest(runs: int, step: Step) -> dict[str, Any]:
    """Times the start of the program and a training step.

    Returns:
        ``{"start", "training"}``. ``start`` is the seconds from starting the program to the finished file.
        ``training`` is ``{"seconds", "network_seconds", "ratio"}``: a whole step, the network's own forward
        and backward pass, and the first divided by the second; None if PyTorch or TensorBoard is missing.
    """
    step("start to file")
    start = start_to_file(runs)
    training = None
    if find_spec("torch") and find_spec("tensorboard"):
        step("training step")
        row = compare("training step", network_pass, training_step, runs)
        training = {
            "seconds": row["other_seconds"],
            "network_seconds": row["srgan_seconds"],
            "ratio": row["ratio"],
        }
    return {"start": start, "training": training}


def tables(report: dict[str, Any]) -> Iterator[str]:
    """Yields the lines of a report, as Markdown."""
    if "peaks" in report:
        yield from ("| peak, GFLOP/s | convolution | matrix product |", "|---|---|---|")
        for precision, peak in report["peaks"].items():
            product = f"{peak['product']:.0f}" if "product" in peak else ""
            yield f"| {precision} | {peak['convolution']:.0f} | {product} |"
    if "networks" in report:
        yield from ("", "| | seconds | share of the peak | memory, GB |", "|---|---|---|---|")
        for row in report["networks"]:
            if row["seconds"] is None:
                yield f"| {name_of(row)} | not available | | |"
                continue
            share = "" if row["share"] is None else f"{100 * row['share']:.0f} %"
            yield f"| {name_of(row)} | {row['seconds']:.3f} | {share} | {row['memory'] / 1e9:.2f} |"
    if "videos" in report:
        yield from (
            "",
            "| videos, 320x180, x264 | frames/s, file to file | reading, ms | network, ms | writing, ms |",
            "|---|---|---|---|---|",
        )
        for video in report["videos"]:
            stages = " | ".join(
                f"{video['milliseconds'][name]:.1f}" for name in ("reading", "network", "writing")
            )
            yield f"| {video['model']} | {video['frames_per_second']:.1f} | {stages} |"
    if "start" in report:
        yield f"\nStart to file, 64x64: {report['start']:.3f} s"
    if report.get("training"):
        step = report["training"]
        yield f"Training step: {step['seconds']:.3f} s, {step['ratio']:.2f} times the network's own passes"


def bars(report: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Returns the networks' shares of the peak as bars for :func:`~srgan.bench.chart.write_chart`."""
    return [
        (name_of(row), row["share"], f"{100 * row['share']:.0f} %, {row['seconds']:.3g} s")
        for row in report.get("networks", ())
        if row["share"] is not None
    ]


def name_of(row: dict[str, Any]) -> str:
    """Returns a row's model, engine, precision and, if it has one, size."""
    name = f"{row['model']}, {row['engine']}, {row['precision']}"
    return name if row["size"] is None else f"{name}, {row['size'][0]}x{row['size'][1]}"
