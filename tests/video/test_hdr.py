"""HDR10's static metadata, as ffprobe reads them in the result."""

import json
import subprocess
from fractions import Fraction

import av
import pytest

from srgan.video.options import VideoOptions

SIDE_DATA = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")
DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


def metadata(path):
    """Of the first frame: the display's numbers, the light's."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_frames", "-read_intervals", "%+#1", str(path)]
    frames = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["frames"]
    found = {data["side_data_type"]: data for data in frames[0].get("side_data_list", [])}
    display = found.get("Mastering display metadata", {})
    numbers = {name: float(Fraction(value)) for name, value in display.items() if "/" in value}
    light = found.get("Content light level metadata", {})
    return numbers, (light.get("max_content"), light.get("max_average"))


@pytest.fixture
def lr_video(clip):
    tags = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    parameters = f"log-level=error:hdr10=1:master-display={DISPLAY}:max-cll=1000,400"
    encoder = ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", parameters)
    return clip("video.mp4", *encoder, *tags, sound=False, seconds=0.2)


@pytest.mark.parametrize("codec", ["libx265", "libsvtav1"])
@pytest.mark.parametrize("target", ["mp4", "mkv"])
def test_they_are_carried_where_the_encoder_can_be_told(lr_video, enlarge, tmp_path, codec, target):
    result = enlarge(lr_video, tmp_path / f"large.{target}", VideoOptions(codec=codec))
    display, light = metadata(tmp_path / f"large.{target}")
    expected, _ = metadata(lr_video)
    assert len(expected) == 10
    # AV1 has fractions of 1/65536, and of 1/16384 for the least luminance.
    assert display == pytest.approx(expected, abs=1e-9 if codec == "libx265" else 1e-4)
    assert light == (1000, 400)
    assert result.notes == ()


@pytest.mark.parametrize("target", ["mp4", "mkv"])
def test_the_usual_encoder_carries_them_too(lr_video, enlarge, tmp_path, target):
    enlarge(lr_video, tmp_path / f"large.{target}")
    # Read by the library: an ffprobe of before 2023 does not know them in H.264.
    before, after = (
        [bytes(first_frame(path).side_data.get(name)) for name in SIDE_DATA]
        for path in (lr_video, tmp_path / f"large.{target}")
    )
    assert after == before
    assert [len(data) for data in after] == [88, 8]


def first_frame(path):
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


def test_where_they_are_not_carried_it_is_said(lr_video, enlarge, tmp_path):
    result = enlarge(lr_video, tmp_path / "large.mkv", VideoOptions(codec="ffv1"))
    assert metadata(tmp_path / "large.mkv") == ({}, (None, None))
    assert result.notes == ("has HDR10 mastering metadata, which ffv1 does not take; libx264 does",)
