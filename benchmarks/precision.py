#!/usr/bin/env python3
"""Measures what bf16 changes: every model's results for three free photographs, compared with those in fp32.

    benchmarks/precision.py [--engine openvino]

Prints the share of values that are off by more than one level of 255, the largest difference, and fp32's time
relative to bf16's.
"""

import argparse
import time

import numpy as np
from skimage import data

from srgan import list_models
from srgan.images.resize import bicubic
from srgan.upscaling.upscaler import Upscaler


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", choices=("openvino", "torch"), default="openvino")
    engine = parser.parse_args().engine
    pictures = [
        bicubic(picture()[:288, :448], 1 / 4) for picture in (data.astronaut, data.chelsea, data.coffee)
    ]
    print("| model | more than a level off | largest | time of fp32 |\n|---|---|---|---|")
    for model in list_models():
        results, seconds = {}, {}
        for precision in ("fp32", "bf16"):
            upscaler = Upscaler(model, engine=engine, precision=precision, device="cpu")
            upscaler.upscale(pictures[0])  # the first call compiles
            started = time.perf_counter()
            results[precision] = np.concatenate([upscaler.upscale(picture) for picture in pictures]).astype(
                int
            )
            seconds[precision] = time.perf_counter() - started
        off = np.abs(results["bf16"] - results["fp32"])
        ratio = seconds["fp32"] / seconds["bf16"]
        print(f"| {model} | {np.mean(off > 1):.3%} | {off.max()} | {ratio:.1f}x |", flush=True)


if __name__ == "__main__":
    main()
