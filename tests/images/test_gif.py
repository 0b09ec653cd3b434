"""GIFs whose frames are disposed of, lie beside their screen, or lie about their size."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from srgan.errors import ImageError
from srgan.images.animation import read_frames
from srgan.images.read import read_picture

RED, BLUE, NOTHING = (255, 0, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)


def frame(index, box, *, disposal=0, transparent=None):
    """One frame of a single palette entry, compressed by Pillow."""
    left, top, width, height = box
    buffer = io.BytesIO()
    image = Image.new("P", (width, height), index)
    image.putpalette([255, 0, 0, 0, 0, 255, 0, 255, 0, 9, 9, 9])
    image.save(buffer, "GIF", optimize=False)
    data = buffer.getvalue()
    start = data.index(b",\0\0\0\0")
    flags = disposal << 2 | (transparent is not None)
    control = b"!\xf9\4" + struct.pack("<BHB", flags, 10, transparent or 0) + b"\0"
    return control + b"," + struct.pack("<HHHH", left, top, width, height) + data[start + 9 : -1]


def write_gif(path, size, frames, end=b";"):
    palette = bytes([255, 0, 0, 0, 0, 255, 0, 255, 0, 9, 9, 9])
    path.write_bytes(b"GIF89a" + struct.pack("<HHBBB", *size, 0x81, 3, 0) + palette + b"".join(frames) + end)


def rgba(picture):
    alpha = np.full(picture.size[::-1], 255, np.uint8) if picture.alpha is None else picture.alpha
    return np.where(alpha[..., None] > 0, np.dstack((picture.pixels, alpha)), 0)


def test_what_is_disposed_of_becomes_transparent(tmp_path):
    whole, part = (0, 0, 8, 8), (2, 2, 4, 4)
    frames = [frame(0, whole), frame(1, part, disposal=2), frame(1, (0, 0, 1, 1))]
    write_gif(tmp_path / "a.gif", (8, 8), frames)
    _, second, third = map(rgba, read_frames(tmp_path / "a.gif").frames)
    assert tuple(second[3, 3]) == BLUE
    assert (tuple(third[3, 3]), tuple(third[7, 7]), tuple(third[0, 0])) == (NOTHING, RED, BLUE)


def test_what_was_there_before_comes_back(tmp_path):
    frames = [
        frame(0, (0, 0, 8, 8)),
        frame(1, (2, 2, 4, 4), disposal=3),
        frame(1, (0, 0, 1, 1), transparent=1),
    ]
    write_gif(tmp_path / "a.gif", (8, 8), frames)
    first, _, third = map(rgba, read_frames(tmp_path / "a.gif").frames)
    np.testing.assert_array_equal(third, first)


def test_a_first_frame_that_leaves_some_of_the_screen_leaves_it_transparent(tmp_path):
    write_gif(tmp_path / "a.gif", (8, 8), [frame(0, (0, 0, 4, 8))])
    picture = rgba(read_picture(tmp_path / "a.gif"))
    assert (tuple(picture[0, 0]), tuple(picture[0, 7])) == (RED, NOTHING)


def test_a_later_frame_is_cut_where_the_screen_ends(tmp_path):
    write_gif(tmp_path / "a.gif", (8, 8), [frame(0, (0, 0, 8, 8)), frame(1, (6, 6, 8, 8))])
    _, second = map(rgba, read_frames(tmp_path / "a.gif").frames)
    assert second.shape == (8, 8, 4)
    assert (tuple(second[7, 7]), tuple(second[5, 5])) == (BLUE, RED)


@pytest.mark.parametrize("box", [(0, 0, 65535, 65535), (65535, 65535, 9, 9), (0, 0, 15000, 15000)])
@pytest.mark.parametrize("read", [read_picture, lambda path: list(read_frames(path).frames)])
def test_a_frame_that_lies_about_its_size_is_refused_before_it_is_allocated(tmp_path, box, read):
    small = frame(0, (0, 0, 8, 8))
    lie = small[:9] + struct.pack("<HHHH", *box) + small[17:]
    write_gif(tmp_path / "a.gif", (10, 10), [lie])
    with pytest.raises(ImageError, match=r"limit of|too short for its size"):
        read(tmp_path / "a.gif")


def test_a_missing_end_mark_is_said(tmp_path):
    write_gif(tmp_path / "a.gif", (8, 8), [frame(0, (0, 0, 8, 8))], end=b"")
    picture = read_picture(tmp_path / "a.gif")
    assert "end mark" in picture.notes[0]
