"""Verification of real faces at several sizes; skipped without them."""

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from srgan.errors import DataError
from srgan.evaluation.methods import open_methods
from srgan.images.resize import bicubic
from srgan.recognition.face_recognisers import DlibRecogniser
from srgan.recognition.faces import evaluate_faces
from srgan.recognition.pairs import Pair, first_pairs, read_pairs

DATA = Path(os.environ.get("SRGAN_DATA") or Path(__file__).parents[3] / "shared" / "data")
LFW = DATA / "bench" / "LFW"

pytestmark = pytest.mark.skipif(find_spec("dlib") is None, reason="no dlib: pip install '.[faces]'")
needs_lfw = pytest.mark.skipif(
    not LFW.is_dir(), reason="no faces: set SRGAN_DATA to the folder that holds bench/LFW"
)


@needs_lfw
def test_faces_are_told_apart_less_well_the_smaller_they_are():
    pairs = first_pairs(read_pairs(LFW / "pairs.csv", LFW / "images"), 10)
    calls = []
    report = evaluate_faces(
        LFW / "images",
        pairs,
        open_methods([], ["bicubic"]),
        DlibRecogniser(),
        reductions=[4, 10],
        on_event=lambda event: calls.append((event.done, event.total)),
    )
    assert report["pairs"] == {"same": 5, "different": 5}
    assert [(result["way"], result["reduction"]) for result in report["results"]] == [
        ("true size", 1),
        ("bicubic", 4),
        ("bicubic", 10),
    ]
    true, small, tiny = (result["figures"] for result in report["results"])
    assert true["auc"] >= 0.95
    assert tiny["auc"] < true["auc"]
    assert (true["detection_rate"], small["detection_rate"]) == (1.0, 1.0)
    assert tiny["detection_rate"] < 0.9
    assert true["distance_to_true"] == 0 < small["distance_to_true"] < tiny["distance_to_true"]
    assert true["tar_at_far_0.01"] is None
    widths = [result["face_size"][0] for result in report["results"]]
    assert widths == pytest.approx([widths[0], widths[0] / 4, widths[0] / 10], abs=0.1)
    assert calls[-1] == (len(calls), len(calls))


@pytest.fixture
def folder(tmp_path):
    image = skimage.data.astronaut()[20:230, 120:330]
    Image.fromarray(image).save(tmp_path / "a.png")
    Image.fromarray((image * 0.8).astype("uint8")).save(tmp_path / "b.png")
    Image.fromarray(skimage.data.coffee()[:210, :210]).save(tmp_path / "none.png")
    return tmp_path


def test_pictures_without_a_face_are_named_and_their_pairs_left_out(folder):
    names = [("a", "b", True), ("b", "a", True), ("a", "a", False), ("b", "b", False), ("a", "none", False)]
    pairs = [Pair(first=f"{a}.png", second=f"{b}.png", same=same) for a, b, same in names]
    report = evaluate_faces(folder, pairs, open_methods([], ["bicubic"]), DlibRecogniser())
    assert report["left_out"] == ["none.png"]
    assert report["pairs"] == {"same": 2, "different": 2}
    # "Different" are here a picture and itself, which no recogniser can tell to be two people.
    assert report["results"][0]["figures"]["auc"] == 0.0
    recogniser = DlibRecogniser()
    seen = []
    for name in ("a", "b"):
        image = np.asarray(Image.open(folder / f"{name}.png"))[:208, :208]
        (face,) = recogniser.locator.detect(image)
        reduced = bicubic(bicubic(image, 0.25), 4)
        seen.append(np.linalg.norm(recogniser.embed(image, face) - recogniser.embed(reduced, face)))
    figures = report["results"][1]["figures"]
    assert figures["distance_to_true"] == pytest.approx(np.mean(seen))
    # Of two distances, a standard error is half their difference.
    assert figures["distance_to_true_low"] == pytest.approx(np.mean(seen) - 1.96 * abs(seen[0] - seen[1]) / 2)
    with pytest.raises(DataError, match="fewer than two pairs of a kind"):
        evaluate_faces(folder, pairs[2:], open_methods([], ["bicubic"]), DlibRecogniser())
