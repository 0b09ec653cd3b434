"""Results of other software, measured beside our own."""

import json

import pytest
from PIL import Image
from skimage import data

from srgan.evaluation.dataset import Dataset
from srgan.evaluation.methods import lanczos


@pytest.fixture
def hr(here):
    folder = here / "hr"
    folder.mkdir()
    for name, picture in (("a", data.astronaut()[:50, :61]), ("b", data.coffee()[100:164, 200:248])):
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def results(hr, here):
    """Pillow's Lanczos, in files of another format than the true ones, and one picture too many."""
    folder = here / "lanczos"
    folder.mkdir()
    for sample in Dataset(hr):
        Image.fromarray(lanczos(sample.lr_image, 4)).save(folder / f"{sample.name}.tiff")
    Image.new("RGB", (5, 5)).save(folder / "another.png")
    return folder


@pytest.mark.usefixtures("results")
def test_results_have_the_figures_of_the_way_that_made_them(srgan):
    both = ("--baseline", "lanczos", "--results", "lanczos")
    metrics = [part for name in ("psnr", "ssim", "grid_index", "consistency") for part in ("--metric", name)]
    done = srgan("evaluate", "--hr", "hr", *both, *metrics, "--html", "page.html", "--json")
    assert (done.code, done.err) == (0, "")
    baseline, folder = json.loads(done.out)["results"]
    assert (baseline["model"], folder["model"]) == ("lanczos", "lanczos/")
    assert folder["images"] == baseline["images"]
    assert folder["mean"] == baseline["mean"]
    assert folder["folder"].endswith("/lanczos")


@pytest.mark.usefixtures("results")
def test_their_seconds_are_unknown_and_told(srgan):
    done = srgan(
        "evaluate", "--hr", "hr", "--results", "lanczos", "--metric", "seconds_per_megapixel", "--json"
    )
    assert done.code == 0
    assert json.loads(done.out)["results"][0]["mean"] == {"seconds_per_megapixel": None}
    assert "lanczos/: seconds_per_megapixel is undefined for " in done.err


def test_reports_of_other_results_can_be_told_apart(srgan, results):
    sums = []
    for _ in range(2):
        done = srgan("evaluate", "--hr", "hr", "--results", "lanczos", "--json")
        sums.append(json.loads(done.out)["results"][0]["files_sha256"])
        with Image.open(results / "b.tiff") as picture:
            picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(results / "b.tiff")
    assert sums[0] != sums[1]


def test_a_result_that_is_missing_or_of_another_size_is_named(srgan, results):
    first = min(results.glob("*.tiff"))
    Image.open(first).crop((0, 0, 24, 20)).save(first)
    done = srgan("evaluate", "--hr", "hr", "--results", "lanczos")
    assert (done.code, done.out) == (1, "")
    assert f"{first.relative_to(results.parent)}: is 24x20, the ground truth " in done.err
    first.unlink()
    done = srgan("evaluate", "--hr", "hr", "--results", "lanczos")
    assert (done.code, done.out) == (1, "")
    assert f"lanczos: has no result for 1 pictures, the first is {first.stem}.png" in done.err
