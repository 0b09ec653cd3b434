"""Networks in ``.onnx`` files: what is found in them, and results against ONNX's reference."""

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx_networks import write_onnx

from srgan import Upscaler
from srgan.engines.loading import load_any_network
from srgan.errors import ModelError, UsageError
from srgan.networks.onnx import OnnxForm
from srgan.training.setup import load_teacher

pytestmark = pytest.mark.usefixtures("cache")


def plain(path, picture):
    """The whole picture by ONNX's own definition, of a network of NCHW in [0, 1]: (sH, sW, 3) in [0, 1]."""
    batch = (picture.transpose(2, 0, 1)[None] / 255).astype(np.float32)
    (result,) = ReferenceEvaluator(onnx.load(path)).run(None, {"x": batch})
    return result[0].transpose(1, 2, 0).clip(0, 1)


def levels(picture):
    return np.rint(picture * 255)


def enlarged(path, picture, **options):
    return Upscaler(path, **{"precision": "fp32", "halo": 0, "tile": "off", **options}).upscale(picture)


@pytest.mark.parametrize("scale", range(1, 9))
def test_the_scale_is_found(tmp_path, photo, scale):
    path = write_onnx(tmp_path / "net.onnx", scale=scale)
    result = enlarged(path, photo)
    assert result.shape == (24 * scale, 30 * scale, 3)
    assert np.abs(result - levels(plain(path, photo))).max() <= 1


@pytest.mark.parametrize("values", ["0..1", "0..255", "-1..1"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.float64])
def test_layout_and_range_are_found(tmp_path, photo, values, layout, dtype):
    truth = plain(write_onnx(tmp_path / "plain.onnx"), photo)
    path = write_onnx(tmp_path / "net.onnx", values=values, layout=layout, dtype=dtype)
    network = load_any_network(path)
    assert (network.layouts, network.ranges) == ((layout, layout), (values, values))
    assert np.abs(enlarged(path, photo) - levels(truth)).max() <= 1


def test_the_last_layer_tells_the_range(tmp_path):
    """A network of [-1, 1] takes [0, 1] for the brighter half of its pictures, and returns it as well."""
    factor = helper.make_tensor("s", onnx.TensorProto.FLOAT, [], [1.2])
    nodes = [helper.make_node("Mul", ["x", "s"], ["m"]), helper.make_node("Tanh", ["m"], ["y"])]
    path = save(tmp_path / "net.onnx", nodes, consts=[factor])
    assert load_any_network(path).ranges == ("-1..1", "-1..1")


@pytest.mark.parametrize(
    ("form", "ranges"),
    [
        ({"is_byte": (True, True)}, ("0..255", "0..255")),
        ({"is_byte": (True, False)}, ("0..255", "0..1")),
        ({"is_byte": (False, True), "values": "0..255"}, ("0..255", "0..255")),
        ({"is_byte": (True, True), "layout": "nhwc", "batch": "n"}, ("0..255", "0..255")),
        ({"result_values": "-1..1"}, ("0..1", "-1..1")),
    ],
)
def test_bytes_and_results_of_another_range_are_found(tmp_path, photo, form, ranges):
    truth = plain(write_onnx(tmp_path / "plain.onnx"), photo)
    path = write_onnx(tmp_path / "net.onnx", **form)
    assert load_any_network(path).ranges == ranges
    assert np.abs(enlarged(path, photo) - levels(truth)).max() <= 1


def test_floats_and_16_bits_go_through_as_they_are(tmp_path, photo):
    path = write_onnx(tmp_path / "net.onnx", values="-1..1")
    truth = plain(write_onnx(tmp_path / "plain.onnx"), photo)
    assert np.abs(enlarged(path, photo.astype(np.float32) / 255) - truth).max() <= 1e-5
    assert np.abs(enlarged(path, photo.astype(np.uint16) * 257) - np.rint(truth * 65535)).max() <= 2


def test_bgr_is_undone_at_both_ends(tmp_path, photo):
    path = write_onnx(tmp_path / "net.onnx")
    swapped = np.ascontiguousarray(photo[..., ::-1])
    expected = enlarged(path, swapped)[..., ::-1]
    assert not np.array_equal(enlarged(path, photo), expected)
    assert np.array_equal(enlarged(path, photo, onnx=OnnxForm(order="bgr")), expected)


