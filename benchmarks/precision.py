#!/usr/bin/env python3
"""Measures what bf16 changes: results beside those in fp32, of three free photographs, by every model.

    benchmarks/precision.py [--engine openvino]

Printed is the share of values that are more than a level of 255 off, the largest difference, and the time.
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
            upscaler.upscale(pictures[0])  # the first one compiles
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
