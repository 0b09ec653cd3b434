"""``--detail``, ``--denoise``, ``--consistent`` and ``--invented``; and folders that cannot be read."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srgan.images.resize import bicubic
from srgan.upscaling.upscaler import Upscaler


@pytest.fixture
def detailed(srgan, tiny_pair):
    """``srgan upscale`` with a model that has a fidelity sibling."""
    return lambda *arguments: srgan("upscale", *arguments, "--model", tiny_pair, "--device", "cpu")


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("option", ["detail", "denoise"])
def test_shares_go_from_the_sibling_to_the_model(
    detailed, pictures, here, photo, tiny_pair, tiny_model, option
):
    pictures("a.png")
    for share in ("0", "0.5", "1"):
        done = detailed("a.png", "-o", f"{share}.png", f"--{option}", share, "--json")
        assert (done.code, json.loads(done.out)["model"]) == (0, "detailed")
    low, middle, high = (pixels(here / f"{share}.png").astype(int) for share in ("0", "0.5", "1"))
    assert np.array_equal(low, Upscaler(tiny_model, device="cpu").upscale(photo))
    assert np.array_equal(high, Upscaler(tiny_pair, device="cpu").upscale(photo))
    assert np.array_equal(middle, Upscaler(tiny_pair, device="cpu", **{option: 0.5}).upscale(photo))
    apart = np.abs(low - high).mean()
    assert 0 < np.abs(middle - low).mean() < apart
    assert 0 < np.abs(middle - high).mean() < apart


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        (("--detail", "0.5"), "fidelity"),
        (("--invented", "map.png"), "fidelity"),
        (("--denoise", "0.5"), "grain"),
    ],
)
def test_a_model_without_sibling_is_refused(upscale, pictures, here, option, kind):
    pictures("a.png")
    done = upscale("a.png", *option)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"srgan: --model 'tiny' has no {kind} sibling")
    assert done.err.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["a.png"]


def test_consistent_gives_the_input_back(srgan, pictures, here, photo):
    pictures("a.png")
    for name, options in (("plain.png", []), ("consistent.png", ["--consistent"])):
        assert srgan("upscale", "a.png", "-o", name, "--device", "cpu", *options).code == 0
    plain, consistent = (
        np.abs(bicubic(pixels(here / name), 1 / 4).astype(int) - photo)
        for name in ("plain.png", "consistent.png")
    )
    assert np.mean(plain <= 1) < 0.9
    assert np.mean(consistent <= 1) > 0.995


def test_maps_of_one_and_of_several_pictures(detailed, pictures, here):
    pictures("in/a.png", "in/sub/a.jpg")
    assert detailed("in/a.png", "-o", "one.png", "--invented", "maps/map.png").code == 0
    assert pixels(here / "maps" / "map.png").shape == (96 + 24, 120, 3)
    assert detailed("in", "-o", "out", "--recursive", "--invented", "more").code == 0
    files = sorted(path.relative_to(here / "more").as_posix() for path in (here / "more").rglob("*.png"))
    assert files == ["a.png.png", "sub/a.jpg.png"]
    refused = detailed("in/a.png", "-o", "other.png", "--invented", "maps/map.png")
    assert refused.code == 1
    assert "map.png: already exists" in refused.err
    assert not (here / "other.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.png", "--invented", "a.png"], "is an input or a result itself"),
        (["a.png", "--invented", "a-x4.png"], "is an input or a result itself"),
        (["a.png", "--invented", "map.jpg"], "maps are PNG files"),
        (["a.png", "b.png", "--invented", "b.png"], "is a file; name a folder"),
        (["a.mp4", "--invented", "map.png"], "--invented: maps are made for pictures only"),
        (["-", "-o", "-", "--invented", "map.png"], "not with a pipe"),
        (["a.png", "--detail", "1.5"], "--detail"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(detailed, pictures, here, arguments, message):
    pictures("a.png", "b.png")
    done = detailed(*arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert sorted(path.name for path in here.iterdir()) == ["a.png", "b.png"]


def test_an_unreadable_folder_is_one_failed_result_and_the_rest_is_done(upscale, pictures, here, monkeypatch):
    pictures("a.png", "in/b.png", "in/locked/c.png")
    really = Path.iterdir

    def refuse(folder):
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        return really(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    done = upscale("a.png", "in", "-o", "out", "--recursive", "--json")
    assert done.code == 1
    results = json.loads(done.out)["results"]
    assert [result["status"] for result in results] == ["ok", "ok", "failed"]
    assert results[2]["error"] == f"{Path('in', 'locked')}: cannot be listed (Permission denied)"
    assert {path.name for path in really(here / "out")} == {"a.png", "b.png"}


def test_earlier_results_that_are_left_out_are_told(upscale, pictures):
    pictures("icon.png", "icon-x2.png")
    done = upscale("icon.png", "icon-x2.png")
    assert done.code == 0
    assert done.err.splitlines()[0].startswith("icon-x2.png is taken for earlier results and left out")


def test_the_catalogue_says_what_blends_with_what(srgan, tiny_pair, tiny_model, tiny_tensors, monkeypatch):
    monkeypatch.setattr("srgan.networks.catalogue.SHIPPED", tiny_pair.parent)
    monkeypatch.setattr("srgan.networks.realesrgan.installed_realesrgan", list)
    cards = json.loads(srgan("models", "--json").out)["models"]
    assert [(card["name"], card["fidelity"]) for card in cards] == [
        ("detailed", tiny_model.name),
        ("tiny", ""),
    ]
    assert cards[1]["parameters"] == sum(tensor.size for tensor in tiny_tensors.values()) == 10_327
    assert f"detailed (with {tiny_model.name})" in srgan("models").out.splitlines()[-1]
