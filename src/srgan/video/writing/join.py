"""Joins encoded segments and the other streams of the input into the finished file."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
from av import Packet
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from srgan.errors import VideoError
from srgan.events import Cancel, check
from srgan.files import temporary_folder
from srgan.video.reading.opening import first_video, open_input
from srgan.video.reading.reader import VideoReader
from srgan.video.writing.boxes import Marks, insert_marks, stereo_mode
from srgan.video.writing.encoding import Encoding
from srgan.video.writing.others import chapters, demuxed, others
from srgan.video.writing.plan import Contents
from srgan.video.writing.streams import StreamCopier, add_copier, stream_tags

BOXED = ("mp4", "mov")
"""Containers with marks as boxes, see ``boxes``."""

# About the file that was read, not about the video.
_FILE_TAGS = ("major_brand", "minor_version", "compatible_brands", "encoder", "duration")


def join(
    reader: VideoReader,
    segments: Sequence[Path],
    times: array[int],
    part: Path,
    output: str,
    encoding: Encoding,
    contents: Contents,
    *,
    is_sample: bool = False,
    cancel: Cancel | None = None,
) -> None:
    """Writes the finished file.

    Args:
        reader: the input; its file is opened again.
        segments: files whose frames are numbered from 0 each, see ``NUMBER``.
        times: when each frame is shown, in units of the reader's time base; one more for the end.
        part: the file to write.
        output: libavformat's name of its format.
        encoding: how the segments were encoded.
        contents: what else goes into the file.
        is_sample: take only the first packets of the other streams, whatever part is requested.
        cancel: asked at every packet whether to stop.

    Raises:
        VideoError: if the segments do not hold exactly as many frames as there are times.
        OSError, av.FFmpegError: if the file cannot be written.
        CancelledError: if ``cancel`` says so.
    """
    order = _order(segments)
    if sorted(order) != list(range(len(times) - 1)):
        raise VideoError(
            f"{reader.path}: {len(order)} of {len(times) - 1} frames are done; start over without resuming",
            field="resume",
        )
    begin = Fraction(reader.begin * reader.time_base)
    end = None if reader.end is None else Fraction(reader.end * reader.time_base)
    if is_sample:
        begin, end = Fraction(reader.container.start_time or 0, av.time_base) if begin else begin, None
    with (
        open_input(Path(reader.path)) as source,
        _template(segments[0], output, contents.marks) as template,
        _open_output(part, output, own_tags=contents.own_tags) as result,
    ):
        video = first_video(source)
        plans = {plan.index: plan for plan in contents.plans}
        copiers: dict[int, StreamCopier] = {}
        target: Any = None
        for stream in source.streams:
            if stream.index == video.index:
                target = result.add_stream_from_template(template, opaque=True)
                _describe(target, reader, encoding)
                target.disposition = video.disposition
            elif plan := plans.get(stream.index):
                copier = add_copier(result, stream, plan, begin)
                if copier is not None:
                    copiers[stream.index] = copier
        result.metadata.update(
            {key: value for key, value in tags_of(source).items() if key.lower() != "timecode"}
        )
        if contents.timecode is not None:
            target.metadata["timecode"] = contents.timecode
        result.set_chapters(chapters(source, begin, end))
        packets = demuxed(source, copiers, is_sample=is_sample)
        beside = others(packets, copiers, begin, end)
        pictures = _pictures(segments, order, times, reader.time_base, target)
        for _, packet in heapq.merge(pictures, beside, key=lambda item: item[0]):
            check(cancel)
            result.mux(packet)
    if contents.marks != Marks() and output in BOXED:
        _mark(part, contents.marks)


@contextmanager
def _template(segment: Path, output: str, marks: Marks) -> Iterator[VideoStream]:
    """Returns the stream of a segment, with marks, which Matroska's muxer copies from a marked file."""
    with ExitStack() as stack:
        stream = stack.enter_context(av.open(str(segment))).streams.video[0]
        if marks != Marks() and output not in BOXED:
            marked = stack.enter_context(temporary_folder()) / "marked"
            name = "mov" if stream.codec_context.name == "prores" else "mp4"
            with av.open(str(marked), "w", format=name) as copy:
                target = copy.add_stream_from_template(stream, opaque=True)
                packet = next(_packets(segment))
                packet.stream = target
                copy.mux(packet)
            _mark(marked, marks)
            stream = stack.enter_context(av.open(str(marked))).streams.video[0]
        yield stream


