#!/usr/bin/env python3
"""Measures how much results flicker, compared with bicubic upscaling of the same frames.

    benchmarks/flicker.py [--model fast] [--model srresnet] [--frames 9] [--film FILE]

Without --film, two clips are made from a photograph of scikit-image's, downscaled to 96x96: one that stands
still, with camera noise (Gaussian, standard deviation 2 of 255), and one without noise that moves by a
quarter of a pixel per frame, a whole pixel of the result. With --film, the still parts of its first frames
are measured. See srgan.metrics.flicker for the measure.
"""

import argparse
import itertools
import statistics
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import data

from srgan.images.resize import bicubic
from srgan.metrics.flicker import flicker, still_pixels
from srgan.upscaling.upscaler import Upscaler
from srgan.video.colour import Converter
from srgan.video.reading.reader import VideoReader

_SIDE = 4 * 96

Frame = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Frames, how far the result's pixels move from each to the next, and where to measure."""

    frames: list[Frame]
    still: list[NDArray[np.bool_]]
    motion: tuple[int, int] = (0, 0)


def noisy_clip(count: int) -> Clip:
    small = bicubic(data.astronaut()[:_SIDE, 50 : 50 + _SIDE], 0.25)
    random = np.random.default_rng(0)
    frames = [
        np.rint(small + random.normal(0, 2, small.shape)).clip(0, 255).astype(np.uint8) for _ in range(count)
    ]
    return Clip(frames=frames, still=find_still(frames))


def moving_clip(count: int) -> Clip:
    photo = data.astronaut()[:_SIDE]
    frames = [bicubic(photo[:, left : left + _SIDE], 0.25) for left in range(50, 50 + count)]
    inside = np.zeros(frames[0].shape[:2], np.bool_)
    inside[4:-4, 4:-4] = True  # new content enters at the border: that is not flicker
    return Clip(frames=frames, still=[inside] * (count - 1), motion=(0, -1))


def film_clip(path: Path, count: int) -> Clip:
    with closing(VideoReader(path)) as reader:
        converter = Converter(reader.colour)
        decoded = itertools.islice(reader.frames(), count)
        frames = [converter.to_rgb(frame.image, reader.size) for frame in decoded]
    if frames[0].dtype != np.uint8:
        frames = [(frame >> 8).astype(np.uint8) for frame in frames]
    return Clip(frames=frames, still=find_still(frames))


def find_still(frames: list[Frame]) -> list[NDArray[np.bool_]]:
    return [still_pixels(*pair) for pair in itertools.pairwise(frames)]


def measure(clip: Clip, enlarge: Callable[[list[Frame]], Iterator[Frame]]) -> float:
    """Returns the mean over all pairs of consecutive frames."""
    pairs = itertools.pairwise(enlarge(clip.frames))
    return statistics.fmean(
        flicker(first, second, still=still, motion=clip.motion)
        for (first, second), still in zip(pairs, clip.still, strict=True)
        if still.any()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", action="append")
    parser.add_argument("--frames", type=int, default=9)
    parser.add_argument("--film", type=Path)
    options = parser.parse_args()
    if options.film is None:
        clips = {"still": noisy_clip(options.frames), "moving": moving_clip(options.frames)}
    else:
        clips = {options.film.name: film_clip(options.film, options.frames)}
    enlargers: dict[str, Callable[[list[Frame]], Iterator[Frame]]] = {
        "bicubic": lambda frames: (bicubic(frame, 4) for frame in frames)
    }
    for model in options.model or ["fast", "srresnet"]:
        enlargers[model] = Upscaler(model).frames
    print("| clip | | flicker, levels of Y | ratio to bicubic |\n|---|---|---|---|")
    for title, clip in clips.items():
        plain = measure(clip, enlargers["bicubic"])
        for name, enlarge in enlargers.items():
            value = measure(clip, enlarge)
            print(f"| {title} | {name} | {value:.2f} | {value / plain:.2f} |", flush=True)


if __name__ == "__main__":
    main()
