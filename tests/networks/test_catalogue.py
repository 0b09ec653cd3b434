"""From names and paths to models; and what comes with the package."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from skimage import data

import srgan
from srgan.errors import ModelError, UsageError
from srgan.images.resize import bicubic, low_res_pair
from srgan.metrics.artifacts import colour_shift, grid_index
from srgan.networks.blend import find_sibling
from srgan.networks.catalogue import find_model, list_models, load_card
from srgan.networks.model_file import read_model
from srgan.upscaling.upscaler import Upscaler


def test_the_default_model_is_shipped():
    assert "photo" in list_models()
    assert Upscaler().card == load_card("photo")


@pytest.mark.parametrize("name", list_models())
def test_every_shipped_model_can_be_loaded_and_says_what_it_is_for(name):
    card = Upscaler(name).card
    assert card.name == name
    assert card.summary
    assert find_model(name).stat().st_size > 1000


@pytest.mark.parametrize("name", list_models())
def test_the_documented_parameters_and_hashes_are_those_of_the_files(name):
    card, tensors = read_model(find_model(name))
    parameters = sum(tensor.size for tensor in tensors.values())
    documented = (Path(__file__).parents[2] / "docs/results/models.md").read_text(encoding="utf-8")
    digest = hashlib.sha256(find_model(name).read_bytes()).hexdigest()
    assert card.generator.parameters == parameters
    assert f"| `{name}` | {parameters:,} | {card.generator.radius} | {digest} |" in documented


@pytest.mark.parametrize("name", ["srgan", "photo"])
def test_models_of_believable_texture_come_with_what_they_started_from(name):
    card, sibling = load_card(name), load_card(find_sibling(name, "fidelity"))
    assert card.history[0] == sibling.steps[0]  # both go back to the same first run
    assert card.generator == sibling.generator
    picture = data.coffee()[100:148, 200:272]
    blended = Upscaler(name, detail=0.0, precision="fp32").upscale(picture)
    assert np.array_equal(blended, Upscaler(sibling.name, precision="fp32").upscale(picture))


@pytest.mark.parametrize(
    ("name", "grain"), [("photo", "srresnet"), ("photo-fidelity", "srresnet"), ("fast-photo", "fast")]
)
def test_the_less_is_cleaned_the_more_noise_stays(name, grain):
    noise = np.random.default_rng(0).normal(128, 5, (40, 40, 3))
    noisy = noise.round().astype(np.uint8)
    left = [
        np.std(Upscaler(name, denoise=denoise, precision="fp32").upscale(noisy))
        for denoise in (0.0, 0.3, 0.6, 1.0)
    ]
    assert left == sorted(left, reverse=True)
    assert left[-1] < 0.7 * left[0]
    kept = Upscaler(name, denoise=0.0, precision="fp32").upscale(noisy)
    assert np.array_equal(kept, Upscaler(grain, precision="fp32").upscale(noisy))


@pytest.mark.parametrize("name", ["srgan", "photo"])
def test_models_of_believable_texture_draw_no_grid_and_shift_no_colour(name):
    true = data.coffee()[40:360, 100:500]
    result = Upscaler(name).upscale(bicubic(true, 0.25))
    assert grid_index(result, period=4) <= 0.05
    assert colour_shift(result, true) <= 1


@pytest.mark.parametrize("name", ["srresnet", "fast"])
@pytest.mark.parametrize("picture", ["astronaut", "coffee", "chelsea"])
def test_models_of_fidelity_are_closer_to_the_border_than_bicubic(name, picture):
    lr_image, true = low_res_pair(getattr(data, picture)(), 4)
    error = {}
    for way, enlarged in (("model", Upscaler(name).upscale(lr_image)), ("bicubic", bicubic(lr_image, 4))):
        squares = (enlarged.astype(float) - true) ** 2
        squares[4:-4, 4:-4] = 0
        error[way] = squares.mean()
    assert error["model"] < error["bicubic"]


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
