"""Faces are found where they are."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import skimage.data

from srgan.errors import MissingExtraError, ModelError
from srgan.recognition.face_detectors import Box, DlibDetector, YuNet

DATA = Path(os.environ.get("SRGAN_DATA") or Path(__file__).parents[3] / "shared" / "data")
YUNET = DATA / "weights" / "yunet_n_dynamic.onnx"

FACE = Box(left=173, top=72, right=275, bottom=174, score=1.0)
"""Where the face is in scikit-image's astronaut."""

needs_dlib = pytest.mark.skipif(find_spec("dlib") is None, reason="no dlib: pip install '.[faces]'")
needs_yunet = pytest.mark.skipif(
    not YUNET.is_file(), reason="no YuNet: set SRGAN_DATA to the folder that holds weights/"
)


@needs_dlib
def test_dlib_finds_the_face():
    face = DlibDetector().detect(skimage.data.astronaut())[0]
    assert face.overlap(FACE) > 0.7
    assert DlibDetector().detect(skimage.data.coffee()) == []


@needs_yunet
def test_yunet_finds_the_face_in_a_picture_of_any_size():
    detector = YuNet(YUNET)
    image = skimage.data.astronaut()
    (face,) = detector.detect(image)
    assert face.overlap(FACE) > 0.5
    assert 0.6 < face.score <= 1
    (moved,) = detector.detect(image[21:311, 40:371])
    assert face.overlap(
        Box(
            left=moved.left + 40,
            top=moved.top + 21,
            right=moved.right + 40,
            bottom=moved.bottom + 21,
            score=1,
        )
    ) == pytest.approx(1, abs=0.1)
    assert detector.detect(skimage.data.coffee()) == []


@needs_yunet
def test_yunets_boxes_are_opencvs():
    # cv2.FaceDetectorYN of OpenCV 5.0.0, score from 0.6, overlap up to 0.3, the same file.
    (face,) = YuNet(YUNET).detect(skimage.data.astronaut())
    corners = (face.left, face.top, face.right, face.bottom, face.score)
    assert corners == pytest.approx((178.113, 64.952, 269.474, 176.367, 0.9356), abs=0.05)


def test_a_detector_of_another_kind_is_refused(network, tmp_path):
    with pytest.raises(ModelError, match=r"net\.onnx: is not a YuNet"):
        YuNet(network())
    with pytest.raises(ModelError, match=r"gone\.onnx: no such model file"):
        YuNet(tmp_path / "gone.onnx")


def test_overlap_is_intersection_over_union():
    box = Box(left=0, top=0, right=10, bottom=10, score=1)
    assert box.overlap(box) == 1
    assert box.overlap(Box(left=5, top=0, right=15, bottom=10, score=1)) == pytest.approx(1 / 3)
    assert box.overlap(Box(left=20, top=20, right=30, bottom=30, score=1)) == 0


def test_without_dlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(MissingExtraError, match=r"\[faces\]"):
        DlibDetector()
