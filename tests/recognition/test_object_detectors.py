"""Detectors' outputs in every layout become boxes in the picture."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from srgan.errors import ModelError
from srgan.recognition.object_detectors import OnnxDetector, OnnxOptions, overlaps

# Three boxes of 64x48 pixels: two of class 1 that overlap, one of class 0.
BOXES = np.array([[8, 4, 24, 20], [9, 4, 25, 20], [40, 30, 60, 40]], np.float32)
SCORES = np.array([[0, 0.6], [0.1, 0.9], [0.7, 0.2]], np.float32)


@pytest.fixture
def detector(tmp_path):
    """Writes a network that always gives the same outputs, whatever it is shown."""

    def write(outputs, size=(48, 64)):
        kind = onnx.TensorProto.FLOAT
        picture = helper.make_tensor_value_info("x", kind, [1, 3, *size])
        nodes, results = [helper.make_node("ReduceMean", ["x"], ["m"], keepdims=0)], []
        nodes.append(helper.make_node("Mul", ["m", "zero"], ["nothing"]))
        constants = [numpy_helper.from_array(np.array(0, np.float32), "zero")]
        for name, values in outputs.items():
            constants.append(numpy_helper.from_array(values.astype(np.float32), f"{name}_values"))
            nodes.append(helper.make_node("Add", [f"{name}_values", "nothing"], [name]))
            results.append(helper.make_tensor_value_info(name, kind, None))
        graph = helper.make_graph(nodes, "net", [picture], results, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, tmp_path / "detector.onnx")
        return tmp_path / "detector.onnx"

    return write


def centred():
    return np.concatenate(((BOXES[:, :2] + BOXES[:, 2:]) / 2, BOXES[:, 2:] - BOXES[:, :2]), axis=1)


def outputs_of(layout):
    if layout == "yolo":
        return {"y": np.concatenate((centred(), SCORES), axis=1).T[None]}
    if layout == "yolo-objectness":
        objectness = np.full((3, 1), 0.5)
        return {"y": np.concatenate((centred(), objectness, SCORES * 2), axis=1)[None]}
    kept = [1, 2]
    return {"boxes": BOXES[kept], "scores": SCORES.max(axis=1)[kept], "labels": SCORES.argmax(axis=1)[kept]}


@pytest.mark.parametrize("layout", ["yolo", "yolo-objectness", "ssd"])
def test_every_layout_gives_the_same_boxes_the_surest_first(detector, layout):
    finder = OnnxDetector(detector(outputs_of(layout)), layout)
    found = finder.detect(np.zeros((48, 64, 3), np.uint8))
    np.testing.assert_allclose(found.boxes, BOXES[[1, 2]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.9, 0.7], atol=1e-6)
    assert found.classes.tolist() == [1, 0]


def test_boxes_are_in_pixels_of_the_picture(detector):
    finder = OnnxDetector(detector(outputs_of("ssd")), "ssd")
    # Twice as wide as the network's input and less than twice as high: the scale is 2, and the edge cuts.
    found = finder.detect(np.zeros((70, 128, 3), np.uint8))
    np.testing.assert_allclose(found.boxes, [[18, 8, 50, 40], [80, 60, 120, 70]], atol=1e-4)


def test_the_network_is_shown_the_picture_at_its_upper_left(colours, squares):
    finder = OnnxDetector(colours(), "yolo")
    red, blue = squares[0]
    found = finder.detect(red)
    assert found.classes.tolist() == [0]
    np.testing.assert_allclose(found.boxes, [[32, 16, 48, 32]])
    assert OnnxDetector(colours(), "yolo", OnnxOptions(order="bgr")).detect(red).classes.tolist() == [1]
    assert OnnxDetector(colours(), "yolo", OnnxOptions(white=255)).detect(red).scores.max() > 100
    # Twice as large as the input: the same squares, found at twice the place.
    large = red.repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_allclose(finder.detect(large).boxes, [[64, 32, 96, 64]])
    assert finder.detect(blue).classes.tolist() == [1]


def test_outputs_of_another_layout_are_refused(detector):
    picture = np.zeros((48, 64, 3), np.uint8)
    with pytest.raises(ModelError, match=r"detector\.onnx: has no outputs boxes, scores and labels"):
        OnnxDetector(detector(outputs_of("yolo")), "ssd")
    with pytest.raises(ModelError, match="its outputs are not of the layout 'yolo'"):
        OnnxDetector(detector(outputs_of("ssd")), "yolo").detect(picture)
    with pytest.raises(ModelError, match="its outputs are not of the layout 'yolo'"):
        OnnxDetector(detector({"y": np.zeros((2, 6, 3))}), "yolo").detect(picture)


def test_overlaps_are_intersection_over_union():
    box = np.array([0.0, 0, 10, 10])
    others = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]])
    assert overlaps(box, others) == pytest.approx([1, 1 / 3, 0])
