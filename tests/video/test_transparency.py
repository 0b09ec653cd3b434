"""What can be seen through stays so in the targets that hold it; elsewhere it lies on white and is said."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

from srgan.video.options import VideoOptions

SIZE = "64x48"
SOURCES = {
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-crf", "10", "-b:v", "0"),
    "vp8.webm": ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-b:v", "1M"),
    "prores.mov": ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"),
    "qtrle.mov": ("-c:v", "qtrle", "-pix_fmt", "argb"),
    "png.mov": ("-c:v", "png", "-pix_fmt", "rgba"),
}


@pytest.fixture
def see_through(ffmpeg, tmp_path):
    """A clip whose left half is nearly clear, over red, and whose right half is blue."""

    def make(name):
        filters = (
            f"color=red:s={SIZE}:d=0.2:r=25,format=rgba,geq=r='if(lt(X,32),255,0)':g=0:b='if(lt(X,32),0,255)'"
            ":a='if(lt(X,32),40,255)'"
        )
        ffmpeg("-f", "lavfi", "-i", filters, *SOURCES[name], tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def alpha_of(ffmpeg):
    """How opaque the first frame of a result is, (height, width), by another decoder than PyAV's."""

    def read(path, width=256, height=192):
        decoder = ("-c:v", "libvpx-vp9") if path.suffix == ".webm" else ()
        raw = ffmpeg(*decoder, "-i", path, "-frames:v", 1, "-f", "rawvideo", "-pix_fmt", "rgba", "-")
        return np.frombuffer(raw, np.uint8).reshape(height, width, 4)

    return read


@pytest.mark.parametrize("target", ["large.webm", "large.mov", "large.webp", "%d.png"])
@pytest.mark.parametrize("source", SOURCES)
def test_it_stays_where_the_target_holds_it(see_through, enlarge, alpha_of, tmp_path, source, target):
    result = enlarge(see_through(source), tmp_path / target)
    assert result.frames == 5
    assert not any("white" in note for note in result.notes)
    path = tmp_path / target.replace("%d", "1")
    if path.suffix == ".webp":
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGBA"))
    else:
        pixels = alpha_of(path)
    assert pixels[20:-20, 20:100, 3] == pytest.approx(40, abs=6)
    assert pixels[20:-20, 156:-20, 3] == pytest.approx(255, abs=3)


@pytest.mark.parametrize("target", ["large.mp4", "large.mkv", "%d.jpg"])
def test_elsewhere_it_lies_on_white_and_that_is_said(see_through, enlarge, alpha_of, tmp_path, target):
    result = enlarge(see_through("vp9.webm"), tmp_path / target, VideoOptions(scale=1))
    assert any("white" in note for note in result.notes)
    pixels = alpha_of(tmp_path / target.replace("%d", "1"), 64, 48)
    assert pixels[10:-10, 4:24, 1].mean() > 160  # white shows through the red


def test_what_is_opaque_in_a_format_with_transparency_is_not_treated_as_transparent(
    clip, enlarge, probe, tmp_path
):
    lr_video = clip("video.mov", "-c:v", "png", "-pix_fmt", "rgba", sound=False, seconds=0.2)
    result = enlarge(lr_video, tmp_path / "large.mov")
    assert probe(tmp_path / "large.mov")["streams"][0]["codec_name"] == "h264"
    assert result.notes == ()


def test_edges_are_enlarged_by_the_network_within_what_lies_around_them(ffmpeg, upscaler, enlarge, tmp_path):
    disc = "color=red:s=64x48:d=0.08:r=25,format=rgba,geq=r=255:g=0:b=0:a='if(lt(hypot(X-30,Y-24),15),255,0)'"
    ffmpeg("-f", "lavfi", "-i", disc, *SOURCES["png.mov"], tmp_path / "disc.mov")
    raw = ffmpeg("-i", tmp_path / "disc.mov", "-frames:v", 1, "-f", "rawvideo", "-pix_fmt", "rgba", "-")
    alpha = np.frombuffer(raw, np.uint8).reshape(48, 64, 4)[..., 3]
    enlarge(tmp_path / "disc.mov", tmp_path / "%d.png")
    around = [
        edge(alpha, 5, mode="nearest").repeat(4, 0).repeat(4, 1) for edge in (minimum_filter, maximum_filter)
    ]
    with Image.open(tmp_path / "2.png") as image:
        np.testing.assert_array_equal(np.asarray(image)[..., 3], upscaler.upscale(alpha).clip(*around))
