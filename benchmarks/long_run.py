#!/usr/bin/env python3
"""Watches the memory, open files, threads and processor time of long-running work.

    benchmarks/long_run.py upscale --minutes 60 --out long/
    benchmarks/long_run.py train --minutes 60 --out long/
    benchmarks/long_run.py folder --pictures 10000 --out long/
    benchmarks/long_run.py plot --out long/

upscale upscales synthetic pictures of many sizes and kinds, and a short video, one after another in one
process; train trains a small network; folder runs ``srgan upscale`` on a folder of small pictures. Each
writes its measurements to a CSV file, and prints how the last tenth of the work compares with the fifth;
everything earlier is warm-up. plot draws the files of upscale and train.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

COLUMNS = ("seconds", "cpu_seconds", "done", "memory_mb", "files", "threads")
PANELS = (("memory_mb", "memory, MB"), ("files", "open files"), ("threads", "threads"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kind", choices=("upscale", "train", "folder", "plot"))
    parser.add_argument("--minutes", type=float, default=60, help="minutes that upscale and train run")
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--every", type=float, default=5, help="seconds between two measurements")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.kind == "plot":
        plot(options.out)
        return
    table = options.out / f"{options.kind}.csv"
    with tempfile.TemporaryDirectory(prefix="long-") as folder:
        watch = watch_folder if options.kind == "folder" else watch_loop
        rows = list(watch(options, Path(folder)))
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    say(options.kind, rows)


def watch_loop(options: argparse.Namespace, folder: Path) -> Iterator[dict[str, float]]:
    """Yields rows about a process that works until its time is up."""
    done = multiprocessing.get_context("spawn").Value("q", 0)
    work = {"upscale": upscale, "train": train}[options.kind]
    process = multiprocessing.get_context("spawn").Process(target=work, args=(folder, options.minutes, done))
    process.start()
    assert process.pid is not None
    yield from look(process.pid, process.is_alive, lambda: done.value, options.every)
    process.join()
    if process.exitcode:
        sys.exit(f"the work failed: exit {process.exitcode}")


def watch_folder(options: argparse.Namespace, folder: Path) -> Iterator[dict[str, float]]:
    """Yields rows about ``srgan upscale`` on a folder of small pictures."""
    (folder / "in").mkdir()
    random = np.random.default_rng(0)
    for number in range(options.pictures):
        pixels = random.integers(0, 256, (24, 24, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "in" / f"{number:05d}.png")
    out = folder / "out"
    command = [
        sys.executable,
        "-m",
        "srgan",
        "upscale",
        str(folder / "in"),
        "-o",
        str(out),
        "--model",
        "fast",
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    yield from look(
        process.pid,
        lambda: process.poll() is None,
        lambda: sum(1 for _ in out.glob("*.png")) if out.exists() else 0,
        options.every,
    )
    if process.poll() is None:
        process.terminate()
        process.wait()
    elif process.returncode:
        sys.exit(f"srgan upscale failed: exit {process.returncode}")


def look(
    pid: int, is_alive: Callable[[], bool], done: Callable[[], float], every: float
) -> Iterator[dict[str, float]]:
    """Yields rows about a process, as long as it lives."""
    process, started = psutil.Process(pid), time.perf_counter()
    while is_alive():
        try:
            times = process.cpu_times()
            row = {
                "cpu_seconds": times.user + times.system,
                "memory_mb": process.memory_full_info().uss / 1e6,
                "files": process.num_fds(),
                "threads": process.num_threads(),
            }
        except psutil.Error:
            return
        yield {"seconds": time.perf_counter() - started, "done": done(), **row}
        time.sleep(every)


def upscale(folder: Path, minutes: float, done: Any) -> None:
    """Upscales pictures of many sizes and kinds, and a short video, one after another."""
    from srgan import Upscaler, upscale_file, upscale_video

    sources = list(made_up(folder))
    end = time.monotonic() + 60 * minutes
    with Upscaler("fast", device="cpu", threads=1) as upscaler:
        for source in itertools.cycle(sources):
            if time.monotonic() > end:
                break
            target = folder / f"out{source.suffix}"
            do = upscale_video if source.suffix == ".mp4" else upscale_file
            do(source, target, upscaler)
            target.unlink()
            done.value += 1


def made_up(folder: Path) -> Iterator[Path]:
    """Makes 60 pictures and one video."""
    import av

    random = np.random.default_rng(0)
    kinds = itertools.cycle((("png", "RGB"), ("jpg", "RGB"), ("webp", "RGBA"), ("tif", "L"), ("png", "RGBA")))
    for number, (ending, mode) in zip(range(60), kinds, strict=False):
        width, height = random.integers(16, 160, 2)
        pixels = random.integers(0, 256, (height, width, 4), np.uint8)
        path = folder / f"{number}.{ending}"
        Image.fromarray(pixels, "RGBA").convert(mode).save(path)
        yield path
    path = folder / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(30):
            pixels = random.integers(0, 256, (48, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    yield path


def train(folder: Path, minutes: float, done: Any) -> None:
    """Trains a small network, which is validated and saved often."""
    from srgan.training.recipe_file import load_recipe
    from srgan.training.run import train as run

    random = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for number in range(20):
        pixels = random.integers(0, 256, (40, 40, 3), np.uint8)
        picture = Image.fromarray(pixels).resize((160, 160), Image.Resampling.BICUBIC)
        picture.save(folder / "photos" / f"{number}.png")
    small = ("generator.blocks=2", "generator.channels=16", "data.crop=12", "data.batch_size=4")
    often = ("run.log_every=20", "run.validate_every=200", "run.checkpoint_seconds=10")
    recipe = load_recipe("srresnet", [*small, *often, "optimiser.steps=100000000"])
    end = time.monotonic() + 60 * minutes

    def count(event: Any) -> None:
        done.value = event.done

    def is_over() -> bool:
        return time.monotonic() > end

    photos = folder / "photos"
    run(recipe, photos, photos, folder / "run", device="cpu", on_event=count, cancel=is_over)


def say(kind: str, rows: list[dict[str, float]]) -> None:
    """Prints how the last tenth of the work compares with the fifth; everything earlier is warm-up."""
    total = rows[-1]["done"]

    def part(begin: float, end: float) -> list[dict[str, float]]:
        return [row for row in rows if begin * total <= row["done"] <= end * total]

    early, late = part(0.4, 0.5), part(0.9, 1)
    print(f"{kind}: {rows[-1]['seconds'] / 60:.1f} minutes, {total:.0f} done")
    for name, title in PANELS:
        first, last = (statistics.median(row[name] for row in some) for some in (early, late))
        print(f"  {title}: {first:.4g}, then {last:.4g}")
    for title, some in (("fifth", early), ("last", late)):
        cpu, done = (some[-1][name] - some[0][name] for name in ("cpu_seconds", "done"))
        print(f"  processor time per item, in the {title} tenth: {1000 * cpu / max(1, done):.2f} ms")


def plot(out: Path) -> None:
    """Draws the tables of upscale and train into ``long-run.png``, a row each."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    tables = [path for path in (out / "upscale.csv", out / "train.csv") if path.exists()]
    figure = Figure(figsize=(11, 2.6 * len(tables)), dpi=100)
    axes = figure.subplots(len(tables), len(PANELS), squeeze=False)
    for line, path in zip(axes, tables, strict=True):
        with path.open(newline="") as file:
            rows = [{name: float(text) for name, text in row.items()} for row in csv.DictReader(file)]
        for axis, (name, title) in zip(line, PANELS, strict=True):
            axis.plot([row["seconds"] / 60 for row in rows], [row[name] for row in rows], linewidth=1)
            axis.set(title=f"{path.stem}: {title}", xlabel="minutes", ylim=(0, None))
            axis.grid(alpha=0.3)
    figure.tight_layout()
    FigureCanvasAgg(figure).print_png(str(out / "long-run.png"))


if __name__ == "__main__":
    main()
