"""``srgan upscale`` on pictures as people have them: what is written, where, and what is said."""

import json
import os
import sys

import numpy as np
import pillow_heif
import pytest
from PIL import Image

import srgan.engines.openvino
from srgan.cli import console

pillow_heif.register_heif_opener()


def opened(path):
    with Image.open(path) as image:
        image.load()
        return image


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_picture_becomes_one_four_times_larger_beside_it(upscale, pictures, here):
    pictures("photo.png")
    before = (here / "photo.png").read_bytes()

    done = upscale("photo.png")

    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("photo-x4.png: 120x96, ")
    assert done.err.count("\n") == 1
    assert opened(here / "photo-x4.png").size == (120, 96)
    assert files(here) == ["photo-x4.png", "photo.png"]
    assert (here / "photo.png").read_bytes() == before


def test_json_is_one_object_of_the_promised_shape_and_nothing_else(upscale, pictures, here):
    pictures("a.png", "b.jpg")
    (here / "c.png").write_bytes(b"")
    pictures("out/b.jpg")

    done = upscale("a.png", "b.jpg", "c.png", "-o", "out", "--json", "--skip-existing", "--precision", "fp32")

    result = json.loads(done.out)
    seconds = [entry.pop("seconds") for entry in result["results"]]
    assert result == {
        "results": [
            {
                "input": "a.png",
                "output": os.path.join("out", "a.png"),  # noqa: PTH118
                "status": "ok",
                "error": None,
                "input_size": [30, 24],
                "output_size": [120, 96],
                "frames": 1,
            },
            {
                "input": "b.jpg",
                "output": os.path.join("out", "b.jpg"),  # noqa: PTH118
                "status": "skipped",
                "error": None,
                "input_size": None,
                "output_size": None,
                "frames": 0,
            },
            {
                "input": "c.png",
                "output": os.path.join("out", "c.png"),  # noqa: PTH118
                "status": "failed",
                "error": "c.png: is empty (0 bytes)",
                "input_size": None,
                "output_size": None,
                "frames": 0,
            },
        ],
        "model": "tiny",
        "engine": "openvino",
        "precision": "fp32",
        "device": "cpu",
    }
    assert seconds[0] > 0
    assert done.err == "srgan: c.png: is empty (0 bytes)\n"
    assert done.code == 1


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("a.png", "PNG"),
        ("a.jpg", "JPEG"),
        ("a.webp", "WEBP"),
        ("a.tiff", "TIFF"),
        ("a.avif", "AVIF"),
        ("a.gif", "GIF"),
        ("a.bmp", "PNG"),
        ("a.heic", "JPEG"),
    ],
)
def test_every_kind_of_picture_is_taken_and_its_format_kept_where_possible(
    upscale, pictures, here, source, target
):
    pictures(source)
    assert upscale(source, "-o", "out").code == 0
    (result,) = (here / "out").iterdir()
    assert (opened(result).format, opened(result).size) == (target, (120, 96))


@pytest.mark.parametrize("name", ["png", "jpg", "webp", "tiff", "avif"])
def test_the_format_of_results_can_be_chosen(upscale, pictures, here, name):
    pictures("a.bmp")
    assert upscale("a.bmp", "--format", name).code == 0
    assert opened(here / f"a-x4.{name}").format == {"jpg": "JPEG"}.get(name, name.upper())


def test_quality_trades_size(upscale, pictures, here):
    pictures("a.png")
    for quality in (10, 95):
        assert upscale("a.png", "-o", f"{quality}.jpg", "--quality", quality).code == 0
    assert (here / "10.jpg").stat().st_size < (here / "95.jpg").stat().st_size / 2


@pytest.mark.parametrize(
    ("options", "name", "size"),
    [
        (["--scale", "2"], "a-x2.png", (60, 48)),
        (["--scale", "3"], "a-x3.png", (90, 72)),
        (["--scale", "1.5"], "a-x1.5.png", (45, 36)),
        (["--scale", "5"], "a-x5.png", (150, 120)),
        (["--width", "77"], "a-x4.png", (77, 62)),
        (["--height", "40"], "a-x4.png", (50, 40)),
        (["--width", "200", "--height", "10"], "a-x4.png", (200, 10)),
    ],
)
def test_other_sizes_are_made_from_the_enlarged_picture(upscale, pictures, here, options, name, size):
    pictures("a.png")
    assert upscale("a.png", *options).code == 0
    assert opened(here / name).size == size


def test_moving_pictures_keep_moving(upscale, here, photo):
    frames = [Image.fromarray(np.roll(photo, shift, axis=1)) for shift in (0, 5, 10)]
    for name in ("a.gif", "b.webp"):
        frames[0].save(name, save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0)

    done = upscale("a.gif", "b.webp", "--json")

    assert [entry["frames"] for entry in json.loads(done.out)["results"]] == [3, 3]
    for name in ("a-x4.gif", "b-x4.webp"):
        with Image.open(here / name) as image:
            durations = []
            for frame in range(image.n_frames):
                image.seek(frame)
                image.load()
                durations.append(image.info["duration"])
            assert (image.size, durations) == ((120, 96), [100, 200, 300])


