#!/usr/bin/env python3
"""Times networks in srgan and in other programs that run them, side by side in one run.

    benchmarks/peers.py [--network realesrgan-x4plus] [--size 320x180] [--runs 3] [--node FOLDER] [--write]

Needs the extras [train], [export] and [realesrgan], and the package ncnn. A network is a model's name, or an
ncnn .param file with its .bin beside it. Each side has its own process, all cores, and its usual settings;
the two sides of a row take turns. Prints medians, and the memory of each process.

FOLDER is where UpscalerJS is installed, which has its own network:

    npm install --ignore-scripts --legacy-peer-deps upscaler @tensorflow/tfjs@4.11.0 \\
        @tensorflow/tfjs-backend-wasm@4.11.0 @upscalerjs/esrgan-medium

--write puts the table into docs/results/speed.md.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from srgan.bench.networks import peak_memory
from srgan.bench.speed import LR_SIZE, Work, compare, plain_model
from srgan.networks.catalogue import find_model

NETWORKS = ("srresnet", "fast", "realesrgan-x4plus", "realesr-animevideov3-x4")
PAGE = Path(__file__).parents[1] / "docs" / "results" / "speed.md"
MARKS = "<!-- peers -->\n", "<!-- end of peers -->\n"

Make = partial[Work]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", action="append", help="network to time; may be repeated; default: all")
    parser.add_argument("--size", default=LR_SIZE, type=lambda text: tuple(map(int, text.split("x"))))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--node", type=Path, help="folder with UpscalerJS's node_modules")
    parser.add_argument("--write", action="store_true", help="put the table into the documentation")
    arguments = parser.parse_args()
    width, height = arguments.size
    lines = [
        f"| {width}x{height} | srgan, s | the other, s | ratio | srgan's memory, GB | the other's |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines))
    for line in rows(arguments.network or NETWORKS, arguments.size, arguments.runs, arguments.node):
        lines.append(line)
        print(line, flush=True)
    if arguments.write:
        write("\n".join(lines) + "\n")


def rows(networks: Any, size: tuple[int, int], runs: int, node: Path | None) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        for network in networks:
            path, onnx = find_model(network), Path(folder) / f"{Path(network).stem}.onnx"
            export(path, onnx)
            peers: dict[str, Make] = {"ncnn": partial(ncnn_picture, path, size)} if is_ncnn(path) else {}
            peers["ONNX Runtime, fp32"] = partial(onnx_picture, onnx, size)
            peers["PyTorch, eager, fp32"] = partial(plain_model, str(path), size)
            peers["PyTorch, compiled, fp32"] = partial(plain_model, str(path), size, is_compiled=True)
            for name, theirs in peers.items():
                yield row(f"{path.stem}, {name}", partial(srgan_picture, path, size), theirs, runs)
        if node is not None:
            theirs = partial(upscaler_js_picture, node, size)
            yield row(
                "srresnet, UpscalerJS's own network", partial(srgan_picture, "srresnet", size), theirs, runs
            )


def row(name: str, ours: Make, theirs: Make, runs: int) -> str:
    found = compare(name, ours, theirs, runs)
    times = f"{found['srgan_seconds']:.3f} | {found['other_seconds']:.3f} | {found['ratio']:.1f}"
    memory = "" if theirs.func is upscaler_js_picture else f"{memory_of(theirs):.1f}"
    return f"| {name} | {times} | {memory_of(ours):.1f} | {memory} |"


def write(table: str) -> None:
    first, last = MARKS
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(first)
    _, _, after = rest.partition(last)
    PAGE.write_text(f"{before}{first}\n{table}\n{last}{after}", encoding="utf-8")


def is_ncnn(path: Path) -> bool:
    return path.suffix == ".param"


def export(network: Path, onnx: Path) -> None:
    from srgan import Upscaler

    with Upscaler(network) as upscaler:
        upscaler.to_onnx(onnx)


def srgan_picture(network: str | Path, size: tuple[int, int]) -> Work:
    """Upscales as for a user: with the halo, from 8 bits to 8 bits."""
    from srgan import Upscaler

    upscaler = Upscaler(network)
    picture = noise(size)
    return lambda: upscaler.upscale(picture)


def ncnn_picture(network: Path, size: tuple[int, int]) -> Work:
    """Upscales as ncnn's own programs do, with the 10 pixels that they add around the picture."""
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = multiprocessing.cpu_count()
    net.load_param(str(network))
    net.load_model(str(network.with_suffix(".bin")))
    picture = np.pad(noise(size), ((10, 10), (10, 10), (0, 0)), "reflect")
    values = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / 255

    def work() -> object:
        with net.create_extractor() as extractor:
            extractor.input(net.input_names()[0], ncnn.Mat(values))
            return np.array(extractor.extract(net.output_names()[0])[1])

    return work


def onnx_picture(file: Path, size: tuple[int, int]) -> Work:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    values = noise(size).transpose(2, 0, 1)[None].astype(np.float32) / 255
    return lambda: session.run(None, {session.get_inputs()[0].name: values})


def upscaler_js_picture(folder: Path, size: tuple[int, int]) -> Work:
    """Upscales with UpscalerJS in Node, in WebAssembly: npm alone does not provide the native backend."""
    program = Path(__file__).with_name("peers_upscaler.cjs")
    command = ["node", str(program), str(folder.resolve()), *map(str, size)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def work() -> object:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        if not process.stdout.readline():
            raise RuntimeError("UpscalerJS exited")
        return None

    return work


def memory_of(make: Make) -> float:
    """Returns the peak GB of a process that does the work twice, without programs that it starts."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak, (make,))


def _peak(make: Make) -> float:
    work = make()
    work()
    work()
    return peak_memory() / 1e9


@functools.cache
def noise(size: tuple[int, int]) -> Any:
    width, height = size
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


if __name__ == "__main__":
    main()
