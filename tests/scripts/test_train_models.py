"""scripts/train_models, from photographs over a teacher's pairs to a model."""

import runpy
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from srgan.networks.catalogue import find_model, load_card
from srgan.networks.model_file import read_card

SCRIPT = Path(__file__).parents[2] / "scripts" / "train_models"


@pytest.fixture
def script(tmp_path, monkeypatch):
    """The script, with pictures to learn from, a fast teacher, and runs of one small step."""
    for folder in ("train/photos", "train/coco", "valid/kodak"):
        (tmp_path / folder).mkdir(parents=True)
    for number, folder in enumerate(("photos", "coco", "coco")):
        picture = data.coffee()[80 * number :][:132, :132]
        Image.fromarray(picture).save(tmp_path / "train" / folder / f"{number}.png")
    Image.fromarray(data.chelsea()[:64, :64]).save(tmp_path / "valid" / "kodak" / "a.png")
    monkeypatch.setenv("SRGAN_DATA", str(tmp_path))
    found = runpy.run_path(str(SCRIPT))
    found["train"].__globals__["TEACHER"] = find_model("fast")
    execute = found["Call"].execute
    small = ["--steps", "1", "--set", "data.batch_size=1"]

    def short(self, command):
        return execute(self, [*command, *(small if "train" in command else [])])

    found["Call"].execute = short
    return found


def test_pairs_are_made_and_learned_from(script, tmp_path):
    call = script["Call"](runs=tmp_path / "runs", minutes=None, device="cpu")
    assert script["train"]("photo-pairs", call) == 0
    pairs = tmp_path / "runs" / "pairs-coco"
    names = {picture.name for picture in (pairs / "lr").iterdir()}
    assert names == {"1-0.png", "2-0.png"}
    card = read_card(tmp_path / "runs" / "photo-pairs" / "generator.safetensors")
    assert card.training["pictures"] == 3
    networks = [teacher["network"].split(",")[0] for teacher in card.taught_by]
    assert sorted(networks) == ["fast", "fast", "photo", "photo"]
    assert {
        each["licence"] for each, name in zip(card.taught_by, networks, strict=True) if name == "fast"
    } == {"BSD-3-Clause"}
    assert {each["pictures"].split(" pairs of ")[1] for each in card.taught_by} == {
        "1 pictures of photos",
        "2 pictures of coco",
    }
    assert card.history == load_card("photo-fidelity").steps
    assert card.fidelity == "photo-fidelity"
