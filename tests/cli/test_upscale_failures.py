"""``srgan upscale`` on what goes wrong: one line each, the rest done, nothing half-written left."""

import os
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

import srgan.jobs.run


def one_line(done):
    assert done.out == ""
    assert done.err.startswith("srgan: ")
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    return done.err


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def small_png_that_says(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100)))


BAD = {
    "empty.png": (b"", "is empty"),
    "text.jpg": (b"hello, this is no picture", "is not a picture"),
    "header.png": (b"\x89PNG\r\n\x1a\n", "is damaged or cut short"),
    "flat.png": (small_png_that_says(0, 5), "is damaged"),
    "bomb.png": (small_png_that_says(100_000, 100_000), "raise the limit to 10000000000"),
}


def test_a_bad_picture_is_one_line_and_the_rest_is_done(upscale, pictures, here):
    pictures("good.png", "cut.png", "last.png")
    for name, (content, _) in BAD.items():
        (here / name).write_bytes(content)
    (here / "cut.png").write_bytes((here / "cut.png").read_bytes()[:700])

    done = upscale("good.png", *BAD, "cut.png", "gone.png", "none*.png", "last.png", "-o", "out")

    assert done.code == 1
    lines = done.err.splitlines()
    expected = [f"{name}: " for name in [*BAD, "cut.png", "gone.png", "none*.png"]]
    expected = [f"srgan: {'--max-pixels: ' * (name == 'bomb.png: ')}{name}" for name in expected]
    assert len(lines) == len(expected) + 2
    for line, start in zip(lines[1:-1], expected, strict=True):
        assert line.startswith(start)
    for line, (_, reason) in zip(lines[1:], BAD.values(), strict=False):
        assert reason in line
    assert sorted(path.name for path in (here / "out").iterdir()) == ["good.png", "last.png"]


