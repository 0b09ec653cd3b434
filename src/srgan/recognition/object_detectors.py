"""Object detectors as ONNX files, whose boxes before and after upscaling are compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from srgan.errors import ModelError
from srgan.evaluation.onnx import compile_onnx

Layout = Literal["yolo", "yolo-objectness", "ssd"]

LEAST_SCORE = 0.01
"""Lower scores are no detections; average precision needs the unsure ones too."""

_MOST = 100  # detections of a picture, as in COCO
_OVERLAP = 0.5  # of boxes of one class, above which only the surer one is kept
_GREY = 114  # fills the rest of the network's input, as for YOLO


@dataclass(frozen=True, kw_only=True)
class Detections:
    """What was found in a picture, the surest first.

    Attributes:
        boxes: (n, 4): left, top, right, bottom in pixels of the picture.
        scores: (n,), 0..1.
        classes: (n,), the network's own numbers.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class OnnxOptions:
    """The input of a detector, if it is not RGB in [0, 1].

    Attributes:
        white: the value of white: 1 or 255.
        order: of the three channels.
    """

    white: Literal[1, 255] = 1
    order: Literal["rgb", "bgr"] = "rgb"


class OnnxDetector:
    """A detector of one input (1, 3, H, W), into which pictures are fitted at the upper left corner.

    Its outputs, with boxes in pixels of the input:

    - ``"yolo"``: (1, 4 + classes, n): centre x, centre y, width, height, then the scores of the classes
      (YOLOv8 and later);
    - ``"yolo-objectness"``: (1, n, 5 + classes): the same with the score of being an object before the
      classes, which multiplies theirs (YOLOv5, YOLOX);
    - ``"ssd"``: ``boxes`` (n, 4): left, top, right, bottom; ``scores`` (n,); ``labels`` (n,), each with or
      without a first axis of 1, as torchvision exports its detectors.

    Args:
        path: the ``.onnx`` file; of a fixed size, else 640x640 is taken.
        layout: of the outputs.
        options: white and the order of channels of the input.

    Raises:
        ModelError: if the file is missing, damaged, or no such network.
    """

    def __init__(self, path: Path, layout: Layout, options: OnnxOptions | None = None) -> None:
        self.name = path.name
        self._path, self._layout = path, layout
        self._options = options or OnnxOptions()
        self._compiled = compile_onnx(path, any_size=False)
        shape = self._compiled.inputs[0].partial_shape
        self._size = (640, 640) if shape.is_dynamic else (shape.to_shape()[2], shape.to_shape()[3])
        self._type = self._compiled.inputs[0].element_type.to_dtype()
        self._by_name = {name: port for port in self._compiled.outputs for name in port.get_names()}
        if layout == "ssd" and not {"boxes", "scores", "labels"} <= self._by_name.keys():
            raise ModelError(
                f"{path}: has no outputs boxes, scores and labels; choose another layout", field="layout"
            )

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Returns the objects in (H, W, 3), RGB, uint8.

        Raises:
            ModelError: if the network fails, or its outputs are not of the layout.
        """
        height, width = self._size
        scale = min(height / image.shape[0], width / image.shape[1])
        fitted = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        canvas = np.full((height, width, 3), _GREY, np.uint8)
        canvas[: fitted[1], : fitted[0]] = Image.fromarray(image).resize(fitted, Image.Resampling.BILINEAR)
        if self._options.order == "bgr":
            canvas = canvas[:, :, ::-1]
        batch = canvas.transpose(2, 0, 1)[None] / (255 / self._options.white)
        results = self._compiled([np.ascontiguousarray(batch, dtype=self._type)])
        try:
            boxes, scores, classes = self._decode(results)
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelError(f"{self._path}: its outputs are not of the layout '{self._layout}'") from error
        kept = _select(boxes, scores, classes, suppress=self._layout != "ssd")
        edges = np.array([image.shape[1], image.shape[0]] * 2)
        inside = (boxes[kept] / scale).clip(0, edges)
        return Detections(boxes=inside, scores=scores[kept], classes=classes[kept])

    def _decode(self, results: Any) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
        if self._layout == "ssd":
            boxes, scores, labels = (results[self._by_name[name]] for name in ("boxes", "scores", "labels"))
            return boxes.reshape(-1, 4).astype(np.float64), scores.ravel(), labels.ravel().astype(np.intp)
        (table,) = np.asarray(results[0], np.float64)
        if self._layout == "yolo":
            table, by_class = table.T, table.T[:, 4:]
        else:
            by_class = table[:, 4:5] * table[:, 5:]
        classes = by_class.argmax(axis=1)
        half = table[:, 2:4] / 2
        boxes = np.concatenate((table[:, :2] - half, table[:, :2] + half), axis=1)
        return boxes, by_class.max(axis=1), classes


def _select(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], classes: NDArray[np.intp], *, suppress: bool
) -> list[int]:
    """Selects detections, the surest first: one of overlapping boxes of a class (non-maximum suppression)."""
    kept: list[int] = []
    for candidate in np.argsort(-scores, kind="stable"):
        if scores[candidate] < LEAST_SCORE or len(kept) == _MOST:
            break
        rivals = [other for other in kept if suppress and classes[other] == classes[candidate]]
        if not rivals or overlaps(boxes[candidate], boxes[rivals]).max() <= _OVERLAP:
            kept.append(int(candidate))
    return kept


def overlaps(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the intersection over union of a box (4,) with others (n, 4)."""
    common = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    intersection = common.clip(0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + areas - intersection
    shares: NDArray[np.float64] = intersection / np.maximum(union, 1e-12)
    return shares
