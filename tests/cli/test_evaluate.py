"""``srgan evaluate``: the report as JSON and as a table, and what is refused."""

import json

import pytest
import skimage.data
from PIL import Image

from srgan.evaluation.dataset import Dataset
from srgan.evaluation.evaluate import evaluate


@pytest.fixture
def hr(here):
    folder = here / "hr"
    folder.mkdir()
    Image.fromarray(skimage.data.astronaut()[:160:4, :192:4]).save(folder / "a.png")
    return folder


def test_json_is_the_report_and_nothing_else(srgan, hr, tiny_model):
    options = ("--precision", "fp32", "--device", "cpu", "--json")
    done = srgan("evaluate", "--hr", "hr", "--model", tiny_model, "--baseline", "bicubic", *options)
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == evaluate(
        Dataset(hr), models=[str(tiny_model)], baselines=["bicubic"], precision="fp32", device="cpu"
    )


@pytest.mark.usefixtures("hr")
def test_the_table_has_a_row_for_each_model_and_baseline(srgan, tiny_model):
    baselines = ("--baseline", "bicubic", "--baseline", "lanczos")
    done = srgan("evaluate", "--hr", "hr", *baselines, "--model", tiny_model, "--metric", "psnr")
    header, rule, *rows = done.out.splitlines()
    assert header == "| hr x4 | psnr_y |"
    assert rule == "|---|---|"
    assert [row.split(" | ")[0] for row in rows] == ["| bicubic", "| lanczos", f"| {tiny_model}"]
    assert all(5 < float(row.split(" | ")[1].strip(" |")) < 60 for row in rows)


def test_given_low_res_pictures_are_used(srgan, hr, here):
    (here / "lr").mkdir()
    (sample,) = Dataset(hr)
    Image.fromarray(255 - sample.lr_image).save(here / "lr" / "a.png")
    scores = []
    for options in ([], ["--lr", "lr"]):
        done = srgan("evaluate", "--hr", "hr", "--baseline", "bicubic", "--json", *options)
        scores.append(json.loads(done.out)["results"][0]["mean"]["psnr_y"])
    assert scores[1] < scores[0] - 5


@pytest.mark.usefixtures("hr")
@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no partner of 1 pictures"), (b"", "a.png: is empty"), ((5, 5), "is not four times its partner")],
)
def test_pictures_that_do_not_fit_are_one_line(srgan, here, content, message):
    (here / "lr").mkdir()
    if isinstance(content, bytes):
        (here / "lr" / "a.png").write_bytes(content)
    elif content:
        Image.new("RGB", content).save(here / "lr" / "a.png")
    done = srgan("evaluate", "--hr", "hr", "--lr", "lr", "--baseline", "bicubic", "--json")
    assert (done.code, done.out) == (1, "")
    assert message in done.err
    assert done.err.count("\n") == 1
