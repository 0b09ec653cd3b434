"""``srgan compare``: one picture each or a sheet of all; what is refused and what goes on."""

import json

import numpy as np
import pytest
import skimage.data
from PIL import Image

from srgan import list_models


@pytest.fixture
def photos(here):
    (here / "in").mkdir()
    Image.fromarray(skimage.data.astronaut()[:160, :240]).save(here / "in" / "a.png")
    Image.fromarray(skimage.data.chelsea()[:120, :160]).save(here / "in" / "b.jpg")


@pytest.fixture
def compare(srgan, tiny_model):
    return lambda *arguments: srgan("compare", *arguments, "--model", tiny_model, "--device", "cpu")


def size(path):
    with Image.open(path) as image:
        image.load()
        return image.size


@pytest.mark.usefixtures("photos")
def test_a_folder_gets_one_file_for_each_picture(compare, here):
    done = compare("in", "-o", "out")
    assert (done.code, done.out, done.err) == (0, "", "out/a.png\nout/b.png\n")
    label = size(here / "out" / "a.png")[1] - 160
    assert size(here / "out" / "a.png") == (4 * 240 + 3 * 4, 160 + label)
    assert size(here / "out" / "b.png") == (4 * 160 + 3 * 4, 120 + label)


@pytest.mark.usefixtures("photos")
def test_a_file_gets_a_sheet_of_all(compare, here):
    done = compare("in/a.png", "in/b.jpg", "-o", "sheet.png")
    assert (done.code, done.err) == (0, "sheet.png\n")
    assert compare("in", "-o", "out").code == 0
    rows = [np.asarray(Image.open(here / "out" / name)) for name in ("a.png", "b.png")]
    sheet = np.asarray(Image.open(here / "sheet.png"))
    assert np.array_equal(sheet[: len(rows[0])], rows[0])
    assert np.array_equal(sheet[-len(rows[1]) :, : rows[1].shape[1]], rows[1])


@pytest.mark.usefixtures("photos")
def test_regions_and_low_res_pictures(compare, here, tiny_model):
    done = compare("in/a.png", "-o", "auto.png", "--region", "auto", "--json")
    (result,) = json.loads(done.out)["results"]
    assert (result["status"], result["output"]) == ("ok", "auto.png")
    assert result["region"][2:] == [128, 128]
    assert json.loads(done.out)["panels"] == ["low-res", "bicubic", str(tiny_model)]
    assert size(here / "auto.png")[0] == 4 * 384 + 3 * 4

    assert compare("in/b.jpg", "-o", "low.webp", "--low-res", "--region", "0,0,64,64").code == 0
    assert size(here / "low.webp")[0] == 3 * 384 + 2 * 4
    assert compare("in/b.jpg", "-o", "low.png/", "--low-res", "--region", "0,0,64,64").code == 0
    assert size(here / "low.png" / "b.png")[0] == 3 * 384 + 2 * 4


@pytest.mark.usefixtures("photos")
def test_without_a_model_all_shipped_ones_are_shown(srgan):
    done = srgan("compare", "in/b.jpg", "-o", "b.png", "--json")
    models = list_models()
    assert json.loads(done.out)["panels"] == ["low-res", "bicubic", *models]


@pytest.mark.usefixtures("photos")
def test_one_picture_that_fails_does_not_stop_the_others(compare, here):
    (here / "in" / "broken.png").write_bytes(b"\x89PNG")
    done = compare("in", "-o", "out", "--json")
    assert done.code == 1
    assert [result["status"] for result in json.loads(done.out)["results"]] == ["ok", "ok", "failed"]
    assert done.err.count("\n") == 1
    assert "broken.png: is damaged" in done.err
    assert sorted(path.name for path in (here / "out").iterdir()) == ["a.png", "b.png"]


@pytest.mark.usefixtures("photos")
def test_nothing_is_overwritten_unasked(compare, here):
    assert compare("in", "-o", "out").code == 0
    before = (here / "out" / "a.png").read_bytes()
    done = compare("in", "-o", "out", "--region", "auto")
    assert done.code == 2
    assert "out/a.png: already exists; add --overwrite" in done.err
    assert (here / "out" / "a.png").read_bytes() == before
    assert compare("in", "-o", "out", "--region", "auto", "--overwrite").code == 0
    assert (here / "out" / "a.png").read_bytes() != before
    done = compare("in/a.png", "-o", "in/a.png", "--overwrite")
    assert done.code == 2
    assert "is one of the pictures" in done.err


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in/a.png"], "--output"),
        (["in/a.png", "-o", "a.xyz"], "cannot write the format 'xyz'"),
        (["in/a.png", "-o", "a.png", "--region", "1,2"], "the region must be auto"),
        (["in", "-o", "out", "--model", "srresnett"], "unknown model 'srresnett'"),
    ],
)
def test_wrong_calls_are_exit_2(srgan, arguments, message):
    done = srgan("compare", *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
