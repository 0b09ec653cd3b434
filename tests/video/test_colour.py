"""YUV to RGB and back, against the formulas of ITU-R BT.601, BT.709 and BT.2020 in double precision."""

import av
import numpy as np
import pytest

from srgan.errors import VideoError
from srgan.video.colour import Colour, Converter

WIDTH, HEIGHT = 96, 64
WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
MATRICES = pytest.mark.parametrize("matrix", [1, 5, 6, 9])
RANGES = pytest.mark.parametrize("full", [False, True])
DEPTHS = pytest.mark.parametrize("depth", [8, 10, 12])


def levels(full, depth):
    """Black, the luma's span, the chroma's span."""
    if full:
        return 0, 2**depth - 1, 2**depth - 1
    return 16 << depth - 8, 219 << depth - 8, 224 << depth - 8


def rgb_of(y, u, v, matrix, full, depth):
    red_weight, blue_weight = WEIGHTS[matrix]
    black, luma_span, chroma_span = levels(full, depth)
    middle = 128 << depth - 8
    luma, cb, cr = (y - black) / luma_span, (u - middle) / chroma_span, (v - middle) / chroma_span
    red, blue = luma + 2 * (1 - red_weight) * cr, luma + 2 * (1 - blue_weight) * cb
    green = (luma - red_weight * red - blue_weight * blue) / (1 - red_weight - blue_weight)
    return np.stack(np.broadcast_arrays(red, green, blue), axis=-1)


def yuv_of(rgb, matrix, full, depth):
    red_weight, blue_weight = WEIGHTS[matrix]
    black, luma_span, chroma_span = levels(full, depth)
    red, green, blue = np.moveaxis(rgb, -1, 0)
    luma = red_weight * red + (1 - red_weight - blue_weight) * green + blue_weight * blue
    middle = 128 << depth - 8
    return (
        luma * luma_span + black,
        (blue - luma) / (2 * (1 - blue_weight)) * chroma_span + middle,
        (red - luma) / (2 * (1 - red_weight)) * chroma_span + middle,
    )


def pixel_format(depth):
    return "yuv420p" if depth == 8 else f"yuv420p{depth}le"


def filled(frame, number, value):
    plane = frame.planes[number]
    dtype = np.uint8 if frame.format.name == "yuv420p" else np.uint16
    samples = np.frombuffer(plane, dtype).reshape(plane.height, -1).copy()
    samples[:, : plane.width] = value
    plane.update(samples.tobytes())


def samples(frame, number):
    plane = frame.planes[number]
    dtype = np.uint8 if frame.format.name == "yuv420p" else np.uint16
    return np.frombuffer(plane, dtype).reshape(plane.height, -1)[:, : plane.width].astype(float)


def tagged(frame, matrix, full):
    frame.colorspace, frame.color_range = matrix, 2 if full else 1
    return frame


@MATRICES
@RANGES
@DEPTHS
def test_a_gradient_in_a_solid_colour_becomes_the_right_rgb(matrix, full, depth):
    unit = 1 << depth - 8
    gradient = np.round(np.linspace(60, 180, WIDTH) * unit)
    frame = tagged(av.VideoFrame(WIDTH, HEIGHT, pixel_format(depth)), matrix, full)
    for number, value in enumerate((gradient, 115 * unit, 140 * unit)):
        filled(frame, number, value)

    pixels = Converter(Colour.of(frame)).to_rgb(frame, (WIDTH, HEIGHT))

    expected = rgb_of(gradient, 115 * unit, 140 * unit, matrix, full, depth)
    assert pixels.dtype == (np.uint8 if depth == 8 else np.uint16)
    white = np.iinfo(pixels.dtype).max
    assert np.abs(pixels - np.clip(expected, 0, 1) * white).max() <= (0.55 if depth == 8 else 1.5)


@MATRICES
@RANGES
@DEPTHS
def test_a_gradient_of_colours_becomes_the_right_yuv(matrix, full, depth):
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH] / [[[HEIGHT]], [[WIDTH]]]
    rgb = np.stack((0.1 + 0.8 * across, 0.2 + 0.6 * down, 0.9 - 0.5 * across - 0.3 * down), axis=-1)
    dtype = np.uint8 if depth == 8 else np.uint16
    pixels = np.round(rgb * np.iinfo(dtype).max).astype(dtype)
    template = tagged(av.VideoFrame(WIDTH, HEIGHT, pixel_format(depth)), matrix, full)

    converter = Converter(Colour.of(template))
    frame = converter.from_rgb(pixels, pixel_format(depth), (WIDTH, HEIGHT))

    planes = yuv_of(pixels / np.iinfo(dtype).max, matrix, full, depth)
    assert np.abs(samples(frame, 0) - planes[0]).max() <= 0.6
    for number in (1, 2):
        # A sample stands for two by two pixels; borders, where libswscale repeats pixels, are left out.
        means = planes[number].reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3))
        assert np.abs(samples(frame, number) - means)[2:-2, 2:-2].max() <= 1.3


@DEPTHS
def test_there_and_back_changes_no_grey(depth):
    unit = 1 << depth - 8
    frame = tagged(av.VideoFrame(WIDTH, HEIGHT, pixel_format(depth)), 1, full=False)
    for number, value in enumerate((np.arange(16, 16 + 2 * WIDTH, 2) * unit, 128 * unit, 128 * unit)):
        filled(frame, number, value)
    converter = Converter(Colour.of(frame))
    back = converter.from_rgb(converter.to_rgb(frame, (WIDTH, HEIGHT)), pixel_format(depth), (WIDTH, HEIGHT))
    for number in range(3):
        assert np.abs(samples(back, number) - samples(frame, number)).max() <= (1 if depth == 8 else 0)


def test_another_size_is_resized():
    frame = tagged(av.VideoFrame(WIDTH, HEIGHT, "yuv420p"), 1, full=False)
    for number, value in enumerate((120, 100, 150)):
        filled(frame, number, value)
    converter = Converter(Colour.of(frame))
    pixels = converter.to_rgb(frame, (40, 30))
    assert pixels.shape == (30, 40, 3)
    assert np.ptp(pixels, axis=(0, 1)).max() == 0
    assert (converter.from_rgb(pixels, "yuv420p", (50, 20)).width, pixels.dtype) == (50, np.uint8)


def test_an_unspecified_matrix_is_guessed_by_the_size_and_named_where_the_guess_would_change():
    small, large = (Colour.of(av.VideoFrame(*size, "yuv420p")) for size in ((640, 480), (1280, 720)))
    assert (small.matrix, large.matrix) == (6, 1)
    assert small.tagged_for(900, 500).tagged_matrix == 2
    assert small.tagged_for(2560, 1920).tagged_matrix == 6
    assert large.tagged_for(5120, 2880).tagged_matrix == 2


def test_colours_that_cannot_be_converted_are_refused():
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    frame.colorspace = 14
    with pytest.raises(VideoError, match="matrix 14"):
        Colour.of(frame)
