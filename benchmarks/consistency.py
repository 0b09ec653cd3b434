#!/usr/bin/env python3
"""Measures what --consistent costs, and how closely downscaled results match their input.

    benchmarks/consistency.py [--model photo] [--runs 3] [--reduced] PICTURE...

Pictures are upscaled with and without it in turn; with --reduced, they are downscaled 4x first. Ratios are
medians. Results are downscaled with MATLAB's bicubic and compared with the picture, as the share of values
that are off by more than one level of 255. For a downscaled picture, a result without such values exists.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.images.read import read_picture
from srgan.images.resize import bicubic
from srgan.upscaling.upscaler import Upscaler


def seconds(upscaler: Upscaler, image: NDArray[Any]) -> tuple[float, float]:
    """Returns the elapsed and the processor seconds."""
    started, busy = time.perf_counter(), time.process_time()
    upscaler.upscale(image)
    return time.perf_counter() - started, time.process_time() - busy


def share_off(result: NDArray[Any], image: NDArray[Any]) -> float:
    return float(np.mean(np.abs(bicubic(result, 1 / 4).astype(int) - image) > 1))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", metavar="PICTURE", nargs="+", type=Path)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--reduced", action="store_true")
    options = parser.parse_args()
    plain, consistent = Upscaler(options.model), Upscaler(options.model, consistent=True)
    print(f"| {options.model} | time | processor time | more than a level off |\n|---|---|---|---|")
    rows = []
    for path in options.pictures:
        image = read_picture(path).pixels.astype(np.uint8)
        if options.reduced:
            image = bicubic(image, 1 / 4)
        off = [share_off(upscaler.upscale(image), image) for upscaler in (plain, consistent)]
        runs = [(seconds(consistent, image), seconds(plain, image)) for _ in range(options.runs)]
        ratios = [statistics.median(new[i] / old[i] for new, old in runs) for i in (0, 1)]
        rows.append([*ratios, *off])
        print_row(path.name, rows[-1])
    print_row("median", [statistics.median(column) for column in zip(*rows, strict=True)])


def print_row(name: str, figures: list[float]) -> None:
    clock, processor, before, after = figures
    print(f"| {name} | {clock:.3f}x | {processor:.3f}x | {before:.2%}, then {after:.3%} |", flush=True)


if __name__ == "__main__":
    main()
