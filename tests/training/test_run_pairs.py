from contextlib import suppress

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from tiny_recipes import ADVERSARIAL, TINY
from typer.testing import CliRunner

from srgan.cli.main import app
from srgan.errors import DataError, UsageError
from srgan.images.resize import bicubic
from srgan.networks.model_file import read_model
from srgan.training.recipe_file import load_recipe
from srgan.training.run import train

SHORT = [*TINY, "optimiser.steps=6"]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Folders of true pictures and of low-res ones that are turned to negatives."""
    folder = tmp_path_factory.mktemp("pairs")
    for name in ("true", "negative", "plain"):
        (folder / name).mkdir()
    for name in ("astronaut", "chelsea", "coffee"):
        picture = np.ascontiguousarray(getattr(data, name)()[:96, :128])
        small = bicubic(picture, 0.25)
        Image.fromarray(picture).save(folder / "true" / f"{name}.png")
        Image.fromarray(255 - small).save(folder / "negative" / f"{name}.webp", lossless=True)
        Image.fromarray(small).save(folder / "plain" / f"{name}.png")
    return folder


def weights(result):
    return read_model(result.model)[1]


def same(first, second):
    return all(np.array_equal(first[name], second[name]) for name in first)


def test_a_run_learns_from_the_given_pictures(pairs, tmp_path):
    recipe = load_recipe("srresnet", SHORT)
    made = train(recipe, pairs / "true", None, tmp_path / "made")
    plain, negative = (
        train(recipe, pairs / "true", pairs / "true", tmp_path / name, low_res=pairs / name)
        for name in ("plain", "negative")
    )
    assert same(weights(made), weights(plain))  # the same crops, flips and turns
    assert not same(weights(made), weights(negative))
    card, _ = read_model(negative.model)
    assert card.training["pictures"] == 3
    assert card.training["degradation"] == "given low-res pictures (negative)"


@pytest.mark.parametrize("stage", [[], ADVERSARIAL], ids=["fidelity", "adversarial"])
def test_a_stopped_run_goes_on_exactly(stage, pairs, tmp_path):
    settings = [*SHORT, *stage]

    def run(out, steps):
        recipe = load_recipe("srresnet", [*settings, "run.checkpoint_seconds=0"])
        seen = []

        def stop(event):
            seen.append(event.done)
            if event.done == steps:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            train(recipe, pairs / "true", None, out, low_res=pairs / "negative", on_event=stop)
        return seen

    assert run(tmp_path / "whole", None) == [1, 2, 3, 4, 5, 6]
    assert run(tmp_path / "stopped", 4) == [1, 2, 3, 4]
    assert run(tmp_path / "stopped", None) == [4, 5, 6]  # the fourth step's checkpoint was not written
    states = [
        torch.load(tmp_path / name / "checkpoints" / "step-00000006.pt", weights_only=True)["modules"]
        for name in ("whole", "stopped")
    ]
    for module, tensors in states[0].items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, states[1][module][name])


def test_a_recipe_that_makes_low_res_pictures_is_refused(pairs, tmp_path):
    recipe = load_recipe("srresnet", [*SHORT, "degradation.rounds=1", "data.reduced_copies=2"])
    with pytest.raises(UsageError, match=r"has degradation\.rounds = 1, data\.reduced_copies = 2; set this"):
        train(recipe, pairs / "true", None, tmp_path / "run", low_res=pairs / "plain")
    assert not (tmp_path / "run").exists()


def test_the_command_takes_pairs(pairs, tmp_path):
    settings = [part for change in SHORT for part in ("--set", change)]
    command = [
        "train",
        "--recipe",
        "srresnet",
        "--data",
        pairs / "true",
        "--out",
        tmp_path / "run",
        *settings,
    ]
    run = CliRunner().invoke(app, list(map(str, [*command, "--low-res", pairs / "plain"])))
    assert run.exit_code == 0, run.output
    assert (tmp_path / "run" / "generator.safetensors").exists()


def test_pairs_that_do_not_fit_end_the_run_before_it_begins(pairs, tmp_path):
    with pytest.raises(DataError, match="must be 512x384, 4 times its low-res picture"):
        train(load_recipe("srresnet", SHORT), pairs / "true", None, tmp_path / "run", low_res=pairs / "true")
    assert not (tmp_path / "run").exists()
