"""``srgan dataset-report`` as it is typed."""

import json
import subprocess
import sys

import pytest
import skimage.data
from PIL import Image

from srgan.datasets.report import dataset_report


@pytest.fixture
def photos(here):
    folder = here / "photos"
    folder.mkdir()
    Image.fromarray(skimage.data.astronaut()).save(folder / "a.jpg", quality=80)
    Image.fromarray(skimage.data.astronaut()).resize((100, 100)).save(folder / "b.png")
    Image.fromarray(skimage.data.coffee()).save(folder / "c.png")
    return folder


@pytest.fixture
def tests(here):
    folder = here / "tests"
    folder.mkdir()
    Image.fromarray(skimage.data.coffee()[5:, 5:]).save(folder / "d.jpg", quality=70)
    return folder


def test_json_is_the_report_and_nothing_else(srgan, photos, tests, here):
    done = srgan("dataset-report", "photos", "--against", "tests", "--json")
    assert (done.code, done.err) == (0, "")
    report = json.loads(done.out)
    expected = dataset_report(photos, tests)
    folders = report.pop("folder"), report["against"].pop("folder")
    assert folders == ("photos", "tests")
    assert expected.pop("folder") == str(photos)
    assert expected["against"].pop("folder") == str(tests)
    assert report == expected
    assert sorted(path.name for path in here.iterdir()) == ["photos", "tests"]


@pytest.mark.usefixtures("photos", "tests")
def test_tables_are_printed(srgan):
    done = srgan("dataset-report", "photos", "--against", "tests")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:3] == ["| photos | pictures |", "|---|---|", "| all | 3 |"]
    for row in (
        "| copies of others | 1 |",
        "| in tests too | 1 |",
        "| jpeg_quality | 80 | 80 | 80 | 80 | 80 |",
    ):
        assert row in lines
    assert any(line.startswith("| b.png | a.jpg | likeness ") for line in lines)
    assert any(line.startswith("| c.png | d.jpg | likeness ") for line in lines)


@pytest.mark.usefixtures("photos", "tests")
def test_the_page_is_written_whole(srgan, here):
    done = srgan("dataset-report", "photos", "--against", "tests", "--html", "page.html")
    assert (done.code, done.err) == (0, "")
    assert (here / "page.html").read_text().count("data:image/jpeg;base64,") >= 5
    assert sorted(path.name for path in here.iterdir()) == ["page.html", "photos", "tests"]


def test_damage_is_named_on_stderr_and_the_rest_is_done(srgan, photos):
    (photos / "a\nb.png").touch()
    done = srgan("dataset-report", "photos", "--json")
    assert done.code == 0
    assert done.err == "photos/a\\nb.png: is empty (0 bytes)\n"
    assert json.loads(done.out)["counts"]["pictures"] == 4
    done = srgan("dataset-report", "photos", "--max-pixels", 20_000, "--json")
    assert [image["name"] for image in json.loads(done.out)["images"]] == ["b.png"]
    assert "photos/c.png: 600x400 is more than the limit of 20,000 pixels" in done.err


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere"], 2, "nowhere: there is no such folder"),
        (["photos/a.jpg"], 2, "photos/a.jpg: there is no such folder"),
        (["photos", "--against", "photos"], 2, "--against: photos: is photos, or one is inside the other"),
        (["photos", "--html", "gone/a.html"], 2, "gone/a.html: its folder does not exist"),
        (["photos", "--against", "empty"], 1, "empty: holds no pictures"),
    ],
)
def test_what_goes_wrong_is_one_line(srgan, here, arguments, code, message):
    (here / "empty").mkdir()
    done = srgan("dataset-report", *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("srgan: ")
    assert done.err.count("\n") == 1
    assert message in done.err


@pytest.mark.usefixtures("photos")
def test_neither_pytorch_nor_openvino_is_needed():
    script = (
        "import sys; sys.modules['torch'] = None; sys.modules['openvino'] = None;"
        "from srgan.cli.main import main; main()"
    )
    command = [sys.executable, "-c", script, "dataset-report", "photos", "--html", "page.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
