"""Discriminators that are kept, and taken up again by runs that start from their model."""

import numpy as np
import pytest
import safetensors.numpy
import torch
from PIL import Image
from skimage import data
from tiny_recipes import ADVERSARIAL, TINY

from srgan.errors import ModelError
from srgan.training.adversarial import AdversarialTrainer
from srgan.training.crops import PictureStore
from srgan.training.degradations.options import DegradationOptions
from srgan.training.discriminator_file import DISCRIMINATOR_FILE
from srgan.training.recipe_file import load_recipe
from srgan.training.run import train

SHORT = [*TINY, *ADVERSARIAL, "optimiser.steps=2", "discriminator.learning_rate=0.1"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(data.astronaut()[:64, :64]).save(folder / "a.png")
    return folder


@pytest.fixture
def store():
    picture = np.ascontiguousarray(data.astronaut()[:64, :64])
    return PictureStore([(picture[::4, ::4], picture)], torch.device("cpu"), DegradationOptions(), strata=1)


def begun(store, *changes):
    """A run that is about to begin."""
    return AdversarialTrainer(load_recipe("srresnet", [*SHORT, *changes]), store, torch.device("cpu"))


@pytest.mark.parametrize("kind", ["srgan", "unet", "patch"])
def test_a_run_begins_with_the_discriminator_of_its_start(photos, store, tmp_path, kind):
    changes = [f"discriminator.kind={kind}"]
    result = train(load_recipe("srresnet", [*SHORT, *changes]), photos, None, tmp_path / "first")
    stored = safetensors.numpy.load_file(tmp_path / "first" / DISCRIMINATOR_FILE)
    trainer = begun(store, *changes, f"start='{result.model}'")
    assert trainer.notice is None
    fresh = begun(store, *changes).discriminator.state_dict()
    found = trainer.discriminator.state_dict()
    assert found.keys() == stored.keys()
    for name, tensor in found.items():
        if not name.endswith(("._u", "._v")):  # of the spectral norm, which moves them whenever it is asked
            assert np.array_equal(tensor.numpy(), stored[name])
        if tensor.is_floating_point():
            assert stored[name].dtype == np.float16
    assert any(not torch.equal(fresh[name], tensor) for name, tensor in found.items())


def test_where_none_fits_the_run_begins_with_a_fresh_one_and_says_so(photos, store, tmp_path):
    result = train(load_recipe("srresnet", SHORT), photos, None, tmp_path / "first")
    changes = [f"start='{result.model}'", "discriminator.channels=8"]
    trainer = begun(store, *changes)
    assert "starts anew" in trainer.notice
    assert "channels 4" in trainer.notice
    (tmp_path / "first" / DISCRIMINATOR_FILE).unlink()
    assert "comes without one" in begun(store, *changes).notice
    events = []
    train(
        load_recipe("srresnet", [*SHORT, *changes]), photos, None, tmp_path / "second", on_event=events.append
    )
    assert [event.note for event in events if event.note] == [begun(store, *changes).notice]
    assert (tmp_path / "second" / DISCRIMINATOR_FILE).is_file()


def test_fine_tuning_begins_with_the_discriminator_that_is_shipped(store):
    trainer = AdversarialTrainer(load_recipe("fine-tune", ["data.batch_size=1"]), store, torch.device("cpu"))
    assert trainer.notice is None


def test_a_damaged_discriminator_is_refused(photos, store, tmp_path):
    result = train(load_recipe("srresnet", SHORT), photos, None, tmp_path / "first")
    file = tmp_path / "first" / DISCRIMINATOR_FILE
    tensors = safetensors.numpy.load_file(file)
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(ModelError, match="damaged discriminator"):
        begun(store, f"start='{result.model}'")
    tensors["dense.0.bias"][0] = np.nan
    safetensors.numpy.save_file(tensors, file)
    with pytest.raises(ModelError, match="not finite"):
        begun(store, f"start='{result.model}'")


@pytest.mark.parametrize("options", ["3", "[]", "{", "[" * 100_000])
def test_a_discriminator_with_damaged_options_is_refused(store, tiny_model, options):
    file = tiny_model.with_name(DISCRIMINATOR_FILE)
    safetensors.numpy.save_file({"other": np.zeros(3, np.float16)}, file, {"discriminator": options})
    with pytest.raises(ModelError, match="damaged discriminator"):
        begun(store, f"start='{tiny_model}'")