def _mark(path: Path, marks: Marks) -> None:
    with av.open(str(path)) as written:
        track = first_video(written).id
    insert_marks(path, track, marks)


def tags_of(container: InputContainer) -> dict[str, str]:
    """Returns the tags that describe the video rather than the file."""
    return {key: value for key, value in container.metadata.items() if key.lower() not in _FILE_TAGS}


def _open_output(part: Path, output: str, *, own_tags: bool) -> OutputContainer:
    flags = "+faststart+use_metadata_tags" if own_tags else "+faststart"
    return av.open(
        str(part),
        "w",
        format=output,
        container_options={"movflags": flags} if output in ("mp4", "mov") else {},
        metadata_errors="surrogateescape",
    )


def _describe(target: Any, reader: VideoReader, encoding: Encoding) -> None:
    """Copies the container's description of the video: tags, colours and rotation."""
    encoding.describe(target.codec_context)
    encoding.mark_alpha(target)
    if (mode := stereo_mode(reader.first_image)) is not None:
        target.metadata["stereo_mode"] = mode
    if encoding.aspect is not None:
        target.codec_context.sample_aspect_ratio = encoding.aspect
    if target.codec_context.name == "hevc" and target.container.format.name in ("mp4", "mov"):
        target.codec_context.codec_tag = "hvc1"  # with the other one, "hev1", Apple's players show nothing
    target.codec_context.framerate = encoding.rate
    target.time_base = reader.time_base
    if reader.display_matrix is not None:
        target.set_display_matrix(_scaled(reader.display_matrix, reader.size, encoding.size))
    kept = ("language", "title", "handler_name", "creation_time")
    tags = stream_tags(reader.stream, target.container.format.name)
    target.metadata.update({key: value for key, value in tags.items() if key.lower() in kept})


def _scaled(matrix: Sequence[int], old: tuple[int, int], new: tuple[int, int]) -> list[int]:
    """Scales the shift of a display matrix, in pixels, to the result's size."""
    scaled = list(matrix)
    factor = Fraction(new[0], old[0])
    scaled[6], scaled[7] = round(matrix[6] * factor), round(matrix[7] * factor)
    return scaled


def _order(segments: Sequence[Path]) -> array[int]:
    """Returns the number of each frame in the whole video, in decoding order."""
    order = array("q")
    for path in segments:
        first = len(order)
        order.extend(first + (packet.pts or 0) for packet in _packets(path))
    return order


def _packets(path: Path) -> Iterator[Packet[Any]]:
    with av.open(str(path)) as container:
        yield from (packet for packet in container.demux(video=0) if packet.size)


def _pictures(
    segments: Sequence[Path], order: array[int], times: array[int], time_base: Fraction, target: Any
) -> Iterator[tuple[float, Packet[Any]]]:
    """Yields the video's packets in decoding order, with their times in seconds.

    Decoding times are the display times, sorted, earlier by as many frames as the encoder reorders.
    """
    delay = max(index - number for index, number in enumerate(order))
    before = array("q", (times[0] - step * (times[1] - times[0]) for step in range(delay, 0, -1)))
    decoding = chain(before, times)
    packets = (packet for path in segments for packet in _packets(path))
    for packet, number, decoded in zip(packets, order, decoding, strict=False):
        packet.stream = target
        packet.time_base = time_base
        packet.dts, packet.pts = decoded, times[number]
        packet.duration = times[number + 1] - times[number]
        yield float(decoded * time_base), packet
