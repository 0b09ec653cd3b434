"""What an upscaler takes and gives back: arrays of every kind, lists, batches, PIL's pictures."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

import srgan
from srgan.errors import ImageError, UsageError

MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "YCbCr", "I;16"]


@pytest.fixture
def upscaler(tiny_model):
    return srgan.Upscaler(tiny_model, tile=16)


def noise(*shape, dtype="uint8", seed=0):
    values = np.random.default_rng(seed).random(shape)
    white = {"uint8": 255, "uint16": 65535}.get(dtype)
    return values.astype(dtype) if white is None else np.rint(values * white).astype(dtype)


def with_hole(*shape, dtype="uint8"):
    """RGBA with a transparent middle of glaring colours."""
    image = noise(*shape, 4, dtype=dtype)
    image[5:12, 4:14] = 0
    image[5:12, 4:14, 0] = image.max()
    return image


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(20, 24), (20, 24, 3), (20, 24, 4), (2, 20, 24, 3), (3, 7, 5, 4)])
def test_arrays_come_back_in_their_own_type_and_shape(upscaler, dtype, shape):
    image = noise(*shape, dtype=dtype)
    kept = image.copy()
    result = upscaler.upscale(image)
    top = len(shape) == 4
    assert result.dtype == image.dtype
    assert result.shape == (*shape[:top], 4 * shape[top], 4 * shape[top + 1], *shape[top + 2 :])
    assert np.array_equal(image, kept)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_a_batch_gives_what_its_pictures_give(upscaler, dtype):
    for channels in (3, 4):
        batch = noise(3, 17, 20, channels, dtype=dtype)
        assert np.array_equal(upscaler.upscale(batch), [upscaler.upscale(image) for image in batch])


def test_a_batch_may_hold_grey_pictures_among_others(upscaler):
    grey = np.repeat(noise(17, 20, 1), 3, axis=2)
    result = upscaler.upscale(np.stack([noise(17, 20, 3), grey]))
    assert np.array_equal(result[1, ..., 0], result[1, ..., 2])
    assert not np.array_equal(result[0, ..., 0], result[0, ..., 2])


def test_double_precision_is_computed_in_single(upscaler):
    image = noise(20, 24, 3, dtype="float64")
    assert np.array_equal(upscaler.upscale(image), upscaler.upscale(image.astype(np.float32)))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_colours_nobody_sees_do_not_bleed(upscaler, dtype):
    image = with_hole(20, 24, dtype=dtype)
    other = image.copy()
    other[5:12, 4:14, :3] = other.max() // 3 if dtype != "float32" else 0.3
    result = upscaler.upscale(image)
    assert np.array_equal(result, upscaler.upscale(other))
    white = np.iinfo(dtype).max if dtype != "float32" else 1
    opaque = np.dstack((image[..., :3], np.full(image.shape[:2], white, dtype)))
    assert np.array_equal(upscaler.upscale(opaque)[..., :3], upscaler.upscale(image[..., :3].copy()))
    assert (upscaler.upscale(opaque)[..., 3] == white).all()


def test_alpha_of_floats_is_that_of_integers(upscaler):
    deep = with_hole(20, 24, dtype="uint16")
    alpha = upscaler.upscale((deep / 65535).astype(np.float32))[..., 3]
    assert 0 <= alpha.min() <= alpha.max() <= 1
    assert np.abs(alpha - upscaler.upscale(deep)[..., 3] / 65535).max() < 1e-3


@pytest.mark.parametrize("view", ["strided", "swapped", "readonly", "fortran", "negative"])
def test_arrays_of_any_layout_are_taken(upscaler, view):
    image = noise(20, 24, 3, dtype="uint16")
    other = {
        "strided": image.repeat(2, 0)[::2],
        "swapped": image.astype(">u2"),
        "readonly": image.copy(),
        "fortran": np.asfortranarray(image),
        "negative": np.ascontiguousarray(image[::-1])[::-1],
    }[view]
    other.flags.writeable = view != "readonly"
    assert np.array_equal(upscaler.upscale(other), upscaler.upscale(image))


def test_lists_are_taken_as_numpy_does(upscaler):
    image = noise(8, 9, 3)
    expected = upscaler.upscale(image)
    for given in (image.tolist(), tuple(image.tolist()), [list(row) for row in image]):
        result = upscaler.upscale(given)
        assert result.dtype == np.uint8
        assert np.array_equal(result, expected)
    assert upscaler.upscale([[0.0, 0.5], [1.0, 0.25]]).dtype == np.float64


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3), np.int32),
        np.zeros((4, 4, 3), np.float16),
        np.zeros((4, 4, 3), np.complex64),
        np.zeros((4, 4, 3), bool),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((0, 4, 4, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((1, 4, 4, 2), np.uint8),
        np.zeros((1, 1, 4, 4, 3), np.uint8),
        np.full((4, 4, 3), 1.01, np.float32),
        np.full((4, 4, 3), -0.01),
        np.array([[0.5, np.nan]]),
        np.array([[0.5, np.inf]], np.float32),
        [[0, 256]],
        [[0, -1]],
        [[1, 2], [3]],
        [["a"]],
        [[True, False]],
        [],
        None,
        7,
        "photo.jpg",
        b"bytes",
    ],
    ids=lambda image: f"{type(image).__name__}",
)
def test_what_is_no_picture_is_refused_in_one_sentence(upscaler, image):
    for work in (upscaler.upscale, lambda image: list(upscaler.frames([image]))):
        with pytest.raises(UsageError) as caught:
            work(image)
        assert "\n" not in str(caught.value)
        assert caught.value.field == "image"


def test_what_only_upscale_takes_is_refused_elsewhere(upscaler):
    for image in (noise(4, 5, 4), noise(2, 4, 5, 3)):
        with pytest.raises(UsageError):
            upscaler.stream(image, list)
    with pytest.raises(UsageError):
        list(upscaler.frames([noise(2, 4, 5, 3)]))


def pil_image(mode):
    if mode == "I;16":
        return Image.fromarray(noise(20, 24, dtype="uint16"))
    image = Image.fromarray(with_hole(20, 24))
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(image.convert("RGB"), srgb, lab, outputMode="LAB")
    return image.convert(mode)


@pytest.mark.parametrize("mode", MODES)
def test_pil_pictures_give_what_their_files_give(upscaler, tmp_path, mode):
    image = pil_image(mode)
    suffix = "tif" if mode in ("CMYK", "LAB", "YCbCr", "I;16") else "png"
    image.save(tmp_path / f"a.{suffix}")
    srgan.upscale_file(tmp_path / f"a.{suffix}", tmp_path / "b.png", upscaler)

    result = upscaler.upscale(image)

    assert isinstance(result, Image.Image)
    wanted = {"1": "L", "L": "L", "LA": "LA", "I;16": "I;16", "RGBA": "RGBA", "P": "RGBA"}
    assert result.mode == wanted.get(mode, "RGB")
    assert result.size == (96, 80)
    with Image.open(tmp_path / "b.png") as file:
        assert np.array_equal(np.asarray(result), np.asarray(file.convert(result.mode)))


def test_pil_pictures_keep_profile_exif_and_resolution_and_are_not_turned(upscaler):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a cat"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = io.BytesIO()
    image = Image.fromarray(noise(20, 24, 3))
    image.save(buffer, "png", exif=exif, icc_profile=profile, dpi=(300, 300))

    result = upscaler.upscale(Image.open(buffer))

    assert result.size == (96, 80)
    assert np.array_equal(np.asarray(result), upscaler.upscale(np.asarray(image)))
    assert dict(result.getexif()) == dict(exif)
    assert result.info["icc_profile"] == profile
    assert result.info["dpi"] == pytest.approx((300, 300), rel=1e-3)
    assert ImageOps.exif_transpose(result).size == (80, 96)


def test_pil_pictures_that_cannot_be_taken_are_refused_in_one_sentence(upscaler, tmp_path):
    Image.fromarray(noise(90, 90, 3)).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:9000])
    with Image.open(tmp_path / "cut.png") as cut:
        for image in (Image.new("F", (4, 4)), Image.new("I", (4, 4)), cut):
            with pytest.raises(ImageError) as caught:
                upscaler.upscale(image)
            assert "\n" not in str(caught.value)
    with pytest.raises(UsageError):
        upscaler.upscale(Image.new("RGB", (0, 4)))


def test_frames_are_of_the_form_that_is_given(upscaler):
    images = [noise(20, 24, 3), noise(20, 24, 3), noise(20, 24, 3, seed=1)]
    for image, result in zip(images, upscaler.frames(map(Image.fromarray, images)), strict=True):
        assert isinstance(result, Image.Image)
        assert np.array_equal(np.asarray(result), upscaler.upscale(image))
    holes = [with_hole(20, 24), with_hole(20, 24)]
    holes[1][0, 0] ^= 1
    for image, result in zip(holes, upscaler.frames(holes), strict=True):
        assert np.array_equal(result, upscaler.upscale(image))
