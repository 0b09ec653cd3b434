"""Panels of a picture: what each shows, whole or a part of it."""

import numpy as np
import pytest
from PIL import Image

from srgan.errors import ImageError, UsageError
from srgan.evaluation.comparison import AUTO_SIDE, compare_picture, parse_region
from srgan.evaluation.methods import Method, nearest, open_methods
from srgan.evaluation.regions import Region
from srgan.images.resize import bicubic


@pytest.fixture
def methods():
    return open_methods([], ["bicubic", "lanczos"])


def panels_of(row, height, count):
    """The panels without their labels."""
    width = (row.shape[1] + 4) // count - 4
    return [row[-height:, start : start + width] for start in range(0, row.shape[1], width + 4)]


def test_panels_are_low_res_each_method_and_the_truth(hr, methods):
    with Image.open(hr / "b.png") as image:
        truth = np.asarray(image)[:40, :48]
    row, region = compare_picture(hr / "b.png", methods)
    lr_image = bicubic(truth, 0.25)
    expected = [nearest(lr_image, 4), *(method.upscale(lr_image) for method in methods), truth]
    for panel, image in zip(panels_of(row, 40, 4), expected, strict=True):
        assert np.array_equal(panel, image)
    assert region is None


def test_a_low_res_picture_is_enlarged_as_it_is(hr, methods):
    with Image.open(hr / "b.png") as image:
        lr_image = np.asarray(image)
    row, _ = compare_picture(hr / "b.png", methods, is_low_res=True)
    expected = [nearest(lr_image, 4), *(method.upscale(lr_image) for method in methods)]
    for panel, image in zip(panels_of(row, 172, 3), expected, strict=True):
        assert np.array_equal(panel, image)


def test_a_region_is_shown_enlarged_by_a_whole_number(hr, methods):
    whole, _ = compare_picture(hr / "a.png", methods)
    region = Region(x=5, y=7, width=30, height=20)
    row, used = compare_picture(hr / "a.png", methods, region=region)
    assert used == region
    for panel, image in zip(panels_of(row, 240, 4), panels_of(whole, 40, 4), strict=True):
        assert np.array_equal(panel[::12, ::12], image[7:27, 5:35])
        assert np.array_equal(panel, np.kron(image[7:27, 5:35], np.ones((12, 12, 1), np.uint8)))


def test_an_automatic_region_is_where_the_models_differ(tmp_path, methods):
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (400, 480, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")

    def spoilt(image):
        result = nearest(image, 4)
        result[250:270, 300:330] = 255 - result[250:270, 300:330]
        return result

    models = [
        Method(name=name, scale=4, upscale=upscale, facts={"sha256": name})
        for name, upscale in (("plain", lambda image: nearest(image, 4)), ("spoilt", spoilt))
    ]
    _, region = compare_picture(tmp_path / "a.png", [*methods, *models], region="auto")
    assert (region.width, region.height) == (AUTO_SIDE, AUTO_SIDE)
    assert region.x <= 300 < 330 <= region.x + AUTO_SIDE
    assert region.y <= 250 < 270 <= region.y + AUTO_SIDE


def test_what_cannot_be_shown_is_told(hr, methods):
    with pytest.raises(UsageError, match=r"a\.png: the region is not inside its 48x40 pixels"):
        compare_picture(hr / "a.png", methods, region=Region(x=20, y=0, width=30, height=20))
    Image.new("RGB", (3, 40)).save(hr / "thin.png")
    with pytest.raises(ImageError, match=r"thin\.png: 3x40 is too small"):
        compare_picture(hr / "thin.png", methods)


def test_regions_are_read_from_text():
    assert parse_region("1,2,30,40") == Region(x=1, y=2, width=30, height=40)
    assert parse_region("auto") == "auto"
    for text in ("", "1,2,3", "1,2,0,4", "a,b,c,d", "-1,2,3,4", "1,2,3,4,5"):
        with pytest.raises(UsageError, match="the region must be auto, or x,y,width,height"):
            parse_region(text)
