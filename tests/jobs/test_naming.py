"""Which files are read, and where each result goes."""

import os
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from srgan.errors import ImageError, UsageError
from srgan.images.read import read_picture
from srgan.jobs.naming import plan_jobs


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def touch(here):
    def make(*names):
        for name in names:
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).touch()

    return make


def plan(*inputs, out=None, **options):
    options = {"extension": None, "suffix": "-x4", "recursive": False, **options}
    jobs = plan_jobs(inputs, out, **options)
    return {job.source.as_posix(): job.target.as_posix() for job in jobs}


def test_results_lie_beside_their_inputs_with_a_suffix():
    assert plan("a.png", "sub/b.tar.jpg") == {"a.png": "a-x4.png", "sub/b.tar.jpg": "sub/b.tar-x4.jpg"}


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("a.PNG", "a-x4.PNG"),
        ("a.jpeg", "a-x4.jpeg"),
        ("a.tif", "a-x4.tif"),
        ("a.gif", "a-x4.gif"),
        ("a.heic", "a-x4.jpg"),
        ("a.JFIF", "a-x4.jpg"),
        ("a.bmp", "a-x4.png"),
        ("a", "a-x4.png"),
    ],
)
def test_the_extension_is_kept_where_it_can_be_written(source, target):
    assert plan(source) == {source: target}
    assert plan(source, extension=".webp") == {source: "a-x4.webp"}


def test_a_slash_at_the_end_makes_a_folder_of_any_name(touch):
    touch("a.jpg", "in/1.png", "in/2.png")
    assert plan("a.jpg", out="b.png/") == {"a.jpg": "b.png/a.jpg"}
    assert plan("in", out="film.mp4/") == {"in/1.png": "film.mp4/1.png", "in/2.png": "film.mp4/2.png"}
    assert plan("in", out="film.mp4") == {"in": "film.mp4"}
    (job,) = plan_jobs(["a.jpg"], None, suffix="-x4", invented="maps.png/")
    assert job.invented == Path("maps.png/a-x4.jpg.png")


def test_out_with_an_extension_is_a_file_for_one_input(touch):
    touch("in/a.jpg")
    assert plan("a.jpg", out="new/x.tiff") == {"a.jpg": "new/x.tiff"}
    assert plan("in/*.jpg", out="x.gif") == {"in/a.jpg": "x.gif"}
    assert plan("a.jpg", out="x.JPEG", extension=".jpg") == {"a.jpg": "x.JPEG"}


def test_out_is_a_folder_otherwise(here, touch):
    touch("in/a.jpg")
    (here / "folder.png").mkdir()
    assert plan("a.jpg", out="x") == {"a.jpg": "x/a.jpg"}
    assert plan("a.jpg", out="folder.png") == {"a.jpg": "folder.png/a.jpg"}
    assert plan("a.jpg", "b.jpg", out="x.png") == {"a.jpg": "x.png/a.jpg", "b.jpg": "x.png/b.jpg"}
    assert plan("in", out="x.png") == {"in/a.jpg": "x.png/a.jpg"}


def test_folders_give_their_pictures_and_mirror_their_sub_folders(touch):
    touch("in/b.png", "in/a.jpg", "in/notes.txt", "in/.hidden.png", "in/sub/deep/c.png")
    assert plan("in", out="x") == {"in/a.jpg": "x/a.jpg", "in/b.png": "x/b.png"}
    assert plan("in", out="x", recursive=True) == {
        "in/a.jpg": "x/a.jpg",
        "in/b.png": "x/b.png",
        "in/sub/deep/c.png": "x/sub/deep/c.png",
    }
    assert plan("in/sub", recursive=True) == {"in/sub/deep/c.png": "in/sub/deep/c-x4.png"}


def test_a_folder_or_a_pattern_of_numbered_frames_is_one_input(here, touch):
    touch("in/01.png", "in/02.png", "film.mp4", "in/sub/c.png")
    assert plan("in", out="x.mp4") == {"in": "x.mp4"}
    assert plan("in", out="x/%d.jpg") == {"in": "x/%d.jpg"}
    assert plan("in/%02d.png", out="x.webm") == {"in/%02d.png": "x.webm"}
    assert plan("in/%02d.png", out="x.gif") == {"in/%02d.png": "x.gif"}
    assert plan("in/%02d.png", out="x") == {"in/%02d.png": "x/%02d.png"}
    assert plan("in/%02d.png") == {"in/%02d.png": "in/%02d-x4.png"}
    assert plan("film.mp4", out="x/%05d.png") == {"film.mp4": "x/%05d.png"}
    assert plan("film.mp4", out="x.webp") == {"film.mp4": "x.webp"}
    (here / "x.mp4").mkdir()
    assert plan("in", out="x.mp4") == {"in/01.png": "x.mp4/01.png", "in/02.png": "x.mp4/02.png"}


