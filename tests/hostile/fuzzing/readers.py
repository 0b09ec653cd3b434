"""How the program reads each kind of file, from its bytes to the last thing that is taken from it."""

import json
import tempfile
from array import array
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np

MOST_PIXELS = 1_000_000
_FRAMES = 50


def picture(path: Path) -> None:
    """Its pixels, as one picture and frame by frame; each is tried, whatever the other says."""
    from srgan.images.animation import read_frames
    from srgan.images.read import read_picture

    try:
        for _ in islice(read_frames(path, max_pixels=MOST_PIXELS).frames, _FRAMES):
            pass
    finally:
        read_picture(path, max_pixels=MOST_PIXELS)


def film(path: Path) -> None:
    """Its frames as pictures, with transparency, and what is said of them in the end."""
    from srgan.video.colour import Converter
    from srgan.video.reading.findings import findings_of
    from srgan.video.reading.probe import holds_video
    from srgan.video.reading.reader import VideoReader

    holds_video(path)
    with closing(VideoReader(path)) as reader:
        converter, times = Converter(reader.colour), array("q")
        for frame in islice(reader.frames(), _FRAMES):
            times.append(frame.time - reader.begin)
            converter.alpha_of(frame.image, reader.size)
            converter.to_rgb(frame.image, reader.size)
        times.append(times[-1] + 1)
        findings_of(reader, times)


def piped_film(path: Path) -> None:
    """Y4M as it comes from a pipe."""
    from srgan.video.colour import Converter
    from srgan.video.reading.reader import VideoReader

    with path.open("rb") as file, closing(VideoReader(file)) as reader:
        converter = Converter(reader.colour)
        for frame in islice(reader.frames(), _FRAMES):
            converter.to_rgb(frame.image, reader.size)


def network(path: Path) -> None:
    """What ``srgan info`` says of it, and its tensors."""
    from srgan.engines.loading import load_any_network

    load_any_network(path)


def ncnn(path: Path) -> None:
    """Text and weights; and a picture through it."""
    from fuzzing.model_seeds import split_ncnn
    from srgan.engines.loading import load_any_network
    from srgan.engines.openvino import OpenVinoEngine

    split_ncnn(path)
    try:
        engine = OpenVinoEngine(load_any_network(path), precision="fp32")
        engine.upscale(np.zeros((1, 12, 12, 3), np.float32))
    finally:
        path.with_suffix(".bin").unlink(missing_ok=True)


def keras(path: Path) -> None:
    """Its layers and weights."""
    from srgan.networks.keras.file import read_keras

    read_keras(path)


def recipe(path: Path) -> None:
    """A training recipe."""
    from srgan.training.recipe_file import load_recipe

    load_recipe(str(path))


def pairs(path: Path) -> None:
    """Pairs of faces, of either form."""
    from srgan.recognition.pairs import read_pairs

    read_pairs(path, path.parents[1] / "faces")


def make_faces(names: Sequence[str]) -> Callable[[], None]:
    """Puts pictures where :func:`pairs` looks for them; empty, for it does not open them."""

    def make() -> None:
        for name in names:
            face = Path(tempfile.gettempdir()).parent / "faces" / name
            face.parent.mkdir(parents=True, exist_ok=True)
            face.touch()

    return make


def annotations(path: Path) -> None:
    """COCO's annotations, and the average precision by them."""
    from srgan.recognition import objects

    coco = objects._read_annotations(path)
    categories = sorted(category["id"] for category in coco["categories"])
    truth = objects._annotated(coco, ["a", "b"], path)
    found = [{"image_id": 0, "category_id": 1, "bbox": [1.0, 2.0, 3.0, 4.0], "area": 12.0, "score": 0.5}]
    json.dumps(objects._average_precision(truth, found, 2, categories))
