#!/usr/bin/env python3
"""Times a network of another program's here and where its users run it, side by side in one run.

    benchmarks/peers.py x4plus.param [--runs 5]

Needs the packages ncnn and onnxruntime. The network is a pair of files for ncnn, with x4plus.bin beside the
other; ncnn gets them as they are, the rest what srgan reads of them. The picture has 320x180 pixels. Each
side has a process of its own, all cores, and its usual settings; the two of a row take turns. Printed are
medians, and the memory of each process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from srgan.bench.speed import LR_SIZE, Work, compare, plain_model


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("network", type=Path, help="NETWORK.param, with NETWORK.bin beside it")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    path = arguments.network
    ours = partial(srgan_picture, path)
    with tempfile.TemporaryDirectory() as folder:
        onnx = Path(folder) / "network.onnx"
        export(path, onnx)
        peers = {
            "ncnn": partial(ncnn_picture, path),
            "ONNX Runtime": partial(onnx_picture, onnx),
            "PyTorch, eager, fp32": partial(plain_model, str(path)),
        }
        print(f"srgan: {memory_of(ours):.1f} GB\n")
        print(f"| {path.stem} | srgan, s | the other, s | ratio | the other's memory, GB |")
        print("|---|---|---|---|---|")
        for name, theirs in peers.items():
            row = compare(name, ours, theirs, arguments.runs)
            times = f"{row['srgan_seconds']:.3f} | {row['other_seconds']:.3f} | {row['ratio']:.1f}"
            print(f"| {name} | {times} | {memory_of(theirs):.1f} |", flush=True)


def export(network: Path, onnx: Path) -> None:
    from srgan import Upscaler

    with Upscaler(network) as upscaler:
        upscaler.to_onnx(onnx)


def srgan_picture(network: Path) -> Work:
    """As a user gets it: with its surroundings, in and out as bytes."""
    from srgan import Upscaler

    upscaler = Upscaler(network)
    picture = noise()
    return lambda: upscaler.upscale(picture)


def ncnn_picture(network: Path) -> Work:
    """As ncnn's own programs do it, with the 10 pixels around that they add."""
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = multiprocessing.cpu_count()
    net.load_param(str(network))
    net.load_model(str(network.with_suffix(".bin")))
    picture = np.pad(noise(), ((10, 10), (10, 10), (0, 0)), "reflect")
    values = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / 255

    def work() -> object:
        with net.create_extractor() as extractor:
            extractor.input(net.input_names()[0], ncnn.Mat(values))
            return np.array(extractor.extract(net.output_names()[0])[1])

    return work


def onnx_picture(file: Path) -> Work:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    values = noise().transpose(2, 0, 1)[None].astype(np.float32) / 255
    return lambda: session.run(None, {session.get_inputs()[0].name: values})


def memory_of(make: Any) -> float:
    """GB at most of a process that does the work twice."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (make,))


def _peak(make: Any) -> float:
    work = make()
    work()
    work()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def noise() -> Any:
    width, height = LR_SIZE
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


if __name__ == "__main__":
    main()
