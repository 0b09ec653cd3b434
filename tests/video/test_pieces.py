"""A video in pieces against the same video as a whole."""

import pytest

from srgan.errors import VideoError
from srgan.video.options import VideoOptions
from srgan.video.pieces import Pieces, enlarge_piece, join_pieces, plan_pieces


@pytest.fixture
def by_pieces(upscaler, tmp_path):
    def enlarge(source, target, options=VideoOptions(), order=reversed):
        pieces = Pieces.from_json(plan_pieces(source, target).to_json())
        folder = tmp_path / "segments"
        folder.mkdir()
        for number in order(range(pieces.count)):
            for segment in enlarge_piece(
                source, target, pieces, number, upscaler, options, tmp_path / "piece"
            ):
                segment.rename(folder / segment.name)
        return join_pieces(source, target, pieces, folder, upscaler, options)

    return enlarge


@pytest.mark.parametrize("name", ["open.mp4", "refresh.mp4", "interlaced.mkv"])
def test_the_result_is_that_of_one_computer(name, clip, enlarge, by_pieces, ffmpeg, tmp_path):
    how = {
        "open.mp4": ["-c:v", "libx264", "-x264-params", "open-gop=1:keyint=40:bframes=3"],
        "refresh.mp4": ["-c:v", "libx264", "-x264-params", "intra-refresh=1:keyint=1000"],
        "interlaced.mkv": ["-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-top", "1", "-vf", "setfield=tff"],
    }[name]
    source = clip(name, "-pix_fmt", "yuv420p", *how, seconds=11, size="32x24")
    whole = enlarge(source, tmp_path / "whole.mkv")
    joined = by_pieces(source, tmp_path / "joined.mkv")
    assert joined.frames == whole.frames == 275
    assert joined.output_size == whole.output_size
    for stream in ("v", "a"):
        hashes = [
            ffmpeg("-i", tmp_path / result, "-map", f"0:{stream}", "-f", "framehash", "-")
            for result in ("whole.mkv", "joined.mkv")
        ]
        assert hashes[0] == hashes[1]
        assert hashes[0].count(b"\n") > 270


def test_a_video_that_changed_after_it_was_planned_is_refused(clip, upscaler, tmp_path):
    source = clip("a.mkv", "-c:v", "ffv1", seconds=11, size="32x24", sound=False)
    target = tmp_path / "out.mkv"
    pieces = plan_pieces(source, target)
    clip("a.mkv", "-c:v", "ffv1", "-vf", "negate", seconds=11, size="32x24", sound=False)
    with pytest.raises(VideoError, match=r"a\.mkv"):
        enlarge_piece(source, target, pieces, 1, upscaler, VideoOptions(), tmp_path / "piece")


@pytest.mark.parametrize("name", ["short.mp4", "moving.gif"])
def test_what_is_short_or_no_video_file_is_not_cut(name, clip, tmp_path):
    source = clip(name, seconds=2, sound=False)
    assert plan_pieces(source, tmp_path / f"out{source.suffix}") is None
