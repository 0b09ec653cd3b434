"""Blends of two models, and which model is whose sibling."""

import dataclasses
import json

import numpy as np
import pytest
import safetensors.numpy

from srgan.errors import ModelError, UsageError
from srgan.networks.blend import blend, find_sibling, read_blend
from srgan.networks.catalogue import find_model
from srgan.networks.model_file import read_card, read_model, write_model


def test_blend_interpolates_every_parameter():
    one, two = {"a": np.array([0.0, 8.0], np.float32)}, {"a": np.array([1.0, 4.0], np.float32)}
    blended = blend([(one, 0.75), (two, 0.25)])["a"]
    assert blended.tolist() == [0.25, 7.0]
    assert blended.dtype == np.float32
    for share, expected in ((0, one), (1, two)):
        np.testing.assert_array_equal(blend([(one, 1 - share), (two, share)])["a"], expected["a"])


@pytest.mark.parametrize("detail", [None, 0, 0.3, 1])
def test_a_model_is_blended_with_the_sibling_its_card_names(tiny_pair, tiny_model, detail):
    card, tensors = read_blend(tiny_pair, detail)
    low, high = read_model(tiny_model)[1], read_model(tiny_pair)[1]
    share = 1 if detail is None else detail
    assert card == read_card(tiny_pair)
    corrected = {"tail.weight", "tail.bias"} if share not in (0, 1) else set()  # for the colours
    for name in tensors.keys() - corrected:
        expected = (1 - share) * low[name].astype(np.float64) + share * high[name].astype(np.float64)
        np.testing.assert_allclose(tensors[name], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("detail", "denoise", "shares"),
    [
        (None, 0.25, (0.25, 0.0, 0.75)),
        (0.5, 1, (0.5, 0.5, 0.0)),
        (0.5, 0.4, (0.2, 0.2, 0.6)),
        (0, 0.4, (0.0, 0.4, 0.6)),
        (0.5, 0, (0.0, 0.0, 1.0)),
    ],
)
def test_detail_and_denoise_span_a_plane_between_three_models(
    tmp_path, tiny_tensors, tiny_card, detail, denoise, shares
):
    random = np.random.default_rng(2)
    siblings = {"fidelity": "low.safetensors", "grain": "grain.safetensors"}
    models = {}
    for name, fields in (("high", siblings), ("low", {}), ("grain", {})):
        models[name] = {
            tensor: (values + random.standard_normal(values.shape) * 0.004).astype(np.float32)
            for tensor, values in tiny_tensors.items()
        }
        card = dataclasses.replace(tiny_card, name=name, **fields)
        write_model(tmp_path / f"{name}.safetensors", models[name], card)
    card, tensors = read_blend(tmp_path / "high.safetensors", detail, denoise)
    assert card.name == "high"
    for name in tensors.keys() - {"tail.weight", "tail.bias"}:  # which are corrected for the colours
        expected = sum(share * model[name] for share, model in zip(shares, models.values(), strict=True))
        np.testing.assert_allclose(tensors[name], expected, atol=1e-6)


def test_a_sibling_may_be_a_shipped_model(tmp_path, tiny_tensors, tiny_card):
    path = tmp_path / "a.safetensors"
    write_model(path, tiny_tensors, dataclasses.replace(tiny_card, fidelity="srresnet"))
    assert find_sibling(path, "fidelity") == find_model("srresnet")
    with pytest.raises(ModelError, match="another architecture"):
        read_blend(path, 0.5)


def test_models_that_were_not_trained_one_from_the_other_are_not_blended(tiny_pair, tiny_model):
    card, tensors = read_model(tiny_model)
    random = np.random.default_rng(0)
    strange = {
        name: random.permutation(tensor.ravel()).reshape(tensor.shape) for name, tensor in tensors.items()
    }
    write_model(tiny_model, strange, card)
    with pytest.raises(
        ModelError, match=r"detailed\.safetensors: cannot be blended with .*unrelated weights"
    ):
        read_blend(tiny_pair, 0.5)


@pytest.mark.parametrize(("halos", "halo"), [((3, 5), 5), ((6, 5), 6), ((None, 5), None), ((3, None), None)])
def test_the_larger_halo_holds(tmp_path, tiny_tensors, tiny_card, halos, halo):
    names = ("fidelity.safetensors", "")
    for name, sibling, own in zip(("detailed", "fidelity"), names, halos, strict=True):
        card = dataclasses.replace(tiny_card, fidelity=sibling, halo=own)
        write_model(tmp_path / f"{name}.safetensors", tiny_tensors, card)
    assert read_blend(tmp_path / "detailed.safetensors", 0.5)[0].halo == halo


def test_a_model_without_sibling_is_refused_with_those_that_have_one(tiny_model):
    message = r"'tiny' has no fidelity sibling, .*models that have one: photo, srgan"
    with pytest.raises(UsageError, match=message) as caught:
        read_blend(tiny_model, 0.5)
    assert "\n" not in str(caught.value)


def test_a_model_that_cleans_nothing_is_refused_with_those_that_do():
    message = r"'srgan' has no grain sibling, .*models that have one: fast-photo, photo, photo-fidelity"
    with pytest.raises(UsageError, match=message):
        read_blend("srgan", denoise=0.5)


@pytest.mark.parametrize("option", ["detail", "denoise"])
@pytest.mark.parametrize("value", [-0.1, 1.01, float("nan")])
def test_shares_outside_their_range_are_refused(tiny_pair, option, value):
    with pytest.raises(UsageError, match="from 0 to 1") as caught:
        read_blend(tiny_pair, **{option: value})
    assert caught.value.field == option


def test_a_sibling_that_is_gone_is_named(tiny_pair, tiny_model):
    tiny_model.unlink()
    with pytest.raises(ModelError, match=r"tiny\.safetensors: no such model file"):
        read_blend(tiny_pair, 0.5)


def test_cards_without_the_field_load_and_paths_in_it_are_refused(tmp_path, tiny_tensors, tiny_card):
    path = tmp_path / "m.safetensors"
    fields = json.loads(tiny_card.to_json())
    del fields["fidelity"]
    safetensors.numpy.save_file(tiny_tensors, path, metadata={"srgan": json.dumps(fields)})
    assert read_card(path) == tiny_card
    for field in ("fidelity", "grain"):
        for wrong in ("../other.safetensors", "a\\b", 3):
            text = json.dumps({**fields, field: wrong})
            safetensors.numpy.save_file(tiny_tensors, path, metadata={"srgan": text})
            with pytest.raises(ModelError, match=f"'{field}' is wrong"):
                read_card(path)
