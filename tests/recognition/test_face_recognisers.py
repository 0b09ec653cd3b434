"""One person's faces are nearer to each other than to another's; networks get the face they expect."""

import sys
from importlib.util import find_spec

import numpy as np
import onnx
import pytest
import skimage.data
from onnx import helper

from srgan.errors import MissingExtraError, ModelError
from srgan.recognition.face_detectors import Box
from srgan.recognition.face_recognisers import DlibRecogniser, EmbedderOptions, OnnxRecogniser

FACE = Box(left=173, top=72, right=275, bottom=174, score=1.0)
"""Where the face is in scikit-image's astronaut."""

needs_dlib = pytest.mark.skipif(find_spec("dlib") is None, reason="no dlib: pip install '.[faces]'")


@needs_dlib
def test_one_face_stays_near_itself_and_far_from_another():
    recogniser = DlibRecogniser()
    image = skimage.data.astronaut()
    face = recogniser.locator.detect(image)[0]
    this = recogniser.embed(image, face)
    assert this.shape == (128,)
    darker = recogniser.embed((image * 0.7).astype(np.uint8), face)
    shifted = recogniser.embed(image, Box(left=180, top=75, right=280, bottom=175, score=1))
    # dlib's documentation: two pictures of one person have a distance below 0.6.
    assert np.linalg.norm(this - darker) < 0.3
    assert np.linalg.norm(this - shifted) < 0.3
    assert np.linalg.norm(this - recogniser.embed(skimage.data.coffee(), FACE)) > 0.6


def test_without_dlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(MissingExtraError, match=r"\[faces\]"):
        DlibRecogniser()


class Locator:
    name = "nowhere"

    def detect(self, image):
        return []


@pytest.fixture
def identity(tmp_path):
    """Writes a network whose result is its input."""

    def write(shape=(1, 3, 8, 8)):
        kind = onnx.TensorProto.FLOAT
        picture = helper.make_tensor_value_info("x", kind, list(shape))
        result = helper.make_tensor_value_info("y", kind, None)
        graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "net", [picture], [result])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, tmp_path / "identity.onnx")
        return tmp_path / "identity.onnx"

    return write


def unit(array):
    return array.ravel() / np.linalg.norm(array)


def test_a_network_gets_the_square_around_the_face_in_its_size(identity):
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    face = Box(left=10, top=12, right=16, bottom=20, score=1)  # 6 wide, 8 high: the square is 8 wide
    crop = image[12:20, 9:17].transpose(2, 0, 1).astype(float)
    for options, expected in (
        (EmbedderOptions(), (crop - 127.5) / 127.5),
        (EmbedderOptions(mean=0, deviation=255, order="bgr"), crop[::-1] / 255),
    ):
        recogniser = OnnxRecogniser(identity(), Locator(), options)
        np.testing.assert_allclose(recogniser.embed(image, face), unit(expected), atol=1e-6)


def test_the_margin_goes_beyond_the_border_into_black(identity):
    image = np.full((20, 20, 3), 200, np.uint8)
    face = Box(left=0, top=0, right=8, bottom=8, score=1)
    options = EmbedderOptions(margin=0.5, mean=0, deviation=1)
    result = OnnxRecogniser(identity((1, 3, 16, 16)), Locator(), options).embed(image, face)
    expected = np.zeros((3, 16, 16))
    expected[:, 4:, 4:] = 200
    np.testing.assert_allclose(result, unit(expected), atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 3, "h", "w"), (1, 3, 112, 96)])
def test_a_network_of_no_one_square_size_is_refused(identity, shape):
    with pytest.raises(ModelError, match=r"identity\.onnx: takes .* square pictures of one size"):
        OnnxRecogniser(identity(shape), Locator())
