"""Resamples with libvips, to size results as they are written."""

from __future__ import annotations

from typing import Any

from srgan.images.vips import import_vips


def resampled(image: Any, size: tuple[int, int], kernel: str) -> Any:
    """Returns a ``pyvips.Image`` of another (width, height): ``kernel`` to downscale, bicubic to upscale."""
    pyvips = import_vips()

    width, height = size
    reduction = min(1.0, width / image.width), min(1.0, height / image.height)
    if reduction != (1.0, 1.0):
        image = image.resize(reduction[0], vscale=reduction[1], kernel=kernel)
    if (image.width, image.height) == size:
        return image
    # Not ``resize``: libvips enlarges with a shift of half a pixel of the result.
    across, down = width / image.width, height / image.height
    return image.affine(
        [across, 0, 0, down],
        idx=0.5 - 0.5 / across,
        idy=0.5 - 0.5 / down,
        oarea=[0, 0, width, height],
        interpolate=pyvips.Interpolate.new("bicubic"),
        extend="copy",
    )
