"""``srgan evaluate-objects``: the table, the JSON, and what is refused."""

import json
from importlib.util import find_spec

import numpy as np
import onnx
import pytest
import skimage.data
from onnx import helper, numpy_helper
from PIL import Image

needs_coco = pytest.mark.skipif(
    find_spec("pycocotools") is None, reason="no pycocotools: pip install '.[objects]'"
)


@pytest.fixture
def evaluate_objects(srgan, here):
    """With a detector that sees the same square in every picture but a black one, 64x64 as its input is."""
    (here / "in").mkdir()
    Image.fromarray(skimage.data.astronaut()[:64, 100:164]).save(here / "in" / "a.png")
    kind = onnx.TensorProto.FLOAT
    table = np.array([32, 24, 16, 8, 0.9], np.float32).reshape(1, 5, 1)
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=0),
        helper.make_node("Sign", ["mean"], ["is_lit"]),
        helper.make_node("Mul", ["table", "is_lit"], ["y"]),
    ]
    picture = helper.make_tensor_value_info("x", kind, [1, 3, 64, 64])
    result = helper.make_tensor_value_info("y", kind, None)
    graph = helper.make_graph(nodes, "net", [picture], [result], [numpy_helper.from_array(table, "table")])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), here / "net.onnx")
    return lambda *arguments: srgan(
        "evaluate-objects", "--images", "in", "--detector", "net.onnx", *arguments
    )


@needs_coco
def test_the_table_has_a_row_for_each_way(evaluate_objects, tiny_model):
    done = evaluate_objects("--layout", "yolo", "--model", tiny_model, "--precision", "fp32")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "| in, 1 objects | ap | ap_50 | ap_75 | ap_small | ap_medium | ap_large |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {way} | 1.0000 | 1.0000 | 1.0000 | 1.0000 | - | - |"
            for way in ("true size", "bicubic", tiny_model)
        ),
    ]


@needs_coco
def test_annotations_are_taken(evaluate_objects, here):
    box = {"id": 1, "image_id": 5, "category_id": 3, "bbox": [24, 20, 16, 8]}
    away = {**box, "id": 2, "bbox": [0, 40, 16, 8]}
    truth = {"images": [{"id": 5, "file_name": "a.jpg"}], "categories": [{"id": 3}]}
    (here / "truth.json").write_text(json.dumps({**truth, "annotations": [box, away]}))
    done = evaluate_objects(
        "--layout", "yolo", "--annotations", "truth.json", "--baseline", "nearest", "--json"
    )
    report = json.loads(done.out)
    assert (report["objects"], report["annotations"]) == (2, "truth.json")
    # One of two objects: precision 1 up to a recall of a half, which 51 of COCO's 101 recalls are.
    assert [result["figures"]["ap"] for result in report["results"]] == pytest.approx([51 / 101] * 2)


@needs_coco
def test_low_res_pictures_may_be_given(evaluate_objects, here):
    (here / "worn").mkdir()
    done = evaluate_objects("--layout", "yolo", "--lr", "worn")
    assert (done.code, done.err) == (1, "srgan: worn: has no partner for 1 pictures, the first is a.png\n")
    Image.new("RGB", (16, 16)).save(here / "worn" / "a.png")
    report = json.loads(evaluate_objects("--layout", "yolo", "--lr", "worn", "--json").out)
    assert [result["figures"]["ap"] for result in report["results"]] == pytest.approx([1, 0])


def test_a_wrong_layout_is_one_line(evaluate_objects):
    done = evaluate_objects("--layout", "ssd")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("srgan: --layout: net.onnx: has no outputs boxes, scores and labels")
