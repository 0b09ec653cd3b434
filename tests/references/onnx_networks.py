"""Tiny enlarging networks as ONNX files, in whatever form such files come."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

SPANS = {"0..1": (0.0, 1.0), "0..255": (0.0, 255.0), "-1..1": (-1.0, 2.0)}


def write_onnx(
    path,
    *,
    scale=2,
    layout="nchw",
    values="0..1",
    result_values=None,
    size=("h", "w"),
    batch=1,
    multiple=1,
    dtype=np.float32,
    is_byte=(False, False),
    channels=3,
    has_limits=True,
    seed=0,
):
    """A convolution of 3x3, a ReLU, a convolution of 1x1, PixelShuffle, and the picture itself as squares.

    It does the same to the same picture in every form: what it is given is brought to [0, 1] first.
    ``has_limits`` clips that, and the result.
    """
    random = np.random.default_rng(seed)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    consts, nodes = {}, []

    def add(op, inputs, **attributes):
        name = f"t{len(nodes)}"
        nodes.append(helper.make_node(op, [consts_of(each) for each in inputs], [name], **attributes))
        return name

    def consts_of(value):
        if isinstance(value, str):
            return value
        name = f"c{len(consts)}"
        consts[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    low, span = SPANS[values]
    x = "x"
    if is_byte[0]:
        x, low, span = add("Cast", [x], to=kind), 0.0, 255.0
    if layout == "nhwc":
        x = add("Transpose", [x], perm=[0, 3, 1, 2])
    x = add("Div", [add("Sub", [x, dtype(low)]), dtype(span)])
    if has_limits:
        x = add("Clip", [x, dtype(0), dtype(1)])
    picture = x
    if multiple > 1:
        x = add("SpaceToDepth", [x], blocksize=multiple)
    side = scale * multiple
    weight = (random.standard_normal((8, channels * multiple**2, 3, 3)) * 0.1).astype(dtype)
    bias, last_bias = ((random.random(n) * 0.02).astype(dtype) for n in (8, channels * side**2))
    last = (random.standard_normal((channels * side**2, 8, 1, 1)) * 0.02).astype(dtype)
    x = add("Relu", [add("Conv", [x, weight, bias], pads=[1, 1, 1, 1])])
    x = add(
        "DepthToSpace",
        [
            add("Conv", [x, last, last_bias]),
        ],
        blocksize=side,
        mode="CRD",
    )
    scales = np.array([1, 1, scale, scale], np.float32)
    squares = add(
        "Resize",
        [picture, "", scales],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    x = add("Add", [squares, x])
    low, span = SPANS["0..255" if is_byte[1] else result_values or values]
    x = add("Add", [add("Mul", [x, dtype(span)]), dtype(low)])
    if has_limits:
        x = add("Clip", [x, dtype(low), dtype(low + span)])
    if layout == "nhwc":
        x = add("Transpose", [x], perm=[0, 2, 3, 1])
    if is_byte[1]:
        x = add("Cast", [add("Round", [x])], to=onnx.TensorProto.UINT8)
    shape = [batch, channels, *size] if layout == "nchw" else [batch, *size, channels]
    given = helper.make_tensor_value_info("x", onnx.TensorProto.UINT8 if is_byte[0] else kind, shape)
    made = helper.make_tensor_value_info(x, onnx.TensorProto.UINT8 if is_byte[1] else kind, None)
    graph = helper.make_graph(nodes, "net", [given], [made], list(consts.values()))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path
