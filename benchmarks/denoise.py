#!/usr/bin/env python3
"""Measures how much noise remains, and how close results are to the ground truth, by ``--denoise``.

    benchmarks/denoise.py [--model photo] [--side 256] kodak/*.png

The middle of every picture is downscaled 4x and used in three ways: clean, with Gaussian noise of 5 levels,
and with that noise, saved as JPEG at quality 60. Remaining noise is measured where there is nothing else: in
squares of 8x8 low-res pixels whose clean Y has a standard deviation below 4 levels. It is the standard
deviation, within the square, of the downscaled result minus the clean low-res picture, in levels of 255. What
remains of a clean input is the network's error.
"""

import argparse
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan import Upscaler
from srgan.images.read import read_picture
from srgan.images.resize import bicubic, low_res_pair
from srgan.metrics.fidelity import luma, psnr_y

SCALE, SQUARE, FLAT = 4, 8, 4.0
DENOISE = (0.0, 0.25, 0.5, 0.75, 1.0)
Pixels = NDArray[np.uint8]


def middle(image: Pixels, side: int) -> Pixels:
    top, left = (max(0, (length - side) // 2) for length in image.shape[:2])
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def degraded(lr_image: Pixels, random: np.random.Generator) -> dict[str, Pixels]:
    """Returns the networks' inputs, by degradation."""
    noisy = (lr_image + random.normal(0, 5, lr_image.shape)).clip(0, 255).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noisy).save(file, "jpeg", quality=60)
    return {"clean": lr_image, "noise": noisy, "noise and JPEG": np.asarray(Image.open(file))}


def squares(image: NDArray[np.floating]) -> NDArray[np.floating]:
    """Cuts (H, W) into (squares, pixels)."""
    height, width = (side // SQUARE * SQUARE for side in image.shape)
    cut = image[:height, :width].reshape(height // SQUARE, SQUARE, width // SQUARE, SQUARE)
    return cut.transpose(0, 2, 1, 3).reshape(-1, SQUARE * SQUARE)


def noise(lr_image: Pixels, clean: Pixels) -> NDArray[np.floating]:
    """Returns the variance of each flat square's difference from the clean picture."""
    is_flat = squares(luma(clean)).std(1) < FLAT
    return squares(luma(lr_image) - luma(clean))[is_flat].var(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--model", default="photo")
    parser.add_argument("--side", type=int, default=256, help="side of the middle of each picture, in pixels")
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    parts = [middle(read_picture(file).pixels, arguments.side) for file in arguments.pictures]
    pairs = [low_res_pair(part, SCALE) for part in parts]
    inputs = [degraded(lr_image, random) for lr_image, _ in pairs]
    kinds = list(inputs[0])
    print(f"| denoise | {' | '.join(f'{kind}: noise left | PSNR' for kind in kinds)} |")
    print(f"|---|{'---|---|' * len(kinds)}")
    given = {
        kind: np.concatenate(
            [noise(each[kind], clean) for each, (clean, _) in zip(inputs, pairs, strict=True)]
        )
        for kind in kinds
    }
    print(f"| the input | {' | '.join(f'{np.sqrt(given[kind].mean()):.2f} |' for kind in kinds)} |")
    for denoise in DENOISE:
        upscaler = Upscaler(arguments.model, denoise=denoise)
        cells = []
        for kind in kinds:
            results = [upscaler.upscale(each[kind]) for each in inputs]
            left = [
                noise(bicubic(result, 1 / SCALE), clean)
                for result, (clean, _) in zip(results, pairs, strict=True)
            ]
            close = [
                psnr_y(result, true, border=SCALE) for result, (_, true) in zip(results, pairs, strict=True)
            ]
            cells.append(f"{np.sqrt(np.concatenate(left).mean()):.2f} | {np.mean(close):.2f}")
        print(f"| {denoise:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