def test_a_wrong_extension_does_not_matter(upscale, pictures, here):
    pictures("a.png")
    (here / "a.png").rename("a.jpg")
    assert upscale("a.jpg").code == 0
    with Image.open(here / "a-x4.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (120, 96))


def test_names_that_turn_letters_round_are_shown_escaped(upscale, pictures, here):
    pictures("a\u202egnp.png")
    (here / "b\u202egnp.png").touch()
    done = upscale("a\u202egnp.png", "b\u202egnp.png")
    assert done.code == 1
    assert "\u202e" not in done.err
    assert "a\\u202egnp-x4.png" in done.err
    assert (here / "a\u202egnp-x4.png").exists()


def test_the_limit_on_pixels_can_be_moved(upscale, pictures, here):
    pictures("a.png")
    message = one_line(upscale("a.png", "--max-pixels", 719, "--compare"))
    assert message.startswith("srgan: --max-pixels: a.png: ")
    assert "720" in message
    assert sorted(path.name for path in here.iterdir()) == ["a.png"]
    assert upscale("a.png", "--max-pixels", 720, "--compare").code == 0


@pytest.mark.parametrize("options", [[], ["--overwrite"], ["--skip-existing"]])
def test_an_input_is_never_overwritten(upscale, pictures, here, options):
    pictures("a.png", "b.png")
    before = (here / "a.png").read_bytes()
    (here / "link.png").symlink_to("a.png")
    for arguments in (["a.png", "-o", "a.png"], ["a.png", "-o", here / "link.png"], [".", "-o", "."]):
        done = upscale(*arguments, *options)
        assert done.code == 2
        assert "is an input itself" in one_line(done)
    assert (here / "a.png").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--skip-existing", "--overwrite"], "contradict each other"),
        (["-o", "a.xyz"], "choose one of png, jpg"),
        (["-o", "b.jpg", "--format", "png"], "contradict each other"),
        (["b.png", "-o", "file"], "file: is a file; name a folder"),
        (["--tile", "3"], "--tile must be 'auto', 'off' or a whole number from 16"),
        (["--tile", "large"], "--tile must be auto, off or a number"),
        (["--engine", "openvino", "--precision", "fp16"], "choose fp32"),
        (["--scale", "17"], "--scale: "),
        (["--scale", "0"], "--scale: "),
        (["--scale", "nan"], "--scale: "),
        (["--quality", "0"], "--quality"),
        (["--width", "0"], "--width"),
        (["--format", "bmp"], "--format"),
        (["--frob"], "--frob"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(upscale, pictures, here, arguments, message):
    pictures("a.png", "b.png")
    (here / "file").write_bytes(b"mine")
    done = upscale("a.png", *arguments)
    assert done.code == 2
    assert message in one_line(done)
    assert sorted(path.name for path in here.iterdir()) == ["a.png", "b.png", "file"]
    assert (here / "file").read_bytes() == b"mine"


def test_a_folder_without_pictures_says_so(upscale, here):
    (here / "empty").mkdir()
    done = upscale("empty")
    assert done.code == 2
    assert "--recursive: no pictures in empty" in one_line(done)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every folder")
def test_an_unreadable_folder_is_one_line(upscale, here):
    (here / "locked").mkdir(mode=0)
    done = upscale("locked")
    assert done.code == 1
    assert "locked: cannot be listed" in one_line(done)


def test_an_output_that_cannot_be_is_one_line(upscale, pictures, here):
    pictures("a.png")
    (here / "file").write_bytes(b"")
    done = upscale("a.png", "-o", "file/x.png")
    assert done.code == 1
    assert "file: the folder cannot be made" in one_line(done)


def test_an_unknown_model_offers_the_nearest_name(srgan, pictures):
    pictures("a.png")
    done = srgan("upscale", "a.png", "--model", "srresnt")
    assert done.code == 2
    assert "did you mean 'srresnet'?" in one_line(done)


def test_a_damaged_model_is_one_line_and_nothing_is_written(srgan, pictures, here, tiny_model):
    pictures("a.png")
    model = here / "m.safetensors"
    model.write_bytes(tiny_model.read_bytes()[:-50])
    done = srgan("upscale", "a.png", "--model", model)
    assert done.code == 1
    assert "get the file again" in one_line(done)
    assert sorted(path.name for path in here.iterdir()) == ["a.png", "m.safetensors"]


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["upscale", "a.png", "--engine", "torch"], "gpu"),
        (["train", "--recipe", "srresnet", "--data", "in", "--out", "run"], "train"),
    ],
)
def test_a_missing_extra_is_named(srgan, pictures, monkeypatch, arguments, extra):
    pictures("a.png")
    monkeypatch.setitem(sys.modules, "torch", None)
    done = srgan(*arguments)
    assert done.code == 1
    assert f"pip install '.[{extra}]'" in one_line(done)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("odd\nthing"), "a.png: unexpected RuntimeError: odd thing; add --debug"),
        (MemoryError(), "a.png: there is not enough memory"),
        (OSError(5, "Input/output error"), "a.png: Input/output error"),
    ],
)
def test_an_unforeseen_error_stops_one_picture_only(upscale, pictures, here, monkeypatch, error, reason):
    pictures("a.png", "b.png")
    really = srgan.jobs.run.upscale_watched

    def fail_on_a(source, *arguments, **options):
        if source.name == "a.png":
            raise error
        return really(source, *arguments, **options)

    monkeypatch.setattr(srgan.jobs.run, "upscale_watched", fail_on_a)
    done = upscale("a.png", "b.png")
    assert done.code == 1
    assert f"srgan: {reason}" in done.err.splitlines()[0]
    assert (here / "b-x4.png").exists()


def test_debug_shows_where_a_picture_failed(upscale, here):
    (here / "a.png").write_bytes(b"")
    done = upscale("--debug", "a.png")
    assert done.code == 1
    assert "Traceback" in done.err
    assert done.err.endswith("srgan: a.png: is empty (0 bytes)\n")


def test_a_picture_too_large_for_its_format_is_one_line(upscale, here):
    Image.fromarray(np.zeros((1, 5000, 3), np.uint8)).save(here / "wide.webp", lossless=True)
    done = upscale("wide.webp")
    assert done.code == 1
    assert "write png" in one_line(done)
    assert sorted(path.name for path in here.iterdir()) == ["wide.webp"]


@pytest.mark.parametrize(
    "names",
    [
        ("",),
        ("a.png", "-o", ""),
        ("a.png", "--invented", ""),
        ("a.png", "--invented="),
        ("a.png", "--model", ""),
        ("a.png", "--preset", ""),
    ],
)
def test_empty_names_are_refused(upscale, pictures, here, names):
    pictures("a.png")
    done = upscale(*names)
    assert done.code == 2
    assert "empty" in one_line(done)
    assert [path.name for path in here.iterdir()] == ["a.png"]