def test_patterns_are_expanded_as_a_shell_does(touch):
    touch("in/a.png", "in/b.jpg", "in/sub/c.png", "odd[1].png")
    assert list(plan("in/*.png", "in/?.jpg")) == ["in/a.png", "in/b.jpg"]
    assert list(plan("in/*")) == ["in/a.png", "in/b.jpg", "in/sub/c.png"]
    assert list(plan("in/**/*.png")) == ["in/a.png", "in/sub/c.png"]
    assert list(plan("odd[1].png")) == ["odd[1].png"]
    assert list(plan("no*.png")) == ["no*.png"]


def test_an_input_named_twice_is_taken_once(touch):
    touch("in/a.png")
    assert list(plan("in", "in/a.png", "./in/a.png", "in/*")) == ["in/a.png"]


def test_inputs_that_would_meet_get_their_extension():
    assert plan("a.png", "a.jpg", "b.png", out="x", extension=".webp") == {
        "a.png": "x/a.png.webp",
        "a.jpg": "x/a.jpg.webp",
        "b.png": "x/b.webp",
    }
    assert plan("A.png", "a.png", out="x") == {"A.png": "x/A.png.png", "a.png": "x/a.png-2.png"}
    assert plan("p/a.png", "q/a.png", "a.png.jpg", out="x", extension=".png") == {
        "p/a.png": "x/a.png-2.png",
        "q/a.png": "x/a.png-3.png",
        "a.png.jpg": "x/a.png.png",
    }


def test_results_of_an_earlier_run_are_no_inputs(touch):
    touch("a.png", "a-x4.png", "a-x2.5.jpg", "a-x4-compare.png", "a.png-x4.webp", "sub/a-x4.png", "b-xy.png")
    assert list(plan(".", recursive=True)) == ["a.png", "b-xy.png", "sub/a-x4.png"]
    assert plan("a-x4.png") == {"a-x4.png": "a-x4-x4.png"}


def test_results_in_a_folder_below_the_inputs_are_no_inputs(touch):
    touch("in/a.png", "in/out/a.png", "in/out/sub/b.png", "in/outside/c.png")
    expected = ["in/a.png", "in/outside/c.png"]
    assert list(plan("in", out="in/out", recursive=True)) == expected
    assert list(plan("in/out", out="in/out/x")) == ["in/out/a.png"]


def test_panels_are_planned_when_asked_for():
    options = {"extension": None, "suffix": "-x4", "recursive": False}
    (job,) = plan_jobs(["a.jpg"], None, compare=True, **options)
    assert [path.name for path in job.outputs] == ["a-x4.jpg", "a-x4-compare.png"]
    (job,) = plan_jobs(["a.jpg"], None, **options)
    assert [path.name for path in job.outputs] == ["a-x4.jpg"]


def test_no_output_is_an_input(here, touch):
    touch("a.png", "in/a.png", "in/b-compare.png")
    (here / "link").symlink_to("in", target_is_directory=True)
    for inputs, out, options in [
        (["a.png"], "a.png", {}),
        (["in"], "in", {}),
        (["in"], "link", {}),
        (["b.jpg", "in/b-compare.png"], "in", {"extension": ".jpg", "compare": True}),
    ]:
        with pytest.raises(UsageError, match="is an input itself"):
            plan(*inputs, out=out, **options)


def test_what_cannot_be_is_refused(here, touch):
    touch("file", "a.png")
    (here / "empty").mkdir()
    for inputs, out, options, message in [
        (["empty"], None, {}, "no pictures in empty; search"),
        (["a.png"], "x.xyz", {}, "cannot write the format 'xyz'; choose one of png"),
        (["a.png"], "x.jpg", {"extension": ".png"}, "contradict each other"),
        (["a.png"], "x.gif", {"extension": ".png"}, "contradict each other"),
        (["a.png"], "file", {}, "is a file; name a folder"),
        (["a.png", "b.png"], "file", {}, "is a file; name a folder"),
    ]:
        with pytest.raises(UsageError, match=message) as refused:
            plan(*inputs, out=out, **options)
        assert refused.value.field in ("out", "file_format", "recursive", None)


