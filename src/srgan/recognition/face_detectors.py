"""Finding faces: YuNet through OpenVINO, and dlib's own detector."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from srgan.errors import MissingExtraError, ModelError
from srgan.evaluation.onnx import compile_onnx

_STRIDES = (8, 16, 32)
_PARTS = ("cls", "obj", "bbox")  # the outputs of YuNet for each stride


@dataclass(frozen=True, kw_only=True)
class Box:
    """A face in a picture, in pixels; ``score`` is the detector's own."""

    left: float
    top: float
    right: float
    bottom: float
    score: float

    def overlap(self, other: Box) -> float:
        """Returns the intersection over union, 0..1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        common = max(0.0, width) * max(0.0, height)
        return common / (self.area + other.area - common)

    @property
    def area(self) -> float:
        """Pixels."""
        return (self.right - self.left) * (self.bottom - self.top)


class Detector(Protocol):
    """Finds faces; ``name`` is for the report."""

    name: str

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """Returns the faces of (H, W, 3), RGB, uint8, the surest first."""
        ...


class YuNet:
    """The face detector YuNet (Wu et al. 2023) in the form of OpenCV's model zoo.

    Args:
        path: the ``.onnx`` file, for pictures of any size.

    Raises:
        ModelError: if it is missing or not this network.
    """

    name = "YuNet"

    def __init__(self, path: Path) -> None:
        self._compiled = compile_onnx(path)
        names = {name: port for port in self._compiled.outputs for name in port.get_names()}
        wanted = [(part, stride) for part in _PARTS for stride in _STRIDES]
        try:
            self._outputs = {key: names["{}_{}".format(*key)] for key in wanted}
        except KeyError as error:
            raise ModelError(f"{path}: is not a YuNet (it has no output {error}); take OpenCV's") from None

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """Returns faces with a score of 0.6 or more, OpenCV's default; see :class:`Detector`."""
        height, width = image.shape[:2]
        # Blue first, 0..255, and sides that all strides divide.
        padded = np.zeros((-height % 32 + height, -width % 32 + width, 3), np.float32)
        padded[:height, :width] = image[:, :, ::-1]
        results = self._compiled([padded.transpose(2, 0, 1)[None]])
        found = []
        for stride in _STRIDES:
            kind, is_face, box = (results[self._outputs[part, stride]][0] for part in _PARTS)
            scores = np.sqrt(kind[:, 0].clip(0, 1) * is_face[:, 0].clip(0, 1))
            columns = padded.shape[1] // stride
            for cell in np.flatnonzero(scores >= 0.6):
                x, y = (cell % columns + box[cell, 0]) * stride, (cell // columns + box[cell, 1]) * stride
                half_width, half_height = np.exp(box[cell, 2:]) * stride / 2
                corners = (x - half_width, y - half_height, x + half_width, y + half_height)
                left, top, right, bottom = map(float, corners)
                found.append(Box(left=left, top=top, right=right, bottom=bottom, score=float(scores[cell])))
        return _without_overlaps(found)


class DlibDetector:
    """dlib's own detector of frontal faces, of 40 pixels and more.

    Raises:
        MissingExtraError: if dlib is not installed.
    """

    name = "dlib HOG"

    def __init__(self) -> None:
        self._detector = import_dlib().get_frontal_face_detector()

    def detect(self, image: NDArray[np.uint8]) -> list[Box]:
        """See :class:`Detector`."""
        rectangles, scores, _ = self._detector.run(np.ascontiguousarray(image), 1, 0.0)
        boxes = [
            Box(left=r.left(), top=r.top(), right=r.right() + 1, bottom=r.bottom() + 1, score=score)
            for r, score in zip(rectangles, scores, strict=True)
        ]
        return sorted(boxes, key=lambda box: -box.score)


def import_dlib() -> Any:
    """Imports dlib at first use, which takes a second.

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        import dlib
    except ImportError as error:
        raise MissingExtraError("telling faces apart", "faces") from error
    return dlib


def _without_overlaps(boxes: list[Box], most: float = 0.3) -> list[Box]:
    """Keeps the surest of boxes that overlap by more than ``most`` (non-maximum suppression)."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.score):
        if all(box.overlap(other) <= most for other in kept):
            kept.append(box)
    return kept
