"""Average precision on pictures whose objects are known."""

import json
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from srgan.errors import DataError, MissingExtraError
from srgan.evaluation.dataset import Dataset
from srgan.evaluation.methods import Method, nearest, open_methods
from srgan.recognition.object_detectors import OnnxDetector
from srgan.recognition.objects import evaluate_objects

needs_coco = pytest.mark.skipif(
    find_spec("pycocotools") is None, reason="no pycocotools: pip install '.[objects]'"
)


def blind(image):
    return np.zeros_like(nearest(image, 4))


def half_blind(image):
    """Sees nothing in the picture with the blue square."""
    return nearest(image, 4) if image[..., 2].max() < 200 else blind(image)


WAYS = [
    Method(name="nearest", scale=4, upscale=lambda image: nearest(image, 4)),
    Method(name="blind", scale=4, upscale=blind),
    Method(name="half", scale=4, upscale=half_blind),
]


@needs_coco
@pytest.mark.parametrize("with_annotations", [True, False])
def test_the_average_precision_is_what_was_found(colours, squares, with_annotations):
    calls = []
    report = evaluate_objects(
        Dataset(squares[1]),
        OnnxDetector(colours(), "yolo"),
        WAYS,
        layout="yolo",
        annotations=squares[2] if with_annotations else None,
        on_event=lambda event: calls.append((event.done, event.total)),
    )
    assert [result["way"] for result in report["results"]] == ["true size", "nearest", "blind", "half"]
    figures = [result["figures"] for result in report["results"]]
    # The mean over the two categories.
    assert [figure["ap"] for figure in figures] == pytest.approx([1, 1, 0, 0.5])
    assert figures[0]["ap_small"] == pytest.approx(1)
    assert figures[0]["ap_large"] is None
    assert (report["objects"], report["detector"]) == (2, "colours.onnx")
    assert report["annotations"] == ("truth.json" if with_annotations else "the detector's own")
    assert calls == [(1, 2), (2, 2)]


@needs_coco
def test_a_box_beside_the_object_counts_by_its_overlap(colours, squares):
    truth = json.loads(squares[2].read_text())
    for entry in truth["annotations"]:
        entry["bbox"] = [entry["bbox"][0] + 4, entry["bbox"][1], 16, 16]  # an overlap of 12 / 20 = 0.6
    squares[2].write_text(json.dumps(truth))
    detector = OnnxDetector(colours(), "yolo")
    report = evaluate_objects(Dataset(squares[1]), detector, [], layout="yolo", annotations=squares[2])
    (result,) = report["results"]
    assert result["figures"]["ap_50"] == pytest.approx(1)
    assert result["figures"]["ap_75"] == 0
    assert result["figures"]["ap"] == pytest.approx(0.3)  # 0.50, 0.55 and 0.60 of ten overlaps


@needs_coco
def test_what_annotations_lack_is_named(colours, squares, tmp_path):
    def run(annotations):
        detector = OnnxDetector(colours(), "yolo")
        evaluate_objects(Dataset(squares[1]), detector, [], layout="yolo", annotations=annotations)

    truth = json.loads(squares[2].read_text())
    (tmp_path / "some.json").write_text(json.dumps({**truth, "images": truth["images"][:1]}))
    with pytest.raises(DataError, match=r"some\.json: has no entry for 1 of the pictures, the first is 1"):
        run(tmp_path / "some.json")
    (tmp_path / "none.json").write_text(json.dumps({**truth, "annotations": []}))
    with pytest.raises(DataError, match="there is no object"):
        run(tmp_path / "none.json")
    for content in ("{", "[]", '{"images": []}'):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(DataError, match=r"bad\.json: holds no annotations in COCO's format"):
            run(tmp_path / "bad.json")
    with pytest.raises(DataError, match=r"gone\.json: cannot be read"):
        run(tmp_path / "gone.json")


def test_without_pycocotools_the_extra_is_named(colours, squares, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    with pytest.raises(MissingExtraError, match=r"\[objects\]"):
        evaluate_objects(Dataset(squares[1]), OnnxDetector(colours(), "yolo"), [], layout="yolo")


@needs_coco
@pytest.mark.usefixtures("cache")
def test_models_are_ways_too(colours, squares, tiny_model):
    ways = open_methods([str(tiny_model)], ["bicubic"], precision="fp32")
    report = evaluate_objects(Dataset(squares[1]), OnnxDetector(colours(), "yolo"), ways, layout="yolo")
    assert [result["way"] for result in report["results"]] == ["true size", "bicubic", str(tiny_model)]
    assert report["results"][1]["figures"]["ap_50"] == pytest.approx(1)
    assert len(report["results"][2]["sha256"]) == 64
