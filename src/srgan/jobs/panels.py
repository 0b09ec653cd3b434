"""A picture, its plain enlargement and its result, side by side."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from srgan.images.panels import labelled_row
from srgan.images.picture import Picture
from srgan.images.read import DEFAULT_MAX_PIXELS, read_picture
from srgan.images.resize import bicubic
from srgan.images.write import to_depth, write_picture

_SCALE = 4
_LARGEST = 384  # low-res pixels a side: panels are for looking at


def write_panels(
    source: Path, result: Path, target: Path, *, name: str, max_pixels: int = DEFAULT_MAX_PIXELS
) -> Path:
    """Writes low-res | bicubic | result as one picture, all at four times the size of the source.

    Of a large picture the middle 384x384 low-res pixels are shown.

    Args:
        source: the low-res picture.
        result: its enlargement, of any size; shown at four times the source's.
        target: the file to write.
        name: of the model, above its result.
        max_pixels: a source with more is refused; the result may have any number.

    Returns:
        ``target``.

    Raises:
        ImageError: if a picture cannot be read or written.
    """
    lr_image = to_depth(read_picture(source, max_pixels=max_pixels).pixels, np.dtype(np.uint8))
    height, width = lr_image.shape[:2]
    top, left = (max(0, (side - _LARGEST) // 2) for side in (height, width))
    lr_crop = lr_image[top : top + _LARGEST, left : left + _LARGEST]
    sr_pixels = read_picture(result, max_pixels=sys.maxsize).pixels
    sr_image = Image.fromarray(to_depth(sr_pixels, np.dtype(np.uint8)))
    right, bottom = left + lr_crop.shape[1], top + lr_crop.shape[0]
    sr_crop = sr_image.resize(
        (lr_crop.shape[1] * _SCALE, lr_crop.shape[0] * _SCALE),
        Image.Resampling.LANCZOS,
        box=(
            left * sr_image.width / width,
            top * sr_image.height / height,
            right * sr_image.width / width,
            bottom * sr_image.height / height,
        ),
    )
    pixels = lr_crop.repeat(_SCALE, axis=0).repeat(_SCALE, axis=1)
    panels = labelled_row(
        {"low-res": pixels, "bicubic": bicubic(lr_crop, _SCALE), f"srgan ({name})": np.asarray(sr_crop)}
    )
    write_picture(
        target, [panels], size=(panels.shape[1], panels.shape[0]), source=Picture.from_array(panels)
    )
    return target
