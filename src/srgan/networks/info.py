"""What everything around a network has to know of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class NetworkInfo:
    """Of a network that maps pictures to pictures. Tiling, memory and files know nothing else of it.

    Attributes:
        scale: enlargement per side, a whole number from 1.
        channels: of the pictures it takes and gives.
        radius: low-res pixels around a pixel, at each side, that its result depends on; None if all of them,
            or nobody knows.
        halo: low-res pixels of surroundings that a tile is given at each side; the radius, or less where
            what lies beyond changes too little to be seen.
        border: low-res pixels by which a picture that is one tile goes on beyond its borders, where that is
            less than the halo; None: the halo.
        repeats_edge: whether pictures go on beyond their borders as their reflections with the border pixel
            repeated, or without that.
        multiple: the sides of what it takes must be multiples of this.
        size: height and width of the only pictures that it takes; None if it takes others.
        bytes_per_pixel: memory for each low-res pixel of a tile in 32-bit floats; half of it in 16 bits.
    """

    scale: int
    channels: int = 3
    radius: int | None
    halo: int
    border: int | None = None
    repeats_edge: bool = True
    multiple: int = 1
    size: tuple[int, int] | None = None
    bytes_per_pixel: int