@pytest.mark.parametrize("multiple", [2, 3, 4, 8])
def test_sizes_that_a_network_cannot_take_are_extended_and_cropped(tmp_path, photo, multiple):
    path = write_onnx(tmp_path / "net.onnx", multiple=multiple)
    info = load_any_network(path).info
    assert info.multiple == multiple
    picture = photo[:23, :29]
    padded = np.pad(picture, ((0, -23 % multiple), (0, -29 % multiple), (0, 0)), "reflect")
    truth = levels(plain(path, padded))[:46, :58]
    assert np.abs(enlarged(path, picture) - truth).max() <= 1


@pytest.mark.parametrize("size", [(16, 24), (64, 48)])
def test_a_fixed_size_is_that_of_the_tiles(tmp_path, photo, size):
    """What surrounds a tile is as far as the network looks: the tiles cannot be seen."""
    picture = np.tile(photo, (3, 2, 1))
    whole = enlarged(write_onnx(tmp_path / "any.onnx"), picture, halo=4)
    path = write_onnx(tmp_path / "net.onnx", size=size)
    upscaler = Upscaler(path, precision="fp32")
    assert upscaler.info.size == size
    assert upscaler.info.halo == min(size) // 4
    assert np.array_equal(upscaler.upscale(picture), whole)
    small = photo[:5, :7]
    assert np.array_equal(upscaler.upscale(small), enlarged(tmp_path / "any.onnx", small, halo=4))
    with pytest.raises(UsageError, match="less than half of the 24x16") as caught:
        Upscaler(write_onnx(tmp_path / "net.onnx", size=(16, 24)), halo=8)
    assert caught.value.field == "halo"


@pytest.mark.parametrize("multiple", [1, 2])
def test_tiles_cannot_be_seen(tmp_path, photo, multiple):
    path = write_onnx(tmp_path / "net.onnx", multiple=multiple)
    picture = np.tile(photo, (2, 3, 1))
    whole = enlarged(path, picture, halo=8)
    assert np.array_equal(enlarged(path, picture, halo=8, tile=16), whole)
    frames = list(Upscaler(path, precision="fp32", halo=8).frames([picture, picture[::-1], picture]))
    assert np.array_equal(frames[2], whole)


def test_bf16_leaves_the_picture_as_it_is(tmp_path, photo):
    """The layers are rounded, but not the picture that they add to, which would cost half a level."""
    path = write_onnx(tmp_path / "net.onnx", has_limits=False)
    exact = enlarged(path, photo.astype(np.float32) / 255)
    try:
        rounded = enlarged(path, photo.astype(np.float32) / 255, precision="bf16")
    except UsageError:
        pytest.skip("the processor does not compute in bf16")
    assert np.abs(rounded - exact).max() <= 0.25 / 255


def test_what_the_user_says_holds(tmp_path):
    path = write_onnx(tmp_path / "net.onnx", has_limits=False, values="0..255")
    assert load_any_network(path).ranges == ("0..255", "0..255")
    assert load_any_network(path, onnx=OnnxForm(range="-1..1")).ranges == ("-1..1", "-1..1")
    with pytest.raises(UsageError, match=r"net\.onnx: its input of .* is not nhwc") as caught:
        load_any_network(path, onnx=OnnxForm(layout="nhwc"))
    assert caught.value.field == "model_layout"


def save(
    path,
    nodes,
    *,
    inputs=("x",),
    outputs=("y",),
    shape=(1, 3, "h", "w"),
    consts=(),
    kind=onnx.TensorProto.FLOAT,
):
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, kind, shape and list(shape)) for name in inputs],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        list(consts),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("other", 1)], ir_version=9
    )
    onnx.save(model, path)
    return path


def negative(*names):
    return [helper.make_node("Neg", [a], [b]) for a, b in zip(names[::2], names[1::2], strict=True)]


