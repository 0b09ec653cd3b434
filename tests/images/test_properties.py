"""What holds for any picture that is resized, turned or brought to another depth."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from srgan.images.alpha import fill_transparent
from srgan.images.metadata import upright
from srgan.images.resize import bicubic
from srgan.images.write import to_depth


@st.composite
def arrays(draw, dtypes=("uint8", "uint16")):
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return random.integers(0, np.iinfo(dtype).max, (height, width, 3), dtype, endpoint=True)


@given(image=arrays(), scale=st.sampled_from((0.25, 0.5, 2, 3, 4)))
def test_resizing_commutes_with_flips_and_keeps_one_colour(image, scale):
    for flip in (np.fliplr, np.flipud):
        if all(side * scale == int(side * scale) for side in image.shape[:2]):
            # where a sum lies between two levels, its order decides
            away = bicubic(flip(image), scale).astype(int) - flip(bicubic(image, scale)).astype(int)
            assert np.abs(away).max(initial=0) <= 1
    flat = np.full_like(image, image.flat[0])
    assert (bicubic(flat, scale) == image.flat[0]).all()


@given(start=st.integers(0, 65_000), step=st.integers(0, 500), scale=st.sampled_from((2, 3, 4)))
def test_ramps_of_16_bits_rise_when_resized(start, step, scale):
    ramp = np.minimum(start + step * np.arange(40), 65_535).astype(np.uint16)
    # A cubic overshoots beside the corner where a ramp is cut off; up to there it rises.
    whole = ramp[ramp < 65_535] if step else ramp
    result = bicubic(np.tile(whole[:, None], (1, 3)), scale).astype(int)
    inner = result[2 * scale : -2 * scale]
    assert (np.diff(inner, axis=0) >= 0).all()


@given(image=arrays(("uint8",)))
def test_more_bits_and_back_is_the_same(image):
    deep = to_depth(image, np.dtype(np.uint16))
    assert np.array_equal(to_depth(deep, np.dtype(np.uint8)), image)
    order = np.argsort(image.ravel(), kind="stable")
    assert (np.diff(deep.ravel()[order].astype(int)) >= 0).all()


@given(image=arrays(("uint8",)), orientation=st.integers(1, 8))
def test_what_is_turned_is_as_pillow_turns_it(image, orientation):
    picture = Image.fromarray(image)
    picture.getexif()[0x0112] = orientation
    assert np.array_equal(upright(image, orientation), np.asarray(ImageOps.exif_transpose(picture)))


@given(image=arrays(), seed=st.integers(0, 2**32), share=st.floats(0, 1))
def test_hidden_pixels_take_colours_that_are_there(image, seed, share):
    alpha = (np.random.default_rng(seed).random(image.shape[:2]) < share).astype(image.dtype)
    filled = fill_transparent(image, alpha)
    assert np.array_equal(filled[alpha > 0], image[alpha > 0])
    if alpha.any():
        assert (filled >= image[alpha > 0].min(axis=0)).all()
        assert (filled <= image[alpha > 0].max(axis=0)).all()
