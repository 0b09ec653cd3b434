"""Converts between a video's YUV samples and RGB pictures, with the stream's own matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from av import VideoFormat, VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from srgan.errors import VideoError
from srgan.images.write import to_depth

# Weights of red and blue in the luma, by the codes of ITU-T H.273 (8.3, matrix coefficients).
_WEIGHTS = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.601, 625 lines
    6: (0.299, 0.114),  # BT.601, 525 lines
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020
}
_RGB, _UNSPECIFIED = 0, 2
_BT709, _BT601 = 1, 6

# Without the last two, libswscale repeats chroma samples and rounds by up to three levels.
_EXACT = Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND
_SAME_SIZE = int(Interpolation.BICUBIC | _EXACT)
_RESIZED = int(Interpolation.LANCZOS | _EXACT)


@dataclass(frozen=True, kw_only=True)
class Colour:
    """The colour tags of a stream, as codes of ITU-T H.273.

    Attributes:
        matrix: matrix of the samples; never unspecified.
        tagged_matrix: what the stream says; 2 if it says nothing.
        full_range: black is 0 and white the largest value, instead of 16 and 235 of 255.
        range_tag, primaries, transfer: as the stream says.
        depth: bits a sample.
    """

    matrix: int
    tagged_matrix: int
    full_range: bool
    range_tag: int
    primaries: int
    transfer: int
    depth: int

    @property
    def deep(self) -> bool:
        """Whether its pictures are uint16."""
        return self.depth > 8

    @classmethod
    def of(cls, frame: VideoFrame) -> Colour:
        """Reads the colour tags of a decoded frame.

        Raises:
            VideoError: if they are of a kind that cannot be converted.
        """
        is_rgb = frame.format.is_rgb or frame.format.has_palette
        tagged = _UNSPECIFIED if is_rgb else int(frame.colorspace)
        matrix = _guess(frame.width, frame.height) if tagged in (_RGB, _UNSPECIFIED) else tagged
        if matrix not in _WEIGHTS:
            raise VideoError(f"its colours (matrix {matrix} of H.273) cannot be converted")
        full = not is_rgb and (frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj"))
        return cls(
            matrix=matrix,
            tagged_matrix=tagged,
            full_range=full,
            range_tag=0 if is_rgb else int(frame.color_range),
            primaries=int(frame.color_primaries),
            transfer=int(frame.color_trc),
            depth=max(component.bits for component in frame.format.components),
        )

    def tagged_for(self, width: int, height: int) -> Colour:
        """Returns the tags for a result of another size.

        Players guess an unspecified matrix by the size: if they would now guess another one, it is named.
        """
        if self.tagged_matrix == _UNSPECIFIED and _guess(width, height) != self.matrix:
            return replace(self, tagged_matrix=self.matrix)
        return self


def _guess(width: int, height: int) -> int:
    return _BT709 if width >= 1280 or height > 576 else _BT601


class Converter:
    """Converts frames to RGB pictures and back. Not thread-safe.

    8-bit samples are converted by libswscale, which is exact to rounding. Its 16-bit matrices are not (three
    levels of 1023, measured): for deeper samples it only resizes the chroma, and the matrix is applied here.
    """

    def __init__(self, colour: Colour) -> None:
        self._colour = colour
        self._reformatter = VideoReformatter()
        self._range = int(ColorRange.JPEG if colour.full_range else ColorRange.MPEG)
        self._matrix = 5 if colour.matrix == _BT601 else colour.matrix  # libswscale's code for BT.601

    def to_rgb(self, frame: VideoFrame, size: tuple[int, int]) -> NDArray[Any]:
        """Converts a decoded frame to (height, width, 3) RGB, uint8 or uint16, resized to ``size``."""
        flags = _SAME_SIZE if (frame.width, frame.height) == size else _RESIZED
        width, height = size
        if frame.format.is_rgb or frame.format.has_palette or not self._colour.deep:
            return self._reformatter.reformat(
                frame,
                width,
                height,
                "rgb48le" if self._colour.deep else "rgb24",
                src_colorspace=self._matrix,
                src_color_range=self._range,
                dst_color_range=int(ColorRange.JPEG),
                interpolation=flags,
                threads=1,
            ).to_ndarray()
        samples: NDArray[Any] = self._plain(frame, width, height, "yuv444p16le", flags).to_ndarray()
        return self._rgb_of(samples)

    def alpha_of(self, frame: VideoFrame, size: tuple[int, int]) -> NDArray[Any] | None:
        """Returns the alpha of a frame, (height, width), like :meth:`to_rgb`; None if it has none."""
        if not any(component.is_alpha for component in frame.format.components):
            return None
        flags = _SAME_SIZE if (frame.width, frame.height) == size else _RESIZED
        name = "rgba64le" if self._colour.deep else "rgba"
        pixels = self._reformatter.reformat(frame, *size, name, interpolation=flags, threads=1).to_ndarray()
        return np.ascontiguousarray(pixels[..., 3])

    def from_rgb(self, pixels: NDArray[Any], pixel_format: str, size: tuple[int, int]) -> VideoFrame:
        """Converts (height, width, 3) RGB, uint8 or uint16, to a frame, resized to ``size``.

        For a pixel format that has transparency, it may also be (height, width, 4).
        """
        if pixel_format.startswith("yuva"):
            return self._with_alpha(pixels, pixel_format, size)
        flags = _SAME_SIZE if (pixels.shape[1], pixels.shape[0]) == size else _RESIZED
        width, height = size
        pixels = np.ascontiguousarray(pixels)
        if VideoFormat(pixel_format).is_rgb:
            samples = to_depth(pixels, np.dtype(np.uint8))
            frame = VideoFrame.from_ndarray(samples, format="rgba" if samples.shape[2] == 4 else "rgb24")
            return self._reformatter.reformat(
                frame, width, height, pixel_format, interpolation=flags, threads=1
            )
        if pixels.dtype == np.uint16:
            frame = VideoFrame.from_ndarray(self._yuv_of(pixels), format="yuv444p16le")
            return self._plain(frame, width, height, pixel_format, flags)
        return self._reformatter.reformat(
            VideoFrame.from_ndarray(pixels, format="rgb24"),
            width,
            height,
            pixel_format,
            dst_colorspace=self._matrix,
            src_color_range=int(ColorRange.JPEG),
            dst_color_range=self._range,
            interpolation=flags,
            threads=1,
        )

    def _with_alpha(self, pixels: NDArray[Any], pixel_format: str, size: tuple[int, int]) -> VideoFrame:
        opaque = self.from_rgb(pixels[..., :3], pixel_format.replace("yuva", "yuv"), size)
        frame = VideoFrame(*size, pixel_format)
        for ours, theirs in zip(_rows_of(frame), _rows_of(opaque), strict=False):
            width = min(ours.shape[1], theirs.shape[1])
            ours[:, :width] = theirs[:, :width]
        depth = frame.format.components[3].bits
        samples = pixels[..., 3] if pixels.shape[2] == 4 else np.full(pixels.shape[:2], 255, np.uint8)
        alpha = VideoFrame.from_ndarray(to_depth(samples, np.dtype(np.uint16)), format="gray16le")
        flags = _SAME_SIZE if (alpha.width, alpha.height) == size else _RESIZED
        full = {"src_color_range": int(ColorRange.JPEG), "dst_color_range": int(ColorRange.JPEG)}
        alpha = self._reformatter.reformat(alpha, *size, "gray16le", interpolation=flags, threads=1, **full)
        samples16: NDArray[Any] = alpha.to_ndarray()
        values = samples16 >> (16 - depth)
        rows = values.astype("<u2" if depth > 8 else np.uint8).view(np.uint8)
        _rows_of(frame)[3][:, : rows.shape[1]] = rows
        return frame

    def _plain(self, frame: VideoFrame, width: int, height: int, pixel_format: str, flags: int) -> VideoFrame:
        """Changes the layout of YUV samples, without matrix or change of range."""
        return self._reformatter.reformat(
            frame,
            width,
            height,
            pixel_format,
            src_colorspace=self._matrix,
            dst_colorspace=self._matrix,
            src_color_range=self._range,
            dst_color_range=self._range,
            interpolation=flags,
            threads=1,
        )

    def _levels(self) -> tuple[float, float, float]:
        """Returns black, the luma span and the chroma span of samples shifted to 16 bits."""
        if self._colour.full_range:
            span = float(2**16 - 2 ** (16 - self._colour.depth))
            return 0.0, span, span
        return 16.0 * 256, 219.0 * 256, 224.0 * 256

    def _rgb_of(self, yuv: NDArray[Any]) -> NDArray[np.uint16]:
        red_weight, blue_weight = _WEIGHTS[self._colour.matrix]
        black, luma_span, chroma_span = map(np.float32, self._levels())
        luma = (yuv[..., 0] - black) / luma_span
        blue_offset, red_offset = ((yuv[..., plane] - np.float32(32768)) / chroma_span for plane in (1, 2))
        red = luma + np.float32(2 * (1 - red_weight)) * red_offset
        blue = luma + np.float32(2 * (1 - blue_weight)) * blue_offset
        rest = np.float32(1 - red_weight - blue_weight)
        green = (luma - np.float32(red_weight) * red - np.float32(blue_weight) * blue) / rest
        return _to_uint16(np.stack((red, green, blue), axis=2), np.float32(65535), np.float32(0))

    def _yuv_of(self, rgb: NDArray[Any]) -> NDArray[np.uint16]:
        red_weight, blue_weight = map(np.float32, _WEIGHTS[self._colour.matrix])
        black, luma_span, chroma_span = map(np.float32, self._levels())
        red, green, blue = (rgb[..., channel] / np.float32(65535) for channel in range(3))
        luma = red_weight * red + (1 - red_weight - blue_weight) * green + blue_weight * blue
        planes = (
            _to_uint16(luma, luma_span, black),
            _to_uint16((blue - luma) / (2 * (1 - blue_weight)), chroma_span, np.float32(32768)),
            _to_uint16((red - luma) / (2 * (1 - red_weight)), chroma_span, np.float32(32768)),
        )
        return np.stack(planes, axis=2)


def _rows_of(frame: VideoFrame) -> list[NDArray[np.uint8]]:
    """Returns the bytes of a plane, (height, bytes per row), padding included, as a writable view."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        for plane in frame.planes
    ]


def _to_uint16(values: NDArray[Any], span: np.float32, zero: np.float32) -> NDArray[np.uint16]:
    levels: NDArray[Any] = np.rint(np.clip(values * span + zero, 0, 65535))
    return levels.astype(np.uint16)
