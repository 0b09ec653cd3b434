#!/usr/bin/env python3
"""Times frames in which little changes, compared with computing each of them as a whole.

    benchmarks/screen_recording.py [--model fast] [--frames 60] [--runs 3]

The clips are a page of text that a pointer crosses and that scrolls once; the same after x264; and a
film in which everything moves. Each frame is computed both ways in turn, in one thread, and the results must
be identical, bit for bit. Times are processor seconds, which other work on the machine hardly affects;
figures are medians of the runs. Reading and writing are not included.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from skimage import data

from srgan.upscaling.upscaler import Upscaler
from srgan.video.colour import Converter
from srgan.video.reading.reader import VideoReader

SIZE = (320, 180)
_TEXT = "The network computes what changed and keeps the rest. "

Frames = list[NDArray[Any]]


def screen(count: int) -> Frames:
    """Draws a page of text that a pointer of 8x12 pixels crosses; halfway, the page scrolls by 30 rows."""
    width, height = SIZE
    page = Image.new("RGB", (width, height + 30), "white")
    drawing = ImageDraw.Draw(page)
    for number in range(15):
        drawing.text((8, 4 + 14 * number), f"{number}  {_TEXT}"[:52], fill=(20, 20, 60))
    frames = []
    for number in range(count):
        frame = page.crop((0, 0, width, height) if number < count // 2 else (0, 30, width, height + 30))
        left, top = 20 + 260 * number // count, 20 + 120 * number // count
        ImageDraw.Draw(frame).polygon([(left, top), (left, top + 12), (left + 8, top + 8)], fill="black")
        frames.append(np.asarray(frame))
    return frames


def film(count: int) -> Frames:
    """Pans along a photograph, two pixels per frame, with a camera's grain."""
    width, height = SIZE
    random = np.random.default_rng(0)
    photo = data.coffee()[100 : 100 + height].astype(np.int16)
    return [
        (photo[:, 2 * number : 2 * number + width] + random.integers(-4, 5, (height, width, 3)))
        .clip(0, 255)
        .astype(np.uint8)
        for number in range(count)
    ]


def coded(frames: Frames) -> Frames:
    """Returns the same frames as in a recording: H.264 with libx264's default settings."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "clip.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            for pixels in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode(None))
        with closing(VideoReader(path)) as reader:
            converter = Converter(reader.colour)
            return [converter.to_rgb(frame.image, reader.size) for frame in reader.frames()]


def seconds(upscaler: Upscaler, frames: Frames) -> tuple[float, float]:
    """Returns the seconds for all frames as wholes, and for their changes."""
    whole_seconds = changes_seconds = 0.0
    following = upscaler.frames(iter(frames))
    for frame in frames:
        started = time.process_time()
        whole = upscaler.upscale(frame)
        between = time.process_time()
        changes = next(following)
        changes_seconds += time.process_time() - between
        whole_seconds += between - started
        if not np.array_equal(whole, changes):
            raise SystemExit("the results differ")
    return whole_seconds, changes_seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="fast")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    upscaler = Upscaler(options.model, threads=1)
    recording = screen(options.frames)
    clips = {
        "screen recording": recording,
        "the same after x264": coded(recording),
        "everything moves": film(options.frames),
    }
    upscaler.upscale(recording[0])  # compiled before the clock starts
    print("| | whole frames, frames/s | changes, frames/s | ratio |\n|---|---|---|---|")
    for title, frames in clips.items():
        runs = [seconds(upscaler, frames) for _ in range(options.runs)]
        whole, changes = (len(frames) / statistics.median(side) for side in zip(*runs, strict=True))
        ratio = statistics.median(before / after for before, after in runs)
        print(f"| {title} | {whole:.1f} | {changes:.1f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
