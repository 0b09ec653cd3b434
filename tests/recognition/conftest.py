"""A detector of red and blue squares, and pictures of them."""

import json

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from PIL import Image


@pytest.fixture
def colours(tmp_path):
    """Writes a detector of red (class 0) and blue (class 1) cells of 16x16, in the layout "yolo"."""

    def write():
        kind = onnx.TensorProto.FLOAT
        red_and_blue = np.array([[1, -0.5, -0.5], [-0.5, -0.5, 1]], np.float32).reshape(2, 3, 1, 1)
        rows, columns = np.indices((4, 6)) * 16 + 8
        cells = np.stack((columns.ravel(), rows.ravel(), np.full(24, 16), np.full(24, 16)))[None]
        constants = {
            "weights": red_and_blue,
            "shape": np.array([1, 2, 24]),
            "cells": cells.astype(np.float32),
        }
        nodes = [
            helper.make_node("Conv", ["x", "weights"], ["colour"]),
            helper.make_node("AveragePool", ["colour"], ["mean"], kernel_shape=[16, 16], strides=[16, 16]),
            helper.make_node("Reshape", ["mean", "shape"], ["scores"]),
            helper.make_node("Concat", ["cells", "scores"], ["y"], axis=1),
        ]
        graph = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info("x", kind, [1, 3, 64, 96])],
            [helper.make_tensor_value_info("y", kind, None)],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, tmp_path / "colours.onnx")
        return tmp_path / "colours.onnx"

    return write


@pytest.fixture
def squares(tmp_path):
    """Two pictures of 96x64 with a red and a blue square, their folder, and their annotations."""
    folder = tmp_path / "squares"
    folder.mkdir()
    pictures, images, annotations = [], [], []
    for number, (colour, x, y) in enumerate((((255, 0, 0), 32, 16), ((0, 0, 255), 64, 32))):
        picture = np.full((64, 96, 3), 90, np.uint8)
        picture[y : y + 16, x : x + 16] = colour
        Image.fromarray(picture).save(folder / f"{number}.png")
        pictures.append(picture)
        images.append({"id": 100 + number, "file_name": f"{number}.jpg"})
        box = {"image_id": 100 + number, "category_id": (7, 9)[number], "bbox": [x, y, 16, 16]}
        annotations.append({"id": number + 1, **box})
    truth = {"images": images, "annotations": annotations, "categories": [{"id": 9}, {"id": 7}]}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    return pictures, folder, tmp_path / "truth.json"
