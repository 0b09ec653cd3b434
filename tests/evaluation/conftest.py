"""A folder of true pictures, and networks from elsewhere."""

import json
import re
import shutil
import subprocess

import numpy as np
import onnx
import pytest
import skimage.data
from onnx import helper, numpy_helper
from PIL import Image

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def open_page(tmp_path):
    """Opens a page's text in a browser, from disk, and returns what a script says of it."""
    if BROWSER is None:
        pytest.skip("no Chromium: the page is not opened in a browser")

    def run(page, script):
        answer = "<script>document.body.append(Object.assign(document.createElement('pre'),"
        answer += "{id: 'answer', textContent: JSON.stringify((() => {" + script + "})())}))</script>"
        (tmp_path / "page.html").write_text(page.replace("</body>", f"{answer}</body>"))
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        url = (tmp_path / "page.html").as_uri()
        done = subprocess.run(
            [BROWSER, *options, "--dump-dom", url], capture_output=True, text=True, timeout=120, check=True
        )
        (found,) = re.findall(r'<pre id="answer">(.*?)</pre>', done.stdout, re.DOTALL)
        return json.loads(found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))

    return run


@pytest.fixture
def hr(tmp_path):
    """Two pictures: one of 48x40, one of 50x43, which is cropped to 48x40."""
    folder = tmp_path / "truth"
    folder.mkdir()
    Image.fromarray(skimage.data.astronaut()[40:200:4, 100:292:4]).save(folder / "a.png")
    Image.fromarray(skimage.data.chelsea()[:172:4, 100:300:4]).save(folder / "b.png")
    return folder


@pytest.fixture
def network(tmp_path):
    """Writes an ONNX network that repeats pixels and adds a constant to each channel."""

    def write(
        name="net.onnx", *, added=(0, 0, 0), scale=4, shape=(1, 3, "h", "w"), dtype=np.float32, inputs=1
    ):
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        nodes = [
            helper.make_node(
                "Resize",
                ["x0", "", "scales"],
                ["large"],
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            ),
            helper.make_node("Add", ["large", "added"], ["y"]),
        ]
        constants = [
            numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales"),
            numpy_helper.from_array(np.array(added, dtype).reshape(1, 3, 1, 1), "added"),
        ]
        graph = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info(f"x{number}", kind, list(shape)) for number in range(inputs)],
            [helper.make_tensor_value_info("y", kind, None)],
            constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, tmp_path / name)
        return tmp_path / name

    return write


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
