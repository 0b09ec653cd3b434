"""``srgan evaluate``: the report as JSON and as a table, and what is refused."""

import csv
import json
import sys

import onnx
import pytest
import skimage.data
from PIL import Image

from srgan.evaluation.dataset import Dataset
from srgan.evaluation.evaluate import evaluate
from srgan.evaluation.methods import open_methods


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
        Dataset(hr), open_methods([str(tiny_model)], ["bicubic"], precision="fp32", device="cpu")
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
    [(None, "no partner for 1 pictures"), (b"", "a.png: is empty"), ((5, 5), "is not 4 times its partner")],
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


@pytest.mark.usefixtures("hr")
def test_tables_and_the_page_are_written_beside_the_json(srgan, here):
    baselines = ("--baseline", "nearest", "--baseline", "bicubic")
    files = ("--csv", "a.csv", "--markdown", "a.md", "--html", "a.html")
    done = srgan("evaluate", "--hr", "hr", *baselines, *files, "--json")
    assert (done.code, done.err) == (0, "")
    report = json.loads(done.out)
    table = srgan("evaluate", "--hr", "hr", *baselines).out
    assert (here / "a.md").read_text() == table
    with (here / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["model"] for row in rows] == ["nearest", "bicubic"]
    assert float(rows[1]["psnr_y"]) == report["results"][1]["mean"]["psnr_y"]
    assert "data:image/png;base64," in (here / "a.html").read_text()
    assert sorted(path.name for path in here.iterdir()) == ["a.csv", "a.html", "a.md", "hr"]


@pytest.mark.usefixtures("hr")
def test_a_report_is_held_against_an_earlier_one(srgan, here):
    command = ("evaluate", "--hr", "hr", "--baseline", "bicubic")
    report = json.loads(srgan(*command, "--json").out)
    report["results"][0]["mean"]["psnr_y"] += 0.5
    (here / "old.json").write_text(json.dumps(report))

    done = srgan(*command, "--against", "old.json")
    assert done.code == 1
    assert done.err == "srgan: worse than in old.json by more than the margin: bicubic psnr_y\n"
    assert "| -0.5000 | fell |" in done.out

    done = srgan(*command, "--against", "old.json", "--margin", "0.01", "--margin", "psnr_y=0.6", "--json")
    assert (done.code, done.err) == (0, "")
    changes = json.loads(done.out)["against"]["changes"]
    assert [(change["figure"], change["fell"]) for change in changes] == [
        ("psnr_y", False),
        ("ssim_y", False),
    ]
    assert changes[0]["difference"] == pytest.approx(-0.5)

    done = srgan(
        "evaluate", "--hr", "hr", "--baseline", "bicubic", "--metric", "psnr", "--against", "old.json"
    )
    assert "old.json: has bicubic: ssim_y, which was not measured this time" in done.err


@pytest.mark.usefixtures("hr")
def test_networks_from_elsewhere_are_measured(srgan, here):
    kind = onnx.TensorProto.FLOAT
    picture = onnx.helper.make_tensor_value_info("x", kind, [1, 3, "h", "w"])
    node = onnx.helper.make_node("Resize", ["x", "", "s"], ["y"], mode="nearest", nearest_mode="floor")
    scales = onnx.helper.make_tensor("s", kind, [4], [1, 1, 4, 4])
    result = onnx.helper.make_tensor_value_info("y", kind, None)
    graph = onnx.helper.make_graph([node], "net", [picture], [result], [scales])
    opsets = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), here / "net.onnx")
    for options in (
        [],
        ["--model-range", "0..255", "--model-order", "bgr", "--model-layout", "nchw", "--halo", "3"],
    ):
        done = srgan("evaluate", "--hr", "hr", "--model", "net.onnx", *options, "--json")
        assert (done.code, done.err) == (0, "")
        (result,) = json.loads(done.out)["results"]
        assert result["model"] == "net.onnx"
        assert 15 < result["mean"]["psnr_y"] < 40


@pytest.mark.usefixtures("hr")
def test_distances_of_networks_are_measured(srgan, here):
    kind = onnx.TensorProto.FLOAT
    pictures = [onnx.helper.make_tensor_value_info(name, kind, [1, 3, "h", "w"]) for name in ("a", "b")]
    nodes = [
        onnx.helper.make_node("Sub", ["a", "b"], ["d"]),
        onnx.helper.make_node("Abs", ["d"], ["s"]),
        onnx.helper.make_node("ReduceMean", ["s"], ["y"], keepdims=0),
    ]
    result = onnx.helper.make_tensor_value_info("y", kind, None)
    graph = onnx.helper.make_graph(nodes, "net", pictures, [result])
    opsets = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), here / "net.onnx")
    networks = ("--metric", "lpips", "--lpips-network", "net.onnx", "--metric", "dists")
    done = srgan("evaluate", "--hr", "hr", "--baseline", "nearest", *networks, "--dists-network", "net.onnx")
    assert (done.code, done.err) == (0, "")
    header, _, row = done.out.splitlines()
    assert header == "| hr x4 | lpips | dists |"
    lpips, dists = (float(cell) for cell in row.strip("| ").split(" | ")[1:])
    assert 0 < lpips == dists < 0.2


def test_what_is_undefined_is_told(srgan, hr):
    Image.new("RGB", (24, 24)).save(hr / "flat.png")
    done = srgan("evaluate", "--hr", "hr", "--baseline", "bicubic", "--metric", "grid_index")
    assert done.code == 0
    assert done.err == "bicubic: grid_index is undefined for 1 of 2 pictures, the first is flat\n"


@pytest.mark.usefixtures("hr")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--metric", "niqe"], "--niqe-model: the metric niqe needs"),
        (["--metric", "fid"], "--fid-network: the metric fid needs"),
        (["--margin", "0.1"], "give --against REPORT.json too"),
        (
            ["--margin", "psnr_y=much", "--against", "x.json"],
            "--margin psnr_y=much: must be a number of at least 0",
        ),
        (["--margin", "-1", "--against", "x.json"], "--margin -1: must be a number of at least 0"),
        (["--html", "gone/a.html"], "gone/a.html: its folder does not exist"),
    ],
)
def test_options_that_do_not_go_together_are_exit_2(srgan, options, message):
    done = srgan("evaluate", "--hr", "hr", "--baseline", "bicubic", *options)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1


@pytest.mark.usefixtures("hr")
def test_a_wrong_report_or_niqe_model_is_told_before_the_work(srgan, here):
    (here / "hr" / "a.png").write_bytes(b"")
    for options, message in (
        (["--against", "old.json"], "old.json: cannot be read"),
        (["--metric", "niqe", "--niqe-model", "x.npz"], "x.npz: no such NIQE model"),
    ):
        done = srgan("evaluate", "--hr", "hr", "--baseline", "bicubic", *options)
        assert (done.code, done.out) == (1, "")
        assert message in done.err


@pytest.mark.usefixtures("hr")
def test_pytorch_is_not_needed(srgan, tiny_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # Python's way to make an import fail
    done = srgan(
        "evaluate", "--hr", "hr", "--model", tiny_model, "--html", "a.html", "--metric", "grid_index"
    )
    assert (done.code, done.err) == (0, "")
