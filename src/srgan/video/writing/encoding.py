"""Chooses the encoder, its settings and the container of a result."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av import VideoFormat
from av.codec import Codec
from av.container import OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from srgan.errors import UsageError
from srgan.video.colour import Colour
from srgan.video.kinds import VIDEO_CONTAINERS
from srgan.video.options import VideoOptions
from srgan.video.pictures import is_transparent
from srgan.video.reading.reader import VideoReader

USUAL_SETTINGS = {
    "libx264": {"crf": "17"},
    "libx265": {"crf": "19", "x265-params": "log-level=error"},
    "libvpx-vp9": {"crf": "24", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
    "libsvtav1": {"crf": "24", "preset": "8"},
    "prores_ks": {"profile": "hq"},
    "ffv1": {"level": "3", "slicecrc": "1"},
}
"""An encoder's settings where the user gives none."""

# Where the shape of pixels is written: these containers, and these encoders' own headers.
_ASPECT_IN = ("mp4", "mov", "libx264", "libx265", "h264_nvenc", "hevc_nvenc")
# An encoder's own name for what the options crf and preset set.
_CRF_NAMES = ("crf", "cq", "global_quality")
_PRESET_NAMES = ("preset", "cpu-used")
# 4:2:0 first: it plays everywhere, and upscaled it still holds all the colour of a 4:2:0 input.
_FORMATS = {
    8: ("yuv420p", "nv12", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p"),
    10: ("yuv420p10le", "p010le", "yuv422p10le", "yuv444p10le"),
}

_ALPHA_FORMATS = {8: ("yuva420p", "yuva444p"), 10: ("yuva420p10le", "yuva444p10le")}
# Where an encoder's transparency is kept, and what is usual there.
_ALPHA_IN = {
    "libvpx-vp9": ("webm", "matroska"),
    "libvpx": ("webm", "matroska"),
    "prores_ks": ("mov", "matroska"),
    "ffv1": ("matroska",),
}
_USUAL_WITH_ALPHA = {"webm": "libvpx-vp9", "mov": "prores_ks"}


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """All settings of an encoder.

    Attributes:
        codec: libavcodec's name of the encoder.
        settings: its options.
        pixel_format: libavutil's name.
        size: (width, height) in pixels.
        rate: frames per second, on average.
        colour: colour tags, written into the stream.
        aspect: width of a pixel by its height, written into the stream.
    """

    codec: str
    settings: dict[str, str]
    pixel_format: str
    size: tuple[int, int]
    rate: Fraction
    colour: Colour
    aspect: Fraction | None

    @property
    def has_alpha(self) -> bool:
        """Whether frames have an alpha channel."""
        return any(component.is_alpha for component in VideoFormat(self.pixel_format).components)

    @property
    def is_deep(self) -> bool:
        """Whether samples have more than 8 bits."""
        return any(component.bits > 8 for component in VideoFormat(self.pixel_format).components)

    def add_to(self, container: OutputContainer) -> VideoStream:
        """Adds a stream to a container, ready to encode frames that are numbered from 0."""
        stream: Any = container.add_stream(self.codec, rate=self.rate, options=self.settings)
        stream.width, stream.height = self.size
        stream.pix_fmt = self.pixel_format
        self.describe(stream)
        if self.aspect is not None:
            stream.sample_aspect_ratio = self.aspect
        self.mark_alpha(stream)
        result: VideoStream = stream
        return result

    def mark_alpha(self, stream: Stream) -> None:
        """Marks a VP8 or VP9 stream as transparent in Matroska and WebM."""
        if self.has_alpha and self.codec.startswith("libvpx"):
            stream.metadata["alpha_mode"] = "1"

    def describe(self, target: Any) -> None:
        """Tags a frame or a stream with its colours."""
        target.color_range = self.colour.range_tag
        target.color_primaries = self.colour.primaries
        target.color_trc = self.colour.transfer
        target.colorspace = self.colour.tagged_matrix


def container_of(target: Path) -> str:
    """Returns libavformat's name of the container for a file's extension.

    Raises:
        UsageError: if it is not one that videos are written in.
    """
    extension = target.suffix.lower()
    if extension not in VIDEO_CONTAINERS:
        known = ", ".join(VIDEO_CONTAINERS)
        raise UsageError(f"{target}: cannot write a video as '{extension}'; choose one of {known}")
    return VIDEO_CONTAINERS[extension]


def plan_encoding(reader: VideoReader, target: Path, options: VideoOptions) -> Encoding:
    """Chooses how a video is encoded.

    Args:
        reader: the video.
        target: its extension names the container.
        options: what the user chose.

    Raises:
        UsageError: if there is no such encoder, or it does not fit an option or the container.
    """
    name, colour = container_of(target), reader.colour
    is_usual = (options.codec, options.crf, options.preset) == (None, None, None)
    with_alpha = _USUAL_WITH_ALPHA.get(name) if is_usual or name == "webm" else None
    wanted = options.codec or with_alpha
    keeps_alpha = wanted is not None and name in _ALPHA_IN.get(wanted, ()) and is_transparent(reader)
    codec = find_encoder(wanted if wanted and keeps_alpha else options.codec or _usual(name, colour.deep))
    size, aspect = _shape(reader, options, may_be_non_square=name in _ASPECT_IN or codec.name in _ASPECT_IN)
    known = {option.name: option for option in codec_options(codec)}
    settings = dict(USUAL_SETTINGS.get(codec.name, {}))
    if keeps_alpha and codec.name == "prores_ks":
        settings["profile"] = "4444"
    if reader.hdr is not None:
        settings = reader.hdr.settings(codec.name, settings) or settings
    for option, value, names in (("crf", options.crf, _CRF_NAMES), ("preset", options.preset, _PRESET_NAMES)):
        if value is not None:
            own = next((own for own in names if own in known), None)
            if own is None:
                raise UsageError(f"the encoder {codec.name} takes no {option}; leave it out", field=option)
            settings[own] = str(value)
    return Encoding(
        codec=codec.name,
        settings=settings,
        pixel_format=_pixel_format(codec, colour, keeps_alpha=keeps_alpha),
        size=size,
        rate=reader.rate.limit_denominator(65535),
        colour=colour.tagged_for(*size),
        aspect=aspect,
    )


def _shape(
    reader: VideoReader, options: VideoOptions, *, may_be_non_square: bool
) -> tuple[tuple[int, int], Fraction | None]:
    """Returns the result's size and pixel aspect ratio, 1:1 where no other can be written."""
    width, height = options.output_size(*reader.size)
    if reader.aspect in (None, 1) or may_be_non_square:
        return (width, height), reader.aspect
    return (round(width * reader.aspect / 2) * 2, height), Fraction(1)


def _usual(container: str, deep: bool) -> str:
    if container == "webm":
        # libvpx, as PyAV has it, holds 8 bits.
        return "libsvtav1" if deep else "libvpx-vp9"
    return "libx264"


def find_encoder(name: str) -> Codec:
    """Finds an encoder by libavcodec's name.

    Raises:
        UsageError: if there is none that encodes video.
    """
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 greets on stderr otherwise
    try:
        codec = Codec(name, "w")
    except (av.FFmpegError, ValueError) as error:
        raise UsageError(f"unknown encoder '{name}'; libx264 plays everywhere", field="codec") from error
    if codec.type != "video":
        raise UsageError(f"'{name}' encodes {codec.type}, not video; libx264 plays everywhere", field="codec")
    return codec


def codec_options(codec: Codec) -> tuple[Any, ...]:
    """Returns the private options of an encoder."""
    return codec.create().supported_options.private


def _pixel_format(codec: Codec, colour: Colour, *, keeps_alpha: bool) -> str:
    names = [video_format.name for video_format in codec.video_formats or ()]
    formats = _ALPHA_FORMATS if keeps_alpha else _FORMATS
    wanted = (formats[10] + formats[8]) if colour.deep else (formats[8] + formats[10])
    fitting = next((name for name in wanted if name in names), None)
    if fitting is None:
        raise UsageError(
            f"'{codec.name}' takes none of the usual pixel formats; choose another encoder", field="codec"
        )
    return fitting
