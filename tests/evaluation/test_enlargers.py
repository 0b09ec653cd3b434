"""The ways of enlarging: the plain ones are what they say, and each model is opened once."""

import numpy as np
import pytest
from PIL import Image

from srgan.errors import ModelError, UsageError
from srgan.evaluation.enlargers import lanczos, nearest, open_enlargers
from srgan.images.resize import bicubic
from srgan.metrics.artifacts import consistency
from srgan.upscaling.upscaler import Upscaler


def test_plain_enlargements_are_pillows_and_matlabs(photo):
    by_name = {way.name: way.enlarge(photo) for way in open_enlargers([], ["bicubic", "nearest", "lanczos"])}
    assert list(by_name) == ["bicubic", "nearest", "lanczos"]
    assert np.array_equal(by_name["bicubic"], bicubic(photo, 4))
    for name, method in (("nearest", Image.Resampling.NEAREST), ("lanczos", Image.Resampling.LANCZOS)):
        expected = np.asarray(Image.fromarray(photo).resize((120, 96), method))
        assert np.array_equal(by_name[name], expected)
    assert np.array_equal(nearest(photo), by_name["nearest"])
    assert np.array_equal(lanczos(photo), by_name["lanczos"])


def test_models_come_after_and_each_once(tiny_model, network, photo):
    models = [str(tiny_model), str(network()), str(tiny_model)]
    ways = open_enlargers(models, ["nearest", "nearest"], precision="fp32")
    assert [way.name for way in ways] == ["nearest", *models[:2]]
    assert np.array_equal(ways[1].enlarge(photo), Upscaler(tiny_model, precision="fp32").upscale(photo))
    assert np.array_equal(ways[2].enlarge(photo), nearest(photo))
    assert [way.facts.get("precision") for way in ways] == [None, "fp32", "fp32"]


def test_an_unknown_model_is_named():
    with pytest.raises(UsageError, match="unknown model 'srresnett'"):
        open_enlargers(["srresnett"], [])
    with pytest.raises(ModelError, match=r"gone\.onnx: no such model file"):
        open_enlargers(["gone.onnx"], [])


def test_settings_of_the_models_change_results_and_are_told(tiny_model, photo):
    (plain,) = open_enlargers([str(tiny_model)], [], precision="fp32", consistent=False, detail=None)
    (way,) = open_enlargers([str(tiny_model)], [], precision="fp32", consistent=True)
    assert consistency(way.enlarge(photo), photo)[0] < consistency(plain.enlarge(photo), photo)[0]
    assert way.facts == {**plain.facts, "consistent": True}
