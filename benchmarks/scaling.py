#!/usr/bin/env python3
"""Compares one worker with two, and workers of one core with one of two; watches memory over many pictures.

    benchmarks/scaling.py --pictures 48 --seconds 60
    benchmarks/scaling.py --tiny 20000 --large 20

The first command upscales pictures, and a film in pieces, with one worker and with two, which have a core
each, and with one that has two cores; the order changes from round to round. Workers run on nodes that are
pinned to those cores. Rates are measured from the first result to the last. The second command watches the
memory of all processes while they upscale many tiny pictures and some large ones. Both start their own
clusters on this computer, which must run Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import psutil
from PIL import Image

from srgan.cluster.connection import connected, prepare_local
from srgan.cluster.fleet import Fleet
from srgan.cluster.model_files import ModelFiles
from srgan.cluster.run import run
from srgan.cluster.sources import find_items
from srgan.cluster.storage import Place
from srgan.cluster.work import Work
from srgan.events import Event, OnEvent
from srgan.jobs.options import JobOptions

NODES = Path(__file__).parents[1] / "tests" / "cluster" / "nodes.py"
CORES = sorted(os.sched_getaffinity(0))
FIRST, SECOND = f"1@{CORES[0]}", f"1@{CORES[-1]}"
BOTH = f"2@{CORES[0]},{CORES[-1]}"
FLEETS = {
    "one worker, one core": ([FIRST], Fleet(workers=1, cores=1)),
    "two workers, one core each": ([FIRST, SECOND], Fleet(workers=2, cores=1)),
    "one worker, two cores": ([BOTH], Fleet(workers=1, cores=2)),
}
_TOGETHER = 0.005  # seconds at most between results that a worker returned together


@contextmanager
def cluster(nodes: list[str]) -> Iterator[None]:
    """Connects to a new cluster with these nodes, as nodes.py takes them."""
    command = [sys.executable, NODES, *nodes]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with connected(json.loads(process.stdout.readline())["address"]):
            yield


def write_pictures(folder: Path, count: int, size: tuple[int, int], name: str) -> None:
    """Writes pictures of smooth shapes, each of them different."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(folder / f"{name}{number:05d}.jpg")


def write_film(path: Path, seconds: int, size: tuple[int, int]) -> None:
    """Writes a film of drifting shapes, so that no frame equals the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    wide = np.asarray(Image.fromarray(noise).resize((4 * width, 2 * height), Image.Resampling.BICUBIC))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "18", "g": "50"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(25 * seconds):
            place = number * 2 % (3 * width)
            pixels = np.ascontiguousarray(wide[number % height :][:height, place : place + width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def work_for(source: Path, dest: Path, model: str, fleet: Fleet, on_event: OnEvent) -> None:
    """Runs one cluster job."""
    place = Place.of(str(dest))
    items = find_items(str(source), place, extension=None, recursive=False, tell=print)
    work = Work(dest=place, options=JobOptions(model=model), model=ModelFiles.of(model), device="cpu")
    outcome = run(items, work, fleet, on_event)
    if outcome.failed:
        raise SystemExit(outcome.failed[0]["error"])


def rate_of(unit: str, source: Path, dest: Path, model: str, fleet: Fleet) -> float:
    """Runs one cluster job; returns the tasks of a kind done per second, from the first result to the last.

    A worker returns several results together. What all workers return first was mostly made before.
    """
    times: list[float] = []

    def note(event: Event) -> None:
        if event.unit == unit:
            times.append(time.perf_counter())

    work_for(source, dest, model, fleet, note)
    together = sum(moment <= times[0] + _TOGETHER for moment in times)
    return (len(times) - together * (fleet.workers or 1)) / (times[-1] - times[0])


def scaling(options: argparse.Namespace, folder: Path) -> None:
    """Upscales the pictures and the film with each fleet, and prints the rates."""
    sources = {}
    if options.pictures:
        write_pictures(folder / "pictures", options.pictures, tuple(options.size), "p")
        sources["pictures"] = "inputs"
    if options.seconds:
        write_film(folder / "film" / "film.mp4", options.seconds, tuple(options.size))
        sources["film"] = "pieces"
    found: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for number in range(options.rounds):
        for name in list(FLEETS)[:: -1 if number % 2 else 1]:
            nodes, fleet = FLEETS[name]
            with cluster(nodes):
                for source, unit in sources.items():
                    dest = folder / f"out-{number}-{name.replace(' ', '-')}" / source
                    began = time.perf_counter()
                    rate = rate_of(unit, folder / source, dest, options.model, fleet)
                    found[source, name].append((rate, time.perf_counter() - began))
    print(f"{options.model}, {options.size[0]}x{options.size[1]}, medians of {options.rounds} rounds")
    for (source, name), figures in found.items():
        rate, seconds = map(statistics.median, zip(*figures, strict=True))
        print(f"{source:10} {name:28} {rate:7.3f} {sources[source]}/s, {seconds:6.1f} s in total")


def memory(options: argparse.Namespace, folder: Path) -> None:
    """Prints how much memory all processes take, in each tenth of the pictures."""
    write_pictures(folder / "in", options.tiny, (32, 24), "tiny")
    write_pictures(folder / "in", options.large, (2000, 1500), "a-large")
    peaks, part = [0] * 10, 0
    ended = threading.Event()

    def count(event: Event) -> None:
        nonlocal part
        part = min(int(10 * event.done / (options.tiny + options.large)), 9)

    def watch() -> None:
        while not ended.wait(0.5):
            processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
            peaks[part] = max(peaks[part], sum(_private(process) for process in processes))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    try:
        with cluster([FIRST, SECOND]):
            work_for(folder / "in", folder / "out", options.model, Fleet(workers=2), count)
    finally:
        ended.set()
        watcher.join()
    seconds = time.perf_counter() - began
    print(f"{options.tiny} tiny and {options.large} large pictures in {seconds:.0f} s; peak MB by tenth:")
    print(*(f"{peak / 1e6:.0f}" for peak in peaks))


def _private(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="fast")
    parser.add_argument("--pictures", type=int, default=48, help="0 for none")
    parser.add_argument("--seconds", type=int, default=60, help="length of the film; 0 for none")
    parser.add_argument("--size", type=int, nargs=2, default=(320, 180), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--tiny", type=int, default=0)
    parser.add_argument("--large", type=int, default=0)
    options = parser.parse_args()
    prepare_local()  # for all clusters, so that they have one secret
    with tempfile.TemporaryDirectory() as folder:
        (memory if options.tiny else scaling)(options, Path(folder))


if __name__ == "__main__":
    main()
