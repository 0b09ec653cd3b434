"""Does enlarging help to recognise and to find faces?"""

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
from srgan.evaluation.dataset import SCALE
from srgan.evaluation.enlargers import Enlarger
from srgan.evaluation.machine import describe_machine
from srgan.evaluation.measures import for_json
from srgan.events import Event, OnEvent
from srgan.images.read import read_picture
from srgan.images.resize import bicubic
from srgan.images.write import to_depth
from srgan.metrics.verification import roc, verification_figures
from srgan.recognition.face_detectors import Box, Detector
from srgan.recognition.face_recognisers import Recogniser
from srgan.recognition.pairs import Pair

_SAME_FACE = 0.5  # intersection over union, as in most benchmarks of detection


@dataclass(frozen=True, kw_only=True)
class _Way:
    """A way of seeing the faces: at their true size, or reduced and enlarged again."""

    name: str
    reduction: int
    enlarger: Enlarger | None
    embeddings: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    found: list[bool] = field(default_factory=list)

    def see(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture as it is seen this way, at its true size."""
        if self.enlarger is None:
            return image
        enlarged = self.enlarger.enlarge(bicubic(image, 1 / self.reduction))
        return bicubic(enlarged, self.reduction / SCALE) if self.reduction != SCALE else enlarged


def evaluate_faces(
    images: Path,
    pairs: Sequence[Pair],
    enlargers: Sequence[Enlarger],
    recogniser: Recogniser,
    *,
    reductions: Sequence[int] = (SCALE,),
    detector: Detector | None = None,
    on_event: OnEvent | None = None,
) -> dict[str, Any]:
    """Verifies pairs of faces, and looks for the faces, at their true size and enlarged by each way.

    Pictures are reduced by MATLAB's bicubic, enlarged four times, and brought to their true size by bicubic
    where they were reduced by another factor. Where the face is comes from the true picture; the landmarks
    by which dlib turns it upright come from the picture as it is seen. A picture in which no face is found
    at its true size is named, and its pairs are left out.

    Args:
        images: folder of the pictures.
        pairs: of both kinds.
        enlargers: ways of enlarging.
        recogniser: tells the faces apart.
        reductions: how many times smaller the faces are made.
        detector: whose detection rate is measured; the one that locates faces for the recogniser if None.
        on_event: takes an event after every picture.

    Returns:
        ``{"images", "pairs": {"same", "different"}, "left_out", "recogniser", "detector", "version",
        "machine", "results"}``, the results as ``[{"way", "reduction", "face_size", "figures", "roc"}]``.
        The figures are those of :func:`~srgan.metrics.verification.verification_figures`;
        ``distance_to_true``, the mean distance of what the recogniser makes of a face from what it makes of
        the same picture at its true size, with a 95 % interval; and ``detection_rate``: of the faces found at
        their true size, the share that is found again, by an overlap of half or more.

    Raises:
        DataError: if fewer than two pairs of a kind can be used.
        ImageError: if a picture cannot be read.
    """
    locator = recogniser.locator
    detector = detector or locator
    ways = [_Way(name="true size", reduction=1, enlarger=None)]
    ways += [
        _Way(name=enlarger.name, reduction=reduction, enlarger=enlarger)
        for reduction in reductions
        for enlarger in enlargers
    ]
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
    faces: dict[str, Box] = {}
    unit = int(np.lcm.reduce([*reductions, SCALE]))
    for done, name in enumerate(names, start=1):
        image = _read(images / name, unit)
        face = _central(locator.detect(image), image)
        if face is not None:
            faces[name] = face
            sought = _central(detector.detect(image), image)
            for way in ways:
                seen = way.see(image)
                way.embeddings[name] = recogniser.embed(seen, face)
                if sought is not None:
                    found = (sought.overlap(box) >= _SAME_FACE for box in detector.detect(seen))
                    way.found.append(any(found))
        if on_event is not None:
            on_event(Event(done=done, total=len(names), unit="pictures"))
    used = [pair for pair in pairs if pair.first in faces and pair.second in faces]
    counts = {"same": sum(pair.same for pair in used), "different": sum(not pair.same for pair in used)}
    if min(counts.values()) < 2:
        raise DataError(f"{images}: fewer than two pairs of a kind have faces that are found; add pairs")
    size = [statistics.median(side) for side in zip(*map(_size, faces.values()), strict=True)]
    return {
        "images": images.resolve().name,
        "pairs": counts,
        "left_out": [name for name in names if name not in faces],
        "recogniser": recogniser.name,
        "detector": detector.name,
        "version": version("srgan"),
        "machine": describe_machine(),
        "results": [_summary(way, ways[0], used, size) for way in ways],
    }


def _summary(way: _Way, true: _Way, pairs: Sequence[Pair], size: Sequence[float]) -> dict[str, Any]:
    scores = np.array(
        [-np.linalg.norm(way.embeddings[pair.first] - way.embeddings[pair.second]) for pair in pairs]
    )
    same = np.array([pair.same for pair in pairs])
    figures = verification_figures(scores, same) | _distances_to(true, way)
    if way.found:
        figures["detection_rate"] = sum(way.found) / len(way.found)
    curve = roc(scores, same)
    return {
        "way": way.name,
        "reduction": way.reduction,
        **(way.enlarger.facts if way.enlarger else {}),
        "face_size": [round(side / way.reduction, 1) for side in size],
        "figures": for_json(figures),
        "roc": {
            "false_accepts": curve.false_accepts.tolist(),
            "true_accepts": curve.true_accepts.tolist(),
        },
    }


def _distances_to(true: _Way, way: _Way) -> dict[str, float]:
    """Their mean, and where it lies with 95 % certainty if they are many (mean and 1.96 standard errors)."""
    distances = [
        float(np.linalg.norm(embedding - true.embeddings[name])) for name, embedding in way.embeddings.items()
    ]
    mean = statistics.fmean(distances)
    error = 1.96 * statistics.stdev(distances) / math.sqrt(len(distances))
    return {
        "distance_to_true": mean,
        "distance_to_true_low": mean - error,
        "distance_to_true_high": mean + error,
    }


def _read(file: Path, unit: int) -> NDArray[np.uint8]:
    """The picture, cropped to a multiple of ``unit``."""
    image = to_depth(read_picture(file).pixels, np.dtype(np.uint8))
    height, width = (side // unit * unit for side in image.shape[:2])
    if min(height, width) == 0:
        raise DataError(f"{file}: is smaller than {unit} pixels a side; take a larger picture")
    return np.ascontiguousarray(image[:height, :width])


def _central(faces: Sequence[Box], image: NDArray[np.uint8]) -> Box | None:
    """The face nearest to the middle, where the person whom the picture is of is."""

    def distance(face: Box) -> float:
        across, down = face.left + face.right - image.shape[1], face.top + face.bottom - image.shape[0]
        return math.hypot(across, down)

    return min(faces, key=distance, default=None)


def _size(face: Box) -> tuple[float, float]:
    return face.right - face.left, face.bottom - face.top
