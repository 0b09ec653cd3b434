"""The page in a browser: it opens from disk, sorts, draws bars and slides one crop over another."""

import base64
import io
import json
import re
from functools import partial

import numpy as np
import pytest
from PIL import Image

from srgan.evaluation.dataset import Dataset
from srgan.evaluation.evaluate import evaluate
from srgan.evaluation.methods import open_methods
from srgan.evaluation.page import CROP, MOST_CROPS, Page


@pytest.fixture
def report_and_page(hr):
    Image.new("RGB", (24, 24), (90, 90, 90)).save(hr / "<b>flat.png")
    page = Page()
    report = evaluate(
        Dataset(hr), open_methods([], ["nearest", "bicubic"]), metrics=["psnr", "grid_index"], show=page.add
    )
    return report, page.render(report)


@pytest.fixture
def browse(report_and_page, open_page):
    """Opens the page, does something as a user would, and returns what a script then says of it."""
    return partial(open_page, report_and_page[1])


COLUMN = "(id, n) => [...document.querySelectorAll(`#${id} tbody tr`)].map(row => row.cells[n].textContent)"


def test_the_means_are_the_reports(browse, report_and_page):
    rows = browse(
        "return [...document.querySelectorAll('#means tr')]"
        ".map(row => [...row.cells].map(cell => cell.textContent))"
    )
    results = report_and_page[0]["results"]
    assert rows == [
        ["model", "psnr_y", "grid_index"],
        *([result["model"], "inf", f"{result['mean']['grid_index']:.4f}"] for result in results),
    ]


def test_every_picture_is_listed_and_sorts_by_any_column(browse, report_and_page):
    script = f"const column = {COLUMN}; const head = () => document.querySelectorAll('#images th');"
    before, up, down, names = browse(
        script + "const before = column('images', 3); head()[3].click(); const up = column('images', 3);"
        "head()[3].click(); const down = column('images', 3); head()[0].click();"
        "return [before, up, down, column('images', 0)]"
    )
    figures = [image["grid_index"] for result in report_and_page[0]["results"] for image in result["images"]]
    assert before == ["–" if figure is None else f"{figure:.4f}" for figure in figures]
    numbers = sorted(f"{figure:.4f}" for figure in figures if figure is not None)
    assert up == [*numbers, "–", "–"]
    assert down == ["–", "–", *reversed(numbers)]
    assert names == ["<b>flat", "<b>flat", "a", "a", "b", "b"]


def test_bars_follow_the_figure_chosen(browse, report_and_page):
    widths, direction = browse(
        "const select = document.getElementById('figure'); select.value = 'grid_index'; select.onchange();"
        "return [[...document.querySelectorAll('.bar div')].map(bar => parseFloat(bar.style.width)),"
        "document.getElementById('direction').textContent]"
    )
    means = np.array([result["mean"]["grid_index"] for result in report_and_page[0]["results"]])
    assert widths == pytest.approx(100 * means / means.max(), abs=1e-3)
    assert direction == "lower is better"


def test_one_crop_slides_over_another(browse):
    options, sources, clip, shown = browse(
        "const $ = id => document.getElementById(id);"
        "$('picture').selectedIndex = 1; $('left').value = 'low-res'; $('right').value = 'truth';"
        "$('left').onchange(); $('slider').value = 30; $('slider').oninput();"
        "const strip = [...document.querySelectorAll('#strip img')];"
        "return [[...$('left').options].map(o => o.value),"
        "[$('over').src === strip[0].src, $('under').src === strip.at(-1).src],"
        "$('over').style.clipPath, strip.map(image => image.alt)]"
    )
    assert options == ["low-res", "nearest", "bicubic", "truth"]
    assert sources == [True, True]
    assert clip == "inset(0px 70% 0px 0px)"
    assert shown == options


def test_what_is_undefined_is_told(browse):
    told = browse("return [...document.querySelectorAll('#undefined li')].map(line => line.textContent)")
    assert told == [
        f"{model}: grid_index is undefined for 1 of 3 pictures: <b>flat" for model in ("nearest", "bicubic")
    ]


def test_the_page_needs_nothing_from_elsewhere(report_and_page):
    page = report_and_page[1]
    assert "http" not in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "<b>flat" not in page


def test_crops_are_the_pixels_of_the_region(tmp_path):
    page = Page()
    large = np.random.default_rng(0).integers(0, 256, (200, 240, 3), np.uint8)
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(MOST_CROPS + 2):
        Image.fromarray(large // (number + 1)).save(folder / f"{number}.png")
    report = evaluate(Dataset(folder), open_methods([], ["bicubic"]), metrics=["psnr"], show=page.add)
    data = re.search(r'id="data">(.*?)</script>', page.render(report), re.DOTALL)[1]
    crops = json.loads(data)["crops"]
    assert [crop["name"] for crop in crops] == [str(number) for number in range(MOST_CROPS)]
    x, y, width, height = crops[0]["region"]
    assert (width, height) == (CROP, CROP)
    names = [name for name, _ in crops[0]["panels"]]
    assert names == ["low-res", "bicubic", "truth"]
    content = base64.b64decode(crops[0]["panels"][-1][1].removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(content)) as image:
        assert np.array_equal(np.asarray(image), large[y : y + height, x : x + width])
