"""From names and paths to models; and what comes with the package."""

import pytest

import srgan
from srgan.errors import ModelError, UsageError
from srgan.inference.upscaler import Upscaler
from srgan.weights.catalogue import find_model, list_models, load_card


def test_the_default_model_is_shipped():
    assert "srresnet" in list_models()
    assert Upscaler().card == load_card("srresnet")


@pytest.mark.parametrize("name", list_models())
def test_every_shipped_model_can_be_loaded_and_says_what_it_is_for(name):
    card = Upscaler(name).card
    assert card.name == name
    assert card.summary
    assert find_model(name).stat().st_size > 1000


def test_a_path_is_taken_whatever_its_extension(tmp_path, tiny_model):
    other = tmp_path / "weights.bin"
    other.write_bytes(tiny_model.read_bytes())
    assert find_model(str(other)) == other
    assert find_model(tiny_model) == tiny_model
    assert srgan.load_card(other).name == "tiny"


def test_an_unknown_name_offers_the_nearest_or_all():
    with pytest.raises(UsageError, match="did you mean 'srresnet'"):
        find_model("SRResnet")
    with pytest.raises(UsageError, match=r"there are: .*srresnet"):
        find_model("xyz")
    with pytest.raises(ModelError, match="no such model file"):
        find_model("gone.safetensors")
