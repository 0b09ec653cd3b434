"""What holds for any picture, size, type, tile and network: by examples that hypothesis thinks up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srgan.upscaling.upscaler import Upscaler

DTYPES = ("uint8", "uint16", "float32")
sides = st.integers(1, 70)
tiles = st.sampled_from((16, 21, 48, "off"))  # each opens an Upscaler


@st.composite
def pictures(draw, channels=(1, 3, 4)):
    """Noise, steps or one colour, of any type and kind."""
    height, width, dtype = draw(sides), draw(sides), draw(st.sampled_from(DTYPES))
    count = draw(st.sampled_from(channels))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    levels = draw(st.sampled_from((1, 2, 256)))
    values = np.floor(random.random((height, width, count)) * levels) / max(1, levels - 1)
    if levels == 1:
        values += random.random(count)
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    image = (np.rint(values * white) if white > 1 else values).astype(dtype)
    return image[..., 0] if count == 1 else image


def repeated(image):
    return image.repeat(4, 0).repeat(4, 1)


class Many:
    """Upscalers of one model, opened once each."""

    def __init__(self, model, **options):
        self.model, self.options, self.opened = model, options, {}

    def __call__(self, **options):
        key = tuple(options.items())
        if key not in self.opened:
            self.opened[key] = Upscaler(self.model, device="cpu", threads=1, **self.options, **options)
        return self.opened[key]


@pytest.fixture
def random_network(tiny_model):
    return Many(tiny_model)


@pytest.fixture
def repeating(network):
    """A network that repeats each pixel 4x4 times: what comes out is known for every picture."""
    return Many(network(), precision="fp32")


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_tiled_equals_whole(random_network, precision):
    @given(image=pictures(), tile=tiles)
    def check(image, tile):
        whole = random_network(precision=precision, tile="off").upscale(image)
        assert np.array_equal(random_network(precision=precision, tile=tile).upscale(image), whole)

    check()


@given(
    scale=st.integers(1, 8),
    radius=st.integers(0, 9),
    more=st.integers(0, 4),
    multiple=st.sampled_from((1, 2, 3, 4, 8, 24)),
    tile=st.integers(16, 80),
    height=sides,
    width=sides,
)
def test_tiled_equals_whole_for_any_network(
    around, stand_in, scale, radius, more, multiple, tile, height, width
):
    engine = stand_in(scale=scale, radius=radius, halo=radius + more, multiple=multiple)
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    assert np.array_equal(around(engine, tile=tile).upscale(image), engine.whole(image))


def test_grey_stays_grey_and_one_colour_stays_one(random_network):
    @given(image=pictures(channels=(1,)), tile=tiles)
    def check(image, tile):
        upscaler = random_network(tile=tile)
        rgb = upscaler.upscale(np.repeat(image[..., None], 3, axis=2))
        assert np.array_equal(rgb[..., 0], rgb[..., 1])
        assert np.array_equal(rgb[..., 0], rgb[..., 2])
        assert np.array_equal(upscaler.upscale(image), rgb[..., 0])
        assert np.array_equal(upscaler.upscale(np.repeat(image[..., None], 3, axis=2)), rgb)
        flat = upscaler.upscale(np.full_like(image, image.flat[0]))
        # The network places 4x4 pixels of its own for each; they are the same everywhere.
        assert np.array_equal(flat, np.tile(flat[:4, :4], image.shape))

    check()


def same(first, second):
    """Equal; floats of [0, 1] but for the last bit, of which grey is the mean of three."""
    if first.dtype.kind == "f":
        return np.abs(first - second).max() < 1e-6
    return np.array_equal(first, second)


def test_pixels_that_are_repeated_come_out_as_they_are(repeating):
    @given(image=pictures(), tile=st.sampled_from((16, "off")))
    def check(image, tile):
        upscale = repeating(tile=tile).upscale
        result = upscale(image)
        assert result.dtype == image.dtype
        expected, flipped = repeated(image), [flip(upscale(flip(image))) for flip in (np.fliplr, np.flipud)]
        if image.shape[2:] == (4,):  # colours that nobody sees may be others
            for each in (result, expected, *flipped):
                each[repeated(image[..., 3]) == 0] = 0
            result, expected = result[..., :3], expected[..., :3]
            flipped = [each[..., :3] for each in flipped]
        # So one colour stays one, too.
        assert all(same(each, expected) for each in (result, *flipped))

    check()


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_ramps_of_16_bits_rise(network, precision):
    upscaler = Upscaler(network(), precision=precision, device="cpu", threads=1, tile=16)

    @given(start=st.integers(0, 60_000), step=st.integers(1, 300))
    def check(start, step):
        ramp = np.tile(np.minimum(start + step * np.arange(70), 65_535).astype(np.uint16), (3, 1))
        result = upscaler.upscale(ramp).astype(int)
        assert (np.diff(result, axis=1) >= 0).all()
        assert np.abs(result - repeated(ramp)).max() <= (
            0 if precision == "fp32" else 257
        )  # a level of 8 bits

    check()


def test_alpha_stays_within_what_is_around_it(random_network):
    @given(image=pictures(channels=(4,)), tile=tiles)
    def check(image, tile):
        upscaler = random_network(tile=tile)
        result = upscaler.upscale(image)
        alpha, before = result[..., 3], image[..., 3]
        padded = np.pad(before, 2, "edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
        assert (alpha >= repeated(windows.min((2, 3)))).all()
        assert (alpha <= repeated(windows.max((2, 3)))).all()
        opaque = image.copy()
        opaque[..., 3] = 1 if image.dtype == np.float32 else np.iinfo(image.dtype).max
        assert np.array_equal(upscaler.upscale(opaque)[..., :3], upscaler.upscale(image[..., :3]))

    check()
