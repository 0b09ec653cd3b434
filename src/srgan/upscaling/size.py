"""The size that a result should have, and the size that it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from srgan.errors import UsageError
from srgan.upscaling.numbers import is_number, is_whole

LARGEST_SCALE = 16.0

_Size = TypeVar("_Size", bound="OutputSize")


@dataclass(frozen=True, kw_only=True)
class OutputSize:
    """The size that a result is resized to.

    Attributes:
        scale: enlargement per side, from above 0 to 16; None is the network's own.
        width: width of the result in pixels, instead of ``scale``; the height follows unless it is given too.
        height: height of the result in pixels, instead of ``scale``.

    Raises:
        UsageError: if a value is out of range.
    """

    scale: float | None = None
    width: int | None = None
    height: int | None = None

    def __post_init__(self) -> None:
        if self.scale is not None and not (is_number(self.scale) and 0 < self.scale <= LARGEST_SCALE):
            raise UsageError(
                f"the scale must be a number above 0 and at most {LARGEST_SCALE:g}, not {self.scale!r}",
                field="scale",
            )
        for name, pixels in (("width", self.width), ("height", self.height)):
            if pixels is not None and not is_whole(pixels, 1):
                raise UsageError(
                    f"the {name} must be a whole number of pixels from 1, not {pixels!r}", field=name
                )

    def for_network(self: _Size, scale: int) -> _Size:
        """Returns the same with the network's scale where none is given."""
        return self if self.scale is not None else replace(self, scale=float(scale))

    def output_size(self, width: int, height: int) -> tuple[int, int]:
        """Returns the result's (width, height) for an input's; see :meth:`for_network` first."""
        if self.width and self.height:
            return self.width, self.height
        factor = self.scale or 1.0
        if self.width:
            factor = self.width / width
        elif self.height:
            factor = self.height / height
        return (
            self.width or max(1, round(width * factor)),
            self.height or max(1, round(height * factor)),
        )


@dataclass(frozen=True, kw_only=True)
class Upscaled:
    """The outcome of upscaling an input.

    Attributes:
        input_size: (width, height) before.
        output_size: (width, height) after.
        frames: number of frames.
        is_deep: whether it was computed with more than 8 bits a value.
    """

    input_size: tuple[int, int]
    output_size: tuple[int, int]
    frames: int = 1
    is_deep: bool = False
