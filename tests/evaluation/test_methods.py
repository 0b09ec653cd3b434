"""The methods of enlarging: the plain ones are what they say, and each model is opened once."""

import numpy as np
import pytest
from PIL import Image

from srgan.errors import ModelError, UsageError
from srgan.evaluation.methods import lanczos, nearest, open_methods
from srgan.images.resize import bicubic
from srgan.metrics.artifacts import consistency
from srgan.upscaling.upscaler import Upscaler


def test_baselines_are_pillows_and_matlabs(photo):
    by_name = {
        method.name: method.upscale(photo) for method in open_methods([], ["bicubic", "nearest", "lanczos"])
    }
    assert list(by_name) == ["bicubic", "nearest", "lanczos"]
    assert np.array_equal(by_name["bicubic"], bicubic(photo, 4))
    for name, resampling in (("nearest", Image.Resampling.NEAREST), ("lanczos", Image.Resampling.LANCZOS)):
        expected = np.asarray(Image.fromarray(photo).resize((120, 96), resampling))
        assert np.array_equal(by_name[name], expected)
    assert np.array_equal(nearest(photo, 4), by_name["nearest"])
    assert np.array_equal(lanczos(photo, 4), by_name["lanczos"])


def test_models_come_after_and_each_once(tiny_model, network, photo):
    models = [str(tiny_model), str(network()), str(tiny_model)]
    methods = open_methods(models, ["nearest", "nearest"], precision="fp32")
    assert [method.name for method in methods] == ["nearest", *models[:2]]
    assert np.array_equal(methods[1].upscale(photo), Upscaler(tiny_model, precision="fp32").upscale(photo))
    assert np.array_equal(methods[2].upscale(photo), nearest(photo, 4))
    assert [method.facts.get("precision") for method in methods] == [None, "fp32", "fp32"]


def test_an_unknown_model_is_named():
    with pytest.raises(UsageError, match="unknown model 'srresnett'"):
        open_methods(["srresnett"], [])
    with pytest.raises(ModelError, match=r"gone\.onnx: no such model file"):
        open_methods(["gone.onnx"], [])


def test_settings_of_the_models_change_results_and_are_told(tiny_model, photo):
    (plain,) = open_methods([str(tiny_model)], [], precision="fp32", consistent=False, detail=None)
    (method,) = open_methods([str(tiny_model)], [], precision="fp32", consistent=True)
    assert consistency(method.upscale(photo), photo)[0] < consistency(plain.upscale(photo), photo)[0]
    assert method.facts == {**plain.facts, "consistent": True}


@pytest.mark.parametrize("scale", [2, 3])
def test_baselines_have_the_scale_of_the_models(network, photo, scale):
    methods = open_methods([str(network(scale=scale))], ["nearest", "bicubic", "lanczos"])
    height, width = photo.shape[:2]
    assert [method.scale for method in methods] == [scale] * 4
    for method in methods:
        assert method.upscale(photo).shape == (height * scale, width * scale, 3)


def test_models_of_several_scales_are_named(network):
    with pytest.raises(UsageError, match=r"twice\.onnx 2x, .*net\.onnx 4x"):
        open_methods([str(network("twice.onnx", scale=2)), str(network())], ["bicubic"])
