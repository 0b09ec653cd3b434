"""``srgan evaluate-faces``: the table, the JSON, and what is refused."""

import json
from importlib.util import find_spec

import onnx
import pytest
import skimage.data
from PIL import Image

needs_dlib = pytest.mark.skipif(find_spec("dlib") is None, reason="no dlib: pip install '.[faces]'")


@pytest.fixture
def faces(here):
    (here / "faces").mkdir()
    image = skimage.data.astronaut()[20:230, 120:330]
    for name, factor in (("a", 1.0), ("b", 0.8), ("c", 0.6)):
        Image.fromarray((image * factor).astype("uint8")).save(here / "faces" / f"{name}.png")
    rows = ["a.png,b.png,1", "b.png,c.png,1", "a.png,a.png,0", "b.png,b.png,0", "c.png,c.png,0"]
    (here / "pairs.csv").write_text("\n".join(["first,second,same", *rows, ""]))


@pytest.fixture
def evaluate_faces(srgan, faces):  # noqa: ARG001
    return lambda *arguments: srgan("evaluate-faces", "--images", "faces", "--pairs", "pairs.csv", *arguments)


@needs_dlib
def test_the_table_has_a_row_for_each_way_and_size(evaluate_faces, tiny_model):
    sizes = ("--reduction", "4", "--reduction", "6")
    done = evaluate_faces("--model", tiny_model, *sizes, "--precision", "fp32")
    assert (done.code, done.err) == (0, "")
    header, _, *rows = done.out.splitlines()
    assert header.startswith("| 2 + 3 pairs | face | accuracy | auc | tar_at_far_0.01 |")
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == [
        "true size",
        *["bicubic", str(tiny_model)] * 2,
    ]


@needs_dlib
def test_json_is_the_report(evaluate_faces):
    done = evaluate_faces("--baseline", "lanczos", "--limit", "4", "--json")
    report = json.loads(done.out)
    assert report["pairs"] == {"same": 2, "different": 2}
    assert [result["way"] for result in report["results"]] == ["true size", "lanczos"]
    assert report["results"][0]["figures"]["detection_rate"] == 1.0


def test_absent_pictures_are_one_line(evaluate_faces, here):
    (here / "faces" / "c.png").unlink()
    done = evaluate_faces()
    assert (done.code, done.out) == (1, "")
    assert done.err == "srgan: faces: 1 pictures of pairs.csv are not there, the first is c.png\n"


@needs_dlib
def test_a_network_from_elsewhere_can_tell_the_faces_apart(evaluate_faces, here):
    kind = onnx.TensorProto.FLOAT
    picture = onnx.helper.make_tensor_value_info("x", kind, [1, 3, 24, 24])
    result = onnx.helper.make_tensor_value_info("y", kind, None)
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], "net", [picture], [result])
    opsets = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), here / "net.onnx")
    done = evaluate_faces("--recogniser", "net.onnx", "--face-margin", "0.2", "--face-order", "bgr", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["recogniser"] == "net.onnx"