def test_what_cannot_be_told_is_asked_for_by_its_field(tmp_path, photo):
    inverted = save(tmp_path / "a.onnx", negative("x", "y"))
    with pytest.raises(UsageError, match=r"a\.onnx: the range of its values cannot be found") as caught:
        Upscaler(inverted)
    assert caught.value.field == "model_range"
    upscaler = Upscaler(inverted, onnx=OnnxForm(range="-1..1"), precision="fp32", halo=0)
    assert np.array_equal(upscaler.upscale(photo), 255 - photo)
    unclear = save(
        tmp_path / "b.onnx", [helper.make_node("Identity", ["x"], ["y"])], shape=(1, "a", "b", "c")
    )
    with pytest.raises(UsageError, match="cannot be determined; name its layout") as caught:
        Upscaler(unclear)
    assert caught.value.field == "model_layout"
    for layout in ("nchw", "nhwc"):
        upscaler = Upscaler(unclear, onnx=OnnxForm(layout=layout), halo=0)
        assert np.array_equal(upscaler.upscale(photo), photo)


def identity():
    return [helper.make_node("Identity", ["x"], ["y"])]


def resized(*scales):
    values = helper.make_tensor("s", onnx.TensorProto.FLOAT, [4], scales)
    return {"nodes": [helper.make_node("Resize", ["x", "", "s"], ["y"])], "consts": [values]}


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"nodes": negative("x", "y", "z", "w"), "inputs": ("x", "z"), "outputs": ("y", "w")}, "2 inputs"),
        ({"nodes": negative("x", "y", "x", "w"), "outputs": ("y", "w")}, "2 outputs"),
        (resized(1, 1, 1.5, 1.5), "of a 43x41 picture, and must make"),
        (resized(1, 1, 9, 9), "1 to 8"),
        (resized(1, 1, 2, 4), "a whole number of times"),
        ({"nodes": identity(), "shape": (1, 1, "h", "w")}, "three colours"),
        ({"nodes": identity(), "shape": (1, 4, 64, 64)}, "three colours"),
        ({"nodes": identity(), "shape": (3, "h", "w")}, "four dimensions"),
        ({"nodes": identity(), "kind": onnx.TensorProto.INT32}, "floats or bytes"),
        ({"nodes": [helper.make_node("GlobalAveragePool", ["x"], ["y"])]}, "1, 3, 1, 1"),
        (
            {"nodes": [helper.make_node("Sharpen", ["x"], ["y"], domain="other")]},
            r"not supported \(other\.Sharpen",
        ),
    ],
)
def test_what_is_no_such_network_is_refused_in_one_line(tmp_path, network, message):
    path = save(tmp_path / "net.onnx", **network)
    with pytest.raises(ModelError, match=message) as caught:
        Upscaler(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_damaged_files_are_refused_in_one_line(tmp_path, capfd):
    whole = write_onnx(tmp_path / "whole.onnx").read_bytes()
    for content in (
        b"",
        b"hello\n" * 20,
        whole[: len(whole) // 2],
        whole[:-10],
        b"\x89PNG\r\n\x1a\n" + bytes(99),
    ):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(ModelError, match=r"bad\.onnx: not a readable ONNX file") as caught:
            Upscaler(tmp_path / "bad.onnx")
        assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match=r"gone\.onnx: no such model file"):
        Upscaler(tmp_path / "gone.onnx")
    assert capfd.readouterr().err == ""


def test_weights_in_a_file_beside_are_read_and_missed(tmp_path, photo):
    model = onnx.load(write_onnx(tmp_path / "net.onnx"))
    before = enlarged(tmp_path / "net.onnx", photo)
    options = {"save_as_external_data": True, "location": "net.data", "size_threshold": 64}
    onnx.save(model, tmp_path / "outside.onnx", **options)
    assert np.array_equal(enlarged(tmp_path / "outside.onnx", photo), before)
    (tmp_path / "net.data").unlink()
    with pytest.raises(ModelError, match=r"outside\.onnx: its weights are in 'net\.data'"):
        Upscaler(tmp_path / "outside.onnx")


def test_only_openvino_on_the_processor_runs_them(tmp_path):
    path = write_onnx(tmp_path / "net.onnx")
    for options in ({"engine": "torch"}, {"device": "cuda"}):
        with pytest.raises(UsageError, match="openvino engine only") as caught:
            Upscaler(path, **options)
        assert caught.value.field in options
    with pytest.raises(UsageError, match="choose bf16") as caught:
        Upscaler(path, precision="int8")
    assert caught.value.field == "precision"
    with pytest.raises(UsageError, match="no fidelity sibling"):
        Upscaler(path, detail=0.5)
    with pytest.raises(ModelError, match=r"net\.onnx: an ONNX network can be run"):
        load_teacher(str(path), 2)
