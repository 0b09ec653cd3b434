"""Plans whether to copy, convert or drop sound, subtitles and all other streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from av.audio.stream import AudioStream
from av.codec.codec import Properties
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from srgan.video.reading.opening import is_cover
from srgan.video.writing.boxes import Marks

_AUDIO = {"webm": "libopus"}
_LOSSLESS = {("tta", "mp4"): "flac", ("tta", "matroska"): "flac"}
_SUBTITLES = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt", "matroska": "ass"}
_TEXT: Any = Properties.TEXT_SUB.value
# By number of channels, if a file gives no layout for them.
_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plan for one stream of the input.

    Attributes:
        index: index of the stream in the input.
        codec: the encoder it is converted with; None if it is copied.
        layout: layout of the loudspeakers, for converted sound.
    """

    index: int
    codec: str | None = None
    layout: str = ""


def plan_streams(
    container: InputContainer, video: Stream, output: str, is_written: Callable[[Sequence[Plan]], bool]
) -> tuple[tuple[Plan, ...], list[str]]:
    """Plans all streams but the video.

    Args:
        container: the input.
        video: the stream that is upscaled.
        output: libavformat's name of the output's format.
        is_written: whether a file with such streams can be written; found by trying, the only sure way.

    Returns:
        What is copied or converted, and a sentence about each stream that is not copied as it is.
    """
    candidates = {
        stream.index: [*_copies(stream, output), *_conversions(stream, output)]
        for stream in container.streams
        if stream.index != video.index and not _is_written_anew(stream, container)
    }
    plans = [choices[0] for choices in candidates.values() if choices]
    if not is_written(plans):
        plans = []
        for choices in candidates.values():
            plans += next(([plan] for plan in choices if is_written([*plans, plan])), [])
    chosen = {plan.index: plan for plan in plans}
    notes = (_note(container.streams[index], chosen.get(index), output) for index in candidates)
    return tuple(plans), [note for note in notes if note is not None]


def _is_written_anew(stream: Stream, container: InputContainer) -> bool:
    """Returns whether muxers write a track themselves: a timecode, or the names of chapters."""
    if stream.type != "data":
        return False
    is_chapters = _codec_name(stream) == "bin_data" and bool(container.chapters())
    return "timecode" in stream.metadata or is_chapters


def _note(stream: Stream, plan: Plan | None, output: str) -> str | None:
    name = f"{stream.type} stream {stream.index} ({_codec_name(stream)})"
    if plan is None:
        return f"{name} is left out: {output} cannot hold it"
    if plan.codec is not None:
        return f"{name} is converted to {plan.codec}: {output} cannot hold it as it is"
    if isinstance(stream, VideoStream) and not is_cover(stream):
        return f"{name} is copied as it is: only the first video is upscaled"
    return None


def is_known(stream: Stream) -> bool:
    """Returns whether a stream can be decoded."""
    return getattr(stream, "codec_context", None) is not None


def _codec_name(stream: Stream) -> str:
    # A typed attribute, but some streams without a decoder lack it.
    return stream.codec_context.name if is_known(stream) else getattr(stream, "name", None) or "unknown"


def _copies(stream: Stream, output: str) -> list[Plan]:
    """Returns the way to copy a stream; none if hardly a player would read it, as with PCM in mp4.

    Nor is there one for TTA: no container stores the number of its samples, FFmpeg guesses it by the file's
    length, and if that has changed, the end cannot be decoded.
    """
    name = _codec_name(stream)
    is_misread = name == "tta" or (output == "mp4" and name.startswith("pcm_"))
    return [] if is_misread else [Plan(index=stream.index)]


def _conversions(stream: Stream, output: str) -> list[Plan]:
    """Returns the ways to convert a stream that ``output`` does not take, the best first."""
    if not is_known(stream):
        return []
    if isinstance(stream, AudioStream):
        # Opus has no name for loudspeakers at the side, or in rarer places.
        own = stream.layout.name.split("(")[0]
        layouts = dict.fromkeys((stream.layout.name, own, _LAYOUTS.get(stream.channels, "stereo"), "stereo"))
        codec = _LOSSLESS.get((_codec_name(stream), output)) or _AUDIO.get(output, "aac")
        return [Plan(index=stream.index, codec=codec, layout=layout) for layout in layouts]
    if stream.type == "subtitle" and stream.codec_context.codec.properties & _TEXT:
        return [Plan(index=stream.index, codec=_SUBTITLES[output])]
    return []


@dataclass(frozen=True, kw_only=True)
class Contents:
    """All that a file holds beside the upscaled video.

    Attributes:
        plans: its other streams.
        timecode: that of the first frame; None for none.
        marks: marks of a 360-degree or stereo video.
        own_tags: mp4 and mov name tags as the input does, not as players expect, to hold all of them.
    """

    plans: tuple[Plan, ...] = ()
    timecode: str | None = None
    marks: Marks = field(default_factory=Marks)
    own_tags: bool = False
