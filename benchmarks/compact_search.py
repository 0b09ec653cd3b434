#!/usr/bin/env python3
"""Trains small networks for video equally and briefly, times each, and plots dB against milliseconds.

    benchmarks/compact_search.py --data PICTURES --validation KODAK --out search/

Each network is a chain of convolutions at low resolution like that of ``fast``; they differ in channels,
blocks, activation, what is added to the result, and whether the chain sees pixels or groups of 2 x 2. A
reparameterised one is trained with a convolution of 1 x 1 and a shortcut beside each, which become one
convolution afterwards. Times are OpenVINO's for a frame of 320x180, all networks in turn, in fp32. Results
are kept in search.json: an interrupted call continues with the next network. So short a training ranks
networks, no more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import openvino
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn import functional as F

from srgan.cpu import prepare_for_torch
from srgan.files import write_file
from srgan.images.read import list_pictures
from srgan.training.crops import PictureStore, read_pairs
from srgan.training.networks.activation import PReLU
from srgan.training.networks.initialisation import initialise_convolutions
from srgan.training.recipe import OptimiserOptions
from srgan.training.setup import make_optimisers, schedule
from srgan.training.validation import validate

SCALE = 4
WIDTH, HEIGHT = 320, 180
CROP, BATCH = 24, 8


@dataclass(frozen=True, kw_only=True)
class Design:
    """A network's dimensions; the defaults are those of ``fast``."""

    channels: int = 48
    blocks: int = 8
    activation: str = "prelu"
    skip: str = "nearest"
    group: int = 1
    reparameterised: bool = False


DESIGNS = {
    "fast": Design(),
    "32 channels": Design(channels=32),
    "64 channels": Design(channels=64),
    "4 blocks": Design(blocks=4),
    "6 blocks": Design(blocks=6),
    "12 blocks": Design(blocks=12),
    "32 channels, 12 blocks": Design(channels=32, blocks=12),
    "64 channels, 4 blocks": Design(channels=64, blocks=4),
    "ReLU": Design(activation="relu"),
    "SiLU": Design(activation="silu"),
    "no skip": Design(skip="none"),
    "bilinear skip": Design(skip="bilinear"),
    "2x2 groups, 96 channels": Design(channels=96, group=2),
    "reparameterised": Design(reparameterised=True),
}


class Block(nn.Module):
    """A 3x3 convolution, perhaps with a 1x1 one and a shortcut beside it; an activation."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        channels = design.channels
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.small = nn.Conv2d(channels, channels, 1, bias=False) if design.reparameterised else None
        self.activation = activation(design)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, channels, H, W) to the same shape."""
        weight = self.conv.weight
        if self.small is not None:
            identity = torch.eye(len(weight), dtype=weight.dtype)[:, :, None, None]
            weight = weight + F.pad(self.small.weight + identity, (1, 1, 1, 1))
        return self.activation(F.conv2d(x, weight, self.conv.bias, padding=1))


class Network(nn.Module):
    """Maps (N, 3, H, W) to (N, 3, 4H, 4W), RGB in [0, 1]; H and W are multiples of the group."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        channels, inputs = design.channels, 3 * design.group**2
        self.head = nn.Conv2d(inputs, channels, 3, padding=1)
        self.head_activation = activation(design)
        self.blocks = nn.Sequential(*(Block(design) for _ in range(design.blocks)))
        self.tail = nn.Conv2d(channels, 3 * (SCALE * design.group) ** 2, 3, padding=1)
        initialise_convolutions(self)
        self.tail.weight.data.mul_(0.01)
        if design.reparameterised:  # the shortcuts alone keep the size of the features
            for block in self.blocks:
                block.conv.weight.data.mul_(0.3)
                block.small.weight.data.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Upscales pictures."""
        grouped = F.pixel_unshuffle(x, self.design.group) if self.design.group > 1 else x
        details = self.tail(self.blocks(self.head_activation(self.head(grouped))))
        details = F.pixel_shuffle(details, SCALE * self.design.group)
        if self.design.skip == "nearest":
            return details + F.interpolate(x, scale_factor=SCALE)
        if self.design.skip == "bilinear":
            return details + F.interpolate(x, scale_factor=SCALE, mode="bilinear")
        return details + 0.5


def activation(design: Design) -> nn.Module:
    """Returns a new activation."""
    return {"prelu": PReLU, "relu": nn.ReLU, "silu": nn.SiLU}[design.activation]()