def test_a_folder_that_cannot_be_listed_is_planned_like_a_file_that_is_not_there(here, touch, monkeypatch):
    touch("in/a.png", "in/locked/b.png", "c.png")
    really = Path.iterdir

    def refuse(folder):
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        return really(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert list(plan("in", "c.png", out="x", recursive=True)) == ["in/a.png", "c.png", "in/locked"]
    assert list(plan("in/locked")) == ["in/locked"]
    with pytest.raises(ImageError, match=r"locked: cannot be listed \(Permission denied\)"):
        read_picture(here / "in" / "locked")


def test_what_is_left_out_as_an_earlier_result_is_told(touch):
    touch("icon.png", "icon-x2.png", "icon-x4.png", "photo.jpg")
    told = []
    plan("icon.png", "photo.jpg", tell=told.append)
    plan(".", out="x", tell=told.append)
    assert told == []
    assert list(plan("icon.png", "icon-x2.png", tell=told.append)) == ["icon.png"]
    assert list(plan(".", tell=told.append)) == ["icon.png", "photo.jpg"]
    advice = "taken for earlier results and left out; name a folder for the results to upscale them too"
    assert told == [f"icon-x2.png is {advice}", f"icon-x2.png and 1 more are {advice}"]


@pytest.mark.parametrize("name", ["50%discount.jpg", "100%dark.mp4", "50%dark.webp", "a[1].png", "-x.jpg"])
@pytest.mark.parametrize("out", [None, "new"])
def test_odd_characters_are_ordinary_ones(touch, name, out):
    touch(name)
    path = Path(name)
    result = f"{path.stem}-x4{path.suffix}" if out is None else f"new/{name}"
    assert plan(name, out=out) == {name: result}
    job = plan_jobs([name], None if out is None else Path(out), suffix="-x4")[0]
    assert job.is_video == (path.suffix == ".mp4")


def test_a_pattern_stands_for_frames_only_where_something_moves(touch):
    touch("a.jpg", "a.mp4", "in/1.png")
    assert not plan_jobs(["a.jpg"], Path("50%discount.jpg"), suffix="-x4")[0].is_video
    assert plan_jobs(["a.mp4"], Path("50%d.jpg"), suffix="-x4")[0].is_video
    assert plan_jobs(["in/%d.png"], Path("100%dark.mp4"), suffix="-x4")[0].is_video


def test_an_input_without_a_name_is_refused(touch):
    touch("a.jpg")
    with pytest.raises(UsageError, match="empty name"):
        plan("")
    with pytest.raises(UsageError, match="empty name"):
        plan("a.jpg", "")


VIDEOS = {
    "a.asf": ("-c:v", "wmv2"),
    "a.mxf": ("-c:v", "mpeg2video"),
    "a.dv": ("-s", "720x576", "-pix_fmt", "yuv420p", "-r", "25"),
    "a.ogg": ("-c:v", "libtheora"),
    "a.3g2": ("-c:v", "mpeg4"),
    "a.h264": ("-c:v", "libx264"),
    "a.nut": ("-c:v", "mpeg4"),
    "film": ("-c:v", "mpeg4", "-f", "matroska"),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_what_holds_a_video_is_one_whatever_it_is_called(ffmpeg, here, name):
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.2", *VIDEOS[name], here / name)
    stem = Path(name).stem
    assert plan(name) == {name: f"{stem}-x4.mp4"}
    assert plan(".", out="new") == {name: f"new/{stem}.mp4"}
    assert plan_jobs([name], None, suffix="-x4")[0].is_video


def test_what_holds_no_video_is_left_out_of_folders(ffmpeg, here, touch):
    touch("in/a.jpg", "in/empty")
    (here / "in/notes.txt").write_text("Some text, " * 100)
    (here / "in/list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\na.ts\n")
    (here / "in/noise.bin").write_bytes(bytes(range(256)) * 20)
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.2", here / "in/sound.wav")
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "color=s=8x8:d=0.1",
        "-frames:v",
        1,
        "-f",
        "image2",
        "-c:v",
        "png",
        here / "in/picture",
    )
    assert plan("in", out="new") == {"in/a.jpg": "new/a.jpg"}


def test_a_transparent_heic_becomes_a_png(here):
    image = Image.new("RGBA", (32, 32), (200, 100, 50, 128))
    pillow_heif.from_pillow(image).save(here / "clear.heic")
    pillow_heif.from_pillow(image.convert("RGB")).save(here / "opaque.heic")
    assert sorted(plan(".", out="x").values()) == ["x/clear.png", "x/opaque.jpg"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_pipes_in_a_folder_are_left_out_and_named(here, touch):
    touch("a.png")
    os.mkfifo(here / "pipe.png")
    told = []
    assert list(plan(".", out="x", tell=told.append)) == ["a.png"]
    assert "pipe.png" in told[0]
    with pytest.raises(ImageError, match="is a pipe"):
        read_picture(here / "pipe.png")
