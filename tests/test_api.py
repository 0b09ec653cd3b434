"""The public names, used as the documentation shows."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

import srgan
from srgan.images.resize import bicubic
from srgan.metrics.fidelity import psnr_y


def test_every_public_name_is_there_and_documented():
    for name in srgan.__all__:
        assert getattr(srgan, name).__doc__, name
    assert {"Upscaler", "upscale", "list_models", "load_card"} <= set(srgan.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        srgan.nothing  # noqa: B018


def test_upscale_takes_file_names_and_returns_the_result(tmp_path, tiny_model, photo):
    Image.fromarray(photo).save(tmp_path / "a.png")
    target = srgan.upscale(str(tmp_path / "a.png"), str(tmp_path / "b.png"), model=tiny_model)
    assert target == tmp_path / "b.png"
    with Image.open(target) as image:
        assert image.size == (120, 96)
    srgan.upscale(tmp_path / "a.png", target, model=tiny_model)


def test_upscale_files_with_one_upscaler(tmp_path, tiny_model, photo):
    upscaler = srgan.Upscaler(tiny_model)
    Image.fromarray(photo).save(tmp_path / "a.png")
    done = srgan.upscale_file(
        tmp_path / "a.png", tmp_path / "b.jpg", upscaler, srgan.PictureOptions(width=50, quality=80)
    )
    assert (done.input_size, done.output_size) == ((30, 24), (50, 40))


def test_arrays_are_enlarged_in_memory(tiny_model, photo):
    assert srgan.Upscaler(tiny_model).upscale(photo).shape == (96, 120, 3)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("model", "margin"),
    [("srresnet", 1.5), ("fast", 1.5), ("fast-photo", 0.5), ("photo-fidelity", 0.5), ("photo", 0.1)],
)
def test_shipped_models_are_closer_to_the_true_picture_than_bicubic(model, margin):
    hr_image = np.ascontiguousarray(skimage.data.astronaut()[:160, 160:320])
    lr_image = bicubic(hr_image, 0.25)
    plain = psnr_y(bicubic(lr_image, 4), hr_image, border=4)
    assert psnr_y(srgan.Upscaler(model).upscale(lr_image), hr_image, border=4) > plain + margin


def test_everything_a_user_can_cause_is_an_srgan_error(tmp_path):
    with pytest.raises(srgan.SrganError, match="unknown model"):
        srgan.upscale(tmp_path / "a.png", tmp_path / "b.png", model="nothing")
    with pytest.raises(srgan.SrganError, match="no such file"):
        srgan.upscale(tmp_path / "a.png", tmp_path / "b.png")
