"""Decodes packets to frames: keeps their times, repeats frames for damaged ones, deinterlaces."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from typing import cast

import av
from av import CodecContext, Packet, VideoFrame
from av.container import InputContainer
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from srgan.errors import VideoError
from srgan.video.reading.opening import frame_limit

# Every packet of these shows a frame. Others have packets that show nothing: other frames refer to them, or
# they say that nothing changes.
_A_FRAME_A_PACKET = ("h264", "hevc", "mpeg1video", "mpeg2video", "mjpeg")

# What frames carry that no encoder here takes, by PyAV's names.
_EMBEDDED = {
    "A53_CC": "closed captions",
    "DYNAMIC_HDR_PLUS": "HDR10+ metadata",
    "DOVI_METADATA": "Dolby Vision metadata",
}

_LIBVPX = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


@dataclass(frozen=True, kw_only=True)
class TimedFrame:
    """A decoded frame.

    Attributes:
        time: when it is shown, in units of the stream's time base.
        duration: how long, in the same units; 0 if the stream does not say.
        image: the decoded samples.
    """

    time: int
    duration: int
    image: VideoFrame


@dataclass(kw_only=True)
class Findings:
    """What was found in a stream while it was decoded.

    Attributes:
        repeated: frames that could not be decoded, and show the one before instead.
        damaged: frames of which the decoder had to guess parts.
        ended_early: reading failed before the end.
        interlaced: there were interlaced frames.
        transparent: there were transparent frames.
        resized: (width, height) of the first frame that was not as large as the first of all.
        embedded: what was written into the frames besides pictures, by name.
    """

    repeated: int = 0
    damaged: int = 0
    ended_early: bool = False
    interlaced: bool = False
    transparent: bool = False
    resized: tuple[int, int] | None = None
    embedded: set[str] = field(default_factory=set)


class _Ledger:
    """Tracks which frames the packets of a stream promise, and which are missing.

    Args:
        strict: every packet shows a frame.
    """

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._times: list[int] = []
        self._failures = 0

    def expect(self, packet: Packet[VideoStream]) -> None:
        """Records a packet."""
        if packet.size and packet.pts is not None and not packet.is_discard:
            heapq.heappush(self._times, packet.pts)

    def fail(self) -> None:
        """Records that the decoder gave up on a packet, not necessarily the last one."""
        self._failures += 1

    def missed(self, image: VideoFrame | None, last: TimedFrame | None) -> list[int]:
        """Returns the times of missing frames between the last one and ``image``; None stands for the end."""
        missed = []
        while self._times and (image is None or (image.pts is not None and self._times[0] <= image.pts)):
            missed.append(heapq.heappop(self._times))
        if image is not None:
            missed = [time for time in missed if time != image.pts]
        newest = image if image is not None or last is None else last.image
        # What a decoder leaves out silently: at the beginning, frames that refer to earlier ones; in
        # interlaced video, the packets of second fields.
        if last is None or newest is None or newest.interlaced_frame or not self._strict:
            missed = missed[: self._failures]
        self._failures = max(0, self._failures - len(missed))
        return [time for time in missed if last is None or time > last.time]


def decode(stream: VideoStream, findings: Findings, max_pixels: int) -> Iterator[TimedFrame]:
    """Decodes a stream; frames come in the order they are shown, no two at the same time.

    Where the decoder gives up on a packet, the previous frame is repeated in its place (at the beginning, the
    next one), so that sound and pictures stay together.

    Args:
        stream: a stream of an opened container, read from the container's position.
        findings: takes notes of what is wrong.
        max_pixels: a frame with many more is one that cannot be decoded.

    Raises:
        VideoError: if the stream is encrypted.
    """
    ledger = _Ledger(strict=stream.codec_context.name in _A_FRAME_A_PACKET)
    last: TimedFrame | None = None
    for image in chain(_images(stream, ledger, findings, max_pixels), [None]):
        for time in ledger.missed(image, last):
            shown = last.image if last is not None else image
            if shown is not None:
                findings.repeated += 1
                last = TimedFrame(time=time, duration=0, image=shown)
                yield last
        if image is not None:
            findings.damaged += image.is_corrupt
            findings.embedded |= _embedded_in(image)
            last = _timed(image, last)
            yield last


def _embedded_in(image: VideoFrame) -> set[str]:
    with suppress(ValueError):  # there are data beside it that PyAV has no name for
        return {name for kind, name in _EMBEDDED.items() if image.side_data.get(kind) is not None}
    return set()


def _images(
    stream: VideoStream, ledger: _Ledger, findings: Findings, max_pixels: int
) -> Iterator[VideoFrame]:
    packets = cast(InputContainer, stream.container).demux(stream)
    decoder = _decoder_of(stream, max_pixels)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            findings.ended_early = True
            yield from decoder.decode(None)
            return
        if packet is None:
            return
        if packet.has_sidedata("encryption_info"):
            raise VideoError("is encrypted; it can be read only by the player that it was made for")
        ledger.expect(packet)
        try:
            images = decoder.decode(packet)
        except av.FFmpegError:
            ledger.fail()
            continue
        yield from images


def _decoder_of(stream: VideoStream, max_pixels: int) -> VideoCodecContext:
    """Returns the decoder of a stream: libvpx for VP8 and VP9, whose transparency FFmpeg's own ignore."""
    own = stream.codec_context
    # FFmpeg allocates no larger frame, whatever a file says, and continues with the next.
    own.options = frame_limit(max_pixels)
    name = _LIBVPX.get(own.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return own
    decoder = cast(VideoCodecContext, CodecContext.create(name, "r"))
    decoder.options = own.options
    decoder.color_range, decoder.colorspace = own.color_range, own.colorspace
    decoder.color_primaries, decoder.color_trc = own.color_primaries, own.color_trc
    return decoder


def _timed(image: VideoFrame, last: TimedFrame | None) -> TimedFrame:
    """Times a frame: at its own time or, if that is missing or past, right after the last."""
    time = image.pts if image.pts is not None else image.dts
    if last is not None and (time is None or time <= last.time):
        time = last.time + max(1, last.duration)
    return TimedFrame(time=time or 0, duration=image.duration, image=image)


def deinterlace(
    frames: Iterable[TimedFrame], time_base: Fraction, findings: Findings
) -> Iterator[TimedFrame]:
    """Makes whole frames of interlaced ones (libavfilter's bwdif); passes others unchanged.

    Args:
        frames: as decoded.
        time_base: the stream's.
        findings: takes a note if there were any.
    """
    graph: Graph | None = None
    kind: tuple[int, int, str] | None = None
    for frame in frames:
        image = frame.image
        findings.interlaced |= image.interlaced_frame
        if not findings.interlaced:
            yield frame
            continue
        if graph is None or kind != (image.width, image.height, image.format.name):
            yield from _flushed(graph, time_base)
            kind = (image.width, image.height, image.format.name)
            graph = _bwdif(image, time_base)
        image.pts, image.time_base = frame.time, time_base
        graph.push(image)
        yield from _pulled(graph, time_base)
    yield from _flushed(graph, time_base)


def _bwdif(image: VideoFrame, time_base: Fraction) -> Graph:
    graph = Graph()
    source = graph.add(
        "buffer",
        f"video_size={image.width}x{image.height}:pix_fmt={image.format.name}:time_base={time_base}:"
        f"colorspace={int(image.colorspace)}:range={int(image.color_range)}",
    )
    # One frame out for each in; those that are not marked as interlaced are left alone.
    graph.link_nodes(source, graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink"))
    graph.configure()
    return graph


def _flushed(graph: Graph | None, time_base: Fraction) -> Iterator[TimedFrame]:
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph, time_base)


def _pulled(graph: Graph, time_base: Fraction) -> Iterator[TimedFrame]:
    while True:
        try:
            image = graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return
        unit = (image.time_base or time_base) / time_base
        yield TimedFrame(
            time=round((image.pts or 0) * unit), duration=round(image.duration * unit), image=image
        )
