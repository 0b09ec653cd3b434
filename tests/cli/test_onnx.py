"""Networks in ``.onnx`` files at the command line."""

import csv
import json

import av
import numpy as np
import pytest
from onnx_networks import write_onnx
from PIL import Image

from srgan import Upscaler

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def model(here):
    write_onnx(here / "clearer.onnx", multiple=4)
    return "clearer.onnx"


def test_pictures_and_videos_are_enlarged(srgan, pictures, here, model, photo):
    pictures("small.png")
    options = ("--model", model, "--halo", "4", "--precision", "fp32")
    done = srgan("upscale", "small.png", *options, "--json")
    assert (done.code, json.loads(done.out)["model"]) == (0, "clearer")
    expected = Upscaler(model, halo=4, precision="fp32").upscale(photo)
    assert np.array_equal(np.asarray(Image.open(here / "small-x2.png")), expected)
    for number in range(3):
        Image.fromarray(photo).save(here / f"frame-{number:02}.png")
    assert srgan("upscale", "frame-%02d.png", "-o", "film.mkv", "--codec", "ffv1", *options).code == 0
    with av.open(here / "film.mkv") as film:
        frames = [frame.to_image().convert("L") for frame in film.decode(video=0)]
    assert [frame.size for frame in frames] == [(60, 48)] * 3
    grey = np.asarray(Image.fromarray(expected).convert("L")).astype(int)
    assert np.abs(np.asarray(frames[0]) - grey).mean() < 1.5


def test_what_is_known_of_a_network_holds_in_every_command(srgan, pictures, here):
    """Of a network that swaps nothing and has no limits, only these options tell what it takes."""
    pictures("small.png")
    write_onnx(here / "net.onnx", values="-1..1", has_limits=False, layout="nhwc", size=(32, 32))
    options = ("--model-layout", "nhwc", "--model-range", "-1..1", "--model-order", "bgr")
    facts = json.loads(srgan("info", "net.onnx", *options, "--json").out)
    found = {name: facts[name] for name in ("scale", "layout", "range", "order", "size", "halo", "multiple")}
    assert found == {
        "scale": 2,
        "layout": "nhwc",
        "range": "-1..1",
        "order": "bgr",
        "size": "32x32",
        "halo": 8,
        "multiple": 1,
    }
    assert "size: 32x32\n" in srgan("info", "net.onnx").out
    network = ("--model", "net.onnx", "--halo", "2", *options)
    assert srgan("compare", "small.png", *network, "-o", "panels.png").code == 0
    done = srgan("evaluate", "--hr", ".", *network, "--metric", "psnr", "--json")
    (result,) = json.loads(done.out)["results"]
    assert (result["model"], result["halo"]) == ("net.onnx", 2)
    for command in (("info", "net.onnx"), ("compare", "small.png", "--model", "net.onnx", "-o", "x.png")):
        done = srgan(*command, "--model-layout", "nchw")
        assert (done.code, len(done.err.splitlines())) == (2, 1)
        assert "--model-layout: net.onnx: " in done.err


def test_a_halo_is_timed_with_a_model(srgan, model, monkeypatch):
    monkeypatch.setattr("srgan.bench.report.measure_peaks", dict)  # none: they take long, as PyTorch does
    monkeypatch.setattr("srgan.bench.networks.find_spec", lambda _: None)
    done = srgan("bench", "--model", model, "--size", "40x30", "--halo", "2", "--runs", "1", "--json")
    rows = [row for row in json.loads(done.out)["networks"] if row["size"]]
    assert {(row["model"], row["engine"], *row["size"]) for row in rows} == {("clearer", "openvino", 40, 30)}
    assert all(row["seconds"] > 0 and row["share"] is None for row in rows)
    done = srgan("bench", "--halo", "2")
    assert (done.code, "--halo" in done.err) == (2, True)


def test_training_learns_from_a_network(srgan, here, photo):
    pytest.importorskip("torch")
    (here / "photos").mkdir()
    Image.fromarray(photo).resize((120, 96)).save(here / "photos/photo.png")
    assert srgan("export", "fast", "teacher.onnx").code == 0
    fast = ("train", "--recipe", "fast", "--data", "photos", "--steps", "1", "--set", "start=fast")
    fast += ("--set", "data.crop=16", "--set", "data.batch_size=2", "--set", "run.log_every=1")
    taught = (*fast, "--set", "loss.teacher_weight=1.0", "--set")
    losses = []
    write_onnx(here / "other.onnx", scale=4)
    for teacher in ("teacher", "other"):
        done = srgan(*taught, f"loss.teacher={teacher}.onnx", "--out", teacher)
        assert done.code == 0, done.err
        (row,) = csv.DictReader((here / teacher / "log.csv").read_text().splitlines())
        losses.append(float(row["teacher_loss"]))
    # The network itself draws the same but for the surroundings of a crop.
    assert 0 < losses[0] < losses[1] / 5
    write_onnx(here / "double.onnx")
    done = srgan(*taught, "loss.teacher=double.onnx", "--out", "other")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "upscales 2x" in done.err


@pytest.mark.parametrize(
    ("command", "content"),
    [
        (["upscale", "small.png", "--model"], b"a letter"),
        (["info"], b""),
        (["bench", "--model"], b"\x08\x08\x12\x07"),
    ],
)
def test_what_is_no_network_is_one_line(srgan, pictures, here, command, content):
    pictures("small.png")
    (here / "bad.onnx").write_bytes(content)
    done = srgan(*command, "bad.onnx")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert done.err.startswith("srgan: bad.onnx: not a readable ONNX file")
