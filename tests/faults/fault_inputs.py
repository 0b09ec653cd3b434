"""What the long commands work on, made small: pictures, a film, photographs, two networks."""

import shutil
import zipfile
from pathlib import Path

import av
import numpy as np
from PIL import Image
from skimage import data

from srgan.networks.architecture import GeneratorConfig
from srgan.networks.card import ModelCard
from srgan.networks.model_file import write_model

TINY = GeneratorConfig(blocks=1, channels=8)
FILM_FRAMES = 130  # two whole segments of 60 and a part of one
_KERAS = Path(__file__).parents[1] / "export" / "keras_files.zip"


def make_inputs(folder: Path) -> None:
    """Fills a folder that does not exist yet; the same files every time."""
    (folder / "pictures").mkdir(parents=True)
    (folder / "photos").mkdir()
    (folder / "raw").mkdir()
    random = np.random.default_rng(0)
    _write_model(folder / "tiny.safetensors", random)
    _write_pictures(folder, random)
    _write_film(folder / "film.mkv", random)
    with zipfile.ZipFile(_KERAS) as archive:
        (folder / "net.h5").write_bytes(archive.read("upsampling.h5"))


def _write_model(path: Path, random: np.random.Generator) -> None:
    tensors = {
        name: (random.standard_normal(shape) * 0.12).astype(np.float32)
        for name, shape in TINY.shapes().items()
    }
    tensors["tail.bias"] += 0.5
    write_model(path, tensors, ModelCard(name="tiny", generator=TINY, summary="For tests."))


def _write_pictures(folder: Path, random: np.random.Generator) -> None:
    photo = data.astronaut()
    for number, ending in enumerate(("png", "jpg", "webp", "tif", "gif", "png", "jpg", "png")):
        part = photo[number * 20 : number * 20 + 40, 60:120]
        Image.fromarray(part).save(folder / "pictures" / f"{number}.{ending}")
    sources = (photo, data.chelsea(), data.coffee())
    for number in range(12):
        left = top = 8 * number
        part = sources[number % 3][top : top + 128, left : left + 144]
        Image.fromarray(part).save(folder / "photos" / f"{number:02d}.png")
        shutil.copyfile(folder / "photos" / f"{number:02d}.png", folder / "raw" / f"{number:02d}.png")
    Image.fromarray(photo[:20, :20]).save(folder / "raw" / "small.png")
    (folder / "raw" / "damaged.png").write_bytes((folder / "photos" / "00.png").read_bytes()[:900])
    noise = random.integers(0, 256, (400, 500, 3), np.uint8)
    Image.fromarray(noise).save(folder / "large.png")


def _write_film(path: Path, random: np.random.Generator) -> None:
    with av.open(str(path), "w") as container:
        video = container.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 24, 16, "yuv420p"
        sound = container.add_stream("aac", rate=48_000, layout="mono")
        for _ in range(FILM_FRAMES):
            pixels = random.integers(0, 256, (16, 24, 3), np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        for block in range(48_000 * FILM_FRAMES // 25 // 1024):
            wave = random.uniform(-0.2, 0.2, (1, 1024)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, block * 1024
            container.mux(sound.encode(frame))
        for stream in (video, sound):
            container.mux(stream.encode(None))