def test_folders_are_searched_and_sub_folders_mirrored_when_asked(upscale, pictures, here):
    pictures("in/a.png", "in/sub/b.jpg")
    (here / "in/notes.txt").write_text("not a picture")

    assert upscale("in", "-o", "flat").code == 0
    assert upscale("in", "-o", "deep", "--recursive").code == 0

    assert files(here / "flat") == ["a.png"]
    assert files(here / "deep") == ["a.png", "sub/b.jpg"]


def test_the_same_command_on_a_folder_again_enlarges_no_result(upscale, pictures, here):
    pictures("a.png", "a.jpg", "sub/b.png")
    command = (".", "--recursive", "--compare", "--format", "webp")
    assert upscale(*command).code == 0
    first = files(here)
    for options in (["--overwrite"], ["--skip-existing"]):
        assert upscale(*command, *options).code == 0
        assert files(here) == first


def test_existing_results_are_refused_skipped_or_replaced(upscale, pictures, here):
    pictures("a.png", "b.png")
    target = here / "a-x4.png"
    target.write_bytes(b"mine")

    refused = upscale("a.png", "b.png")
    assert refused.code == 1
    assert "a-x4.png: already exists; add --overwrite or --skip-existing" in refused.err
    assert opened(here / "b-x4.png").size == (120, 96)
    assert target.read_bytes() == b"mine"

    skipped = upscale("a.png", "--skip-existing")
    assert (skipped.code, skipped.err) == (0, "a-x4.png: already exists; skipped\n")
    assert target.read_bytes() == b"mine"

    assert upscale("a.png", "--overwrite").code == 0
    assert opened(target).size == (120, 96)


def test_compare_writes_panels_beside_the_result_and_respects_what_is_there(upscale, pictures, here):
    pictures("a.png")
    assert upscale("a.png", "--compare").code == 0
    panels = here / "a-x4-compare.png"
    assert opened(panels).size == (3 * 120 + 2 * 4, 22 + 96)  # gaps between them, labels above

    (here / "a-x4.png").unlink()
    refused = upscale("a.png", "--compare")
    assert refused.code == 1
    assert "a-x4-compare.png: already exists" in refused.err


def test_tiles_do_not_change_a_pixel(upscale, pictures, here):
    pictures("a.png")
    for tile in ("off", "16", "auto"):
        assert upscale("a.png", "-o", f"{tile}.png", "--tile", tile).code == 0
    whole = np.asarray(opened(here / "off.png"))
    assert whole.std() > 10
    assert np.array_equal(whole, np.asarray(opened(here / "16.png")))
    assert np.array_equal(whole, np.asarray(opened(here / "auto.png")))


def test_both_engines_draw_the_same_picture(upscale, pictures, here):
    pytest.importorskip("torch")
    pictures("a.png")
    for engine in ("openvino", "torch"):
        done = upscale("a.png", "-o", f"{engine}.png", "--engine", engine, "--precision", "fp32", "--json")
        assert json.loads(done.out)["engine"] == engine
    one, other = (np.asarray(opened(here / f"{engine}.png")).astype(int) for engine in ("openvino", "torch"))
    assert np.abs(one - other).max() <= 1


def test_names_in_any_script_work(upscale, pictures, here):
    pictures("Фото 写真 [1].png")
    done = upscale("Фото 写真 [1].png", "--json")
    assert json.loads(done.out)["results"][0]["output"] == "Фото 写真 [1]-x4.png"
    assert opened(here / "Фото 写真 [1]-x4.png").size == (120, 96)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_names_that_are_no_text_work(upscale, pictures, here):
    pictures("a.png")
    name = os.fsdecode(b"n\xff.png")
    (here / "a.png").rename(here / name)
    done = upscale(name, "--json")
    assert done.out.isascii()
    assert json.loads(done.out)["results"][0]["input"] == name
    assert (here / os.fsdecode(b"n\xff-x4.png")).exists()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_shown_on_a_terminal_only(monkeypatch, capsys, is_terminal):
    monkeypatch.setenv("FORCE_COLOR", "1")  # what build servers set, though nobody watches
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal, raising=False)
    with console.progress_bar() as bar:
        bar.advance(bar.add_task("counting", total=1))
        assert list(bar.track([1, 2], description="counting")) == [1, 2]
    assert bool(capsys.readouterr().err) is is_terminal


def test_what_computes_is_said_unless_it_is_the_processor(upscale, pictures, monkeypatch):
    pictures("a.png")
    really = srgan.engines.openvino.OpenVinoEngine.__init__

    def on_a_graphics_card(self, *arguments, **options):
        really(self, *arguments, **options)
        self.device = "cuda"

    assert "computes on" not in upscale("a.png").err
    monkeypatch.setattr(srgan.engines.openvino.OpenVinoEngine, "__init__", on_a_graphics_card)
    done = upscale("a.png", "--overwrite", "--json")
    assert done.err.startswith("computes on ")
    assert done.err.count("\n") == 1
    assert json.loads(done.out)["device"] == "cuda"
