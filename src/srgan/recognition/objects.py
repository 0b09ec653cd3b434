"""Does upscaling help to find objects?"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.errors import DataError, MissingExtraError
from srgan.evaluation.dataset import Dataset
from srgan.evaluation.machine import describe_machine
from srgan.evaluation.methods import Method
from srgan.events import Event, OnEvent
from srgan.recognition.object_detectors import Detections, Layout, OnnxDetector

SURE = 0.5
"""The score from which the detector's own boxes on the ground truth stand for annotations."""

_LARGEST = 2**31
"""No id and no pixel is as large: COCO's own program fails on numbers of more than 64 bits."""

_FIGURES = ("ap", "ap_50", "ap_75", "ap_small", "ap_medium", "ap_large")


def evaluate_objects(
    dataset: Dataset,
    detector: OnnxDetector,
    methods: Sequence[Method],
    *,
    layout: Layout,
    annotations: Path | None = None,
    on_event: OnEvent | None = None,
) -> dict[str, Any]:
    """Computes the average precision of a detector on the ground truth and on upscaled pictures.

    Args:
        dataset: the pictures.
        detector: finds the objects.
        methods: of upscaling, of the pictures' scale.
        layout: the detector's: with ``"ssd"`` its classes are the annotations' category ids, with the others
            places in the sorted list of these.
        annotations: in COCO's format, whose ``file_name`` has the stem of a picture; None takes the
            detector's own boxes on the ground truth from a score of :data:`SURE`.
        on_event: called after each picture, in "pictures".

    Returns:
        ``{"dataset", "low_res", "objects", "annotations", "detector", "version", "machine", "results"}``, the
        results as ``[{"way", "figures"}]`` with COCO's average precisions: ``ap`` (overlaps of 0.50 to 0.95),
        ``ap_50``, ``ap_75``, and ``ap_small``, ``ap_medium``, ``ap_large`` (below 32x32, to 96x96, above, at
        true size); None where there is no such object.

    Raises:
        MissingExtraError: if pycocotools is not installed.
        DataError: if the annotations cannot be read or lack a picture, or there is no object at all.
        ModelError, ImageError: see the detector and the dataset.
    """
    _import_coco()
    coco = None if annotations is None else _read_annotations(annotations)
    found: dict[str, list[Detections]] = {"true size": [], **{method.name: [] for method in methods}}
    names = []
    for done, sample in enumerate(dataset, start=1):
        names.append(sample.name)
        found["true size"].append(detector.detect(sample.hr_image))
        for method in methods:
            found[method.name].append(detector.detect(method.upscale(sample.lr_image)))
        if on_event is not None:
            on_event(Event(done=done, total=len(dataset), unit="pictures"))
    objects = _own_objects(found["true size"]) if coco is None else _annotated(coco, names, annotations)
    if not objects:
        raise DataError(f"{dataset.name}: there is no object in these pictures; take others")
    categories = sorted({entry["category_id"] for entry in objects})
    if coco is not None:
        categories = sorted(category["id"] for category in coco["categories"])
    facts = {method.name: method.facts for method in methods}
    return {
        "dataset": dataset.name,
        "low_res": "given" if dataset.has_partners else "reduced by bicubic",
        "objects": len(objects),
        "annotations": "the detector's own" if annotations is None else annotations.name,
        "detector": detector.name,
        "version": version("srgan"),
        "machine": describe_machine(),
        "results": [
            {
                "way": name,
                **facts.get(name, {}),
                "figures": _average_precision(
                    objects, _numbered(detections, categories, layout, coco is None), len(names), categories
                ),
            }
            for name, detections in found.items()
        ],
    }


def _entry(image: int, category: int, box: NDArray[np.float64]) -> dict[str, Any]:
    left, top, right, bottom = map(float, box)
    width, height = right - left, bottom - top
    return {
        "image_id": image,
        "category_id": category,
        "bbox": [left, top, width, height],
        "area": width * height,
        "iscrowd": 0,
    }


def _own_objects(found: Sequence[Detections]) -> list[dict[str, Any]]:
    return [
        _entry(image, int(kind), box)
        for image, detections in enumerate(found)
        for box, score, kind in zip(detections.boxes, detections.scores, detections.classes, strict=True)
        if score >= SURE
    ]


def _numbered(
    found: Sequence[Detections], categories: Sequence[int], layout: Layout, own: bool
) -> list[dict[str, Any]]:
    """Returns detections as in COCO, with the annotations' category ids, without other classes."""
    by_place = not own and layout != "ssd"
    ids = dict(enumerate(categories)) if by_place else {category: category for category in categories}
    return [
        {**_entry(image, ids[int(kind)], box), "score": float(score)}
        for image, detections in enumerate(found)
        for box, score, kind in zip(detections.boxes, detections.scores, detections.classes, strict=True)
        if int(kind) in ids
    ]


def _read_annotations(path: Path) -> dict[str, Any]:
    try:
        coco = json.loads(path.read_bytes())
        _check(coco)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise DataError(f"{path}: holds no annotations in COCO's format") from error
    found: dict[str, Any] = coco
    return found


def _check(coco: dict[str, Any]) -> None:
    """Rejects what does not follow COCO's format.

    Raises:
        ValueError, TypeError, LookupError, AttributeError: depending on what is wrong.
    """
    files = {image["id"]: Path(image["file_name"]) for image in coco["images"]}
    numbers = [category["id"] for category in coco["categories"]]
    for entry in coco["annotations"]:
        files.get(entry["image_id"])
        left, top, width, height = entry["bbox"]
        numbers += [entry["category_id"], left, top, width, height, entry.get("area", 0)]
        if entry.get("iscrowd", 0) not in (0, 1):
            raise ValueError(entry["iscrowd"])
    if not all(type(number) in (int, float) and abs(number) < _LARGEST for number in numbers):
        raise ValueError("a number is missing or not usable")


def _annotated(coco: dict[str, Any], names: Sequence[str], path: Path | None) -> list[dict[str, Any]]:
    """Returns the annotations of these pictures, by their place among them."""
    ids = {Path(image["file_name"]).stem: image["id"] for image in coco["images"]}
    missing = [name for name in names if name not in ids]
    if missing:
        raise DataError(f"{path}: has no entry for {len(missing)} of the pictures, the first is {missing[0]}")
    places = {ids[name]: place for place, name in enumerate(names)}
    return [
        {
            "area": entry["bbox"][2] * entry["bbox"][3],
            "iscrowd": 0,
            **entry,
            "image_id": places[entry["image_id"]],
        }
        for entry in coco["annotations"]
        if entry["image_id"] in places
    ]


def _average_precision(
    objects: list[dict[str, Any]], found: list[dict[str, Any]], images: int, categories: Sequence[int]
) -> dict[str, float | None]:
    """Returns COCO's figures, by its own program."""
    if not found:
        return dict.fromkeys(_FIGURES, 0.0)
    coco, evaluation_of = _import_coco()
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        truth = coco()
        truth.dataset = {
            "info": {},
            "images": [{"id": image} for image in range(images)],
            "annotations": [{**entry, "id": number} for number, entry in enumerate(objects, start=1)],
            "categories": [{"id": category} for category in categories],
        }
        truth.createIndex()
        evaluation = evaluation_of(truth, truth.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    values = map(float, evaluation.stats[: len(_FIGURES)])
    return {name: value if value >= 0 else None for name, value in zip(_FIGURES, values, strict=True)}


def _import_coco() -> tuple[Any, Any]:
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise MissingExtraError("measuring average precision", "objects") from error
    return COCO, COCOeval
