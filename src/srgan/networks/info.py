"""What everything around a network needs to know about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class NetworkInfo:
    """A network that maps pictures to pictures, as tiling, memory and files see it.

    Attributes:
        scale: upscaling factor per side, a whole number from 1.
        channels: of its input and output pictures.
        radius: low-res pixels around a pixel, at each side, that its result depends on; None if that is
            all of them, or unknown.
        halo: low-res pixels of surroundings that a tile is given at each side; the radius, or less where
            what lies beyond changes too little to be seen.
        border: low-res pixels by which a picture that is one tile is extended beyond its borders, if that is
            less than the halo; None: the halo.
        repeats_edge: whether pictures are extended beyond their borders by reflection with the border pixel
            repeated, or without.
        multiple: the sides of input pictures must be multiples of this.
        size: height and width of the only pictures that it takes; None if it takes any.
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
