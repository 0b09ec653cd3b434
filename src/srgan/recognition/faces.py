"""Does upscaling help to recognise and to find faces?"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.errors import DataError
from srgan.evaluation.dataset import read_8_bit
from srgan.evaluation.machine import describe_machine
from srgan.evaluation.methods import Method, common_scale
from srgan.evaluation.metrics import for_json
from srgan.events import Event, OnEvent
from srgan.images.resize import bicubic
from srgan.metrics.verification import roc, verification_figures
from srgan.recognition.face_detectors import Box, Detector
from srgan.recognition.face_recognisers import Recogniser
from srgan.recognition.pairs import Pair

_SAME_FACE = 0.5  # intersection over union, as in most benchmarks of detection


@dataclass(frozen=True, kw_only=True)
class _View:
    """The faces as they are seen: at their true size, or downscaled and upscaled again."""

    name: str
    reduction: int
    method: Method | None
    embeddings: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    found: list[bool] = field(default_factory=list)

    def see(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Returns the picture as it is seen, at its true size."""
        if self.method is None:
            return image
        upscaled = self.method.upscale(bicubic(image, 1 / self.reduction))
        scale = self.method.scale
        return bicubic(upscaled, self.reduction / scale) if self.reduction != scale else upscaled


def evaluate_faces(
    images: Path,
    pairs: Sequence[Pair],
    methods: Sequence[Method],
    recogniser: Recogniser,
    *,
    reductions: Sequence[int] | None = None,
    detector: Detector | None = None,
    on_event: OnEvent | None = None,
) -> dict[str, Any]:
    """Verifies pairs of faces, and looks for the faces, at their true size and upscaled by each method.

    Pictures are downscaled by MATLAB's bicubic, upscaled, and brought to their true size by bicubic where
    they were downscaled by another factor. Where the face is comes from the ground truth; the landmarks
    by which dlib turns it upright come from the picture as it is seen. A picture in which no face is found
    at its true size is named, and its pairs are left out.

    Args:
        images: folder of the pictures.
        pairs: of both kinds.
        methods: of upscaling, all of one scale.
        recogniser: tells the faces apart.
        reductions: how many times smaller the faces are made; the methods' scale if None.
        detector: whose detection rate is measured; the one that locates faces for the recogniser if None.
        on_event: called after each picture, in "pictures".

    Returns:
        ``{"images", "pairs": {"same", "different"}, "left_out", "recogniser", "detector", "version",
        "machine", "results"}``, the results as ``[{"way", "reduction", "face_size", "figures", "roc"}]``.
        The figures are those of :func:`~srgan.metrics.verification.verification_figures`;
        ``distance_to_true``, the mean distance of the recogniser's embedding of a face from that of
        the same picture at its true size, with a 95 % interval; and ``detection_rate``: of the faces found at
        their true size, the share that is found again, by an overlap of half or more.

    Raises:
        UsageError: if the methods have several scales.
        DataError: if fewer than two pairs of a kind can be used.
        ImageError: if a picture cannot be read.
    """
    locator = recogniser.locator
    detector = detector or locator
    scale = common_scale(methods)
    reductions = reductions or (scale,)
    views = [_View(name="true size", reduction=1, method=None)]
    views += [
        _View(name=method.name, reduction=reduction, method=method)
        for reduction in reductions
        for method in methods
    ]
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
    faces: dict[str, Box] = {}
    unit = int(np.lcm.reduce([*reductions, scale]))
    for done, name in enumerate(names, start=1):
        image = _read(images / name, unit)
        face = _central(locator.detect(image), image)
        if face is not None:
            faces[name] = face
            sought = _central(detector.detect(image), image)
            for view in views:
                seen = view.see(image)
                view.embeddings[name] = recogniser.embed(seen, face)
                if sought is not None:
                    found = (sought.overlap(box) >= _SAME_FACE for box in detector.detect(seen))
                    view.found.append(any(found))
        if on_event is not None:
            on_event(Event(done=done, total=len(names), unit="pictures"))
    used = [pair for pair in pairs if pair.first in faces and pair.second in faces]
    counts = {"same": sum(pair.same for pair in used), "different": sum(not pair.same for pair in used)}
    if min(counts.values()) < 2:
        raise DataError(f"{images}: faces were found in fewer than two pairs of a kind; add pairs")
    size = [statistics.median(side) for side in zip(*map(_size, faces.values()), strict=True)]
    return {
        "images": images.resolve().name,
        "pairs": counts,
        "left_out": [name for name in names if name not in faces],
        "recogniser": recogniser.name,
        "detector": detector.name,
        "version": version("srgan"),
        "machine": describe_machine(),
        "results": [_summary(view, views[0], used, size) for view in views],
    }


def _summary(view: _View, true: _View, pairs: Sequence[Pair], size: Sequence[float]) -> dict[str, Any]:
    scores = np.array(
        [-np.linalg.norm(view.embeddings[pair.first] - view.embeddings[pair.second]) for pair in pairs]
    )
    same = np.array([pair.same for pair in pairs])
    figures = verification_figures(scores, same) | _distances_to(true, view)
    if view.found:
        figures["detection_rate"] = sum(view.found) / len(view.found)
    curve = roc(scores, same)
    return {
        "way": view.name,
        "reduction": view.reduction,
        **(view.method.facts if view.method else {}),
        "face_size": [round(side / view.reduction, 1) for side in size],
        "figures": for_json(figures),
        "roc": {
            "false_accepts": curve.false_accepts.tolist(),
            "true_accepts": curve.true_accepts.tolist(),
        },
    }


def _distances_to(true: _View, view: _View) -> dict[str, float]:
    """Returns the mean, and its 95 % interval if there are many (mean and 1.96 standard errors)."""
    distances = [
        float(np.linalg.norm(embedding - true.embeddings[name]))
        for name, embedding in view.embeddings.items()
    ]
    mean = statistics.fmean(distances)
    error = 1.96 * statistics.stdev(distances) / math.sqrt(len(distances))
    return {
        "distance_to_true": mean,
        "distance_to_true_low": mean - error,
        "distance_to_true_high": mean + error,
    }


def _read(file: Path, unit: int) -> NDArray[np.uint8]:
    """Returns the picture, cropped to a multiple of ``unit``."""
    image = read_8_bit(file)
    height, width = (side // unit * unit for side in image.shape[:2])
    if min(height, width) == 0:
        raise DataError(f"{file}: is smaller than {unit} pixels a side; take a larger picture")
    return np.ascontiguousarray(image[:height, :width])


def _central(faces: Sequence[Box], image: NDArray[np.uint8]) -> Box | None:
    """Returns the face nearest to the middle, where the person whom the picture is of is."""

    def distance(face: Box) -> float:
        across, down = face.left + face.right - image.shape[1], face.top + face.bottom - image.shape[0]
        return math.hypot(across, down)

    return min(faces, key=distance, default=None)


def _size(face: Box) -> tuple[float, float]:
    return face.right - face.left, face.bottom - face.top
