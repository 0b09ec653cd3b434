"""What is said of a folder of pictures, whatever state they are in."""

import os
import sys
import threading

import numpy as np
import pytest
import scipy.ndimage
import skimage.data
from PIL import Image

from srgan.datasets import survey
from srgan.datasets.report import dataset_report, tables_of, unread
from srgan.errors import DataError, UsageError, shown
from srgan.metrics.sharpness import sharpness


@pytest.fixture
def pictures():
    data = skimage.data
    return {"astronaut": data.astronaut(), "chelsea": data.chelsea(), "coffee": data.coffee()}


@pytest.fixture
def folder(tmp_path, pictures):
    """Three photographs, one of them twice and one of them in a sub-folder."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    Image.fromarray(pictures["astronaut"]).save(folder / "astronaut.png")
    Image.fromarray(pictures["chelsea"]).save(folder / "chelsea.jpg", quality=60)
    Image.fromarray(pictures["chelsea"]).resize((200, 133)).save(folder / "more" / "chelsea.webp")
    Image.fromarray(pictures["coffee"]).save(folder / "coffee.tif")
    return folder


def by_name(report):
    return {image["name"]: image for image in report["images"]}


def test_every_picture_has_its_figures(folder, pictures):
    Image.fromarray(skimage.data.camera()).save(folder / "camera.jpg", quality=35)
    report = dataset_report(folder)
    images = by_name(report)
    assert list(images) == ["astronaut.png", "camera.jpg", "chelsea.jpg", "coffee.tif", "more/chelsea.webp"]
    assert images["astronaut.png"] == {
        "name": "astronaut.png",
        "format": "PNG",
        "bytes": (folder / "astronaut.png").stat().st_size,
        "width": 512,
        "height": 512,
        "grey": False,
        "sharpness": round(sharpness(pictures["astronaut"]), 2),
        "jpeg_quality": None,
    }
    assert [images[name]["jpeg_quality"] for name in ("camera.jpg", "chelsea.jpg")] == [35, 60]
    assert [name for name, image in images.items() if image["grey"]] == ["camera.jpg"]
    assert report["counts"] == {
        "pictures": 5,
        "damaged": 0,
        "grey": 1,
        "copies": 1,
        "exact_copies": 0,
        "formats": {"JPEG": 2, "PNG": 1, "TIFF": 1, "WEBP": 1},
    }
    assert report["figures"]["width"] == {"min": 200, "p5": 250.2, "median": 512, "p95": 582.4, "max": 600}
    assert report["figures"]["jpeg_quality"]["median"] == 47.5
    (copy,) = report["copies"]
    assert (copy["name"], copy["of"], copy["exact"]) == ("more/chelsea.webp", "chelsea.jpg", False)
    assert report["against"] is None


def test_16_bits_alpha_and_orientation_are_no_obstacle(tmp_path):
    grey = skimage.data.camera()[:60, :80]
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    colours = Image.fromarray(skimage.data.astronaut()[:60, 150:230])
    with_alpha = colours.copy()
    with_alpha.putalpha(200)
    with_alpha.save(tmp_path / "alpha.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    colours.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    images = by_name(dataset_report(tmp_path))
    assert (images["turned.jpg"]["width"], images["turned.jpg"]["height"]) == (60, 80)
    assert [images[name]["grey"] for name in ("deep.png", "alpha.png")] == [True, False]
    expected = scipy.ndimage.laplace(grey.astype(float))[1:-1, 1:-1].var()
    assert images["deep.png"]["sharpness"] == pytest.approx(expected, rel=1e-3)


def test_pictures_of_a_second_folder_are_found(folder, tmp_path, pictures):
    tests = tmp_path / "tests"
    tests.mkdir()
    Image.fromarray(pictures["coffee"]).save(tests / "equal.png")
    Image.fromarray(pictures["astronaut"][20:, 15:]).resize((124, 123)).save(
        tests / "cropped.jpg", quality=50
    )
    Image.fromarray(skimage.data.rocket()).save(tests / "rocket.png")
    (tests / "bad.png").write_bytes(b"")
    report = dataset_report(folder, tests)
    assert report["against"]["pictures"] == 4
    assert report["against"]["damaged"] == [{"name": "bad.png", "reason": "is empty (0 bytes)"}]
    overlap = {copy["name"]: (copy["of"], copy["exact"]) for copy in report["against"]["overlap"]}
    assert overlap == {"astronaut.png": ("cropped.jpg", False), "coffee.tif": ("equal.png", True)}
    assert unread(report) == [(f"{tests}/bad.png", "is empty (0 bytes)")]
    lines = tables_of(report).splitlines()
    assert f"| in {tests} too | 2 |" in lines
    assert "| coffee.tif | equal.png | equal pixels |" in lines


def test_what_cannot_be_read_is_counted_and_named(folder):
    content = (folder / "chelsea.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(content[: len(content) // 2])
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("no picture")
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / ".hidden.png").write_text("left out")
    Image.new("1", (40_000, 40_000)).save(folder / "bomb.png")
    names = {"bomb.png", "cut.jpg", "empty.png", "gone.png", "text.jpg"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.png")
        names.add("pipe.png")
    report = dataset_report(folder)
    reasons = {item["name"]: item["reason"] for item in report["damaged"]}
    assert set(reasons) == names
    assert (report["counts"]["pictures"], report["counts"]["damaged"]) == (4 + len(names), len(names))
    assert len(report["images"]) == 4
    assert reasons["empty.png"] == "is empty (0 bytes)"
    assert reasons["gone.png"] == "there is no such file"
    assert reasons["bomb.png"].endswith("if you trust the file, raise the limit to 1600000000")
    assert reasons["cut.jpg"].startswith("is damaged or cut short")
    assert reasons.get("pipe.png", "is not a regular file") == "is not a regular file"
    assert [file for file, _ in unread(report)] == [f"{folder}/{name}" for name in sorted(names)]


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="an administrator may list all folders"
)
def test_a_folder_that_cannot_be_listed_is_named(folder):
    (folder / "more").chmod(0)
    try:
        report = dataset_report(folder)
    finally:
        (folder / "more").chmod(0o700)
    assert report["unlisted"] == ["more"]
    assert unread(report) == [(f"{folder}/more", "cannot be listed")]


def test_nothing_but_damage_and_tiny_pictures(tmp_path):
    (tmp_path / "a.png").touch()
    report = dataset_report(tmp_path)
    assert (report["images"], report["figures"], report["counts"]["damaged"]) == ([], {}, 1)
    assert "| cannot be read | 1 |" in tables_of(report)
    Image.new("RGB", (1, 1)).save(tmp_path / "b.png")
    report = dataset_report(tmp_path)
    assert by_name(report)["b.png"]["sharpness"] is None
    assert list(report["figures"]) == ["width", "height"]


def test_progress_is_told(folder):
    told = []
    dataset_report(folder, on_event=told.append)
    assert [(event.unit, event.done, event.total) for event in told] == [
        (unit, done, 4) for unit in ("pictures read", "pictures compared") for done in range(1, 5)
    ]


def test_what_is_interrupted_ends_soon(folder, monkeypatch):
    for number in range(200):
        (folder / f"{number}.png").symlink_to("astronaut.png")
    looked = []
    monkeypatch.setattr(survey, "is_grey", lambda pixels: looked.append(pixels.shape) or False)

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dataset_report(folder, on_event=interrupt)
    assert 1 <= len(looked) < 100
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("look")]


def test_folders_that_make_no_sense_are_refused(folder, tmp_path):
    with pytest.raises(UsageError, match="there is no such folder"):
        dataset_report(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="there is no such folder"):
        dataset_report(folder, tmp_path / "nowhere")
    with pytest.raises(UsageError, match="one is inside the other"):
        dataset_report(folder, folder / "more")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: holds no pictures"):
        dataset_report(folder, tmp_path / "empty")


def test_names_cannot_break_a_table():
    assert shown("a\nb\t\x1b[31m\udcff é|") == "a\\nb\\t\\x1b[31m\\udcff é|"


@pytest.mark.parametrize(
    "control", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
def test_names_cannot_look_like_others(control):
    assert shown(f"photo{control}gnp.exe") == f"photo\\u{ord(control):04x}gnp.exe"


def test_names_of_other_scripts_stay_as_they_are():
    name = "صورة תמונה 写真 👩\u200d🚀 फ\u093cो\u200cटो.png"
    assert shown(name) == name


def test_long_lists_of_copies_are_cut(tmp_path):
    for number in range(24):
        Image.fromarray(skimage.data.astronaut()[::8, ::8]).save(tmp_path / f"{number:02}.png")
    report = dataset_report(tmp_path)
    assert report["counts"]["exact_copies"] == 23
    assert {copy["of"] for copy in report["copies"]} == {"00.png"}
    lines = tables_of(report).splitlines()
    assert sum(line.endswith("| equal pixels |") for line in lines) == 20
    assert lines[-1].startswith("3 more: ")
