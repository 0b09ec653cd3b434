"""Networks from elsewhere: what they are given, what their results become, and which cannot serve."""

import numpy as np
import onnx
import pytest
from onnx import helper

from srgan.errors import ModelError, UsageError
from srgan.evaluation.onnx import OnnxNetwork, OnnxOptions
from srgan.evaluation.onnx_metrics import OnnxDistance


def expected(photo, *added):
    return (photo.repeat(4, axis=0).repeat(4, axis=1) + np.array(added)).clip(0, 255)


@pytest.mark.parametrize("shape", [(1, 3, "h", "w"), ("n", 3, "h", "w"), (1, 3, 16, 16), (2, 3, 64, 48)])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_pictures_of_any_size_go_through_in_rgb_from_0_to_1(network, photo, shape, dtype):
    path = network(added=(0.2, 0, -0.2), shape=shape, dtype=dtype)
    sr_image = OnnxNetwork(path).upscale(photo)
    assert sr_image.dtype == np.uint8
    assert np.abs(sr_image - expected(photo, 51, 0, -51)).max() <= (0 if dtype == np.float32 else 1)


def test_white_of_255_and_the_order_bgr_are_undone(network, photo):
    path = network(added=(51, 0, -51))
    sr_image = OnnxNetwork(path, OnnxOptions(white=255, order="bgr")).upscale(photo)
    assert np.array_equal(sr_image, expected(photo, -51, 0, 51))


def test_auto_computes_in_fp32(network, photo):
    net = OnnxNetwork(network(added=(1 / 300, 0, 0)))
    assert net.precision == "fp32"
    assert np.array_equal(net.upscale(photo), np.rint(expected(photo, 0.85, 0, 0)))
    with pytest.raises(UsageError, match="does not compute in fp16"):
        OnnxNetwork(network(), precision="fp16")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": 2}, "has 2 inputs; a network of 1 is needed"),
        ({"dtype": np.float64}, None),
        ({"dtype": np.int32}, "float"),
    ],
)
def test_networks_of_another_kind_are_refused(network, photo, options, message):
    path = network(**options)
    if message is None:
        assert OnnxNetwork(path).upscale(photo).shape == (96, 120, 3)
    else:
        with pytest.raises(ModelError, match=message) as caught:
            OnnxNetwork(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 3, "h", "w"), (1, 3, 16, 24)])
def test_the_scale_is_found_without_a_picture(network, photo, scale, shape):
    net = OnnxNetwork(network(scale=scale, shape=shape))
    assert net.scale == scale
    assert np.array_equal(net.upscale(photo), photo.repeat(scale, axis=0).repeat(scale, axis=1))


def test_a_network_that_does_not_upscale_by_a_whole_number_is_refused(network):
    with pytest.raises(ModelError, match=r"net\.onnx: makes .*96,96.* of a 64x64 picture; .* whole number"):
        OnnxNetwork(network(scale=1.5))


def test_missing_and_damaged_files_are_one_line(tmp_path, network, capfd):
    with pytest.raises(ModelError, match=r"gone\.onnx: no such model file"):
        OnnxNetwork(tmp_path / "gone.onnx")
    for content in (b"", b"hello", network().read_bytes()[:100]):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(ModelError, match=r"bad\.onnx: (is not a network|has 0 inputs)") as caught:
            OnnxNetwork(tmp_path / "bad.onnx")
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


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