def train(design: Design, store: PictureStore, steps: int) -> Network:
    """Trains a network as the recipe ``fast`` does, but on smaller batches, and for fewer steps."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    network = Network(design).to(memory_format=torch.channels_last)
    options = OptimiserOptions(
        steps=steps, kind="muon", learning_rate=1e-3, muon_learning_rate=3e-3, weight_decay=0.1, warmup=0.02
    )
    optimisers = make_optimisers(network, options, torch.float32)
    schedulers = [
        torch.optim.lr_scheduler.LambdaLR(each, lambda step: schedule(step, options)) for each in optimisers
    ]
    for _ in range(steps):
        lr_image, hr_image = store.sample(BATCH, CROP, generator)
        for optimiser in optimisers:
            optimiser.zero_grad()
        F.l1_loss(network(lr_image), hr_image).backward()
        for optimiser, scheduler in zip(optimisers, schedulers, strict=True):
            optimiser.step()
            scheduler.step()
    return network.eval()


def train_all(options: argparse.Namespace, record: Path) -> dict[str, float]:
    """Returns each network's PSNR of Y on the validation pictures, in dB."""
    found: dict[str, float] = json.loads(record.read_text()) if record.exists() else {}
    views = [(path, 1.0) for path in list_pictures(options.data, recursive=True)]
    store = PictureStore(read_pairs(views, SCALE * CROP, SCALE), torch.device("cpu"))
    views = [(path, 1.0) for path in list_pictures(options.validation)]
    pairs = read_pairs(views, SCALE * CROP, SCALE)
    for name, design in DESIGNS.items():
        if name not in found:
            network = train(design, store, options.steps)
            found[name] = validate(network, pairs, torch.device("cpu"))
            write_file(record, json.dumps(found, indent=1))
            print(f"{name}: {found[name]:.2f} dB", flush=True)
    return found


def time_all(runs: int) -> dict[str, float]:
    """Returns each network's time for a frame in milliseconds, the median of several runs in turn."""
    frame = np.random.default_rng(0).random((1, 3, HEIGHT, WIDTH), np.float32)
    core, requests = openvino.Core(), {}
    for name, design in DESIGNS.items():
        # A reparameterised network is a plain one by then.
        network = Network(replace(design, reparameterised=False)).eval()
        with warnings.catch_warnings(action="ignore"):  # that slopes become constants
            example = torch.from_numpy(frame)
            graph = openvino.convert_model(network, example_input=example, input=[1, 3, HEIGHT, WIDTH])
        settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        requests[name] = core.compile_model(graph, "CPU", settings).create_infer_request()
        requests[name].infer([frame])
    times: dict[str, list[float]] = {name: [] for name in DESIGNS}
    for _ in range(runs):
        for name, request in requests.items():
            started = time.perf_counter()
            request.infer([frame])
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: statistics.median(each) for name, each in times.items()}


def plot(quality: dict[str, float], times: dict[str, float], out: Path) -> None:
    """Draws dB against milliseconds, with a line through the networks that no other surpasses in both."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    best = front(quality, times)
    axes.plot([times[name] for name in best], [quality[name] for name in best], color="tab:orange")
    for number, name in enumerate(sorted(times, key=times.__getitem__), start=1):
        point = times[name], quality[name]
        colour = "tab:orange" if name in best else "tab:grey"
        axes.plot(*point, "o", color=colour, markersize=14, label=f"{number} {name}")
        axes.annotate(str(number), point, fontsize=8, color="white", ha="center", va="center")
    figure.legend(loc="outside right center", markerscale=0.5, fontsize=8)
    axes.set_xlabel(f"milliseconds for {WIDTH}x{HEIGHT}")
    axes.set_ylabel("PSNR of Y, dB")
    figure.savefig(out, dpi=110)


def front(quality: dict[str, float], times: dict[str, float]) -> list[str]:
    """Returns the networks that no other surpasses in both, from the fastest on."""
    best: list[str] = []
    for name in sorted(times, key=times.__getitem__):
        if not best or quality[name] > quality[best[-1]]:
            best.append(name)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="training pictures")
    parser.add_argument("--validation", type=Path, required=True, help="pictures with even low-res sides")
    parser.add_argument("--steps", type=int, default=4000, help="training steps of each network")
    parser.add_argument("--runs", type=int, default=21, help="times that each network is timed")
    parser.add_argument("--out", type=Path, required=True, help="folder for results")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    quality = train_all(options, options.out / "search.json")
    times = time_all(options.runs)
    best = front(quality, times)
    print("| network | dB | ms | on the front |\n|---|--:|--:|---|")
    for name in sorted(times, key=times.__getitem__):
        print(f"| {name} | {quality[name]:.2f} | {times[name]:.1f} | {'yes' if name in best else ''} |")
    plot(quality, times, options.out / "search.png")


if __name__ == "__main__":
    prepare_for_torch()
    main()
