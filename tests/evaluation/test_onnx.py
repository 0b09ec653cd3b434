"""Networks in ``.onnx`` files that judge pictures: what they are given, and which cannot serve."""

import numpy as np
import onnx
import pytest
from onnx import helper

from srgan.errors import ModelError
from srgan.evaluation.onnx_metrics import OnnxDistance


@pytest.fixture
def distance(tmp_path):
    """Writes a network of two pictures whose result is their mean squared difference.

    With ``pixels``, it fails on pictures that have another number of them.
    """

    def write(reduce_to=(), pixels=None):
        kind = onnx.TensorProto.FLOAT
        pictures = [helper.make_tensor_value_info(name, kind, [1, 3, "h", "w"]) for name in ("a", "b")]
        nodes = [
            helper.make_node("Sub", ["a", "b"], ["d"]),
            helper.make_node("Mul", ["d", "d"], ["s"]),
            helper.make_node("ReduceMean", ["s"], ["y"], axes=list(reduce_to) or None, keepdims=0),
        ]
        constants = []
        if pixels:
            nodes[1:2] = [
                helper.make_node("Reshape", ["d", "shape"], ["e"]),
                helper.make_node("Mul", ["e", "e"], ["s"]),
            ]
            constants.append(helper.make_tensor("shape", onnx.TensorProto.INT64, [3], [1, 3, pixels]))
        result = helper.make_tensor_value_info("y", kind, None)
        graph = helper.make_graph(nodes, "net", pictures, [result], constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, tmp_path / "distance.onnx")
        return tmp_path / "distance.onnx"

    return write


def test_a_distance_is_given_both_pictures_from_0_to_1(distance, photo):
    expected = np.mean((photo / 255 - (255 - photo) / 255) ** 2)
    assert OnnxDistance(distance())(photo, 255 - photo) == pytest.approx(expected, rel=1e-4)
    assert OnnxDistance(distance())(photo, photo) == 0


def test_what_is_no_distance_is_refused(distance, network, photo):
    with pytest.raises(ModelError, match=r"net\.onnx: has 1 inputs; a network of 2 is needed"):
        OnnxDistance(network())
    with pytest.raises(ModelError, match=r"distance\.onnx: gives \(1, 3\) for two pictures; one number"):
        OnnxDistance(distance(reduce_to=(2, 3)))(photo, photo)
    with pytest.raises(ModelError, match=r"distance\.onnx: fails on a 30x24 picture"):
        OnnxDistance(distance(pixels=100))(photo, photo)


def test_missing_and_damaged_files_are_one_line(tmp_path, network, capfd):
    with pytest.raises(ModelError, match=r"gone\.onnx: no such model file"):
        OnnxDistance(tmp_path / "gone.onnx")
    for content in (b"", b"hello", network().read_bytes()[:100]):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(ModelError, match=r"bad\.onnx: not a readable ONNX file") as caught:
            OnnxDistance(tmp_path / "bad.onnx")
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""
