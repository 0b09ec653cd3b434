#!/usr/bin/env python3
"""Times training against the usual ways, side by side, and the share of a step that the data takes.

    benchmarks/training_speed.py [--runs 10]

Each kind of work runs in its own process, in turn; figures are medians, and ratios compare neighbouring runs.
The pictures are scikit-image's; VGG19 has random weights, which does not affect the times.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from skimage import data
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from srgan.bench.speed import BATCH, CROP, compare
from srgan.cpu import prepare_for_torch
from srgan.images.read import list_pictures
from srgan.networks.network import load_network
from srgan.training.adversarial import AdversarialTrainer
from srgan.training.crops import PictureStore, read_pairs
from srgan.training.fidelity import FidelityTrainer
from srgan.training.networks.described import DescribedNetwork
from srgan.training.networks.discriminator import Discriminator
from srgan.training.networks.features import VGGFeatures
from srgan.training.recipe_file import load_recipe
from srgan.training.trainer import Trainer

LARGE_BATCH, LARGE_CROP = 8, 64
"""Half the batch of the recipes coco and celeba, so that two processes fit in memory; and their crop."""

Work = Callable[[], object]


class Files(Dataset):
    """Random crops of PNG files and their bicubic downscalings, decoded anew for every sample, as usual."""

    def __init__(self, folder: Path, length: int) -> None:
        self._files = list_pictures(folder)
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        side = 4 * CROP
        with Image.open(self._files[index % len(self._files)]) as picture:
            left, top = (int(torch.randint(length - side + 1, ())) for length in picture.size)
            hr_image = picture.convert("RGB").crop((left, top, left + side, top + side))
        lr_image = hr_image.resize((CROP, CROP), Image.Resampling.BICUBIC)
        return _tensor(lr_image), _tensor(hr_image)


def _tensor(picture: Image.Image) -> torch.Tensor:
    pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
    return pixels.view(picture.height, picture.width, 3).permute(2, 0, 1).float() / 255


def make_pictures(folder: Path) -> None:
    for name in ("astronaut", "chelsea", "coffee", "rocket", "retina"):
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.png")


def our_trainer(kind: type[Trainer], folder: Path, batch: int, crop: int, *changes: str) -> Trainer:
    prepare_for_torch()
    sizes = [f"data.batch_size={batch}", f"data.crop={crop}", "optimiser.steps=1000"]
    recipe = load_recipe("srresnet", [*sizes, *changes])
    scale = recipe.generator.scale
    pairs = read_pairs([(file, 1.0) for file in list_pictures(folder)], scale * crop, scale)
    return kind(recipe, PictureStore(pairs, torch.device("cpu")), torch.device("cpu"))


def our_fidelity_step(folder: Path) -> Work:
    return our_trainer(FidelityTrainer, folder, BATCH, CROP).train_step


def usual_fidelity_step(folder: Path) -> Work:
    network = DescribedNetwork(load_network("srresnet"))
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)
    batches = iter(DataLoader(Files(folder, 10**6), BATCH, num_workers=2))

    def step() -> None:
        lr_image, hr_image = next(batches)
        optimiser.zero_grad()
        F.l1_loss(network(lr_image), hr_image).backward()
        optimiser.step()

    return step


def vgg_file(folder: Path) -> Path:
    torch.manual_seed(0)
    path = folder / "vgg19.pth"
    if not path.exists():
        widths = [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4]
        weights, index, inputs = {}, 0, 3
        for width in widths:
            if width == "M":
                index += 1
                continue
            weights[f"features.{index}.weight"] = torch.randn(width, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5
            weights[f"features.{index}.bias"] = torch.zeros(width)
            inputs, index = width, index + 2
        torch.save(weights, path)
    return path


def our_adversarial_step(batch: int, crop: int, folder: Path) -> Work:
    return our_trainer(
        AdversarialTrainer,
        folder,
        batch,
        crop,
        "stage=adversarial",
        "loss.features=vgg19",
        f"loss.features_file='{folder / 'vgg19.pth'}'",
        "loss.content_weight=1.0",
        "loss.adversarial_weight=1e-3",
        "optimiser.kind=adamw",
    ).train_step


def plain_adversarial_step(batch: int, crop: int, folder: Path) -> Work:
    """Returns a step of the same networks and losses, in fp32 and the default layout, on a fixed batch."""
    network, judge = DescribedNetwork(load_network("srresnet")), Discriminator(4 * crop)
    features = VGGFeatures(torch.load(folder / "vgg19.pth", weights_only=True)).requires_grad_(False)
    optimisers = [torch.optim.Adam(module.parameters(), lr=1e-4) for module in (network, judge)]
    lr_image, hr_image = (torch.rand(batch, 3, side, side) for side in (crop, 4 * crop))

    def verdict(image: torch.Tensor, truth: float) -> torch.Tensor:
        logits = judge(image)[0]
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))

    def step() -> None:
        sr_image = network(lr_image)
        content = sum(F.mse_loss(*maps) for maps in zip(features(sr_image), features(hr_image), strict=True))
        for loss, optimiser in (
            (lambda: content + 1e-3 * verdict(sr_image, 1.0), optimisers[0]),
            (lambda: verdict(hr_image, 1.0) + verdict(sr_image.detach(), 0.1), optimisers[1]),
        ):
            optimiser.zero_grad()
            loss().backward()
            optimiser.step()

    return step


def data_share(folder: Path, runs: int) -> float:
    run = our_trainer(FidelityTrainer, folder, BATCH, CROP)
    seconds: dict[str, list[float]] = {"sample": [], "step": []}
    works: dict[str, Work] = {
        "sample": lambda: run.store.sample(BATCH, CROP, run.random),
        "step": run.train_step,
    }
    for _ in range(runs + 2):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
    sample, step = (statistics.median(values[2:]) for values in seconds.values())
    return sample / step


def report(title: str, ours: Callable[[], Work], theirs: Callable[[], Work], batch: int, runs: int) -> None:
    figures = compare(title, ours, theirs, runs)
    speeds = [batch / figures[f"{side}_seconds"] for side in ("srgan", "other")]
    print(f"| {title} | {speeds[0]:.3g} | {speeds[1]:.3g} | {figures['ratio']:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pictures(folder)
        vgg_file(folder)
        print("| | srgan, pictures/s | usual, pictures/s | ratio |\n|---|---|---|---|")
        title = "first stage, against a DataLoader of PNG files, fp32"
        report(title, partial(our_fidelity_step, folder), partial(usual_fidelity_step, folder), BATCH, runs)
        for batch, crop in ((BATCH, CROP), (LARGE_BATCH, LARGE_CROP)):
            ours, plain = (
                partial(step, batch, crop, folder) for step in (our_adversarial_step, plain_adversarial_step)
            )
            title = f"adversarial step with VGG19, crops of {4 * crop}x{4 * crop}, against fp32"
            report(title, ours, plain, batch, runs)
        prepare_for_torch()
        print(f"\nThe data's share of a step: {100 * data_share(folder, runs):.1f} %")


if __name__ == "__main__":
    main()
